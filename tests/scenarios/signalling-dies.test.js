// Goal: once a network exists, it needs no signalling server.
// Method: kill the server (no goodbye), then let newcomers come in through a native peer's address. They and the tabs
// that were there before have never been linked: their WebRTC offers can only travel through the overlay.

import assert from 'node:assert/strict';

import { seededBytes, sha256 } from '../harness/bytes.js';
import { scenario } from '../harness/network.js';

const SIZE = 1_000_000;

scenario('the signalling server dies and the network goes on', 120_000, async (net) => {
  const [peer] = await net.startPeers(2);
  const ann = await net.joinedTab({ name: 'ann' });
  const ben = await net.joinedTab({ name: 'ben' });
  await ann.linked(2);
  await ben.linked(2);
  await net.signalling.part.kill();

  const newcomer = await net.tab({ name: 'newcomer' });
  await newcomer.join({ signalling: [], peers: [peer.url] });
  for (const tab of [ann, ben]) {
    assert.equal((await newcomer.linkedTo(tab.id)).link, 'webrtc');
    assert.equal((await tab.linkedTo(newcomer.id)).link, 'webrtc');
  }

  const third = await net.startPeer({ name: 'peer-3', join: ['--peer', peer.url] });
  for (const tab of [ann, ben, newcomer]) assert.equal((await tab.linkedTo(third.id)).link, 'webrtc');

  const before = await ann.put(1, SIZE);
  assert.deepEqual(await newcomer.get(before.cid), { size: SIZE, sha256: await sha256(seededBytes(1, SIZE)) });
  const after = await newcomer.put(2, SIZE);
  assert.deepEqual(await ben.get(after.cid), { size: SIZE, sha256: await sha256(seededBytes(2, SIZE)) });
  assert.equal(await sha256(await third.get(after.cid)), await sha256(seededBytes(2, SIZE)));
});

scenario('a network forms without any signalling server', 90_000, async (net) => {
  const first = await net.startPeer({ name: 'peer-1', join: [] });
  const second = await net.startPeer({ name: 'peer-2', join: ['--peer', first.url] });
  await second.linked(1);
  const tab = await net.tab({ name: 'tab' });
  await tab.join({ signalling: [], peers: [second.url] });
  const given = await tab.put(3, SIZE);
  assert.equal(await sha256(await first.get(given.cid)), await sha256(seededBytes(3, SIZE)));
});
