// Goal: a seat drives its module by the rule, does what it wishes within the bounds of a port, and outlives its faults.
// Method: a module that gives what it is told to, in front of an engine that only takes notes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { concat, keyOf, u32 } from '../dist/bytes.js';
import { doors } from '../dist/door.js';
import * as STATUS from '../dist/status.js';
import * as INPUT from '../dist/kinds/input.js';
import * as OUTPUT from '../dist/kinds/output.js';
import { attach } from '../dist/module/index.js';
import { ASKS_MAX, HELD_MAX } from '../dist/module/limits.js';
import * as limits from '../dist/module/limits.js';
import { Operations } from '../dist/operations.js';
import { assemble } from './task-modules.js';
import { puppet } from './port-modules.js';

const PORT = 0x1234_5678;
const id = (byte) => new Uint8Array(32).fill(byte);
const SELF = id(1);
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const byte = (value) => Uint8Array.of(value);
const u16 = (value) => Uint8Array.of(value >> 8, value);
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
const PUPPET = puppet();

const tell = (to, bytes) => concat(byte(1), byte(to.length), ...to, bytes);
const ask = (op, to, bytes, withinMs = 1000) => concat(byte(2), u32(op), to, u32(withinMs), bytes);
const reply = (ticket, status, bytes) => concat(byte(3), u32(ticket), u16(status), bytes);
const cancel = (op) => concat(byte(4), u32(op));
const hold = (...ids) => concat(byte(5), byte(ids.length), ...ids);
const ticket = (from, withinMs, way = 9) => concat(from, u32(withinMs), byte(way));
const answered = (op, from, status, { isProven = 0, isHere = 0, bytes = byte(0).subarray(1) } = {}) =>
  concat(byte(3), u32(op), from, byte(isProven), byte(isHere), u16(status), bytes);

/** A mesh of which only the doors are there. */
function place() {
  const inputs = [];
  const door = {
    modules: undefined,
    state: 'joined',
    identity: { id: SELF, publicKey: new Uint8Array(64).fill(7), sign: async (bytes) => concat(bytes, new Uint8Array(64)).slice(0, 64) },
    network: new Uint8Array(8),
    linked: [],
    peers: () => door.linked.map((id) => ({ id: hex(id), rttMs: 2.5, link: 'relayed' })),
    input: (kind, number = 0, bytes = new Uint8Array(0)) => inputs.push({ kind, number, bytes }),
  };
  door.operations = new Operations(door.input);
  const mesh = { state: 'joined' };
  doors.set(mesh, door);
  /** What the engine was given since this was asked last. */
  const taken = (kind) => inputs.splice(0).filter((input) => kind === undefined || input.kind === kind);
  const event = async (...output) => {
    door.modules.onEvent(...output);
    await turn();
  };
  return { mesh, door, taken, event };
}

/** A puppet at a place; `told` is what it was told since that was asked last. */
async function seated(options = {}, there = place()) {
  const [events, faults] = [[], []];
  const attached = await attach(there.mesh, {
    port: PORT,
    module: PUPPET,
    onEvent: (bytes) => events.push(bytes),
    onFault: (fault) => faults.push(fault),
    ...options,
  });
  await turn();
  return { ...there, attached, faults, told: () => events.splice(0) };
}

test('a module hears the clock first, then whom it can reach; its port is open until it is closed', async () => {
  const { attached, told, taken } = await seated();
  const [clock, view, ...more] = told();
  assert.deepEqual([clock[0], clock.length, clock[9]], [7, 10, 0]);
  const wallMs = Number(new DataView(clock.buffer, clock.byteOffset).getBigUint64(1));
  assert.ok(Math.abs(wallMs - Date.now()) < 5000);
  assert.deepEqual(view, concat(byte(6), u32(1), byte(0)));
  assert.deepEqual(more, []);
  assert.deepEqual(taken(), [{ kind: INPUT.open, number: 0, bytes: concat(u32(PORT), byte(1)) }]);
  attached.close();
  assert.deepEqual(taken(), [{ kind: INPUT.open, number: 0, bytes: new Uint8Array(0) }]);
  assert.throws(() => attached.command('x'), { name: 'Detached', code: 1074 });
});

