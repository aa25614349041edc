// Goal: native peers in two homes, each behind a router that translates addresses, are linked: directly where their routers
// let a STUN server help, through a relay where they do not.
// Method: network namespaces with the kernel's own translation, a signalling server, a STUN server and an always-on peer in
// the middle.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';

import { Internet, MIDDLE, NAT, whyNoInternet } from '../harness/internet.js';
import { scenario } from '../harness/network.js';
import { ROOT } from '../harness/places.js';
import { until } from '../harness/wait.js';

const STUN_PORT = 3478;

/** Two homes' peers, and what they call the link between them. */
async function twoHomes(net, nat, ms) {
  const internet = net.closeAfterwards(new Internet());
  const { middle } = internet;
  net.startProgram(process.execPath, [join(ROOT, 'tests/harness/stun.js'), MIDDLE, `${STUN_PORT}`], { namespace: middle });
  await net.startSignalling(['--listen', `${MIDDLE}:0`], { namespace: middle, host: MIDDLE });
  const relay = await net.startPeer({
    name: 'relay',
    namespace: middle,
    args: ['--listen', `${MIDDLE}:0`, '--udp', `${MIDDLE}:0`],
  });
  const args = ['--stun', `stun:${MIDDLE}:${STUN_PORT}`];
  const [one, other] = [
    await net.startPeer({ name: 'one', namespace: internet.home(nat), args }),
    await net.startPeer({ name: 'other', namespace: internet.home(nat), args }),
  ];
  const links = await until(ms, 'a link between the homes', async () => {
    const kinds = await Promise.all([
      one.peers().then((peers) => peers.find(({ id }) => id === other.id)?.link),
      other.peers().then((peers) => peers.find(({ id }) => id === one.id)?.link),
    ]);
    return kinds.every(Boolean) && kinds;
  });
  return { relay, one, other, links };
}

const why = whyNoInternet();

if (why) {
  test('peers behind routers are linked', { skip: why }, () => {});
} else {
  scenario('two homes behind cone NATs are linked directly', 90_000, async (net) => {
    const { links } = await twoHomes(net, NAT.cone, 60_000);
    assert.deepEqual(links, ['webrtc', 'webrtc']);
  });

  scenario('two homes behind symmetric NATs are linked through a relay', 150_000, async (net) => {
    const { relay, one, other, links } = await twoHomes(net, NAT.symmetric, 120_000);
    assert.deepEqual(links, ['relayed', 'relayed']);
    for (const peer of [one, other]) {
      assert.equal((await peer.peers()).find(({ id }) => id === relay.id)?.link, 'webrtc');
    }
    const bytes = new Uint8Array(300_000).fill(7);
    const { cid } = await one.put(bytes);
    assert.deepEqual(new Uint8Array(await other.get(cid)), bytes);
  });
}
