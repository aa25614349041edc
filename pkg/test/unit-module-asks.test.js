// What a module tells, asks and lists, and what it is asked: each ends once, within the bounds of a port.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { concat, u32 } from '../dist/bytes.js';
import * as STATUS from '../dist/status.js';
import * as INPUT from '../dist/kinds/input.js';
import * as OUTPUT from '../dist/kinds/output.js';
import { ASKS_MAX } from '../dist/module/limits.js';
import * as limits from '../dist/module/limits.js';
import { answered, ask, byte, cancel, hex, id, PORT, reply, seated, SELF, tell, ticket, turn, u16 } from './seated.js';

test('what is told goes to each receiver but this node, and what is too much goes nowhere', async () => {
  const { attached, taken } = await seated();
  taken();
  attached.command(tell([id(2), SELF, id(3)], byte(5)));
  const told = taken(INPUT.tell);
  assert.deepEqual(told.map(({ number }) => number), [PORT, PORT]);
  assert.deepEqual(told.map(({ bytes }) => bytes), [concat(id(2), byte(5)), concat(id(3), byte(5))]);
  attached.command(tell([id(2)], new Uint8Array(limits.TELL_MAX + 1)));
  attached.command(tell(Array(limits.RECEIVERS_MAX + 1).fill(id(2)), byte(5)));
  assert.deepEqual(taken(), []);
  attached.command(tell(Array(limits.RECEIVERS_MAX).fill(id(2)), new Uint8Array(limits.TELL_MAX)));
  assert.equal(taken(INPUT.tell).length, limits.RECEIVERS_MAX);
  attached.close();
});

test('an ask ends once, under the number that the module has for it', async () => {
  const { attached, told, taken, door } = await seated();
  told();
  taken();
  attached.command(ask(77, id(2), byte(5), 999_999));
  attached.command(ask(77, id(3), byte(6)));
  const [asked, ...more] = taken();
  assert.deepEqual(more, [], 'one with the number of one that is under way is not sent');
  assert.deepEqual(asked.bytes, concat(id(2), u32(PORT), u32(120_000), u32(1), byte(0)));
  assert.deepEqual(door.operations.message(asked.number), byte(5));
  door.operations.onDone(asked.number, STATUS.ok, 2, byte(42));
  door.operations.onDone(asked.number, STATUS.ok, 2, byte(42));
  await turn();
  assert.deepEqual(told(), [answered(77, id(2), STATUS.ok, { isProven: 1, bytes: byte(42) })]);
  attached.command(ask(77, id(2), byte(5)));
  door.operations.onDone(taken()[0].number, STATUS.tooManyRequests, 1);
  attached.command(cancel(77));
  await turn();
  assert.equal(told().length, 1, 'cancelled in the middle of its end, it has one end');
  attached.command(ask(1, id(2), new Uint8Array(32_769)));
  await turn();
  assert.deepEqual(told(), [answered(1, id(2), STATUS.badRequest, { isHere: 1 })]);
  assert.deepEqual(taken(INPUT.ask), []);
  attached.close();
});

test('a cancelled ask ends at once, as one that may have happened', async () => {
  const { attached, told, taken, door } = await seated();
  told();
  taken();
  attached.command(ask(5, id(2), byte(0)));
  const [{ number }] = taken();
  attached.command(cancel(5));
  attached.command(cancel(6));
  await turn();
  assert.deepEqual(told(), [answered(5, id(2), STATUS.timedOut, { isHere: 1 })]);
  assert.deepEqual(taken(), [{ kind: INPUT.cancel, number, bytes: new Uint8Array(0) }]);
  door.operations.onDone(number, STATUS.ok, 0);
  await turn();
  assert.deepEqual(told(), []);
  attached.close();
});

test('there is room for so many asks as the engine takes, and the others go when it has room', async () => {
  const { attached, taken, door } = await seated();
  taken();
  for (let op = 0; op < ASKS_MAX + 2; op += 1) attached.command(ask(op, id(2), byte(0)));
  const asks = taken(INPUT.ask);
  assert.equal(asks.length, ASKS_MAX);
  door.operations.onDone(asks[3].number, STATUS.ok, 0);
  await turn();
  assert.equal(taken(INPUT.ask).length, 1);
  attached.close();
  assert.equal(taken(INPUT.cancel).length, ASKS_MAX, 'who leaves gives up what it asked');
});

