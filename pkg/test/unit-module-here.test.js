// What modules of one node ask each other: no byte of it reaches the engine, and each question ends once.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { concat, u32 } from '../dist/bytes.js';
import * as STATUS from '../dist/status.js';
import { ASKS_MAX, HERE_MAX } from '../dist/module/limits.js';
import { answered, ask, byte, cancel, id, PORT, reply, seated, SELF, turn } from './seated.js';

const OTHER = 0x77;
const here = (op, port, bytes = byte(5), withinMs = 60_000) => concat(byte(7), u32(op), u32(port), u32(withinMs), bytes);
const asked = (port, ticket, bytes = byte(5), withinMs = 60_000) => concat(byte(9), u32(port), u32(ticket), u32(withinMs), bytes);

/** Two modules at one node that have heard what all hear. */
async function two() {
  const one = await seated();
  const other = await seated({ port: OTHER }, one);
  one.taken();
  one.told();
  other.told();
  return [one, other];
}

test('p1: a question here ends once, by whoever was asked', async () => {
  const [one, other] = await two();
  one.attached.command(here(7, OTHER));
  one.attached.command(here(7, OTHER));
  await turn();
  assert.deepEqual(other.told(), [asked(PORT, 1)], 'one with the number of one that is under way is not asked');
  one.attached.command(reply(1, STATUS.ok, byte(3)));
  for (let times = 0; times < 2; times += 1) other.attached.command(reply(1, STATUS.notFound, byte(9)));
  await turn();
  assert.deepEqual(one.told(), [answered(7, SELF, STATUS.notFound, { isProven: 1, bytes: byte(9) })]);
  one.attached.command(here(8, OTHER));
  await turn();
  other.attached.command(reply(2, STATUS.ok, new Uint8Array(32_769)));
  await turn();
  assert.deepEqual(one.told(), [answered(8, SELF, STATUS.badRequest, { isProven: 1 })]);
  assert.deepEqual(one.taken(), [], 'the engine hears nothing of it');
  one.attached.close();
  other.attached.close();
});

test('p1: a question here ends where nobody is, nobody answers, or somebody leaves', async () => {
  const [one, other] = await two();
  one.attached.command(here(1, 0));
  one.attached.command(here(2, 0x78));
  one.attached.command(here(3, OTHER, new Uint8Array(32_769)));
  one.attached.command(here(4, OTHER, byte(5), 1));
  one.attached.command(here(5, OTHER));
  one.attached.command(cancel(5));
  one.attached.command(here(6, OTHER));
  await turn();
  await turn();
  assert.deepEqual(
    one.told().sort((a, b) => a[4] - b[4]),
    [STATUS.notImplemented, STATUS.notImplemented, STATUS.badRequest, STATUS.timedOut, STATUS.timedOut].map((status, at) =>
      answered(at + 1, SELF, status, { isHere: 1 }),
    ),
  );
  for (const ticket of [1, 2]) other.attached.command(reply(ticket, STATUS.ok, byte(1)));
  await turn();
  assert.deepEqual(one.told(), [], 'late');
  other.attached.close();
  await turn();
  assert.deepEqual(one.told(), [answered(6, SELF, STATUS.unavailable, { isHere: 1 })]);
  one.attached.close();
});

test('who leaves is told no end, and the next at its port no end of its predecessor', async () => {
  const [one, other] = await two();
  one.attached.command(here(1, OTHER));
  await turn();
  one.attached.close();
  const next = await seated({}, one);
  next.told();
  next.attached.command(here(1, OTHER));
  await turn();
  assert.equal(other.told().length, 2);
  for (const [ticket, bytes] of [[1, byte(1)], [2, byte(2)]]) other.attached.command(reply(ticket, STATUS.ok, bytes));
  await turn();
  assert.deepEqual(next.told(), [answered(1, SELF, STATUS.ok, { isProven: 1, bytes: byte(2) })]);
  // Whoever was asked traps.
  next.attached.command(here(2, OTHER));
  await turn();
  other.attached.command(new Uint8Array(0));
  await turn();
  assert.equal(other.faults.length, 1);
  assert.deepEqual(next.told(), [answered(2, SELF, STATUS.unavailable, { isHere: 1 })]);
  next.attached.close();
});

test('questions here have bounds of their own, and count among what a module asks', async () => {
  const [one, other] = await two();
  for (let op = 0; op < ASKS_MAX; op += 1) one.attached.command(here(op, OTHER));
  await turn();
  assert.equal(other.told().length, HERE_MAX);
  assert.deepEqual(
    one.told(),
    Array.from({ length: ASKS_MAX - HERE_MAX }, (_, at) => answered(HERE_MAX + at, SELF, STATUS.tooManyRequests, { isHere: 1 })),
  );
  for (let op = 100; op < 100 + ASKS_MAX; op += 1) one.attached.command(ask(op, id(2), byte(0)));
  assert.equal(one.taken().length, ASKS_MAX - HERE_MAX);
  other.attached.command(reply(1, STATUS.ok, byte(1)));
  await turn();
  assert.equal(one.taken().length, 1, 'one more goes for one that ended');
  one.attached.close();
  other.attached.close();
});
