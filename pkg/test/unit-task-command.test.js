// Goal: the functions of WASI do, answer and cost what `docs/TASKS.md` says, and a command's exit is its status.
// Method: the functions themselves over a memory and a gas of the test's own; then whole commands.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { utf8 } from '../dist/bytes.js';
import { Command } from '../dist/task/command.js';
import { Ended, Guest } from '../dist/task/guest.js';
import { runHere } from './task-host.js';
import { MODULES, WASI, assemble, command, piece, print } from './task-modules.js';

const SEED = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
const TIME = 0xfedc_ba98_7654_3210n;
const PAGE = 65_536;
const GAS = 1n << 40n;

/** What functions cost: a call, each of its pieces, each random byte. */
const [CALL, PIECE, RANDOM] = [1_000, 100, 100];

/** The functions over a memory of one page; `call` answers what a function answered and what it cost. */
function host(input = utf8('0123456789'), gas = GAS) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const global = (value) => new WebAssembly.Global({ value, mutable: true });
  const guest = new Guest({ exports: { memory, '~g': global('i64'), '~s': global('i32') } }, { gas });
  const command = new Command(input, SEED, TIME);
  command.attach(guest);
  const view = new DataView(memory.buffer);
  return {
    command,
    memory,
    bytes: new Uint8Array(memory.buffer),
    view,
    call(name, ...values) {
      const before = guest.gas;
      const answer = command.imports[name](...values);
      return [answer, Number(before - guest.gas)];
    },
    /** Writes pieces at `list`. */
    pieces(list, ...pieces) {
      pieces.flat().forEach((number, index) => view.setUint32(list + 4 * index, number, true));
    },
  };
}

test('arguments, environment, clocks', () => {
  const { call, view, bytes } = host();
  assert.deepEqual(call('args_sizes_get', 8, 12), [0, CALL]);
  assert.deepEqual([view.getUint32(8, true), view.getUint32(12, true)], [1, 5]);
  assert.deepEqual(call('args_get', 100, 200), [0, CALL]);
  assert.equal(view.getUint32(100, true), 200);
  assert.deepEqual([...bytes.subarray(200, 206)], [...utf8('task'), 0, 0]);
  bytes.fill(9, 8, 16);
  assert.deepEqual(call('environ_sizes_get', 8, 12), [0, CALL]);
  assert.equal(view.getBigUint64(8, true), 0n);
  assert.deepEqual(call('environ_get', -1, -1), [0, CALL]);
  for (const clock of [0, 1, 2, 3]) {
    assert.deepEqual(call('clock_time_get', clock, 1n, 16), [0, CALL]);
    assert.equal(view.getBigUint64(16, true), TIME);
  }
  for (const clock of [4, -1]) assert.deepEqual(call('clock_time_get', clock, 0n, -1), [28, CALL]);
});

test('a place outside the memory is a fault, and what was written until then stays', () => {
  const { call, view } = host();
  assert.deepEqual(call('args_sizes_get', PAGE - 3, 0), [21, CALL]);
  assert.deepEqual(call('args_sizes_get', 8, -4), [21, CALL]);
  assert.equal(view.getUint32(8, true), 1);
  assert.deepEqual(call('args_get', 0, PAGE - 4), [21, CALL]);
  assert.equal(view.getUint32(0, true), PAGE - 4);
  assert.equal(view.getUint32(PAGE - 4, true), 0, 'a text that does not fit is not begun');
  assert.deepEqual(call('args_get', PAGE - 5, PAGE - 5)[0], 0);
  assert.deepEqual(call('environ_sizes_get', 0, PAGE - 3), [21, CALL]);
  assert.deepEqual(call('clock_time_get', 0, 0n, PAGE - 7), [21, CALL]);
  assert.deepEqual(call('clock_time_get', 0, 0n, PAGE - 8), [0, CALL]);
  assert.deepEqual(call('fd_fdstat_get', 0, PAGE - 23), [21, CALL]);
  assert.deepEqual(call('random_get', PAGE - 7, 8), [21, CALL + 8 * RANDOM]);
  assert.deepEqual(call('random_get', -1, 2), [21, CALL + 2 * RANDOM]);
});

test('memory that has grown since the last call is there', () => {
  const { call, memory } = host();
  assert.deepEqual(call('args_get', PAGE, PAGE + 8), [21, CALL]);
  memory.grow(1);
  assert.deepEqual(call('args_get', PAGE, PAGE + 8), [0, CALL]);
  assert.equal(new DataView(memory.buffer).getUint32(PAGE, true), PAGE + 8);
});

