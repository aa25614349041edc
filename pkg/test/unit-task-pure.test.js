// Goal: pure modules come to the status, the gas and the output that `docs/TASKS.md` says.
// Method: small modules, metered and run in this thread.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { utf8 } from '../dist/bytes.js';
import { execute } from '../dist/task/execute.js';
import { OUTPUT_BYTES_MAX } from '../dist/task/limits.js';
import { prepareHere, runHere } from './task-host.js';
import { MODULES, answer, assemble, pure } from './task-modules.js';

const SEED = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
const LIMIT = 1_000_000n;

test('seed and input are in the memory, the output comes out of it', () => {
  const { status, code, output, gasUsed, log } = runHere(MODULES.echo, utf8('hello'), { seed: SEED });
  assert.deepEqual([status, code, log], ['OK', 0, '']);
  assert.deepEqual([...output], [...SEED, ...utf8('hello')]);
  assert.ok(gasUsed > 0n && gasUsed < 100n);
  assert.equal(runHere(MODULES.echo).output.length, 32, 'an empty input is one');
});

test('i3_the largest input comes back as it is', () => {
  const input = new Uint8Array(16 << 20).fill(7);
  const { status, output } = runHere(pure(answer('(i32.add (local.get $at) (i32.const 32))', '(i32.sub (local.get $length) (i32.const 32))')), input);
  assert.equal(status, 'OK');
  assert.ok(Buffer.from(output.buffer).equals(Buffer.from(input.buffer)));
});

test('i5_a run succeeds with the gas that it uses, and with one less it does not', () => {
  for (const name of ['echo', 'sum', 'nan']) {
    const { gasUsed } = runHere(MODULES[name], utf8('hello'));
    assert.deepEqual(runHere(MODULES[name], utf8('hello'), { gas: gasUsed }).status, 'OK', name);
    const { status, gasUsed: billed, output } = runHere(MODULES[name], utf8('hello'), { gas: gasUsed - 1n });
    assert.deepEqual([status, billed, output.length], ['OUT_OF_GAS', gasUsed - 1n, 0], name);
  }
  assert.equal(runHere(MODULES.echo, undefined, { gas: 0n }).status, 'OUT_OF_GAS');
  assert.equal(runHere(MODULES.echo, undefined, { gas: 1n << 62n }).status, 'OK');
});

test('what fails in the module is a result, and bills the whole limit', () => {
  const cases = {
    TRAP: ['trap', '(i64.div_u (local.get $m) (local.get $m))', '(i64.load (i32.const 65536))', '(drop (i32.trunc_f64_s (f64.const nan))) (i64.const 0)'],
    STACK: ['deep'],
    OUT_OF_GAS: ['endless'],
  };
  for (const [expected, bodies] of Object.entries(cases)) {
    for (const body of bodies) {
      const { status, code, gasUsed, output } = runHere(MODULES[body] ?? pure(body), undefined, { gas: LIMIT });
      assert.deepEqual([status, code, gasUsed, output.length], [expected, 0, LIMIT, 0], body);
    }
  }
});

test('an answer that is no good place in the memory is BAD_ABI', () => {
  const place = (at, length) => pure(answer(`(i32.const ${at})`, `(i32.const ${length})`));
  assert.equal(runHere(place(65_535, 1)).status, 'OK');
  assert.equal(runHere(place(65_536, 0)).status, 'OK');
  assert.equal(runHere(place(65_535, 2)).status, 'BAD_ABI');
  assert.equal(runHere(place(-1, 0)).status, 'BAD_ABI');
  assert.equal(runHere(place(-1, -1)).status, 'BAD_ABI');
  const grown = (length) => pure(`(drop (memory.grow (i32.const 300))) ${answer('(i32.const 0)', `(i32.const ${length})`)}`);
  assert.equal(runHere(grown(OUTPUT_BYTES_MAX)).output.length, OUTPUT_BYTES_MAX);
  const { status, gasUsed } = runHere(grown(OUTPUT_BYTES_MAX + 1), undefined, { gas: 10_000_000n });
  assert.deepEqual([status, gasUsed], ['BAD_ABI', 10_000_000n]);
});