test('a view names those at whom this port is open in this version, and is told when it is another', async () => {
  const { attached, told, event } = await seated({ version: 3 });
  told();
  const here = concat(u32(PORT), byte(3));
  const views = () => told().map((bytes) => [...bytes.subarray(1, 6)].concat(...[...bytes.subarray(6)].filter((_, index) => index % 32 === 0)));
  await event(OUTPUT.ports, 0, 0, id(2), concat(u32(5), byte(1), here));
  assert.deepEqual(views(), [[0, 0, 0, 2, 1, 2]]);
  await event(OUTPUT.ports, 0, 0, id(3), concat(u32(PORT), byte(1)));
  await event(OUTPUT.ports, 0, 0, id(2), here);
  assert.deepEqual(views(), []);
  await event(OUTPUT.ports, 0, 0, id(3), here);
  await event(OUTPUT.peerDown, 0, 0, id(2), byte(0));
  assert.deepEqual(views(), [[0, 0, 0, 3, 2, 2, 3], [0, 0, 0, 4, 1, 3]]);
  for (let peer = 10; peer < 50; peer += 1) await event(OUTPUT.ports, 0, 0, id(peer), here);
  assert.equal(told().at(-1)[5], limits.VIEW_MAX);
  attached.close();
});

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

test('links are held for all modules together, and each hears of its own', async () => {
  const one = await seated();
  const two = await seated({ port: 99 }, one);
  const { door, taken, event } = one;
  one.told();
  two.told();
  taken();
  door.linked = [id(2)];
  one.attached.command(hold(id(2), id(3), SELF));
  two.attached.command(hold(id(3)));
  two.attached.command(hold(id(4)));
  await turn();
  assert.deepEqual(taken().map(({ bytes }) => hex(bytes)), [[2, 3], [2, 3, 4]].map((ids) => hex(concat(...ids.map(id)))));
  const linked = (who) => concat(byte(4), id(who), u32(2500), byte(1));
  assert.deepEqual(one.told(), [linked(2)], 'at once, where the link is there');
  door.linked = [id(2), id(4)];
  await event(OUTPUT.peerUp, 7, 0, id(4), byte(0));
  await event(OUTPUT.peerDown, 0, 3, id(2), byte(0));
  assert.deepEqual([one.told(), two.told()], [[], [linked(4)]], 'a link whose place another took is not lost');
  door.linked = [];
  await event(OUTPUT.peerDown, 0, 3, id(2), byte(0));
  await event(OUTPUT.dialFailed, 0, 13, id(2), byte(0));
  await event(OUTPUT.dialFailed, 0, 13, new Uint8Array(0), byte(0));
  assert.deepEqual(one.told(), [concat(byte(5), id(2), byte(3)), concat(byte(5), id(2), byte(13))]);
  one.attached.command(hold(...Array.from({ length: 60 }, (_, at) => id(100 + at))));
  assert.equal(taken().at(-1).bytes.length, 32 * (HELD_MAX + 1));
  one.attached.close();
  assert.equal(hex(taken(INPUT.hold)[0].bytes), hex(id(4)), 'who leaves holds nothing');
  two.attached.close();
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

test('work is done, or fails', async () => {
  const { attached, told, door } = await seated();
  told();
  attached.command(concat(byte(64), u32(6), byte(5)));
  attached.command(concat(byte(65), u32(7), new Uint8Array(128), byte(5)));
  await turn();
  await turn();
  const [signed, verified] = told().sort((a, b) => a[0] - b[0]);
  const covered = concat(new TextEncoder().encode('tabmesh module v1'), door.network, u32(PORT), byte(5));
  assert.deepEqual(signed, concat(byte(64), u32(6), covered, new Uint8Array(64 - covered.length)), 'network and port are part of it');
  assert.deepEqual(verified, concat(byte(65), u32(7), byte(0)));
  door.identity.sign = async () => Promise.reject(new Error('no key'));
  attached.command(concat(byte(64), u32(8), byte(5)));
  await turn();
  assert.deepEqual(told(), [concat(byte(66), u32(8))]);
  attached.close();
});

test('the clock is told again when it was set, and when it is doubted', async (t) => {
  const { attached, told, door, event } = await seated();
  told();
  door.modules.onClock();
  await turn();
  assert.deepEqual(told(), [], 'it was not set');
  await event(OUTPUT.clock, 0, 9, byte(0).subarray(1), byte(0).subarray(1));
  assert.deepEqual(told().map((bytes) => [bytes[0], bytes[9]]), [[7, 1]]);
  const { now } = Date;
  t.mock.method(Date, 'now', () => now() - 3_600_000);
  door.modules.onClock();
  await turn();
  const [set] = told();
  assert.ok(Math.abs(Number(new DataView(set.buffer, set.byteOffset).getBigUint64(1)) - (now() - 3_600_000)) < 5000);
  attached.close();
});

test('a module is woken when it wants', async () => {
  const { attached, told } = await seated();
  told();
  const at = Buffer.alloc(8);
  at.writeBigUInt64LE(BigInt(Math.floor(performance.now() * 1000)) + 20_000n);
  attached.command(concat(byte(254), at));
  assert.deepEqual(told(), []);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.ok(told().every((bytes) => bytes.length === 1 && bytes[0] === 0));
  attached.command(concat(byte(254), new Uint8Array(8)));
  await turn();
  assert.ok(told().length >= 1, 'a time that is past is wanted now');
  attached.close();
});

test('who talks to itself without end, or never comes to one, leaves the page its turns', async () => {
  // What it was told first may count for the same task.
  const isBounded = (count, most) => assert.ok(count <= most && count > most - 4, `${count} of ${most}`);
  let events = 0;
  const { attached, door, taken } = await seated({ onEvent: () => (events += 1) });
  events = 0;
  attached.command(byte(253));
  await Promise.resolve();
  isBounded(events, limits.OUTPUTS_A_TASK);
  // Its inputs wait meanwhile, up to a bound.
  for (let count = 0; count < limits.INPUTS_MAX; count += 1) door.modules.onEvent(OUTPUT.said, PORT, 0, id(2), byte(1));
  taken();
  door.modules.onEvent(OUTPUT.asked, PORT, 0, ticket(id(2), 60_000), byte(0));
  await Promise.resolve();
  assert.deepEqual(taken().map(({ number }) => number), [STATUS.tooManyRequests]);
  attached.close();

  const calm = await seated();
  calm.told();
  for (let count = 0; count < 2 * limits.INPUTS_A_TASK; count += 1) calm.door.modules.onEvent(OUTPUT.said, PORT, 0, id(2), byte(1));
  for (let count = 0; count < 4; count += 1) await Promise.resolve();
  const first = calm.told().length;
  isBounded(first, limits.INPUTS_A_TASK);
  let told = first;
  for (let tries = 0; tries < 500 && told < 2 * limits.INPUTS_A_TASK; tries += 1) {
    await turn();
    told += calm.told().length;
  }
  assert.equal(told, 2 * limits.INPUTS_A_TASK, 'all in the end');
  calm.attached.close();
});

test('a module that traps, or gives what is none, is detached; others go on, and its port is free again', async () => {
  const good = await seated({ port: 99 });
  const bad = [byte(0).subarray(1), byte(200), concat(byte(3), u32(1), u16(999)), concat(cancel(1), byte(0)), byte(1), concat(byte(5), byte(2), id(1))];
  for (const output of bad) {
    const { attached, faults, taken, event } = await seated({}, good);
    attached.command(ask(1, id(2), byte(0)));
    attached.command(hold(id(5)));
    await event(OUTPUT.asked, PORT, 0, ticket(id(2), 60_000), byte(0));
    taken();
    attached.command(output);
    await turn();
    assert.deepEqual(faults.map(({ name, code }) => [name, code]), [['ModuleFailed', 1073]]);
    assert.deepEqual(taken().map(({ kind }) => kind), [INPUT.cancel, INPUT.reply, INPUT.open, INPUT.hold]);
    assert.throws(() => attached.command('x'), { name: 'Detached' });
  }
  good.told();
  await good.event(OUTPUT.said, 99, 0, id(2), byte(1));
  assert.deepEqual(good.told(), [concat(byte(1), id(2), byte(0), byte(1))]);
  good.attached.close();
});

test('what its application hears throws on its own account', async () => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  const { attached, faults, event } = await seated({ onEvent: () => { throw new Error('mine'); } });
  reported.length = 0;
  await event(OUTPUT.said, PORT, 0, id(2), byte(1));
  assert.deepEqual([faults, reported], [[], ['mine']]);
  attached.close();
  const other = await seated({ onFault: undefined });
  other.attached.command('');
  await turn();
  assert.match(reported[1], /^The module stopped by a bug/);
});

test('a mesh that is closed detaches its modules', async () => {
  const { mesh, door, attached } = await seated();
  mesh.state = 'closed';
  door.state = 'closed';
  door.modules.onClosed();
  assert.throws(() => attached.command('x'), { name: 'Closed' });
  await assert.rejects(attach(mesh, { port: PORT, module: PUPPET }), { name: 'Closed' });
});

test('options that make no sense, modules that are none, and ports that are taken are refused', async () => {
  const there = place();
  const failure = (options) => attach(there.mesh, { port: PORT, module: PUPPET, ...options }).then(() => 'attached', ({ name }) => name);
  const bad = [{ port: 0 }, { port: 2 ** 32 }, { port: undefined }, { name: 'x' }, { port: undefined, name: '' }, { version: 256 }, { module: 'x' }, { onEvent: 1 }, { what: 1 }];
  for (const options of bad) assert.equal(await failure(options), 'BadOption', JSON.stringify(options));
  await assert.rejects(attach({}, { port: PORT, module: PUPPET }), { name: 'BadOption' });
  const none = ['(module)', '(module (import "a" "b" (func)))', '(module (memory (export "memory") 1))'].map(assemble);
  const wrong = assemble(`(module (memory (export "memory") 1) (func (export "room") (param i32) (result i32) (i32.const 0))
    (func (export "start") (result i32) (i32.const 0)) (func (export "handle") (param i64) (result i32) (i32.const 0))
    (func (export "poll") (param i64) (result i64) (i64.const 0)) (func (export "wanted_at") (result i64) (i64.const -1)))`);
  for (const module of [...none, wrong, Uint8Array.of(1, 2)]) assert.equal(await failure({ module }), 'NoModule');
  assert.equal(await failure({ module: new URL('http://localhost:1/x.wasm') }), 'NotLoaded');

  const all = [];
  const compiled = await WebAssembly.compile(PUPPET);
  for (let port = 1; port <= limits.PORTS_MAX; port += 1) all.push(await attach(there.mesh, { port, module: compiled }));
  assert.equal(await failure({ port: 3 }), 'PortTaken');
  assert.equal(await failure({ port: 99 }), 'PortTaken');
  for (const attached of all) attached.close();
  const named = await attach(there.mesh, { name: 'tabmesh counter v1', module: compiled });
  assert.equal(named.port, 0x88b5abcd);
  named.close();
});

test('the bounds of a port are those of the engine', () => {
  const source = (path) => readFileSync(new URL(`../../core-wasm/${path}`, import.meta.url), 'utf8');
  const text = source('port/src/limits.rs') + source('engine/src/limits.rs');
  for (const name of ['TELL_MAX', 'RECEIVERS_MAX', 'TICKETS_MAX', 'HELD_MAX', 'VIEW_MAX', 'LIST_MAX', 'ASKS_MAX', 'PORTS_MAX']) {
    const [, value] = new RegExp(`pub const ${name}: usize = ([\\d_]+);`).exec(text) ?? assert.fail(`no ${name}`);
    assert.equal(limits[name], Number(value.replaceAll('_', '')), name);
  }
});
