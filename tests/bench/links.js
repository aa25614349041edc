// How a link is measured, whatever its ends are: opening, round trips and bulk, ours and the bare platform's in turn.

import { sleep } from '../harness/wait.js';
import { closePair, linkedPair, socketPair } from './ends.js';
import { median, percentile } from './report.js';

/** Pairs that are opened each way; the first two warm up browser and system, and do not count. */
const PAIRS = 14;
const PAIRS_WARM = 2;

/** Rounds of round trips and of bulk, each way in turn. */
const ROUNDS = 5;
const TRIPS = 200;
const TRIP_BYTES = 64;

/** Bulk: milliseconds of the first filling, which does not count, and of each round. */
const FIRST_MS = 3000;
const WARM_UP_MS = 500;
const WINDOW_MS = 1500;

/** What was sent and not measured arrives within this. */
const SETTLE_MS = 400;

const carrying = `Round trips: ${TRIP_BYTES} bytes sent back, ${ROUNDS} rounds of ${TRIPS} each way, in turn. Bulk: what arrives in
${WINDOW_MS / 1000} s, median of ${ROUNDS} rounds each way, in turn`;

/** How links by WebRTC are measured, for the page of figures. */
export const method = `
Opening: ${PAIRS - PAIRS_WARM} pairs each way, in turn, from the first signalling byte; ours counts as open once the other end has
proved its key. ${carrying} (bare: messages of 64 KiB; ours: application messages of
32 KiB, each acknowledged from end to end).`;

/** How links over WebSockets are. */
export const socketMethod = `
${carrying} (messages of 32 KiB; ours are application messages, sealed, and each is acknowledged from end
to end).`;

/**
 * The rows of a link between `kinds`, 'tab' or 'native', the second of which dials. `flows` are the directions of bulk:
 * `{ what, from, to }`, the places of the ends; `by: 'Stream'` where ours go by a stream.
 */
export async function measureLinks(net, kinds, flows) {
  await net.startSignalling();
  const opening = { bare: [], ours: [] };
  const pairs = {};
  try {
    for (let index = 0; index < PAIRS; index += 1) {
      for (const way of inTurn(index)) {
        if (pairs[way]) await closePair(pairs[way]);
        pairs[way] = undefined;
        pairs[way] = await linkedPair(net, kinds, way);
        if (index >= PAIRS_WARM) opening[way].push(pairs[way].ms);
      }
    }
    const open = row('opening, p50', 'ms', percentile(opening.ours, 0.5), percentile(opening.bare, 0.5), { ratioMax: 1.5 });
    return [open, ...(await carried(pairs, flows, { trip: { plusMax: 1 }, bulk: { ratioMin: 0.8 } }))];
  } finally {
    await closeAll(pairs);
  }
}

/** The rows of a WebSocket between `kinds`, the first of which is 'native'. */
export async function measureSockets(net, kinds, flows) {
  const pairs = {};
  try {
    for (const way of inTurn(0)) pairs[way] = await socketPair(net, kinds, way);
    return await carried(pairs, flows, {});
  } finally {
    await closeAll(pairs);
  }
}

/** What linked pairs carry; `goals` are those of a round trip and of bulk. */
async function carried(pairs, flows, { trip: tripGoal, bulk: bulkGoal }) {
  const trips = await roundTrips(pairs);
  const rows = [
    row('round trip, p50', 'ms', median(trips.p50.ours), median(trips.p50.bare), tripGoal),
    row('round trip, p95', 'ms', median(trips.p95.ours), median(trips.p95.bare)),
  ];
  for (const { what, ...where } of flows) {
    const speed = await bulk(pairs, where);
    rows.push(row(what, 'MB/s', median(speed.ours) / 1e6, median(speed.bare) / 1e6, bulkGoal));
  }
  return rows;
}

/** Whatever went wrong before says more than what goes wrong here. */
const closeAll = (pairs) => Promise.allSettled(Object.values(pairs).filter(Boolean).map(closePair));

const row = (what, unit, ours, bare, goal) => ({ what, unit, ours, bare, goal });

/** Neither way is always the first. */
const inTurn = (round) => (round % 2 === 0 ? ['bare', 'ours'] : ['ours', 'bare']);

async function roundTrips(pairs) {
  const times = { p50: { bare: [], ours: [] }, p95: { bare: [], ours: [] } };
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const way of inTurn(Math.abs(round))) {
      const [near, far] = pairs[way].ends;
      await far.call(way, 'echo');
      const trips = await near.call(way, 'roundTrips', TRIPS, TRIP_BYTES);
      // The first round warms up.
      if (round < 0) continue;
      times.p50[way].push(percentile(trips, 0.5));
      times.p95[way].push(percentile(trips, 0.95));
    }
  }
  return times;
}

async function bulk(pairs, where) {
  const speeds = { bare: [], ours: [] };
  for (const way of inTurn(0)) await flow(pairs[way], where, FIRST_MS, WINDOW_MS);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const way of inTurn(round)) speeds[way].push(await flow(pairs[way], where, WARM_UP_MS, WINDOW_MS));
  }
  return speeds;
}

/** Bytes per second that arrive within `window` milliseconds, after `warmUp`. */
async function flow({ ends, way }, { from, to, by = '' }, warmUp, window) {
  // The bare channel is one stream.
  const kind = way === 'ours' ? by : '';
  const received = ends[to].call(way, `receive${kind}`, warmUp, window);
  const sent = ends[from].call(way, `flood${kind}`, warmUp + window + 300);
  const [speed] = await Promise.all([received, sent]);
  await sleep(SETTLE_MS);
  return speed;
}
