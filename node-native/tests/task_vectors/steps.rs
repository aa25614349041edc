//! Pure modules that are run by steps, and single steps of theirs.

use tabmesh_native::task::{Flag, Status};

use crate::case::Case;
use crate::modules::{command, pure, stepped, stepped_with};

/// Emits its piece, and is done at the end of the input.
const ECHO: &str = "(if (result i64) (local.get $length)
    (then (call $emit (local.get $piece) (local.get $length)) (call $answer (i32.const 2) (i32.const 0) (local.get $length)))
    (else (call $answer (i32.const 1) (i32.const 0) (i32.const 0))))";

/// Counts its steps in a state of one byte, emits it and the length of its piece, and gives what `flag` leaves.
fn counting(flag: &str) -> String {
    stepped(&format!(
        "(local $n i32)
         (if (i32.gt_u (local.get $own_length) (i32.const 32))
           (then (local.set $n (i32.load8_u offset=32 (local.get $own)))))
         (local.set $n (i32.add (local.get $n) (i32.const 1)))
         (i32.store8 (i32.const 8) (local.get $n))
         (i32.store8 (i32.const 9) (local.get $n))
         (i32.store8 (i32.const 10) (local.get $length))
         (call $answer {flag} (i32.const 1) (i32.const 2))"
    ))
}

/// An answer of `step` of so many bytes, whose head is this.
fn answer(flag: u32, state: u32, bytes: u32) -> String {
    stepped(&format!(
        "(call $head (i32.const {flag}) (i32.const {state})) (call $pack (i32.const 0) (i32.const {bytes}))"
    ))
}

/// Whole tasks: how flags, pieces and states follow one another.
pub(crate) fn courses() -> Vec<Case> {
    // Two steps that continue for each piece, then one that waits, until the piece is empty.
    let thrice = "(if (result i32) (i32.rem_u (local.get $n) (i32.const 3))
        (then (i32.const 0))
        (else (select (i32.const 1) (i32.const 2) (i32.gt_u (local.get $n) (i32.const 8)))))";
    let late = "(if (result i32) (local.get $length) (then (i32.const 2)) (else (i32.lt_u (i32.const 5) (local.get $n))))";
    let stepless = "(select (i32.const 1) (i32.const 0) (i32.eq (local.get $n) (i32.const 4)))";
    let twice = "(i32.store8 (i32.const 500) (i32.add (i32.load8_u (i32.const 500)) (i32.const 1)))
        (global.set $g (i32.add (global.get $g) (i32.const 1)))
        (i32.store8 (i32.const 501) (global.get $g))
        (i32.store8 (i32.const 502) (memory.grow (i32.const 1)))
        (call $emit (i32.const 500) (i32.const 3))
        (call $answer (select (i32.const 2) (i32.const 1) (local.get $length)) (i32.const 0) (i32.const 3))";
    let fresh = stepped_with(
        "(i32.const 1024)",
        "(memory $m (export \"memory\") 2) (data (i32.const 500) \"\\06\") (global $g (mut i32) (i32.const 0))
         (func $first (global.set $g (i32.add (global.get $g) (i32.const 7)))) (start $first)",
        twice,
    );
    let owns = "(i32.store8 (i32.const 8) (i32.const 77))
        (memory.copy (i32.const 9) (local.get $own) (local.get $own_length))
        (call $answer (select (i32.const 2) (i32.const 1) (local.get $length)) (i32.const 1) (local.get $own_length))";
    let seed: Vec<u8> = (0..32).collect();
    vec![
        Case::new("by steps: pieces come in order, then an empty one", &stepped(ECHO))
            .pieces(4)
            .input(b"hello, mesh")
            .gives(b"hello, mesh"),
        Case::new("by steps: pieces of one byte", &stepped(ECHO)).pieces(1).input(b"hello").gives(b"hello"),
        Case::new("by steps: a piece as long as the input", &stepped(ECHO))
            .pieces(5)
            .input(b"hello")
            .gives(b"hello"),
        Case::new("by steps: a piece longer than the input", &stepped(ECHO))
            .pieces(16 << 20)
            .input(b"hello")
            .gives(b"hello"),
        Case::new("by steps: no input", &stepped(ECHO)).pieces(4).gives(b""),
        Case::new(
            "by steps: a state of one byte, and empty pieces where a step continues",
            &counting(thrice),
        )
        .pieces(2)
        .input(b"abcde")
        .gives(&[1, 2, 2, 0, 3, 0, 4, 2, 5, 0, 6, 0, 7, 1, 8, 0, 9, 0]),
        Case::new("by steps: steps that continue without any input", &counting(stepless))
            .pieces(1)
            .gives(&[1, 0, 2, 0, 3, 0, 4, 0]),
        Case::new("by steps: steps that continue behind the end of the input", &counting(late))
            .pieces(3)
            .input(b"abcd")
            .gives(&[1, 3, 2, 1, 3, 0, 4, 0, 5, 0, 6, 0]),
        Case::new("by steps: done before the end of the input", &counting("(i32.const 1)"))
            .pieces(2)
            .input(b"abcdef")
            .gives(&[1, 2]),
        Case::new("by steps: a wait behind the end of the input", &counting("(i32.const 2)"))
            .pieces(2)
            .input(b"abc")
            .ends(Status::BadAbi),
        Case::new("by steps: memory, globals and the start function are fresh in each step", &fresh)
            .pieces(1)
            .input(b"ab")
            .gives(&[7, 8, 2, 7, 8, 2, 7, 8, 2]),
        Case::new("by steps: the seed comes before the state in each step", &stepped(owns))
            .pieces(9)
            .input(b"x")
            .gives(&[&seed[..], &seed[..], &[77]].concat()),
        Case::new(
            "by steps: a trap in a later step",
            &stepped(
                "(if (i32.lt_u (local.get $length) (i32.const 4)) (then unreachable))
            (call $answer (i32.const 2) (i32.const 0) (i32.const 9))",
            ),
        )
        .pieces(4)
        .input(b"abcdefghi")
        .ends(Status::Trap),
        Case::new(
            "by steps: a stack that does not suffice",
            &stepped_with("(i32.const 0)", "(func $deep (call $deep))", "(call $deep) (i64.const 0)"),
        )
        .pieces(4)
        .ends(Status::Stack),
        Case::new(
            "by steps: a start function that does not end",
            &stepped_with("(i32.const 0)", "(func $first (loop (br 0))) (start $first)", ECHO),
        )
        .pieces(4)
        .gas(1_000_000)
        .ends(Status::OutOfGas),
        Case::new(
            "by steps: alloc traps when there is a state",
            &stepped_with(
                "(if (i32.gt_u (local.get 0) (i32.const 34)) (then unreachable)) (i32.const 64)",
                "",
                "(call $answer (i32.const 0) (i32.const 4) (i32.const 0))",
            ),
        )
        .pieces(2)
        .input(b"ab")
        .ends(Status::Trap),
        Case::new(
            "by steps: data that do not fit, without any gas",
            &stepped_with("(i32.const 0)", "(data (i32.const 65535) \"ab\")", ECHO),
        )
        .pieces(4)
        .gas(0)
        .ends(Status::Trap),
    ]
}

