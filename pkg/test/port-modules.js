// Modules of ports for tests, as WebAssembly text.

import { assemble } from './task-modules.js';

/** Where the puppet's input lies, and where its outputs begin. */
const [INPUT, OUTPUTS] = [131072, 1048576];

/**
 * A module that gives what it is told to, and tells what it was told. Of commands it gives the bytes as an output, unless they are
 * empty (it traps), begin with 254 (it wants to be woken at the time that follows, in microseconds, little-endian) or with 253 (it never comes
 * to an end). All other inputs come back as events, but of those that begin with `deadly`, at which it traps.
 */
export const puppet = (deadly = 255) =>
  assemble(`(module
    (memory (export "memory") 128)
    (global $length (mut i32) (i32.const 0))
    (global $first (mut i32) (i32.const 0))
    (global $count (mut i32) (i32.const 0))
    (global $free (mut i32) (i32.const ${OUTPUTS}))
    (global $wanted (mut i64) (i64.const -1))
    (global $endless (mut i32) (i32.const 0))
    (func (export "room") (param $length i32) (result i32)
      (global.set $length (local.get $length))
      (i32.const ${INPUT}))
    (func (export "start") (result i32) (i32.eq (global.get $length) (i32.const 108)))
    (func $put (param $length i32)
      (i32.store (i32.add (i32.const 1024) (i32.mul (global.get $count) (i32.const 8))) (global.get $free))
      (i32.store (i32.add (i32.const 1028) (i32.mul (global.get $count) (i32.const 8))) (local.get $length))
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (global.set $free (i32.add (global.get $free) (local.get $length))))
    (func $echo
      (i32.store8 (global.get $free) (i32.const 96))
      (memory.copy (i32.add (global.get $free) (i32.const 1)) (i32.const ${INPUT}) (global.get $length))
      (call $put (i32.add (global.get $length) (i32.const 1))))
    (func $obey
      (if (i32.eq (global.get $length) (i32.const 1)) (then (unreachable)))
      (if (i32.eq (i32.load8_u (i32.const ${INPUT + 1})) (i32.const 254)) (then (global.set $wanted (i64.load (i32.const ${INPUT + 2}))) (return)))
      (if (i32.eq (i32.load8_u (i32.const ${INPUT + 1})) (i32.const 253)) (then (global.set $endless (i32.const 1)) (return)))
      (memory.copy (global.get $free) (i32.const ${INPUT + 1}) (i32.sub (global.get $length) (i32.const 1)))
      (call $put (i32.sub (global.get $length) (i32.const 1))))
    (func (export "handle") (param $now i64) (result i32)
      (if (i64.ge_u (local.get $now) (global.get $wanted)) (then (global.set $wanted (i64.const -1))))
      (if (i32.eq (i32.load8_u (i32.const ${INPUT})) (i32.const ${deadly})) (then (unreachable)))
      (if (i32.eq (i32.load8_u (i32.const ${INPUT})) (i32.const 96)) (then (call $obey)) (else (call $echo)))
      (i32.const 1))
    (func (export "poll") (param $room i64) (result i64)
      (local $at i32)
      (local.set $at (i32.add (i32.const 1024) (i32.mul (global.get $first) (i32.const 8))))
      (if (i32.eq (global.get $first) (global.get $count))
        (then
          (i32.store8 (i32.const 0) (i32.const 96))
          (return (i64.extend_i32_u (global.get $endless)))))
      (if (i64.eqz (i64.and (i64.shr_u (local.get $room) (i64.load8_u (i32.load (local.get $at)))) (i64.const 1)))
        (then (return (i64.const 0))))
      (global.set $first (i32.add (global.get $first) (i32.const 1)))
      (i64.or
        (i64.shl (i64.load32_u (local.get $at)) (i64.const 32))
        (i64.load32_u (i32.add (local.get $at) (i32.const 4)))))
    (func (export "wanted_at") (result i64) (global.get $wanted)))`);
