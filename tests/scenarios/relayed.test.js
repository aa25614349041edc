// Goal: who cannot connect directly is linked all the same, through a peer that carries what it cannot read.
// Method: a tab that may use no address but those of a TURN server that is not there. It reaches an always-on peer by
// WebSocket and nobody by WebRTC; another tab and another native peer are linked to it by circuits of WebCrypto's and ring's
// making, which stand beside each other here.

import assert from 'node:assert/strict';

import { seededBytes, sha256 } from '../harness/bytes.js';
import { scenario } from '../harness/network.js';
import { until } from '../harness/wait.js';

const CUT_OFF = {
  relayOnly: true,
  iceServers: [{ urls: 'turn:127.0.0.1:9', username: 'nobody', credential: 'nothing' }],
};

scenario('a tab that cannot connect to anybody is linked through a relay', 180_000, async (net) => {
  const [relay, other] = await net.startPeers(2);
  const ben = await net.joinedTab({ name: 'ben' });
  const ann = await net.joinedTab({ name: 'ann', join: { ...CUT_OFF, peers: [relay.url] } });

  const kind = async (peer) => (await ann.peers()).find(({ id }) => id === peer.id)?.link;
  await until(120_000, 'circuits to the tab and the native peer', async () => {
    return (await kind(ben)) === 'relayed' && (await kind(other)) === 'relayed';
  });
  assert.equal(await kind(relay), 'websocket');
  const back = await until(10_000, 'the other tab to see it', async () => {
    return (await ben.peers()).find(({ id }) => id === ann.id);
  });
  assert.equal(back.link, 'relayed');
  const seen = (await other.peers()).find(({ id }) => id === ann.id);
  assert.equal(seen.link, 'relayed');

  await ann.call('send', ben.id, [1, 2, 250]);
  await until(10_000, 'the message', async () => (await ben.call('heard')).length > 0);
  assert.deepEqual(await ben.call('heard'), [{ from: ann.id, bytes: [1, 2, 250] }]);

  const size = 1_000_000;
  const { cid } = await ben.put(1, size);
  assert.deepEqual(await ann.get(cid), { size, sha256: await sha256(seededBytes(1, size)) });
});
