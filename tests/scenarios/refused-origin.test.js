// Goal: a page whose origin a signalling server does not allow is told so at once, and joining ends.
// Method: a real server that allows another origin only.

import assert from 'node:assert/strict';

import { scenario } from '../harness/network.js';

scenario('a server that allows other pages only is told at once', 60_000, async (net) => {
  const { url } = await net.startSignalling(['--origin', 'https://app.example']);
  const tab = await net.tab({ name: 'stranger' });
  const before = performance.now();
  const failure = await tab.call('failure', 'join', { signalling: url });
  const ms = Math.round(performance.now() - before);
  assert.equal(failure?.name, 'SignalForbidden', JSON.stringify(failure));
  assert.match(failure.message, /it refuses pages of http:\/\/localhost/);
  assert.ok(failure.message.includes(url), failure.message);
  assert.ok(ms < 5000, `after ${ms} ms`);
});
