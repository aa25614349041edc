// Modules of one node that ask each other without sense or measure: others keep their places, and nothing stays.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { concat, u32 } from '../dist/bytes.js';
import * as INPUT from '../dist/kinds/input.js';
import * as OUTPUT from '../dist/kinds/output.js';
import * as STATUS from '../dist/status.js';
import { Asks } from '../dist/module/asks.js';
import { ASKS_MAX, HERE_MAX, INPUTS_A_TASK, INPUTS_MAX } from '../dist/module/limits.js';
import { puppet } from './port-modules.js';
import { answered, ask, byte, cancel, id, place, PORT, reply, seated, SELF, tell, ticket, turn } from './seated.js';

const [OTHER, THIRD] = [0x77, 0x78];
const here = (op, port, bytes = byte(5), withinMs = 60_000) => concat(byte(7), u32(op), u32(port), u32(withinMs), bytes);
const busy = (op) => answered(op, SELF, STATUS.tooManyRequests, { isHere: 1 });
/** From where a question here comes. */
const askerOf = (input) => new DataView(input.buffer, input.byteOffset).getUint32(1);
const times = (count, make) => Array.from({ length: count }, (_, at) => make(at));
const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

async function two(there = place()) {
  const one = await seated({}, there);
  const other = await seated({ port: OTHER }, one);
  one.taken();
  one.told();
  other.told();
  return [one, other];
}

test('x4: questions that were cancelled, or whose asker left, keep no places', async () => {
  const [one, other] = await two();
  times(HERE_MAX, (op) => one.attached.command(here(op, OTHER)));
  times(HERE_MAX, (op) => one.attached.command(cancel(op)));
  await turn();
  one.told();
  times(HERE_MAX, (op) => one.attached.command(here(op, OTHER)));
  await turn();
  assert.deepEqual(one.told(), []);
  one.attached.close();
  other.told();
  const next = await seated({}, one);
  next.told();
  next.attached.command(here(1, OTHER));
  await turn();
  assert.deepEqual([next.told(), other.told().length], [[], 1]);
  next.attached.close();
  other.attached.close();
});

/** Other nodes tell a module so much that it is handed no more in this task of the page; what comes then. */
const flooded = (there, port, count, then) => {
  times(count, () => there.door.modules.onEvent(OUTPUT.said, port, 256, id(2), byte(1)));
  queueMicrotask(then);
};

test('x4: questions that were taken back leave the inputs of a module to others', async () => {
  const [one, other] = await two();
  const askers = await Promise.all(times(14, (at) => seated({ port: 0x100 + at }, one)));
  one.taken();
  let refused;
  flooded(one, OTHER, INPUTS_A_TASK, () => {
    for (const { attached } of askers) {
      times(INPUTS_A_TASK / 2, (op) => {
        attached.command(here(op, OTHER, byte(5), 0));
        attached.command(cancel(op));
      });
    }
    one.door.modules.onEvent(OUTPUT.asked, OTHER, 256, ticket(id(2), 60_000), byte(33));
    queueMicrotask(() => (refused = one.taken(INPUT.reply)));
  });
  const told = [];
  while (told.at(-1)?.[0] !== 2 && !refused?.length) {
    await turn();
    told.push(...other.told());
  }
  assert.deepEqual(refused, []);
  assert.deepEqual(told.filter(([kind]) => kind === 9), [], 'nobody waits for an answer');
  for (const { attached } of [one, other, ...askers]) attached.close();
});

test('x4: what other nodes tell keeps no question of this node away', async () => {
  const [one, other] = await two();
  flooded(one, OTHER, INPUTS_A_TASK + INPUTS_MAX + 1, () => one.attached.command(here(1, OTHER)));
  while (!one.told().length && !other.told().some(([kind]) => kind === 9)) await turn();
  other.attached.close();
  await turn();
  assert.deepEqual(one.told(), [answered(1, SELF, STATUS.unavailable, { isHere: 1 })]);
  one.attached.close();
});

test('x4: one module does not take all places of another', async () => {
  const [one, other] = await two();
  const third = await seated({ port: THIRD }, one);
  third.told();
  times(HERE_MAX, (op) => one.attached.command(here(op, OTHER)));
  await turn();
  assert.deepEqual(other.told().map(askerOf), times(HERE_MAX, () => PORT));
  times(HERE_MAX, (op) => third.attached.command(here(op, OTHER)));
  await turn();
  assert.deepEqual(other.told().map(askerOf), times(HERE_MAX / 2, () => THIRD));
  assert.deepEqual(one.told(), times(HERE_MAX / 2, (at) => busy(HERE_MAX - 1 - at)), 'its newest first');
  assert.deepEqual(third.told(), times(HERE_MAX / 2, (at) => busy(HERE_MAX / 2 + at)));
  for (const { attached } of [one, other, third]) attached.close();
});

test('who is closed in the middle of what it wants wants nothing more, and no timer stays', async () => {
  const there = place();
  const { input } = there.door;
  let one;
  there.door.input = (...all) => {
    input(...all);
    if (all[0] === INPUT.tell) one.attached.close();
  };
  const before = timers();
  const [first, other] = await two(there);
  one = first;
  times(ASKS_MAX, (op) => one.attached.command(ask(op, id(2), byte(0))));
  const [{ number }] = one.taken(INPUT.ask);
  // They wait for room. The first of them is under way and goes nowhere.
  one.attached.command(ask(1, id(2), byte(0)));
  one.attached.command(tell([id(2)], byte(0)));
  one.attached.command(here(99, OTHER));
  one.door.operations.onDone(number, STATUS.ok, 0);
  await turn();
  assert.equal(one.taken(INPUT.tell).length, 1);
  assert.deepEqual(other.told(), []);
  other.attached.close();
  assert.equal(timers(), before);
});

