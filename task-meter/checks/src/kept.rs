//! Recursion around values that an optimising compiler keeps: each is made before the call and again behind it, or in each round of a
//! loop with the call in it. Then a frame of the engine has a slot for each, whatever the module's own operands are.

use crate::build::{Builder, body, list, number, sized};
use crate::case::{Case, Expected};

const I32: u8 = 0x7f;
const I64: u8 = 0x7e;
const F32: u8 = 0x7d;
const F64: u8 = 0x7c;
const TYPES: [u8; 4] = [I32, I64, F32, F64];

/// Values of each kind in a function.
const VALUES: usize = 300;
/// Operands of each type, of whose pairs the values are made.
const OPERANDS: usize = 20;
/// Operands of a call that takes values.
const TAKEN: usize = 100;

/// An instruction that leaves a value: what it takes, what it leaves, how it is written.
struct Operation {
    name: String,
    takes: Vec<u8>,
    leaves: u8,
    code: Vec<u8>,
}

/// What is done with values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Use {
    /// They are added up, each by an instruction.
    Added,
    /// A hundred at a time are given to a function.
    Given,
}

/// Where they are made twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    /// Before the call and behind it.
    Around,
    /// In a loop with the call in it.
    Loop,
}

fn run(first: u8, last: u8, takes: &[u8], leaves: u8) -> impl Iterator<Item = Operation> {
    (first..=last).map(move |opcode| Operation {
        name: format!("0x{opcode:02x}"),
        takes: takes.to_vec(),
        leaves,
        code: vec![opcode],
    })
}

/// Every instruction without an immediate that leaves a value, loads, and those that take nothing.
fn operations() -> Vec<Operation> {
    let mut all: Vec<Operation> = Vec::new();
    #[rustfmt::skip]
    let runs: [(u8, u8, &[u8], u8); 42] = [
        (0x45, 0x45, &[I32], I32), (0x46, 0x4f, &[I32, I32], I32), (0x50, 0x50, &[I64], I32), (0x51, 0x5a, &[I64, I64], I32),
        (0x5b, 0x60, &[F32, F32], I32), (0x61, 0x66, &[F64, F64], I32), (0x67, 0x69, &[I32], I32), (0x6a, 0x78, &[I32, I32], I32),
        (0x79, 0x7b, &[I64], I64), (0x7c, 0x8a, &[I64, I64], I64), (0x8b, 0x91, &[F32], F32), (0x92, 0x98, &[F32, F32], F32),
        (0x99, 0x9f, &[F64], F64), (0xa0, 0xa6, &[F64, F64], F64), (0xa7, 0xa7, &[I64], I32), (0xa8, 0xa9, &[F32], I32),
        (0xaa, 0xab, &[F64], I32), (0xac, 0xad, &[I32], I64), (0xae, 0xaf, &[F32], I64), (0xb0, 0xb1, &[F64], I64),
        (0xb2, 0xb3, &[I32], F32), (0xb4, 0xb5, &[I64], F32), (0xb6, 0xb6, &[F64], F32), (0xb7, 0xb8, &[I32], F64),
        (0xb9, 0xba, &[I64], F64), (0xbb, 0xbb, &[F32], F64), (0xbc, 0xbc, &[F32], I32), (0xbd, 0xbd, &[F64], I64),
        (0xbe, 0xbe, &[I32], F32), (0xbf, 0xbf, &[I64], F64), (0xc0, 0xc1, &[I32], I32), (0xc2, 0xc4, &[I64], I64),
        (0x1b, 0x1b, &[I32, I32, I32], I32), (0x1b, 0x1b, &[I64, I64, I32], I64), (0x1b, 0x1b, &[F32, F32, I32], F32),
        (0x1b, 0x1b, &[F64, F64, I32], F64),
        // Numbers that are put in: see `value`.
        (0x23, 0x23, &[], I64), (0x41, 0x41, &[], I32), (0x42, 0x42, &[], I64), (0x43, 0x43, &[], F32), (0x44, 0x44, &[], F64),
        (0x28, 0x28, &[I32], I32),
    ];
    for (first, last, takes, leaves) in runs {
        all.extend(run(first, last, takes, leaves));
    }
    for saturating in 0..8 {
        let (takes, leaves) = ([F32, F32, F64, F64][saturating % 4], if saturating < 4 { I32 } else { I64 });
        let code = vec![0xfc, saturating as u8];
        all.push(Operation { name: format!("0xfc {saturating}"), takes: vec![takes], leaves, code });
    }
    all
}

/// Where the operands of a type begin among the locals, behind the depth, and the rounds and the sum behind all of them.
fn local(kind: u8, number: usize) -> Vec<u8> {
    let place = TYPES.iter().position(|one| *one == kind).unwrap_or(0);
    self::number(1 + place * OPERANDS + number)
}

const ROUNDS: usize = 1 + 4 * OPERANDS;

fn sum(kind: u8) -> Vec<u8> {
    number(ROUNDS + 1 + TYPES.iter().position(|one| *one == kind).unwrap_or(0))
}

fn plus(kind: u8) -> u8 {
    match kind {
        I32 => 0x6a,
        I64 => 0x7c,
        F32 => 0x92,
        _ => 0xa0,
    }
}

fn get(kind: u8, number: usize) -> Vec<u8> {
    [vec![0x20], local(kind, number)].concat()
}

