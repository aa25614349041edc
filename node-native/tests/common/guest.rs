//! Modules of tasks, in text.

/// Its output is its input.
pub const ECHO: &str = r#"(module (memory (export "memory") 2 300)
  (func (export "alloc") (param $n i32) (result i32)
    (local $pages i32)
    (local.set $pages (i32.div_u (i32.add (local.get $n) (i32.const 66559)) (i32.const 65536)))
    (if (i32.gt_u (local.get $pages) (memory.size))
      (then (drop (memory.grow (i32.sub (local.get $pages) (memory.size))))))
    (i32.const 1024))
  (func (export "run") (param $p i32) (param $n i32) (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (i32.add (local.get $p) (i32.const 32))) (i64.const 32))
      (i64.extend_i32_u (i32.sub (local.get $n) (i32.const 32))))))"#;

/// Its output is the sum of its input's bytes: 8 bytes, little-endian. Each byte is looked at a thousand times.
pub const SUM: &str = r#"(module (memory (export "memory") 8)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param $p i32) (param $n i32) (result i64)
    (local $sum i64) (local $at i32) (local $again i32)
    (local.set $again (i32.const 1000))
    (loop $all
      (local.set $sum (i64.const 0))
      (local.set $at (i32.add (local.get $p) (i32.const 32)))
      (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $at) (i32.add (local.get $p) (local.get $n))))
        (local.set $sum (i64.add (local.get $sum) (i64.load8_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
      (br_if $all (local.tee $again (i32.sub (local.get $again) (i32.const 1)))))
    (i64.store (i32.const 0) (local.get $sum))
    (i64.const 8)))"#;

/// Never ends.
pub const ENDLESS: &str = r#"(module (memory (export "memory") 2)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64) (loop (br 0)) (i64.const 0)))"#;

pub fn module(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("a module in text")
}

/// Its input is a list of outputs of 8 bytes, its output their sum.
pub const ADD: &str = r#"(module (memory (export "memory") 2)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param $p i32) (param $n i32) (result i64)
    (local $count i32) (local $at i32) (local $sum i64)
    (local.set $count (i32.div_u (i32.sub (local.get $n) (i32.const 36)) (i32.const 12)))
    (local.set $at (i32.add (i32.add (local.get $p) (i32.const 36)) (i32.mul (local.get $count) (i32.const 4))))
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $count)))
      (local.set $sum (i64.add (local.get $sum) (i64.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $next)))
    (i64.store (i32.const 0) (local.get $sum))
    (i64.const 8)))"#;

/// Its output is its input of 8 bytes, doubled.
pub const DOUBLE: &str = r#"(module (memory (export "memory") 2)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param $p i32) (param $n i32) (result i64)
    (i64.store (i32.const 0) (i64.shl (i64.load (i32.add (local.get $p) (i32.const 32))) (i64.const 1)))
    (i64.const 8)))"#;

/// A command that says why on its log, and ends with code 3.
pub const COMPLAINS: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "this is no image\n")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const 17))
    (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $exit (i32.const 3))))"#;

/// What [`SUM`] comes to for this text.
pub fn sum(text: &str) -> [u8; 8] {
    text.bytes().map(u64::from).sum::<u64>().to_le_bytes()
}
