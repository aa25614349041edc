;; Statements in SQL over an empty database in memory; the answer is the first column of every row, a line each.
(module
  (import "module" "memory" (memory 0))
  (import "module" "construct" (func $construct))
  (import "module" "malloc" (func $malloc (param i32) (result i32)))
  (import "module" "open" (func $open (param i32 i32) (result i32)))
  (import "module" "prepare" (func $prepare (param i32 i32 i32 i32 i32) (result i32)))
  (import "module" "step" (func $step (param i32) (result i32)))
  (import "module" "finalize" (func $finalize (param i32) (result i32)))
  (import "module" "column" (func $column (param i32 i32) (result i32)))
  (import "common" "answer" (func $answer (param i32 i32) (result i64)))
  (import "common" "length" (func $length (param i32) (result i32)))
  (export "memory" (memory 0))
  (func (export "alloc") (param $bytes i32) (result i32)
    (call $construct)
    ;; A zero behind the statements ends them.
    (call $malloc (i32.add (local.get $bytes) (i32.const 1))))
  (func (export "run") (param $place i32) (param $length i32) (result i64)
    (local $sql i32) (local $database i32) (local $statement i32) (local $step i32)
    (local $text i32) (local $bytes i32) (local $list i32) (local $at i32)
    (i32.store8 (i32.add (local.get $place) (local.get $length)) (i32.const 0))
    (local.set $sql (i32.add (local.get $place) (i32.const 32)))
    ;; The seed's place holds the name ":memory:", then what the calls give.
    (i64.store (local.get $place) (i64.const 0x3a79726f6d656d3a))
    (i32.store offset=8 (local.get $place) (i32.const 0))
    (if (call $open (local.get $place) (i32.add (local.get $place) (i32.const 16))) (then (unreachable)))
    (local.set $database (i32.load offset=16 (local.get $place)))
    (local.set $list (call $malloc (i32.const 1048576)))
    (local.set $at (local.get $list))
    (block $end
      (loop $statements
        (br_if $end (i32.eqz (i32.load8_u (local.get $sql))))
        (if (call $prepare
              (local.get $database)
              (local.get $sql)
              (i32.const -1)
              (local.get $place)
              (i32.add (local.get $place) (i32.const 4)))
          (then (unreachable)))
        (local.set $statement (i32.load (local.get $place)))
        (local.set $sql (i32.load offset=4 (local.get $place)))
        ;; What is left may be a line's end.
        (br_if $end (i32.eqz (local.get $statement)))
        (loop $rows
          (local.set $step (call $step (local.get $statement)))
          (if (i32.eq (local.get $step) (i32.const 100))
            (then
              (local.set $text (call $column (local.get $statement) (i32.const 0)))
              (local.set $bytes (call $length (local.get $text)))
              (memory.copy (local.get $at) (local.get $text) (local.get $bytes))
              (local.set $at (i32.add (local.get $at) (local.get $bytes)))
              (i32.store8 (local.get $at) (i32.const 10))
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (br $rows))))
        ;; 101: the statement is done.
        (if (i32.ne (local.get $step) (i32.const 101)) (then (unreachable)))
        (drop (call $finalize (local.get $statement)))
        (br $statements)))
    (call $answer (local.get $list) (i32.sub (local.get $at) (local.get $list)))))
