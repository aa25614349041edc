;; What several doors need.
(module
  (import "module" "memory" (memory 0))
  ;; A place for so many bytes in pages of its own, for a module without an allocator.
  (func (export "grow") (param $bytes i32) (result i32)
    (i32.shl
      (memory.grow (i32.shr_u (i32.add (local.get $bytes) (i32.const 65535)) (i32.const 16)))
      (i32.const 16)))
  ;; The answer of `run`.
  (func (export "answer") (param $place i32) (param $length i32) (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (local.get $place)) (i64.const 32))
      (i64.extend_i32_u (local.get $length))))
  ;; A trap unless the bytes are the same.
  (func (export "same") (param $one i32) (param $other i32) (param $length i32)
    (local $at i32)
    (block $end
      (loop $next
        (br_if $end (i32.ge_u (local.get $at) (local.get $length)))
        (if (i32.ne
              (i32.load8_u (i32.add (local.get $one) (local.get $at)))
              (i32.load8_u (i32.add (local.get $other) (local.get $at))))
          (then (unreachable)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next))))
  ;; The bytes of a text that ends with a zero.
  (func (export "length") (param $text i32) (result i32)
    (local $end i32)
    (local.set $end (local.get $text))
    (loop $next
      (if (i32.load8_u (local.get $end))
        (then
          (local.set $end (i32.add (local.get $end) (i32.const 1)))
          (br $next))))
    (i32.sub (local.get $end) (local.get $text)))
  ;; What Emscripten's modules ask of their host.
  (func (export "resize_heap") (param $bytes i32) (result i32)
    (i32.ne
      (i32.const -1)
      (memory.grow
        (i32.sub
          (i32.shr_u (i32.add (local.get $bytes) (i32.const 65535)) (i32.const 16))
          (memory.size)))))
  (func (export "copy") (param $to i32) (param $from i32) (param $length i32)
    (memory.copy (local.get $to) (local.get $from) (local.get $length))))
