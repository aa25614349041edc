// Goal: what a native peer acknowledged survives `kill -9`, of the peer and of everyone else who had it.
// Method: put, kill every holder the moment the put is acknowledged, start them again, read.

import assert from 'node:assert/strict';

import { seededBytes, sha256 } from '../harness/bytes.js';
import { scenario } from '../harness/network.js';

const ROUNDS = 4;

const START_MS = 20_000;

scenario('kill -9 loses no acknowledged block', 180_000, async (net) => {
  const peers = await net.startPeers(2);
  const [one, two] = peers;
  for (let seed = 1; seed <= ROUNDS; seed += 1) {
    const bytes = seededBytes(seed, 500_000 + seed);
    const { cid } = await one.put(bytes);
    await Promise.all(peers.map((peer) => peer.kill()));

    const id = one.id;
    await one.start(START_MS);
    assert.equal(one.id, id, 'a node keeps its identity');
    assert.equal(await sha256(await one.get(cid)), await sha256(bytes), 'the node itself still has it');
    await two.start(START_MS);
    await two.linked(1);
    assert.equal(await sha256(await two.get(cid)), await sha256(bytes), 'and so has the network');
  }
});

scenario('a tab’s file survives kill -9 of every native peer', 120_000, async (net) => {
  const peers = await net.startPeers(2);
  const giver = await net.joinedTab({ name: 'giver' });
  const given = await giver.put(9, 2_000_000);
  await Promise.all(peers.map((peer) => peer.kill()));
  await giver.close();

  await Promise.all(peers.map((peer) => peer.start(START_MS)));
  await Promise.all(peers.map((peer) => peer.linked(1)));
  const reader = await net.joinedTab({ name: 'reader' });
  assert.deepEqual(await reader.get(given.cid), { size: 2_000_000, sha256: await sha256(seededBytes(9, 2_000_000)) });
});
