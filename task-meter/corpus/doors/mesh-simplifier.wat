;; A mesh with a tenth of its triangles. The input is the number of indices, the indices, 32 bits a number, and the
;; places of the vertices, three f32 each; the answer is what is left of the indices.
(module
  (import "module" "memory" (memory 0))
  (import "module" "construct" (func $construct))
  (import "module" "sbrk" (func $sbrk (param i32) (result i32)))
  (import "module" "simplify" (func $simplify (param i32 i32 i32 i32 i32 i32 i32 f32 i32 i32) (result i32)))
  (import "common" "answer" (func $answer (param i32 i32) (result i64)))
  (export "memory" (memory 0))
  (func (export "alloc") (param $bytes i32) (result i32)
    (call $construct)
    (call $sbrk (local.get $bytes)))
  (func (export "run") (param $place i32) (param $length i32) (result i64)
    (local $count i32) (local $vertices i32) (local $list i32)
    (local.set $count (i32.load offset=32 (local.get $place)))
    (local.set $vertices
      (i32.add (i32.add (local.get $place) (i32.const 36)) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $list (call $sbrk (i32.shl (local.get $count) (i32.const 2))))
    (call $answer
      (local.get $list)
      (i32.shl
        (call $simplify
          (local.get $list)
          (i32.add (local.get $place) (i32.const 36))
          (local.get $count)
          (local.get $vertices)
          (i32.div_u (i32.sub (i32.add (local.get $place) (local.get $length)) (local.get $vertices)) (i32.const 12))
          (i32.const 12)
          (i32.div_u (local.get $count) (i32.const 10))
          (f32.const 0.1)
          (i32.const 0)
          ;; The error that was made goes into the seed's place.
          (local.get $place))
        (i32.const 2)))))
