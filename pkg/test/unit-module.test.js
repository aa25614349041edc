// Goal: a seat drives its module by the rule, and outlives its faults.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { concat, u32 } from '../dist/bytes.js';
import * as STATUS from '../dist/status.js';
import * as INPUT from '../dist/kinds/input.js';
import * as OUTPUT from '../dist/kinds/output.js';
import { attach } from '../dist/module/index.js';
import { HELD_MAX } from '../dist/module/limits.js';
import * as limits from '../dist/module/limits.js';
import { assemble } from './task-modules.js';
import { ask, byte, cancel, hex, hold, id, place, PORT, PUPPET, reply, seated, SELF, ticket, turn, u16 } from './seated.js';

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

test('a signal detaches a module, or has none attached', async () => {
  const there = place();
  const stop = new AbortController();
  const { attached, taken } = await seated({ signal: stop.signal }, there);
  taken();
  attached.command(ask(1, id(2), byte(0)));
  stop.abort(new Error('enough'));
  assert.deepEqual(taken(INPUT.cancel).length, 1, 'what it asked is cancelled');
  assert.throws(() => attached.command('x'), { name: 'Detached', message: /enough/ });
  attached.close();
  await assert.rejects(attach(there.mesh, { port: PORT, module: PUPPET, signal: stop.signal }), { message: 'enough' });
  const late = new AbortController();
  const attaching = attach(there.mesh, { port: PORT, module: PUPPET, signal: late.signal });
  late.abort();
  await assert.rejects(attaching, { name: 'AbortError' });
  const { fetch } = globalThis;
  globalThis.fetch = (url, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const loading = new AbortController();
  const never = attach(there.mesh, { port: PORT, module: new URL('http://localhost:1/x.wasm'), signal: loading.signal });
  setTimeout(() => loading.abort());
  await assert.rejects(never, { name: 'AbortError' });
  globalThis.fetch = fetch;
  (await attach(there.mesh, { port: PORT, module: PUPPET })).close();
  await assert.rejects(attach(there.mesh, { port: PORT, module: PUPPET, signal: 1 }), { name: 'BadOption' });
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
  assert.equal(await failure({ module: new URL('data:text/html,<!doctype html>') }), 'NotLoaded', 'what a server gives for all that it has not');

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
