;; The imports and exports of an ES module: start and end of each import in the text, then of each exported name, 32 bits
;; a number. The input is the text in UTF-16.
(module
  (import "module" "memory" (memory 0))
  (import "module" "source" (func $source (param i32) (result i32)))
  (import "module" "parse" (func $parse (result i32)))
  (import "module" "next_import" (func $next_import (result i32)))
  (import "module" "import_start" (func $import_start (result i32)))
  (import "module" "import_end" (func $import_end (result i32)))
  (import "module" "next_export" (func $next_export (result i32)))
  (import "module" "export_start" (func $export_start (result i32)))
  (import "module" "export_end" (func $export_end (result i32)))
  (import "common" "grow" (func $grow (param i32) (result i32)))
  (import "common" "answer" (func $answer (param i32 i32) (result i64)))
  (export "memory" (memory 0))
  ;; The lexer writes behind its text without asking: the task's bytes lie behind room for both.
  (func (export "alloc") (param $bytes i32) (result i32)
    (drop (call $grow (i32.mul (local.get $bytes) (i32.const 3))))
    (call $grow (local.get $bytes)))
  (func (export "run") (param $place i32) (param $length i32) (result i64)
    (local $units i32) (local $list i32) (local $at i32)
    (local.set $units (i32.shr_u (i32.sub (local.get $length) (i32.const 32)) (i32.const 1)))
    (memory.copy
      (call $source (local.get $units))
      (i32.add (local.get $place) (i32.const 32))
      (i32.shl (local.get $units) (i32.const 1)))
    (if (i32.eqz (call $parse)) (then (unreachable)))
    (local.set $list (call $grow (i32.const 65536)))
    (local.set $at (local.get $list))
    (loop $imports
      (if (call $next_import)
        (then
          (i32.store (local.get $at) (call $import_start))
          (i32.store offset=4 (local.get $at) (call $import_end))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br $imports))))
    (loop $exports
      (if (call $next_export)
        (then
          (i32.store (local.get $at) (call $export_start))
          (i32.store offset=4 (local.get $at) (call $export_end))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br $exports))))
    (call $answer (local.get $list) (i32.sub (local.get $at) (local.get $list)))))
