import { barePair, call, closePair, ourPair, relay } from './pair.js';
import { percentile } from './report.js';

export const title = 'Links between two tabs';

export const about = `
Two fresh tabs of one Chromium, 12 pairs each way, in turn. Bare: an \`RTCPeerConnection\` with trickled candidates over a
WebSocket relay, one ordered channel. Ours: the npm package and its signalling server; a link counts as open once the
other end has proved its key. Opening is from the first signalling byte to then. Round trips are 64 bytes sent back by the
other page; throughput is what arrives in 4 s after 3 s of warm-up (bare: messages of 64 KiB; ours: application messages
of 32 KiB, each acknowledged from end to end).`;

const PAIRS = 12;
const TRIPS = 300;
const WARM_UP_MS = 3000;
const WINDOW_MS = 4000;

export async function measure(net) {
  await net.startSignalling();
  const { url, close } = await relay();
  const opening = { bare: [], ours: [] };
  let bare;
  let ours;
  try {
    for (let index = 0; index < PAIRS; index += 1) {
      if (bare) await Promise.all([closePair(bare), closePair(ours)]);
      bare = await barePair(net, url);
      ours = await ourPair(net);
      opening.bare.push(bare.ms);
      opening.ours.push(ours.ms);
    }
  } finally {
    close();
  }
  const trips = await roundTrips(bare, ours);
  const speed = await throughput(bare, ours);
  const p50 = (values) => percentile(values, 0.5);
  return [
    { what: 'opening, p50', ours: p50(opening.ours), bare: p50(opening.bare), unit: 'ms', goal: { ratioMax: 1.5 } },
    { what: 'round trip, p50', ours: p50(trips.ours), bare: p50(trips.bare), unit: 'ms', goal: { plusMax: 1 } },
    { what: 'round trip, p95', ours: percentile(trips.ours, 0.95), bare: percentile(trips.bare, 0.95), unit: 'ms' },
    { what: 'throughput', ours: speed.ours / 1e6, bare: speed.bare / 1e6, unit: 'MB/s', goal: { ratioMin: 0.8 } },
  ];
}

async function roundTrips(bare, ours) {
  await call(bare.tabs[1], 'bare', 'echo');
  await call(ours.tabs[1], 'ours', 'echo');
  return {
    bare: await call(bare.tabs[0], 'bare', 'roundTrips', TRIPS, 64),
    ours: await call(ours.tabs[0], 'ours', 'roundTrips', ours.ids[1], TRIPS, 64),
  };
}

async function throughput(bare, ours) {
  const length = WARM_UP_MS + WINDOW_MS + 1000;
  const flow = async ({ tabs }, way, ...to) => {
    const received = call(tabs[1], way, 'receive', WARM_UP_MS, WINDOW_MS);
    const sent = call(tabs[0], way, 'flood', ...to, length);
    const [speed] = await Promise.all([received, sent]);
    return speed;
  };
  return { bare: await flow(bare, 'bare'), ours: await flow(ours, 'ours', ours.ids[1]) };
}
