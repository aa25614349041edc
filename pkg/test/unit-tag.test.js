// Goal: the face of a tag says to its module what the application wants, ends each operation once, and hands on what the module tells.
// Method: a module in the place of the tag's, which ends an operation as the last two bytes of its command say (not at all where they
// are zero), and tells its face whatever another node says to it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

import { concat, sha256, u32, utf8 } from '../dist/bytes.js';
import * as INPUT from '../dist/kinds/input.js';
import * as OUTPUT from '../dist/kinds/output.js';
import * as STATUS from '../dist/status.js';
import { PUBLISH_MAX, SEND_MAX, read } from '../dist/tag/face.js';
import { tagged } from '../dist/tag/index.js';
import { byte, hex, id, place, u16 } from './seated.js';
import { assemble } from './task-modules.js';

const [SAID, COMMAND, EVENT] = [1, 96, 1024];

/** Gives the event that was written, once, and never wants to be woken. */
const GIVES = `(func (export "poll") (param i64) (result i64)
    (local $length i32)
    (local.set $length (global.get $out))
    (global.set $out (i32.const 0))
    (if (result i64) (local.get $length)
      (then (i64.or (i64.shl (i64.const ${EVENT}) (i64.const 32)) (i64.extend_i32_u (local.get $length))))
      (else (i64.const 0))))
  (func (export "wanted_at") (result i64) (i64.const -1))`;

const STAND_IN = assemble(`(module
  (memory (export "memory") 3)
  (global $length (mut i32) (i32.const 0))
  (global $out (mut i32) (i32.const 0))
  (func (export "room") (param $length i32) (result i32)
    (global.set $length (local.get $length))
    (i32.const 65536))
  (func (export "start") (result i32) (i32.const 1))
  (func $end (param $status i32)
    (if (i32.eqz (local.get $status)) (then (return)))
    (i32.store8 (i32.const ${EVENT + 1}) (i32.const 4))
    (i32.store (i32.const ${EVENT + 2}) (i32.load (i32.const 65538)))
    (i32.store16 (i32.const ${EVENT + 6}) (local.get $status))
    (global.set $out (i32.const 8)))
  (func $echo
    (memory.copy (i32.const ${EVENT + 1}) (i32.const 65570) (i32.sub (global.get $length) (i32.const 34)))
    (global.set $out (i32.sub (global.get $length) (i32.const 33))))
  (func (export "handle") (param $now i64) (result i32)
    (i32.store8 (i32.const ${EVENT}) (i32.const 96))
    (if (i32.eq (i32.load8_u (i32.const 65536)) (i32.const ${COMMAND}))
      (then (call $end (i32.load16_u (i32.add (i32.const 65534) (global.get $length))))))
    (if (i32.eq (i32.load8_u (i32.const 65536)) (i32.const ${SAID})) (then (call $echo)))
    (i32.const 1))
  ${GIVES})`);

/** The same, but each operation ends well whatever it carries. */
const ENDS = assemble(`(module
  (memory (export "memory") 3)
  (global $out (mut i32) (i32.const 0))
  (func (export "room") (param i32) (result i32) (i32.const 65536))
  (func (export "start") (result i32) (i32.const 1))
  (func (export "handle") (param i64) (result i32)
    (if (i32.eq (i32.load8_u (i32.const 65536)) (i32.const ${COMMAND}))
      (then
        (i32.store8 (i32.const ${EVENT}) (i32.const 96))
        (i32.store8 (i32.const ${EVENT + 1}) (i32.const 4))
        (i32.store (i32.const ${EVENT + 2}) (i32.load (i32.const 65538)))
        (i32.store16 (i32.const ${EVENT + 6}) (i32.const ${STATUS.ok << 8}))
        (global.set $out (i32.const 8))))
    (i32.const 1))
  ${GIVES})`);

/** A module that stops at the first thing that it is told. */
const TRAPS = assemble(`(module
  (memory (export "memory") 3)
  (func (export "room") (param i32) (result i32) (i32.const 65536))
  (func (export "start") (result i32) (i32.const 1))
  (func (export "handle") (param i64) (result i32) unreachable)
  (func (export "poll") (param i64) (result i64) (i64.const 0))
  (func (export "wanted_at") (result i64) (i64.const -1)))`);

