// Goal: the main job. A file given in one place is read in another, byte for byte, also after the giver has left.
// Method: two tabs that share no storage, two native peers; 10 MB from each kind of node to each kind of node.

import assert from 'node:assert/strict';

import { seededBytes, sha256 } from '../harness/bytes.js';
import { scenario } from '../harness/network.js';

const SIZE = 10 * 1000 * 1000;

scenario('two tabs and two native peers exchange 10 MB both ways', 180_000, async (net) => {
  const [first] = await net.startPeers(2);
  const ann = await net.joinedTab({ name: 'ann' });
  const ben = await net.joinedTab({ name: 'ben' });

  for (const [giver, reader, seed] of [[ann, ben, 1], [ben, ann, 2]]) {
    const given = await giver.put(seed, SIZE);
    assert.ok(given.holders >= 2, `held by ${given.holders} nodes`);
    assert.ok(given.told > 0, 'progress is told');
    assert.deepEqual(await reader.get(given.cid), { size: SIZE, sha256: await sha256(seededBytes(seed, SIZE)) });
  }

  const given = await ann.put(3, SIZE);
  const read = await first.get(given.cid);
  assert.equal(await sha256(read), await sha256(seededBytes(3, SIZE)), 'a native peer reads what a tab gave');

  const bytes = seededBytes(4, SIZE);
  const { cid } = await first.put(bytes);
  assert.deepEqual(await ben.get(cid), { size: SIZE, sha256: await sha256(bytes) }, 'a tab reads what a peer gave');
});

scenario('what a tab gave is read after the tab is gone', 120_000, async (net) => {
  const [, second] = await net.startPeers(2);
  const giver = await net.joinedTab({ name: 'giver' });
  const reader = await net.joinedTab({ name: 'reader' });
  const given = await giver.put(5, SIZE);
  const expected = await sha256(seededBytes(5, SIZE));
  await giver.close();

  assert.deepEqual(await reader.get(given.cid), { size: SIZE, sha256: expected });
  assert.equal(await sha256(await second.get(given.cid)), expected);
  await second.stop();
  const late = await net.joinedTab({ name: 'late' });
  assert.deepEqual(await late.get(given.cid), { size: SIZE, sha256: expected }, 'also when a peer left after it');
});