test('a module that asks where there is no room is refused', () => {
  const heard = [];
  const ways = { self: SELF, askHere: () => () => undefined, begin: () => 0, cancel: () => undefined };
  const asks = new Asks(PORT, ways, (input) => heard.push(input));
  times(ASKS_MAX + 2, (op) => asks.here(op, OTHER, 1000, byte(5)));
  asks.list(99, id(9), false, 1000);
  assert.deepEqual(
    heard.map((input) => Buffer.concat(input()).toString('hex')),
    [...times(2, (at) => busy(ASKS_MAX + at)), concat(byte(8), u32(99), Uint8Array.of(0, STATUS.tooManyRequests), byte(0))].map((one) =>
      Buffer.from(one).toString('hex'),
    ),
  );
  asks.close();
});

test('p1: a module that traps in the middle of what another one does ends for that one, once', async () => {
  const there = place();
  const one = await seated({}, there);
  const asked = await seated({ port: OTHER, module: puppet(9) }, there);
  const asker = await seated({ port: THIRD, module: puppet(3) }, there);
  one.attached.command(here(1, THIRD));
  await turn();
  one.told();
  // Who is asked traps while it is asked; the asker of the next one when it is answered.
  one.attached.command(here(2, OTHER));
  asker.attached.command(here(1, PORT));
  await turn();
  one.attached.command(reply(1, STATUS.ok, byte(1)));
  one.attached.command(here(3, OTHER));
  await turn();
  const [first, ...told] = one.told();
  const ends = [answered(2, SELF, STATUS.unavailable, { isHere: 1 }), answered(1, SELF, STATUS.unavailable, { isHere: 1 })];
  assert.deepEqual([first, ...told].filter(([kind]) => kind === 3), [...ends, answered(3, SELF, STATUS.notImplemented, { isHere: 1 })]);
  assert.deepEqual([one, asked, asker].map(({ faults }) => faults.length), [0, 1, 1]);
  // Their places are free.
  const next = await seated({ port: OTHER }, there);
  one.attached.command(here(3, OTHER));
  await turn();
  assert.equal(next.told().filter(([kind]) => kind === 9).length, 1);
  one.attached.close();
  next.attached.close();
});

test('bytes of a command that has to wait may be changed by whoever lent them', async () => {
  const there = place();
  const { input } = there.door;
  const [lent, shared] = [byte(7), new Uint8Array(new SharedArrayBuffer(1)).fill(8)];
  let one;
  there.door.input = (...all) => {
    input(...all);
    if (all[0] !== INPUT.tell) return;
    one.attached.command(here(1, OTHER, byte(0)), lent, shared);
    lent.fill(9);
    shared.fill(9);
  };
  const [first, other] = await two(there);
  one = first;
  one.attached.command(tell([id(2)], byte(0)));
  await turn();
  assert.deepEqual(other.told().map((told) => [...told.slice(-3)]), [[0, 7, 8]]);
  one.attached.close();
  other.attached.close();
});

test('p1: whatever happens a question here ends once, and nothing stays', async () => {
  const before = timers();
  const there = place();
  const ports = [PORT, OTHER, THIRD];
  let seed = 7;
  const below = (most) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % most;
  };
  const waiting = new Map();
  const tickets = new Map(ports.map((port) => [port, []]));
  const come = (port) => seated({ port }, there);
  const seats = new Map();
  for (const port of ports) seats.set(port, await come(port));
  const heed = (port) => {
    for (const told of seats.get(port).told()) {
      const number = (at) => new DataView(told.buffer, told.byteOffset).getUint32(at);
      if (told[0] === 9) tickets.get(port).push(number(5));
      if (told[0] !== 3) continue;
      assert.equal(waiting.get(number(1)), port, 'a question that waits for its end, and its asker');
      waiting.delete(number(1));
    }
  };
  for (let op = 1; op <= 1500; op += 1) {
    const port = ports[below(3)];
    const { attached } = seats.get(port);
    const what = below(40);
    if (what === 0) {
      attached.close();
      for (const [other, from] of waiting) if (from === port) waiting.delete(other);
      tickets.set(port, []);
      seats.set(port, await come(port));
    } else if (what < 6) attached.command(cancel(op - below(20)));
    else if (what < 20) attached.command(reply(tickets.get(port).at(-1 - below(4)) ?? 1, STATUS.ok, byte(1)));
    else {
      attached.command(here(op, [...ports, 0x500][below(4)], byte(5), below(10) ? 1000 : below(3)));
      waiting.set(op, port);
    }
    if (below(10) === 0) await turn();
    if (below(5) === 0) ports.forEach(heed);
  }
  while (waiting.size > 0) {
    await turn();
    ports.forEach(heed);
  }
  for (const { attached, faults } of seats.values()) {
    assert.deepEqual(faults, []);
    attached.close();
  }
  assert.equal(timers(), before);
});
