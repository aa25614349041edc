// Goal: a crowd forms one network. Method: 20 tabs of one browser profile (one origin, one storage) and one native peer;
// every tab keeps an id of its own, knows its full neighbourhood, and reads what any other gave.

import assert from 'node:assert/strict';

import { seededBytes, sha256 } from '../harness/bytes.js';
import { scenario } from '../harness/network.js';
import { until } from '../harness/wait.js';

const TABS = 20;

/** Ids that a node knows nearest to its own: the overlay's default. */
const NEIGHBOURHOOD = 12;

scenario('twenty tabs join', 180_000, async (net) => {
  await net.startPeers(1);
  const tabs = [];
  for (let number = 1; number <= TABS; number += 1) {
    tabs.push(await net.joinedTab({ name: `tab-${number}`, beside: tabs[0] }));
  }
  assert.equal(new Set(tabs.map((tab) => tab.id)).size, TABS, 'no two tabs share an id');

  for (const tab of tabs) {
    assert.equal(await tab.call('state'), 'joined');
    const known = await until(30_000, 'a full neighbourhood', async () => {
      const ids = await tab.call('neighbourhood');
      return ids.length >= NEIGHBOURHOOD && ids;
    });
    assert.ok(!known.includes(tab.id), 'a node is not its own neighbour');
  }

  const given = await tabs[0].put(1, 300_000);
  // The giver itself may be one of the 8 nearest.
  assert.ok(given.holders >= 7, `held by ${given.holders} others`);
  await tabs[0].close();
  const expected = { size: 300_000, sha256: await sha256(seededBytes(1, 300_000)) };
  for (const tab of [tabs[1], tabs[10], tabs[19]]) assert.deepEqual(await tab.get(given.cid), expected);
});