/// The code of the value with this number, another for each number.
fn value(operation: &Operation, number: usize) -> Vec<u8> {
    let (x, y) = (number % OPERANDS, number / OPERANDS);
    let code = operation.code.clone();
    match (code[0], &operation.takes[..]) {
        (0x23, _) => [code, self::number(4 + number)].concat(),
        (0x41 | 0x42, _) => [code, self::number((number << 20 | 64) * 2 + 1)].concat(),
        (0x43, _) => [code, (number as f32 + 0.5).to_le_bytes().to_vec()].concat(),
        (0x44, _) => [code, (number as f64 + 0.5).to_le_bytes().to_vec()].concat(),
        (0x28, _) => [get(I32, x), code, vec![2], self::number(8 * y)].concat(),
        (_, [kind]) => [get(*kind, x), get(*kind, y), vec![plus(*kind)], code].concat(),
        (_, [kind, other]) => [get(*kind, x), get(*other, y), code].concat(),
        _ => [get(operation.leaves, x), get(operation.leaves, y), get(I32, x), code].concat(),
    }
}

fn uses(operation: &Operation, how: Use) -> Vec<u8> {
    let mut code = Vec::new();
    let kind = operation.leaves;
    for number in 0..VALUES {
        match how {
            Use::Added => {
                code.extend([vec![0x20], sum(kind), value(operation, number), vec![plus(kind)]].concat());
                code.extend([vec![0x21], sum(kind)].concat());
            }
            Use::Given => {
                code.extend(value(operation, number));
                if number % TAKEN == TAKEN - 1 {
                    code.extend([0x10, 1]);
                }
            }
        }
    }
    code
}

/// A module whose `f0` goes down until the stack ends, and keeps what it can on the way.
fn module(operation: &Operation, how: Use, shape: Shape) -> Vec<u8> {
    let kind = operation.leaves;
    let place = TYPES.iter().position(|one| *one == kind).unwrap_or(0);
    let mut code = Vec::new();
    for (its_place, kind) in TYPES.into_iter().enumerate() {
        for operand in 0..OPERANDS {
            // i32.load, i64.load, f32.load, f64.load of something that no compiler knows, and is not 0.
            let load = [0x41, 0, 0x28 + its_place as u8, 0];
            code.extend([&load[..], &number(64 + 8 * operand), &[0x21], &local(kind, operand)].concat());
        }
    }
    let call = [0x20, 0, 0x41, 1, 0x6a, 0x10, 0];
    match shape {
        Shape::Around => code.extend([&uses(operation, how)[..], &call, &uses(operation, how)].concat()),
        Shape::Loop => {
            let rounds = number(ROUNDS);
            code.extend(
                [&[0x41, 2, 0x21][..], &rounds, &[0x03, 0x40], &uses(operation, how), &call].concat(),
            );
            code.extend([&[0x20][..], &rounds, &[0x41, 1, 0x6b, 0x22], &rounds, &[0x0d, 0, 0x0b]].concat());
        }
    }
    code.extend([&[0x20][..], &sum(kind), &[0x24, place as u8]].concat());
    let operands = |kind| [OPERANDS as u8, kind];
    let mut groups: Vec<Vec<u8>> = TYPES.iter().map(|kind| operands(*kind).to_vec()).collect();
    groups.push(vec![1, I32]);
    groups.extend(TYPES.iter().map(|kind| vec![1, *kind]));
    let taken: Vec<u8> = [0, 1, 50, 99].iter().flat_map(|index| [0x20, *index, plus(kind)]).collect();
    let takes = [&[0x23, place as u8][..], &taken, &[0x24, place as u8]].concat();
    let start = [0x41, 0, 0x10, 0];
    let mut globals: Vec<Vec<u8>> = vec![
        vec![I32, 1, 0x41, 0, 0x0b],
        vec![I64, 1, 0x42, 0, 0x0b],
        [vec![F32, 1, 0x43], vec![0; 4], vec![0x0b]].concat(),
        [vec![F64, 1, 0x44], vec![0; 8], vec![0x0b]].concat(),
    ];
    if operation.code[0] == 0x23 {
        globals.extend(
            (0..VALUES)
                .map(|number| [vec![I64, 0, 0x42], self::number(number * 128 + 1), vec![0x0b]].concat()),
        );
    }
    let bytes: Vec<u8> = (0..4_096).map(|at| u8::from(at % 8 == 0)).collect();
    Builder::default()
        .section(
            1,
            &list(&[
                vec![0x60, 1, I32, 0],
                [vec![0x60, TAKEN as u8], vec![kind; TAKEN], vec![0]].concat(),
                vec![0x60, 0, 0],
            ]),
        )
        .section(3, &[3, 0, 1, 2])
        .section(5, &[1, 0, 1])
        .section(6, &list(&globals))
        .section(7, &list(&[[sized(b"f0"), vec![0, 2]].concat()]))
        .section(10, &list(&[body(&list(&groups), &code), body(&[0], &takes), body(&[0], &start)]))
        .section(11, &list(&[[vec![0, 0x41, 0, 0x0b], sized(&bytes)].concat()]))
        .done()
}

/// One for each instruction around the call, with either use, and in a loop.
#[must_use]
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for operation in operations() {
        for (how, shape) in
            [(Use::Added, Shape::Around), (Use::Given, Shape::Around), (Use::Given, Shape::Loop)]
        {
            let kinds = operation.takes.iter().map(|kind| format!("{kind:x}")).collect::<String>();
            let name =
                format!("recursion that keeps {VALUES} of {} {kinds}, {how:?}, {shape:?}", operation.name);
            cases.push(Case { name, module: module(&operation, how, shape), expected: Expected::Accepted });
        }
    }
    cases
}