/// Answers at the edges of what is good, and modules that are no fit.
pub(crate) fn answers() -> Vec<Case> {
    let bad = |name: &str, text: &str| Case::new(name, text).pieces(4).ends(Status::BadAbi);
    let outside = |place: u32, bytes: u32| {
        let store = if place < 65_530 { "(i32.store8 (i32.const 65528) (i32.const 1))" } else { "" };
        stepped(&format!("{store} (call $pack (i32.const {place}) (i32.const {bytes}))"))
    };
    let alloc = |place: u32| stepped_with(&format!("(i32.const {place})"), "", ECHO);
    let stepless = "(module (memory (export \"memory\") 1) (func (export \"alloc\") (param i32) (result i32) (i32.const 0))";
    let imports = "(module (import \"wasi_snapshot_preview1\" \"fd_close\" (func (param i32) (result i32)))
        (memory (export \"memory\") 1)
        (func (export \"alloc\") (param i32) (result i32) (i32.const 0))
        (func (export \"step\") (param i32 i32 i32 i32) (result i64) (i64.const 0)))";
    let started = "(module (memory (export \"memory\") 1) (func (export \"_start\"))
        (func (export \"alloc\") (param i32) (result i32) (i32.const 64))
        (func (export \"step\") (param i32 i32 i32 i32) (result i64) (i32.store8 (i32.const 0) (i32.const 1)) (i64.const 8)))";
    vec![
        Case::new("by steps: an answer of a head alone", &answer(1, 0, 8)).pieces(4).gives(b""),
        bad("by steps: an answer that is shorter than its head", &answer(1, 0, 7)),
        bad("by steps: an empty answer", &answer(1, 0, 0)),
        bad("by steps: a flag of no meaning", &answer(3, 0, 8)),
        bad("by steps: a flag of which only the lowest byte is good", &answer(257, 0, 8)),
        Case::new("by steps: a state to the end of the answer", &answer(1, 5, 13)).pieces(4).gives(b""),
        bad("by steps: a state that is longer than the answer", &answer(1, 6, 13)),
        bad("by steps: a state of 4 GiB less a byte", &answer(1, u32::MAX, 13)),
        Case::new("by steps: an answer at the very end of memory", &outside(65_528, 8)).pieces(4).gives(b""),
        bad("by steps: an answer one byte beyond memory", &outside(65_529, 8)),
        bad("by steps: an answer whose end is beyond 32 bits", &outside(u32::MAX, 8)),
        Case::new("by steps: room that just suffices", &alloc(65_500))
            .pieces(4)
            .input(b"abcde")
            .gives(b"abcde"),
        bad("by steps: room that lacks one byte", &alloc(65_501)).input(b"abcde"),
        bad("by steps: no step", &pure("(call $pack (i32.const 0) (i32.const 0))")),
        bad(
            "by steps: step gives an i32",
            &format!(
                "{stepless} (func (export \"step\") (param i32 i32 i32 i32) (result i32) (i32.const 0)))"
            ),
        ),
        bad(
            "by steps: step takes two numbers",
            &format!("{stepless} (func (export \"step\") (param i32 i32) (result i64) (i64.const 0)))"),
        ),
        bad(
            "by steps: no alloc",
            "(module (memory (export \"memory\") 1) (func (export \"step\") (param i32 i32 i32 i32) (result i64) (i64.const 0)))",
        ),
        Case::new("a module with step and without run is not run whole", &stepped(ECHO)).ends(Status::BadAbi),
        bad("by steps: a command", &command("")),
        bad("by steps: a command that has a step", started),
        Case::new("by steps: refused because it imports", imports).pieces(4).refused(7),
    ]
}

/// Gas and bytes at their limits.
pub(crate) fn bounds() -> Vec<Case> {
    // Gives so many bytes of state and of output, whatever they are.
    let large = |state: u32, emitted: u32, flag: &str| {
        let body = format!("(call $answer {flag} (i32.const {state}) (i32.const {emitted}))");
        stepped_with("(i32.const 16777728)", "(memory (export \"memory\") 520)", &body)
    };
    let by_state = "(select (i32.const 1) (i32.const 0) (i32.gt_u (local.get $own_length) (i32.const 32)))";
    let endless = stepped("(call $answer (i32.const 0) (i32.const 0) (i32.const 0))");
    let looping = stepped("(loop (br 0)) (i64.const 0)");
    vec![
        Case::new("by steps: state and emitted bytes of 16 MiB", &large(9, (16 << 20) - 9, "(i32.const 1)"))
            .pieces(4),
        Case::new(
            "by steps: state and emitted bytes of 16 MiB and a byte",
            &large(9, (16 << 20) - 8, "(i32.const 1)"),
        )
        .pieces(4)
        .ends(Status::BadAbi),
        Case::new("by steps: a state of 16 MiB", &large(16 << 20, 0, by_state)).pieces(4).gives(b""),
        Case::new("by steps: an output of 16 MiB in two steps", &large(8, 8 << 20, by_state)).pieces(4),
        Case::new(
            "by steps: an output of 16 MiB and two bytes in two steps",
            &large(8, (8 << 20) + 1, by_state),
        )
        .pieces(4)
        .ends(Status::BadAbi),
        Case::new("by steps: steps that never end the task cost its gas", &endless)
            .pieces(4)
            .gas(1_000_000)
            .ends(Status::OutOfGas),
        Case::new("by steps: a step that never ends costs the task's gas", &looping)
            .pieces(4)
            .gas(1_000_000)
            .ends(Status::OutOfGas),
        Case::new("by steps: no gas at all", &endless).pieces(4).gas(0).ends(Status::OutOfGas),
        Case::new("by steps: gas for half a step", &endless).pieces(4).gas(50_000).ends(Status::OutOfGas),
        Case::new(
            "by steps: more memory costs more",
            &stepped_with("(i32.const 1024)", "(memory (export \"memory\") 3)", ECHO),
        )
        .pieces(4)
        .input(b"abcdef")
        .gives(b"abcdef"),
        Case::new("by steps: bytes that are moved cost gas by the eighth", &stepped(ECHO))
            .pieces(999)
            .input(&[b'x'; 2_001])
            .gives(&[b'x'; 2_001]),
    ]
}

/// Single steps, for checkpoints and disputes: the input is the piece.
pub(crate) fn singles() -> Vec<Case> {
    let by_length = "(i32.and (local.get $length) (i32.const 3))";
    vec![
        Case::new("a step: the first", &counting(by_length))
            .at_state(b"")
            .input(b"ab")
            .gives(&[1, 2])
            .leaves(Flag::Wait, &[1]),
        Case::new("a step: from a state", &counting(by_length))
            .at_state(&[41])
            .input(b"")
            .gives(&[42, 0])
            .leaves(Flag::Continue, &[42]),
        Case::new("a step: the last", &counting(by_length))
            .at_state(&[7])
            .input(b"a")
            .gives(&[8, 1])
            .leaves(Flag::Done, &[8]),
        Case::new("a step: a flag of no meaning", &counting(by_length))
            .at_state(&[7])
            .input(b"abc")
            .ends(Status::BadAbi),
        Case::new("a step: too little gas", &counting(by_length))
            .at_state(&[7])
            .gas(50_000)
            .ends(Status::OutOfGas),
        Case::new("a step: a trap", &stepped("unreachable")).at_state(&[7]).ends(Status::Trap),
        Case::new("a step: a wait at an empty piece is no fault of a step", &counting("(i32.const 2)"))
            .at_state(&[7])
            .gives(&[8, 0])
            .leaves(Flag::Wait, &[8]),
        Case::new("a step of a command", &command("")).at_state(b"").ends(Status::BadAbi),
    ]
}
