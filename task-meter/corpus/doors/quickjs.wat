;; A program in JavaScript; the answer is the text of its last value.
(module
  (import "module" "memory" (memory 0))
  (import "module" "construct" (func $construct))
  (import "module" "malloc" (func $malloc (param i32) (result i32)))
  (import "module" "new_runtime" (func $new_runtime (result i32)))
  (import "module" "new_context" (func $new_context (param i32 i32) (result i32)))
  (import "module" "eval" (func $eval (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "module" "string" (func $string (param i32 i32) (result i32)))
  (import "common" "answer" (func $answer (param i32 i32) (result i64)))
  (import "common" "length" (func $length (param i32) (result i32)))
  (export "memory" (memory 0))
  (func (export "alloc") (param $bytes i32) (result i32)
    (call $construct)
    ;; A zero behind the program ends it.
    (call $malloc (i32.add (local.get $bytes) (i32.const 1))))
  (func (export "run") (param $place i32) (param $length i32) (result i64)
    (local $context i32) (local $text i32)
    (local.set $context (call $new_context (call $new_runtime) (i32.const 0)))
    (i32.store8 (i32.add (local.get $place) (local.get $length)) (i32.const 0))
    ;; The seed's place, made empty, is the name of the file.
    (i32.store8 (local.get $place) (i32.const 0))
    (local.set $text
      (call $string
        (local.get $context)
        (call $eval
          (local.get $context)
          (i32.add (local.get $place) (i32.const 32))
          (i32.sub (local.get $length) (i32.const 32))
          (local.get $place)
          (i32.const 0)
          (i32.const 0))))
    (call $answer (local.get $text) (call $length (local.get $text)))))
