;; The vertices of a mesh, 16 bytes each, packed.
(module
  (import "module" "memory" (memory 0))
  (import "module" "construct" (func $construct))
  (import "module" "sbrk" (func $sbrk (param i32) (result i32)))
  (import "module" "bound" (func $bound (param i32 i32) (result i32)))
  (import "module" "encode" (func $encode (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "common" "answer" (func $answer (param i32 i32) (result i64)))
  (export "memory" (memory 0))
  (func (export "alloc") (param $bytes i32) (result i32)
    (call $construct)
    (call $sbrk (local.get $bytes)))
  (func (export "run") (param $place i32) (param $length i32) (result i64)
    (local $count i32) (local $room i32) (local $packed i32)
    (local.set $count (i32.shr_u (i32.sub (local.get $length) (i32.const 32)) (i32.const 4)))
    (local.set $room (call $bound (local.get $count) (i32.const 16)))
    (local.set $packed (call $sbrk (local.get $room)))
    ;; Level 3 of version 1.
    (call $answer
      (local.get $packed)
      (call $encode
        (local.get $packed)
        (local.get $room)
        (i32.add (local.get $place) (i32.const 32))
        (local.get $count)
        (i32.const 16)
        (i32.const 3)
        (i32.const 1)))))