test('random bytes are one stream from the seed', () => {
  const { call, bytes } = host();
  const stream = Buffer.concat(
    Array.from({ length: 5 }, (_, number) => {
      const counter = Buffer.alloc(8);
      counter.writeBigUInt64LE(BigInt(number));
      return createHash('sha256').update(SEED).update(counter).digest();
    }),
  );
  let at = 0;
  for (const length of [5, 0, 32, 1, 70, 40]) {
    assert.deepEqual(call('random_get', at, length), [0, CALL + RANDOM * length]);
    at += length;
  }
  assert.equal(call('random_get', PAGE, 1)[0], 21, 'a fault takes nothing of the stream');
  call('random_get', at, 12);
  assert.equal(Buffer.from(bytes.subarray(0, 160)).toString('hex'), stream.toString('hex'));
});

test('reading fills the pieces in order until the input ends', () => {
  const { call, pieces, view, bytes } = host();
  pieces(0, [100, 3], [200, 0], [300, 4]);
  assert.deepEqual(call('fd_read', 0, 0, 3, 60), [0, CALL + 3 * PIECE]);
  assert.equal(view.getUint32(60, true), 7);
  assert.equal(Buffer.from(bytes.subarray(100, 104)).toString(), '012\0');
  assert.equal(Buffer.from(bytes.subarray(300, 305)).toString(), '3456\0');
  // More room than there is input: only what is moved has to be in the memory, and what lies behind the end is not looked at.
  pieces(0, [PAGE - 3, 5000], [-1, 5]);
  assert.deepEqual(call('fd_read', 0, 0, 100_000, 60), [0, CALL + PIECE * 100_000]);
  assert.equal(view.getUint32(60, true), 3);
  assert.deepEqual(call('fd_read', 0, PAGE - 1, 1, 60), [0, CALL + PIECE], 'at the end no piece is looked at');
  assert.equal(view.getUint32(60, true), 0);
  assert.deepEqual(call('fd_read', 0, 0, 0, PAGE - 3), [21, CALL]);
});

test('reading costs an eighth of the bytes of each piece, and a fault keeps what was read', () => {
  const { call, pieces, bytes } = host(new Uint8Array(1000).fill(5));
  pieces(0, [1000, 15], [2000, 17], [PAGE - 1, 16], [3000, 100]);
  assert.deepEqual(call('fd_read', 0, 0, 4, 60), [21, CALL + 4 * PIECE + 1 + 2]);
  assert.equal(bytes.indexOf(0, 2000), 2017);
  pieces(0, [1000, 968], [2000, 50]);
  assert.deepEqual(call('fd_read', 0, 0, 2, 60), [0, CALL + 2 * PIECE + 968 / 8], '968 bytes were left');
  assert.deepEqual(call('fd_read', 0, PAGE - 8, 1, 60), [0, CALL + PIECE]);
});

test('only file 0 is read, only files 1 and 2 are written', () => {
  const { call } = host();
  for (const file of [1, 2, 3, -1]) assert.deepEqual(call('fd_read', file, -1, 2, -1), [8, CALL + 2 * PIECE]);
  for (const file of [0, 3, -1]) assert.deepEqual(call('fd_write', file, -1, 2, -1), [8, CALL + 2 * PIECE]);
});

test('writing takes the pieces in order', () => {
  const { call, pieces, view, bytes, command } = host();
  bytes.set(utf8('hello world'), 500);
  pieces(0, [500, 6], [506, 5], [500, 0]);
  assert.deepEqual(call('fd_write', 1, 0, 3, 60), [0, CALL + 3 * PIECE]);
  assert.equal(view.getUint32(60, true), 11);
  assert.deepEqual(call('fd_write', 2, 0, 1, 60), [0, CALL + PIECE]);
  pieces(0, [500, 8], [PAGE - 1, 2]);
  assert.deepEqual(call('fd_write', 1, 0, 2, 60), [21, CALL + 2 * PIECE + 1]);
  assert.deepEqual(call('fd_write', 1, PAGE - 7, 1, 60), [21, CALL + PIECE]);
  assert.equal(Buffer.from(command.output.bytes()).toString(), 'hello worldhello wo');
  assert.equal(Buffer.from(command.log.bytes()).toString(), 'hello ');
});

test('the output ends at 16 MiB, and the log is kept to 64 KiB', () => {
  const { call, pieces, command } = host();
  pieces(0, ...Array.from({ length: 256 }, () => [0, PAGE]));
  assert.deepEqual(call('fd_write', 1, 0, 256, 60_000), [0, CALL + 256 * PIECE + 256 * (PAGE / 8)]);
  pieces(0, [0, 0], [0, 1], [0, 0]);
  assert.deepEqual(call('fd_write', 1, 0, 3, 60_000), [51, CALL + 3 * PIECE]);
  assert.deepEqual(call('fd_write', 1, 0, 1, 60_000), [0, CALL + PIECE]);
  pieces(0, [-1, -1]);
  assert.deepEqual(call('fd_write', 1, 0, 1, 60_000), [21, CALL + PIECE], 'a fault comes first');
  assert.equal(command.output.bytes().length, 16 << 20);
  pieces(0, [0, PAGE], [0, PAGE]);
  assert.deepEqual(call('fd_write', 2, 0, 2, 60_000), [0, CALL + 2 * PIECE + 2 * (PAGE / 8)]);
  assert.equal(command.log.bytes().length, PAGE);
});