test('a question is answered once and in time; of too many the last are turned away', async () => {
  const { attached, told, taken, event } = await seated();
  told();
  taken();
  await event(OUTPUT.asked, PORT, 256, ticket(id(2), 500), byte(33));
  assert.deepEqual(told(), [concat(byte(2), id(2), byte(1), u32(1), u32(500), byte(33))]);
  attached.command(reply(1, STATUS.forbidden, byte(8)));
  attached.command(reply(1, STATUS.ok, byte(8)));
  attached.command(reply(9, STATUS.ok, byte(8)));
  assert.deepEqual(taken(), [{ kind: INPUT.reply, number: STATUS.forbidden, bytes: concat(ticket(id(2), 500), byte(8)) }]);

  await event(OUTPUT.asked, PORT, 0, ticket(id(2), 500), byte(33));
  attached.command(reply(2, STATUS.ok, new Uint8Array(32_769)));
  assert.deepEqual(taken(), [{ kind: INPUT.reply, number: STATUS.badRequest, bytes: ticket(id(2), 500) }]);

  await event(OUTPUT.asked, PORT, 0, ticket(id(2), 1), byte(33));
  await turn();
  attached.command(reply(3, STATUS.ok, byte(8)));
  assert.deepEqual(taken(), [], 'a late one goes nowhere');

  for (let count = 0; count <= limits.TICKETS_MAX; count += 1) await event(OUTPUT.asked, PORT, 0, ticket(id(2), 60_000), byte(0));
  assert.deepEqual(taken().map(({ number }) => number), [STATUS.tooManyRequests]);
  attached.close();
  assert.deepEqual(
    taken(INPUT.reply).map(({ number }) => number),
    Array(limits.TICKETS_MAX).fill(STATUS.unavailable),
  );
  await event(OUTPUT.asked, PORT, 0, ticket(id(2), 60_000), byte(0));
  assert.deepEqual(taken().map(({ number }) => number), [STATUS.unavailable]);
});

test('x4: one link does not take all tickets of a module', async () => {
  const { attached, told, taken, event } = await seated();
  taken();
  told();
  const by = (link, number) => concat(id(2), u32(60_000), u32(number), byte(1), u16(link), u32(0));
  for (let number = 0; number < limits.TICKETS_MAX; number += 1) await event(OUTPUT.asked, PORT, 0, by(7, number), byte(0));
  for (let number = 0; number < 3; number += 1) await event(OUTPUT.asked, PORT, 0, by(8, number), byte(0));
  const refused = taken(INPUT.reply);
  assert.deepEqual(refused.map(({ number }) => number), Array(3).fill(STATUS.tooManyRequests));
  assert.ok(refused.every(({ bytes }) => bytes[42] === 7), 'whoever brought most makes room');
  const last = limits.TICKETS_MAX - 1;
  assert.deepEqual(refused.map(({ bytes }) => bytes[39]), [last, last - 1, last - 2], 'its newest first');
  assert.equal(told().length, limits.TICKETS_MAX + 3);
  await event(OUTPUT.asked, PORT, 0, by(7, 99), byte(0));
  assert.deepEqual(taken(INPUT.reply).map(({ bytes }) => hex(bytes)), [hex(by(7, 99))]);
  attached.close();
});

test('a list ends once, and names no more than one has', async () => {
  const { attached, told, taken, door } = await seated();
  told();
  taken();
  const list = (op, stays) => concat(byte(6), u32(op), id(9), byte(stays), u32(2000));
  attached.command(list(7, 1));
  attached.command(list(7, 0));
  attached.command(list(8, 0));
  const [first, second, ...more] = taken();
  assert.deepEqual(more, []);
  assert.deepEqual(first.bytes, concat(id(9), u32(0xffff_ffff), u32(2000), u32(0), byte(1)));
  assert.deepEqual(second.bytes, concat(id(9), u32(0xffff_ffff), u32(2000), u32(0), byte(0)));
  const ids = concat(...Array.from({ length: 40 }, (_, index) => id(index)));
  for (let times = 0; times < 2; times += 1) door.operations.onDone(first.number, STATUS.partial, 0, ids);
  attached.command(cancel(8));
  await turn();
  assert.deepEqual(told(), [
    concat(byte(8), u32(8), u16(STATUS.timedOut), byte(0)),
    concat(byte(8), u32(7), u16(STATUS.partial), byte(32), ids.subarray(0, 32 * 32)),
  ]);
  attached.command(list(9, 2));
  await turn();
  assert.throws(() => attached.command('x'), { name: 'Detached' }, 'a flag that is none is no output');
});
