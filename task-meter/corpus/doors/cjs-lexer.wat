;; The names that a CommonJS module exports, and the modules that it re-exports: the places of each in the text, 32 bits
;; a number, after a list's kind and length. The input is the text in UTF-16.
(module
  (import "module" "memory" (memory 0))
  (import "module" "source" (func $source (param i32) (result i32)))
  (import "module" "parse" (func $parse (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "module" "next_export" (func $next_export (result i32)))
  (import "module" "export_start" (func $export_start (result i32)))
  (import "module" "export_end" (func $export_end (result i32)))
  (import "module" "next_reexport" (func $next_reexport (result i32)))
  (import "module" "reexport_start" (func $reexport_start (result i32)))
  (import "module" "reexport_end" (func $reexport_end (result i32)))
  (import "common" "grow" (func $grow (param i32) (result i32)))
  (import "common" "answer" (func $answer (param i32 i32) (result i64)))
  (export "memory" (memory 0))
  ;; The lexer writes behind its text without asking: the task's bytes lie behind room for both.
  (func (export "alloc") (param $bytes i32) (result i32)
    (drop (call $grow (i32.mul (local.get $bytes) (i32.const 3))))
    (call $grow (local.get $bytes)))
  (func (export "run") (param $place i32) (param $length i32) (result i64)
    (local $units i32) (local $source i32) (local $list i32) (local $at i32)
    (local.set $units (i32.shr_u (i32.sub (local.get $length) (i32.const 32)) (i32.const 1)))
    (local.set $source (call $source (i32.add (local.get $units) (i32.const 1))))
    (memory.copy
      (local.get $source)
      (i32.add (local.get $place) (i32.const 32))
      (i32.shl (local.get $units) (i32.const 1)))
    (if (call $parse (local.get $source) (local.get $units) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
      (then (unreachable)))
    (local.set $list (call $grow (i32.const 65536)))
    (local.set $at (local.get $list))
    (loop $reexports
      (if (call $next_reexport)
        (then
          (i32.store (local.get $at) (call $reexport_start))
          (i32.store offset=4 (local.get $at) (call $reexport_end))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br $reexports))))
    (loop $exports
      (if (call $next_export)
        (then
          (i32.store (local.get $at) (call $export_start))
          (i32.store offset=4 (local.get $at) (call $export_end))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br $exports))))
    (call $answer (local.get $list) (i32.sub (local.get $at) (local.get $list)))))
