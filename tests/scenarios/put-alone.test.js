// Goal: a put counts others, never the giver: with nobody else it fails or, where it is told to, waits until somebody has come.
// Method: two tabs and a signalling server. The first one is alone; once its put has ended, it goes away, and the other one reads.

import assert from 'node:assert/strict';

import { seededBytes, sha256 } from '../harness/bytes.js';
import { scenario } from '../harness/network.js';

const SIZE = 200_000;

scenario('a put with nobody else fails, and one that waits is done once somebody comes', 90_000, async (net) => {
  await net.startSignalling();
  const giver = await net.joinedTab({ name: 'giver' });
  const failure = await giver.call('failure', 'put', 1, SIZE);
  assert.equal(failure?.name, 'NotReplicated', JSON.stringify(failure));

  const waiting = giver.call('put', 2, SIZE, { minHolders: 1 });
  const reader = await net.joinedTab({ name: 'reader' });
  const { cid, holders } = await waiting;
  assert.equal(holders, 1, 'the other one, and nobody else');
  await giver.close();
  assert.deepEqual(await reader.get(cid), { size: SIZE, sha256: await sha256(seededBytes(2, SIZE)) });
});
