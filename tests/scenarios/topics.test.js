// Goal: who takes part in a topic hears the others, tabs and native peers alike, each message once; nobody else does.

import assert from 'node:assert/strict';

import { scenario } from '../harness/network.js';
import { until } from '../harness/wait.js';

/** The lines of `tabmesh topic sub --json`. */
function lines({ code, stdout, stderr }) {
  assert.equal(code, 0, stderr);
  return stdout.toString().trim().split('\n').map((line) => JSON.parse(line));
}

const sorted = (all) => all.map(({ from, text }) => `${from} ${text}`).sort();

scenario('tabs and native peers hear each other in a topic', 90_000, async (net) => {
  const [one, two] = await net.startPeers(2);
  const ann = await net.joinedTab({ name: 'ann' });
  const ben = await net.joinedTab({ name: 'ben' });
  const outsider = await net.joinedTab({ name: 'outsider' });
  await outsider.call('subscribe', 'weather');
  await ann.call('subscribe', 'news');
  await ben.call('subscribe', 'news');
  const listening = one.command(['topic', 'sub', 'news', '--count', '4', '--json']);

  await ann.call('publish', 'news', 'from ann');
  await ben.call('publish', 'news', 'from ben: häuser 🏠');
  await ben.call('publish', 'news', 'and more');
  const { code, stderr } = await two.command(['topic', 'pub', 'news', 'from a native peer']);
  assert.equal(code, 0, stderr);

  const said = [
    { from: ann.id, text: 'from ann' },
    { from: ben.id, text: 'from ben: häuser 🏠' },
    { from: ben.id, text: 'and more' },
    { from: two.id, text: 'from a native peer' },
  ];
  assert.deepEqual(sorted(lines(await listening)), sorted(said));
  for (const tab of [ann, ben]) {
    const others = said.filter(({ from }) => from !== tab.id);
    await until(20_000, 'every message', async () => (await tab.call('said')).length >= others.length);
    assert.deepEqual(sorted(await tab.call('said')), sorted(others));
  }

  // Who left hears no more, and the others go on.
  await ann.call('leave', 'news');
  await ben.call('publish', 'news', 'who is left?');
  await two.command(['topic', 'pub', 'news', 'I am']);
  await until(20_000, 'the answer', async () => (await ben.call('said')).some(({ text }) => text === 'I am'));
  assert.equal((await ann.call('said')).length, 3);
  assert.deepEqual(await outsider.call('said'), []);
});