test('files are described, cannot be searched, and stay open', () => {
  const { call, bytes, view } = host();
  for (const [file, rights] of [[0, 2n], [1, 64n], [2, 64n]]) {
    bytes.fill(255, 0, 32);
    assert.deepEqual(call('fd_fdstat_get', file, 0), [0, CALL]);
    assert.deepEqual([0, 8, 16, 24].map((at) => view.getBigUint64(at, true)), [0n, rights, 0n, 0xffff_ffff_ffff_ffffn]);
    assert.deepEqual(call('fd_seek', file, 0n, 0, 0), [70, CALL]);
    assert.deepEqual(call('fd_close', file), [0, CALL]);
  }
  for (const file of [3, -1]) {
    assert.deepEqual(call('fd_fdstat_get', file, -1), [8, CALL]);
    assert.deepEqual(call('fd_seek', file, 0n, 0, 0), [8, CALL]);
    assert.deepEqual(call('fd_close', file), [8, CALL]);
    assert.deepEqual(call('fd_prestat_get', file, 0), [8, CALL]);
    assert.deepEqual(call('fd_prestat_dir_name', file, 0, 0), [8, CALL]);
  }
});

test('i5_every function is paid before it does anything', () => {
  for (const name of WASI) {
    const { call, bytes, command } = host(undefined, BigInt(CALL - 1));
    assert.throws(() => call(name, ...(name === 'clock_time_get' || name === 'fd_seek' ? [0, 0n, 0, 0] : [1, 0, 0, 0])), Ended, name);
    assert.ok(bytes.every((byte) => byte === 0), name);
    assert.equal(command.output.bytes().length, 0);
  }
  const paid = host(new Uint8Array(80), BigInt(CALL + PIECE + 9));
  paid.pieces(0, [100, 80]);
  assert.throws(() => paid.call('fd_read', 0, 0, 1, 8), Ended, 'the eighth of a piece is not there');
  assert.throws(() => host(undefined, 1n << 38n).call('random_get', 0, -1), Ended, 'lengths are unsigned');
  assert.throws(() => host(undefined, 1n << 38n).call('fd_write', 1, 0, -1, 0), Ended, 'counts are unsigned');
});

test('a command ends by returning or by proc_exit', () => {
  const { status, code, output, gasUsed } = runHere(MODULES.hello);
  assert.deepEqual([status, code, Buffer.from(output).toString()], ['OK', 0, 'hello\n']);
  assert.ok(gasUsed > 2_100n && gasUsed < 2_300n);
  const ended = runHere(MODULES.exit);
  assert.deepEqual([ended.status, ended.code, Buffer.from(ended.output).toString()], ['EXIT', 0xffff_fffe, 'hello\n']);
  assert.equal(runHere(command('')).status, 'OK');
  const early = runHere(command('(unreachable)', '(func $first (call $proc_exit (i32.const 3))) (start $first)'));
  assert.deepEqual([early.status, early.code], ['EXIT', 3]);
  assert.equal(runHere(command(`${print(16, 6)} (unreachable)`)).output.length, 0);
});

test('i5_a command succeeds with the gas that it uses, and with one less it does not', () => {
  for (const [name, expected] of [['hello', 'OK'], ['exit', 'EXIT']]) {
    const { gasUsed } = runHere(MODULES[name]);
    assert.equal(runHere(MODULES[name], undefined, { gas: gasUsed }).status, expected);
    const { status, gasUsed: billed, output } = runHere(MODULES[name], undefined, { gas: gasUsed - 1n });
    assert.deepEqual([status, billed, output.length], ['OUT_OF_GAS', gasUsed - 1n, 0]);
  }
});

test('a command copies its input to its output, and logs', () => {
  const copy = command(`(loop $on
      ${piece(1000, 1000)}
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (i32.store (i32.const 4) (i32.load (i32.const 8)))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
      (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 12)))
      (br_if $on (i32.load (i32.const 8))))`);
  const input = Uint8Array.from({ length: 100_001 }, (_, index) => 97 + (index % 26));
  const { status, output, log } = runHere(copy, input);
  assert.deepEqual([status, output.length, log.length], ['OK', input.length, PAGE]);
  assert.deepEqual(output, input);
  assert.ok(log.startsWith('abcdefg'));
  assert.equal(runHere(copy).output.length, 0);
});

test('a command that traps, goes too deep or exports too little', () => {
  assert.equal(runHere(command('(unreachable)')).status, 'TRAP');
  assert.equal(runHere(command('(call $down)', '(func $down (call $down))')).status, 'STACK');
  assert.equal(runHere(assemble('(module (func (export "_start")))')).status, 'BAD_ABI');
  assert.equal(runHere(assemble('(module (memory (export "memory") 1) (func (export "_start") (result i32) (i32.const 0)))')).status, 'BAD_ABI');
});
