;; The blocks of scrypt (its middle part, without PBKDF2) over an input of 128 · 8 bytes.
(module
  (import "module" "memory" (memory 0))
  (import "module" "buffer" (func $buffer (result i32)))
  (import "module" "reserve" (func $reserve (param i32) (result i32)))
  (import "module" "scrypt" (func $scrypt (param i32 i32 i32)))
  (import "common" "grow" (func $grow (param i32) (result i32)))
  (import "common" "answer" (func $answer (param i32 i32) (result i64)))
  (export "memory" (memory 0))
  ;; The module's own memory first, 2048 blocks and three to work in: it believes that nobody else takes any.
  (func (export "alloc") (param $bytes i32) (result i32)
    (drop (call $buffer))
    (drop (call $reserve (i32.const 0x200c00)))
    (call $grow (local.get $bytes)))
  (func (export "run") (param $place i32) (param $length i32) (result i64)
    (memory.copy (call $buffer) (i32.add (local.get $place) (i32.const 32)) (i32.const 1024))
    (call $scrypt (i32.const 8) (i32.const 2048) (i32.const 1))
    (call $answer (call $buffer) (i32.const 1024))))