test('alloc that gives too little room is BAD_ABI', () => {
  const where = (at) => assemble(`(module (memory (export "memory") 1)
    (func (export "alloc") (param i32) (result i32) (i32.const ${at}))
    (func (export "run") (param i32 i32) (result i64) ${answer('(local.get 0)', '(local.get 1)')}))`);
  assert.equal(runHere(where(65_536 - 33), utf8('!')).status, 'OK');
  assert.equal(runHere(where(65_536 - 32), utf8('!')).status, 'BAD_ABI');
  assert.equal(runHere(where(-1)).status, 'BAD_ABI');
});

test('exports that lack, or have another type, are BAD_ABI', () => {
  const parts = {
    memory: '(memory (export "memory") 1)',
    alloc: '(func (export "alloc") (param i32) (result i32) (i32.const 0))',
    run: '(func (export "run") (param i32 i32) (result i64) (i64.const 0))',
  };
  const module = (changes) => assemble(`(module ${Object.values({ ...parts, ...changes }).join('\n')})`);
  assert.equal(runHere(module({})).status, 'OK');
  const cases = [
    { memory: '' },
    { memory: '(memory (export "Memory") 1)' },
    { memory: '(memory 1) (global (export "memory") i32 (i32.const 0))' },
    { alloc: '' },
    { alloc: '(func (export "alloc") (param i64) (result i32) (i32.const 0))' },
    { alloc: '(func (export "alloc") (param i32))' },
    { alloc: '(func (export "\\ef\\bb\\bfalloc") (param i32) (result i32) (i32.const 0))' },
    { run: '(func (export "run") (param i32 i32) (result i32) (i32.const 0))' },
    { run: '(func (export "run") (param i32) (result i64) (i64.const 0))' },
    { run: '(global (export "run") i64 (i64.const 0))' },
    { run: '(func (export "_start") (param i32))' },
  ];
  for (const changes of cases) {
    const { status, gasUsed } = runHere(module(changes), undefined, { gas: 5n });
    assert.deepEqual([status, gasUsed], ['BAD_ABI', 5n], JSON.stringify(changes));
  }
});

test('the start function runs with the gas of the task', () => {
  const started = (body) => pure(`(i32.store (i32.const 4) (i32.const 9)) ${answer('(i32.const 0)', '(i32.const 8)')}`, `(func $first ${body}) (start $first)`);
  assert.deepEqual([...runHere(started('(i32.store (i32.const 0) (i32.const 5))')).output], [5, 0, 0, 0, 9, 0, 0, 0]);
  assert.equal(runHere(started('(loop $on (br $on))'), undefined, { gas: LIMIT }).status, 'OUT_OF_GAS');
  assert.equal(runHere(started('(unreachable)')).status, 'TRAP');
});

test('a segment that does not fit is TRAP, even without any gas', () => {
  const { status, gasUsed } = runHere(pure('(i64.const 0)', '(data (i32.const 65535) "ab")'), undefined, { gas: 0n });
  assert.deepEqual([status, gasUsed], ['TRAP', 0n]);
});

test('memory grows up to the pages of the task, and no further', () => {
  const grow = pure(`(i32.store (i32.const 0) (memory.grow (i32.const 2))) (i32.store (i32.const 4) (memory.grow (i32.const 1)))
    ${answer('(i32.const 0)', '(i32.const 8)')}`);
  const answers = (pages) => new Int32Array(runHere(grow, undefined, { pages }).output.buffer);
  assert.deepEqual([...answers(2)], [-1, 1]);
  assert.deepEqual([...answers(3)], [1, -1]);
  assert.deepEqual([...answers(4)], [1, 3]);
  assert.equal(runHere(assemble('(module (memory (export "memory") 5))'), undefined, { pages: 4 }).refusal.code, 9);
});

