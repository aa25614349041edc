;; What is packed in an .xz file.
(module
  (import "module" "memory" (memory 0))
  (import "module" "create_context" (func $create_context (result i32)))
  (import "module" "supply_input" (func $supply_input (param i32 i32)))
  (import "module" "get_next_output" (func $get_next_output (param i32) (result i32)))
  (import "common" "grow" (func $grow (param i32) (result i32)))
  (import "common" "answer" (func $answer (param i32 i32) (result i64)))
  (export "memory" (memory 0))
  ;; The decoder believes that what it grows follows what it has: the task's bytes lie behind room for its dictionary.
  (func (export "alloc") (param $bytes i32) (result i32)
    (drop (call $grow (i32.const 0x400000)))
    (call $grow (local.get $bytes)))
  (func (export "run") (param $place i32) (param $length i32) (result i64)
    (local $end i32) (local $context i32) (local $piece i32) (local $result i32) (local $list i32) (local $at i32)
    (local.set $end (i32.add (local.get $place) (local.get $length)))
    (local.set $place (i32.add (local.get $place) (i32.const 32)))
    (local.set $list (call $grow (i32.const 1048576)))
    (local.set $at (local.get $list))
    ;; A context begins with: size of a buffer; input, place in it, its length; output, place in it.
    (local.set $context (call $create_context))
    (block $done
      (loop $next
        (if (i32.eq (i32.load offset=8 (local.get $context)) (i32.load offset=12 (local.get $context)))
          (then
            (local.set $piece (i32.sub (local.get $end) (local.get $place)))
            (if (i32.gt_u (local.get $piece) (i32.load (local.get $context)))
              (then (local.set $piece (i32.load (local.get $context)))))
            (memory.copy (i32.load offset=4 (local.get $context)) (local.get $place) (local.get $piece))
            (local.set $place (i32.add (local.get $place) (local.get $piece)))
            (call $supply_input (local.get $context) (local.get $piece))))
        (local.set $result (call $get_next_output (local.get $context)))
        (local.set $piece (i32.load offset=20 (local.get $context)))
        (memory.copy (local.get $at) (i32.load offset=16 (local.get $context)) (local.get $piece))
        (local.set $at (i32.add (local.get $at) (local.get $piece)))
        (i32.store offset=20 (local.get $context) (i32.const 0))
        ;; 1: the file's end.
        (br_if $done (i32.eq (local.get $result) (i32.const 1)))
        (if (local.get $result) (then (unreachable)))
        (br $next)))
    (call $answer (local.get $list) (i32.sub (local.get $at) (local.get $list)))))
