//! Small modules as text, from templates for the two interfaces.

/// A pure module around the body of `run(place, length)`. `$pack` joins a place and a length to an answer.
pub(crate) fn pure(body: &str) -> String {
    pure_with("(i32.const 1024)", "", body)
}

/// The same with the body of `alloc` and with more fields. The memory has one page; `more` may define `$m` anew.
pub(crate) fn pure_with(alloc: &str, more: &str, body: &str) -> String {
    let memory = if more.contains("(memory") { "" } else { "(memory $m (export \"memory\") 1)" };
    format!(
        "(module {memory} {more}
          (func $pack (param i32 i32) (result i64)
            (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))
          (func (export \"alloc\") (param i32) (result i32) {alloc})
          (func (export \"run\") (param $place i32) (param $length i32) (result i64) {body}))"
    )
}

/// The parts of a pure module's answer that the module wrote to the start of its memory.
pub(crate) fn pure_bytes(length: u32, body: &str) -> String {
    pure(&format!("{body} (call $pack (i32.const 0) (i32.const {length}))"))
}

/// A module that is run by steps, around the body of `step($own, $own_length, $piece, $length)`. `$head` writes flag and
/// length of the state to the start of memory, `$emit` copies bytes behind that, and `$answer(flag, state, emitted)` answers
/// with as many bytes of each.
pub(crate) fn stepped(body: &str) -> String {
    stepped_with("(i32.const 1024)", "", body)
}

/// The same with the body of `alloc` and with more fields. The memory has one page unless `more` has another.
pub(crate) fn stepped_with(alloc: &str, more: &str, body: &str) -> String {
    let memory = if more.contains("(memory") { "" } else { "(memory (export \"memory\") 1)" };
    format!(
        "(module {memory} {more}
          (func $pack (param i32 i32) (result i64)
            (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))
          (func $head (param i32 i32)
            (i32.store (i32.const 0) (local.get 0))
            (i32.store (i32.const 4) (local.get 1)))
          (func $emit (param i32 i32) (memory.copy (i32.const 8) (local.get 0) (local.get 1)))
          (func $answer (param i32 i32 i32) (result i64)
            (call $head (local.get 0) (local.get 1))
            (call $pack (i32.const 0) (i32.add (i32.const 8) (i32.add (local.get 1) (local.get 2)))))
          (func (export \"alloc\") (param i32) (result i32) {alloc})
          (func (export \"step\") (param $own i32) (param $own_length i32) (param $piece i32) (param $length i32) (result i64)
            {body}))"
    )
}

const IMPORTS: &str = r#"
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $fd_prestat_dir_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))"#;

/// A command around the body of `_start`, with all functions that do something. `$show(place, length)` writes to the output,
/// `$piece(list, place, length)` writes a piece of a list, `$exit(code)` ends with a code that is to be seen: beside
/// the code 0 a zero byte is written.
pub(crate) fn command(body: &str) -> String {
    command_with(1, body)
}

/// The same with as many pages of memory.
pub(crate) fn command_with(pages: u32, body: &str) -> String {
    format!(
        "(module {IMPORTS}
          (memory (export \"memory\") {pages})
          (func $piece (param i32 i32 i32)
            (i32.store (local.get 0) (local.get 1))
            (i32.store offset=4 (local.get 0) (local.get 2)))
          (func $show (param i32 i32)
            (call $piece (i32.const 65000) (local.get 0) (local.get 1))
            (drop (call $fd_write (i32.const 1) (i32.const 65000) (i32.const 1) (i32.const 65008))))
          (func (export \"_start\") {body}))"
    )
}

/// A command that ends with what a function answered as its code.
pub(crate) fn answers(call: &str) -> String {
    command(&format!("(call $proc_exit {call})"))
}

/// A command that shows the memory behind a place, and ends with what a function answered as its code.
pub(crate) fn shows(place: u32, length: u32, before: &str, call: &str) -> String {
    command(&format!(
        "(local $answer i32) {before} (local.set $answer {call})
         (call $show (i32.const {place}) (i32.const {length})) (call $proc_exit (local.get $answer))"
    ))
}
