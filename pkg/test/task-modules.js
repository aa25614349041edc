// Small modules for tests of tasks, as WebAssembly text, and how they are made into bytes.

import binaryen from 'binaryen';

const { BulkMemory, Multivalue, MutableGlobals, NontrappingFPToInt, SIMD128, SignExt } = binaryen.Features;

/** What the modules are written with: `All` would change how everything is encoded. */
const FEATURES = BulkMemory | Multivalue | MutableGlobals | NontrappingFPToInt | SIMD128 | SignExt;

/** The bytes of a module in the text format. */
export function assemble(text) {
  const module = binaryen.parseText(text);
  module.setFeatures(FEATURES);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

/** A pure module whose `run` is `body`, with `more` beside it. `$at` and `$length` are its parameters, `$n`, `$m` and `$x` locals. */
export const pure = (body, more = '') =>
  assemble(`(module
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    ${more}
    (func (export "alloc") (param $length i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $next))
      (global.set $next (i32.add (global.get $next) (local.get $length)))
      (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
        (then (drop (memory.grow (i32.add (i32.div_u (local.get $length) (i32.const 65536)) (i32.const 1))))))
      (local.get $at))
    (func $run (export "run") (param $at i32) (param $length i32) (result i64)
      (local $n i32) (local $m i64) (local $x f64)
      ${body}))`);

/** A module that is run by steps: each answers at once, with this flag and nothing else. */
export const stepped = (flag, more = '') =>
  assemble(`(module
    (memory (export "memory") 1)
    ${more}
    (func (export "alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "step") (param $own i32) (param $ownLength i32) (param $piece i32) (param $length i32) (result i64)
      (i32.store (i32.const 0) ${flag})
      (i64.const 8)))`);

/** The answer of `run`: an output of so many bytes at a place. */
export const answer = (at, length) =>
  `(i64.or (i64.shl (i64.extend_i32_u ${at}) (i64.const 32)) (i64.extend_i32_u ${length}))`;

const SIGNATURES = {
  args_get: 'i32 i32',
  args_sizes_get: 'i32 i32',
  clock_time_get: 'i32 i64 i32',
  environ_get: 'i32 i32',
  environ_sizes_get: 'i32 i32',
  fd_close: 'i32',
  fd_fdstat_get: 'i32 i32',
  fd_prestat_dir_name: 'i32 i32 i32',
  fd_prestat_get: 'i32 i32',
  fd_read: 'i32 i32 i32 i32',
  fd_seek: 'i32 i64 i32 i32',
  fd_write: 'i32 i32 i32 i32',
  proc_exit: 'i32',
  random_get: 'i32 i32',
};

/** The names of what a command may import. */
export const WASI = Object.keys(SIGNATURES);

/** A command whose `_start` is `body`, with the functions of WASI that it names and `more` beside it. */
export const command = (body, more = '') => {
  const used = WASI.filter((name) => `${body} ${more}`.includes(`$${name} `) || `${body} ${more}`.includes(`$${name})`));
  const imports = used.map((name) => {
    const result = name === 'proc_exit' ? '' : '(result i32)';
    return `(import "wasi_snapshot_preview1" "${name}" (func $${name} (param ${SIGNATURES[name]}) ${result}))`;
  });
  return assemble(`(module ${imports.join('\n')}
    (memory (export "memory") 1)
    ${more}
    (func $start (export "_start") (local $n i32) (local $m i32) ${body}))`);
};

/** Code of a command: one piece at 0, `length` bytes at `place`. */
export const piece = (place, length) => `(i32.store (i32.const 0) (i32.const ${place})) (i32.store (i32.const 4) (i32.const ${length}))`;

/** Code of a command: writes `length` bytes at `place` to file 1. */
export const print = (place, length) => `${piece(place, length)} (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))`;

/** Modules that are of use to several tests. */
export const MODULES = {
  echo: pure(answer('(local.get $at)', '(local.get $length)')),
  endless: pure('(loop $on (br $on)) (unreachable)'),
  trap: pure('(unreachable)'),
  deep: pure(`(call $down) ${answer('(i32.const 0)', '(i32.const 0)')}`, '(func $down (call $down))'),
  nan: pure(`(f64.store (i32.const 0) (f64.div (f64.const 0) (f64.const 0)))
    (f32.store (i32.const 8) (f32.sqrt (f32.const -1)))
    ${answer('(i32.const 0)', '(i32.const 12)')}`),
  sum: pure(`(loop $next
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (local.set $m (i64.add (local.get $m) (i64.extend_i32_u (local.get $n))))
      (br_if $next (i32.lt_u (local.get $n) (i32.const 1000))))
    (i64.store (i32.const 0) (local.get $m))
    ${answer('(i32.const 0)', '(i32.const 8)')}`),
  wide: pure(answer('(i32.const 65535)', '(i32.const 2)')),
  hello: command(print(16, 6) + '(call $proc_exit (i32.const 0))', '(data (i32.const 16) "hello\\n")'),
  exit: command(print(16, 6) + '(call $proc_exit (i32.const -2))', '(data (i32.const 16) "hello\\n")'),
};

/** A pure module that calls itself without end, each call with so many locals in use. */
function deep(count, type) {
  const each = (write) => Array.from({ length: count }, (_, index) => write(index)).join('');
  const locals = each((index) => `(local $l${index} ${type})`);
  const sets = each((index) => `(local.set $l${index} (${type}.load (i32.const ${8 * index})))`);
  const uses = each((index) => `(${type}.store (i32.const ${8 * index}) (local.get $l${index}))`);
  return pure('(call $down (i32.const 1)) (i64.const 0)', `(func $down (param $p i32) ${locals} ${sets} (call $down (local.get $p)) ${uses})`);
}

/** Modules that use up their stack, by what their frames hold. */
export const DEEP = {
  'no locals': deep(0, 'i32'),
  'a local': deep(1, 'i64'),
  '8 floats': deep(8, 'f64'),
  '60 locals': deep(60, 'i64'),
  '500 floats': deep(500, 'f64'),
};
