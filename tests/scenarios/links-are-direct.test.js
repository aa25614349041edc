// Goal: every pair of kinds is linked directly by WebRTC: tab–tab, tab–native, native–native.
// Method: both ends name the link and its kind; in tabs the browser itself says which candidates carry the traffic.

import assert from 'node:assert/strict';

import { scenario } from '../harness/network.js';
import { until } from '../harness/wait.js';

scenario('tabs and native peers link to each other directly', 90_000, async (net) => {
  const [one, two] = await net.startPeers(2);
  const ann = await net.joinedTab({ name: 'ann' });
  const ben = await net.joinedTab({ name: 'ben' });

  for (const [tab, other] of [[ann, ben], [ben, ann], [ann, one], [ann, two], [ben, one], [ben, two]]) {
    assert.equal((await tab.linkedTo(other.id)).link, 'webrtc');
  }
  for (const [peer, others] of [[one, [two, ann, ben]], [two, [one, ann, ben]]]) {
    const links = await peer.linked(3);
    for (const other of others) assert.equal(links.find((link) => link.id === other.id)?.link, 'webrtc');
  }

  const routes = await ann.call('routes');
  assert.equal(routes.length, 3, 'one connection to each of the others');
  for (const { local, remote, received } of routes) {
    assert.notEqual(local, 'relay');
    assert.notEqual(remote, 'relay');
    assert.ok(received > 0, 'the other end speaks on it');
  }
});

scenario('a message between two tabs arrives as it was sent', 60_000, async (net) => {
  await net.startPeers(1);
  const ann = await net.joinedTab({ name: 'ann' });
  const ben = await net.joinedTab({ name: 'ben' });
  await ann.linkedTo(ben.id);
  await ann.call('send', ben.id, [1, 2, 250]);
  const [message] = await until(5000, 'the message', async () => {
    const heard = await ben.call('heard');
    return heard.length > 0 && heard;
  });
  assert.deepEqual(message, { from: ann.id, bytes: [1, 2, 250] });
});
