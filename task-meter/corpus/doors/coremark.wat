;; CoreMark with a clock of its own, which stands nearly still until it has calibrated itself with ten and a hundred rounds and
;; then leaps, so that it measures a hundred more. The answer is its score, an f32.
(module
  (import "module" "memory" (memory 0))
  (import "module" "run" (func $coremark (result f32)))
  (import "common" "grow" (func $grow (param i32) (result i32)))
  (import "common" "answer" (func $answer (param i32 i32) (result i64)))
  (export "memory" (memory 0))
  (export "alloc" (func $grow))
  (global $calls (mut i64) (i64.const 0))
  (func (export "clock") (result i64)
    (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
    (if (result i64) (i64.lt_u (global.get $calls) (i64.const 4))
      (then (global.get $calls))
      (else (i64.mul (global.get $calls) (i64.const 11000)))))
  (func (export "run") (param $place i32) (param i32) (result i64)
    (f32.store (local.get $place) (call $coremark))
    (call $answer (local.get $place) (i32.const 4))))
