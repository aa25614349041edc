// Goal: tabs of two kinds of browser and a native peer are one network.
// Method: two tabs in Firefox, one in Chromium, a native peer, all linked directly; each kind reads what the others gave.

import assert from 'node:assert/strict';

import { seededBytes, sha256 } from '../harness/bytes.js';
import { scenario } from '../harness/network.js';

const SIZE = 3_000_000;

scenario('tabs in Firefox, a tab in Chromium and a native peer exchange files', 120_000, async (net) => {
  const [peer] = await net.startPeers(1);
  const fox = await net.joinedTab({ browser: 'firefox' });
  const vixen = await net.joinedTab({ browser: 'firefox' });
  const chrome = await net.joinedTab({ browser: 'chromium' });
  const tabs = [fox, vixen, chrome];
  for (const tab of tabs) {
    for (const { id } of [...tabs, peer].filter((other) => other !== tab)) {
      assert.equal((await tab.linkedTo(id)).link, 'webrtc');
    }
  }

  for (const [seed, giver] of tabs.entries()) {
    const { cid, holders } = await giver.put(seed, SIZE);
    assert.ok(holders >= 2, `held by ${holders} nodes`);
    const expected = await sha256(seededBytes(seed, SIZE));
    for (const reader of tabs) assert.deepEqual(await reader.get(cid), { size: SIZE, sha256: expected });
    assert.equal(await sha256(await peer.get(cid)), expected, 'the native peer reads it too');
  }

  const bytes = seededBytes(3, SIZE);
  const { cid } = await peer.put(bytes);
  assert.deepEqual(await fox.get(cid), { size: SIZE, sha256: await sha256(bytes) }, 'a tab in Firefox reads what a peer gave');
});