test('i3_not-a-number has one pattern of bits', () => {
  assert.equal(Buffer.from(runHere(MODULES.nan).output).toString('hex'), '000000000000f87f0000c07f');
});

test('what the profile refuses is named with its byte', () => {
  const simd = runHere(pure('(drop (v128.const i64x2 0 0)) (i64.const 0)'));
  assert.equal(simd.status, 'REFUSED');
  assert.deepEqual([simd.refusal.code, simd.refusal.feature, simd.gasUsed], [0x1fd, 'SIMD', 0n]);
  const bytes = pure('(drop (v128.const i64x2 0 0)) (i64.const 0)');
  assert.equal(bytes[simd.refusal.offset], 0xfd);
  assert.deepEqual(runHere(utf8('not Wasm')).refusal, { code: 2, offset: 0, feature: 'these bytes are no Wasm module of version 1', wayOut: 'give the .wasm file that the compiler wrote' });
  assert.equal(runHere(new Uint8Array(0)).status, 'REFUSED');
  // A result of another type: the meter leaves that to the engine.
  const invalid = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 10, 6, 1, 4, 0, 0x42, 0, 0x0b);
  const { refusal } = runHere(invalid);
  assert.deepEqual([refusal.code, refusal.offset], [65_535, 0]);
});

test('a pure module that imports is refused, even what a command may import', () => {
  const one = '(import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))';
  const importing = assemble(`(module ${one} (memory (export "memory") 1))`);
  const { status, refusal } = runHere(importing);
  assert.deepEqual([status, refusal.code], ['REFUSED', 7]);
  assert.equal(runHere(assemble(`(module (import "env" "f" (func)) (func (export "_start")))`)).refusal.code, 7);
});

/** A module as if it was metered already. */
const asMetered = (body) => new WebAssembly.Module(assemble(`(module
  (memory (export "memory") 1) (global $gas (export "~g") (mut i64) (i64.const 0)) (global (export "~s") (mut i32) (i32.const 0))
  (func (export "alloc") (param i32) (result i32) (i32.const 0))
  (func $run (export "run") (param i32 i32) (result i64) ${body}))`));

test('i9_a host that has no memory to give, or no stack, makes no result', () => {
  const invocation = { input: new Uint8Array(0), gas: LIMIT, seed: SEED, time: 0n };
  const abort = ['(global.set $gas (i64.const 0x8000000000000000)) (unreachable)', '(call $run (local.get 0) (local.get 1))'];
  for (const body of abort) {
    const { status, gasUsed, output } = execute(asMetered(body), 'pure', invocation);
    assert.deepEqual([status, gasUsed, output.length], ['ABORT', 0n, 0], body);
  }
  const { Instance } = WebAssembly;
  try {
    // What engines throw when there is no memory for an instance.
    WebAssembly.Instance = function () {
      throw new RangeError('out of memory');
    };
    assert.equal(execute(asMetered('(i64.const 0)'), 'pure', invocation).status, 'ABORT');
  } finally {
    WebAssembly.Instance = Instance;
  }
  const alien = new WebAssembly.Module(assemble('(module (import "env" "f" (func)) (memory (export "memory") 1))'));
  assert.equal(execute(alien, 'pure', invocation).status, 'ABORT');
});

test('the same task gives the same outcome again', () => {
  for (const module of Object.values(MODULES)) {
    const [first, second] = [1, 2].map(() => runHere(module, utf8('input'), { gas: LIMIT, seed: SEED }));
    assert.deepEqual(second, first);
  }
});

test('functions keep their types when imports stand before them', () => {
  const { imports, exports } = prepareHere(MODULES.hello);
  assert.deepEqual(imports.map(({ name, type }) => `${name}: ${type}`), ['fd_write: function i32 i32 i32 i32 → i32', 'proc_exit: function i32 →']);
  assert.deepEqual(exports, [{ name: 'memory', type: 'memory' }, { name: '_start', type: 'function →' }]);
});