/** Membership of a tag whose module is the stand-in; `say` has the module tell its face something. */
async function member(options = {}) {
  const there = place();
  const listeners = new Set();
  there.mesh.on = (event, listener) => {
    if (event === 'closed') listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const heard = [];
  const note = (kind) => (detail) => heard.push([kind, detail]);
  const tag = await tagged(there.mesh, 'blue', {
    module: STAND_IN,
    onPublished: note('published'),
    onReceived: note('received'),
    onMembers: note('members'),
    onFault: note('fault'),
    ...options,
  });
  const [{ bytes }] = there.taken(INPUT.open);
  const port = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const say = (...event) => there.event(OUTPUT.said, port, 0, id(9), concat(...event));
  return { ...there, tag, heard, port, say, listeners };
}

test('a tag is at the port of its name', async () => {
  const { tag, port } = await member();
  const hash = await sha256(utf8('tabmesh tag v1 blue'));
  assert.equal(port, new DataView(hash.buffer).getUint32(0));
  assert.equal(tag.name, 'blue');
  tag.close();
});

test('each operation ends once, as the module says', async () => {
  const { tag } = await member();
  const to = hex(id(3));
  await tag.publish(u16(STATUS.ok));
  await tag.send(to, u16(STATUS.ok));
  await tag.sendClosest(to, u16(STATUS.ok));
  await assert.rejects(tag.publish(u16(STATUS.unavailable)), { code: STATUS.unavailable, name: 'Unavailable', message: /member/ });
  await assert.rejects(tag.send(to, u16(STATUS.timedOut)), { code: STATUS.timedOut, name: 'TimedOut' });
  const ends = await Promise.allSettled([STATUS.ok, STATUS.tooManyRequests, STATUS.ok].map((status) => tag.sendClosest(to, u16(status))));
  assert.deepEqual(ends.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled']);
  tag.close();
});

test('what members say is handed on', async () => {
  const { tag, heard, say } = await member();
  await say(byte(2), id(4), u32(0xffff_fffe), u32(7), utf8('all'));
  await say(byte(3), id(5), byte(1), utf8('one'));
  await say(byte(1), byte(2), id(6), id(7), byte(1), id(8));
  const members = { linked: [hex(id(6)), hex(id(7))], named: [hex(id(8))] };
  assert.deepEqual(heard, [
    ['published', { from: hex(id(4)), run: 0xffff_fffe, number: 7, bytes: utf8('all') }],
    ['received', { from: hex(id(5)), isProven: true, bytes: utf8('one') }],
    ['members', members],
  ]);
  assert.deepEqual(tag.members, members);
  tag.close();
});

test('whoever closes a tag, or its mesh, learns that what is under way came to nothing', async () => {
  const one = await member();
  const under = one.tag.publish(u16(0));
  one.tag.close();
  await assert.rejects(under, { name: 'Detached' });
  await assert.rejects(one.tag.publish(u16(STATUS.ok)), { name: 'Detached' });
  assert.equal(one.listeners.size, 0);
  const two = await member();
  const other = two.tag.send(hex(id(2)), u16(0));
  two.listeners.forEach((listener) => listener());
  await assert.rejects(other, { name: 'Closed' });
  two.tag.close();
});

test('bad input is refused and harms nothing', async () => {
  const { tag, heard, say } = await member();
  const to = hex(id(3));
  await assert.rejects(tag.publish(new Uint8Array(PUBLISH_MAX + 1)), { name: 'TooLong', message: /879 bytes at most.*880/ });
  await assert.rejects(tag.send(to, new Uint8Array(SEND_MAX + 1)), { name: 'TooLong' });
  await assert.rejects(tag.send('abc', 'x'), { name: 'BadId' });
  await assert.rejects(tag.sendClosest(7, 'x'), { name: 'BadId' });
  await assert.rejects(tag.publish(new Blob(['x'])), { name: 'BadData', message: /blob\.arrayBuffer\(\).*Blob/ });
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.name);
  for (const bytes of [byte(9), byte(2), concat(byte(1), byte(3)), concat(byte(4), u32(99))]) await say(bytes);
  assert.deepEqual(reported, ['RangeError', 'RangeError', 'RangeError', 'RangeError']);
  assert.deepEqual(heard, []);
  await tag.publish(u16(STATUS.ok));
  tag.close();
  const { mesh } = place();
  for (const [name, options] of [['', {}], ['x'.repeat(241), {}], ['a', null], ['a', { modul: 1 }], ['a', { module: STAND_IN, onPublished: 1 }]]) {
    await assert.rejects(tagged(mesh, name, options), { name: 'BadOption' });
  }
});

test('a name is a text whose bytes say which', async () => {
  const { mesh } = place();
  mesh.on = () => () => undefined;
  const names = ['\ud800', 'a\udfff', '', 'é'.repeat(121), 7, null, undefined, new String('a'), { toString: () => 'a' }, Symbol('a'), ['a']];
  for (const name of names) await assert.rejects(tagged(mesh, name, { module: STAND_IN }), { name: 'BadOption' });
  for (const name of ['é'.repeat(120), '\ufeffblue', '😀', ' ', '\0', '\ufffd']) (await tagged(mesh, name, { module: STAND_IN })).close();
});

test('options are what they were when they were looked at', async () => {
  const { mesh } = place();
  mesh.on = () => () => undefined;
  let turns = 0;
  const options = {
    module: STAND_IN,
    get onMembers() {
      turns += 1;
      return turns > 1 ? undefined : 7;
    },
  };
  await assert.rejects(tagged(mesh, 'blue', options), { name: 'BadOption' });
  for (const each of ['onPublished', 'onReceived', 'onMembers', 'onFault']) {
    for (const listener of [null, {}, 'f']) await assert.rejects(tagged(mesh, 'blue', { module: STAND_IN, [each]: listener }), { name: 'BadOption' });
  }
});

test('of two that take part under one name at once one is told so, and the name is free again after it', async () => {
  const { mesh } = place();
  mesh.on = () => () => undefined;
  const both = await Promise.allSettled([1, 2].map(() => tagged(mesh, 'blue', { module: STAND_IN })));
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.equal(both.find(({ reason }) => reason).reason.name, 'PortTaken');
  const first = both.find(({ value }) => value).value;
  const under = Promise.allSettled(Array.from({ length: 100 }, () => first.publish(u16(0))));
  first.close();
  const again = await tagged(mesh, 'blue', { module: STAND_IN });
  const ends = await under;
  assert.ok(ends.every(({ reason }) => reason?.name === 'Detached'));
  first.close();
  await again.publish(u16(STATUS.ok));
  again.close();
});

test('a tag whose module stops while it begins leaves nothing behind, and says so', async () => {
  for (const end of ['fault', 'closed']) {
    const there = place();
    const listeners = new Set();
    there.mesh.on = (event, listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    };
    const faults = [];
    const begun = tagged(there.mesh, 'blue', { module: end === 'fault' ? TRAPS : STAND_IN, onFault: ({ name }) => faults.push(name) });
    if (end === 'closed') {
      // As soon as it is attached.
      const { input } = there.door;
      there.door.input = (...args) => {
        input(...args);
        there.mesh.state = there.door.state = 'closed';
        queueMicrotask(() => there.door.modules.onClosed());
      };
    }
    const tag = await begun.catch((error) => error);
    assert.equal(listeners.size, 0, end);
    if (end === 'closed') assert.equal(tag.name, 'Closed');
    else await assert.rejects(tag.publish('x'), { name: 'Detached' });
    assert.deepEqual(faults, end === 'fault' ? ['ModuleFailed'] : []);
  }
});

test('what is sent may be empty or as long as a message, of any kind and realm', async () => {
  const { tag } = await member({ module: ENDS });
  const to = hex(id(3));
  const foreign = runInNewContext('[new Uint8Array(5).buffer, new Uint16Array(3), new DataView(new ArrayBuffer(2))]');
  for (const data of ['', new Uint8Array(0), new ArrayBuffer(PUBLISH_MAX), new SharedArrayBuffer(3), ...foreign]) await tag.publish(data);
  for (const data of ['', new Uint8Array(SEND_MAX), 'é'.repeat(474), ...foreign]) await tag.send(to, data);
  for (const data of [null, undefined, 1n, [1], {}, new Blob(), 'é'.repeat(475)]) await assert.rejects(tag.send(to, data), /TooLong|BadData/);
  for (const other of [to.slice(1), `${to}0`, new String(to), null, id(3), 'g'.repeat(64)]) await assert.rejects(tag.send(other, 'x'), { name: 'BadId' });
  const moved = new Uint8Array(3);
  structuredClone(moved.buffer, { transfer: [moved.buffer] });
  await assert.rejects(tag.publish(moved), { name: 'BadData' });
  tag.close();
});

test('the bounds are those of the module', () => {
  const source = readFileSync(new URL('../../core-wasm/tag/src/wire.rs', import.meta.url), 'utf8');
  const heads = [...source.matchAll(/pub const HEAD: usize = ([\d+ ]+);/g)].map(([, sum]) => sum.split('+').reduce((all, part) => all + Number(part), 0));
  assert.deepEqual([PUBLISH_MAX, SEND_MAX], heads.map((head) => 1024 - head));
});

test('any bytes are an event or a RangeError', () => {
  let seed = 7;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647);
  for (let turns = 0; turns < 5000; turns += 1) {
    const bytes = Uint8Array.from({ length: random() % 120 }, (_, at) => (at === 0 ? random() % 7 : random() % 256));
    try {
      assert.ok(read(bytes).kind);
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  }
});

