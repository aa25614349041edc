//! The opcodes that the profile accepts, as data: the order and the names of the specification's appendix
//! "Index of Instructions" (WebAssembly 2.0 without vectors).

/// The gas that one instruction can cost; a row of the opcode table holds an index into this list. `nop`, which is nothing else,
/// must not have index 0: a row of zeros is refused.
pub const WEIGHTS: [u8; 8] = [1, 0, 2, 3, 4, 12, 16, 32];

/// What stands behind an opcode.
pub(crate) mod immediate {
    /// Nothing.
    pub(crate) const NONE: u16 = 0;
    /// A block type.
    pub(crate) const BLOCK: u16 = 1;
    /// A label.
    pub(crate) const LABEL: u16 = 2;
    /// A list of labels and one more.
    pub(crate) const LABELS: u16 = 3;
    /// A function.
    pub(crate) const FUNCTION: u16 = 4;
    /// A type and table 0.
    pub(crate) const INDIRECT: u16 = 5;
    /// The type of what is selected.
    pub(crate) const SELECT: u16 = 6;
    /// A local.
    pub(crate) const LOCAL: u16 = 7;
    /// A global.
    pub(crate) const GLOBAL: u16 = 8;
    /// An alignment and an offset.
    pub(crate) const ADDRESS: u16 = 9;
    /// A zero, for memory 0.
    pub(crate) const MEMORY: u16 = 10;
    /// A signed number.
    pub(crate) const NUMBER: u16 = 11;
    /// 4 bytes of an f32.
    pub(crate) const FLOAT: u16 = 12;
    /// 8 bytes of an f64.
    pub(crate) const DOUBLE: u16 = 13;
    /// A segment of data and a zero.
    pub(crate) const SEGMENT_MEMORY: u16 = 14;
    /// A segment or a table, which the engine looks at.
    pub(crate) const INDEX: u16 = 15;
    /// Two zeros.
    pub(crate) const MEMORIES: u16 = 16;
    /// Two segments or tables, which the engine looks at.
    pub(crate) const INDICES: u16 = 17;
    /// A type of references.
    pub(crate) const REFERENCE: u16 = 18;
}

/// What an instruction leaves on the stack, as far as its bits are concerned.
#[derive(Clone, Copy)]
enum Made {
    /// Nothing, or what was there.
    Nothing,
    /// No float, or a float whose bits are decided: loaded, reinterpreted.
    Bits,
    /// A float that is not NaN.
    Number,
    /// An f32 that may be any NaN.
    F32,
    /// An f64 that may be any NaN.
    F64,
}

/// The form of an instruction that [`crate::function`] treats by its opcode.
pub(crate) const SPECIAL: u16 = 30;

/// Takes `operands` and leaves `made`.
const fn plain(operands: u16, made: Made) -> u16 {
    operands * 5 + made as u16
}

/// The same, and the bits of the topmost operand can be seen afterwards.
const fn seeing(operands: u16, made: Made) -> u16 {
    15 + plain(operands, made)
}

/// Neighbouring opcodes that are treated alike.
struct Run {
    first: u32,
    last: u32,
    immediate: u16,
    form: u16,
    gas: u8,
}

const fn run(first: u32, last: u32, immediate: u16, form: u16, gas: u8) -> Run {
    Run { first, last, immediate, form, gas }
}

/// The row of the opcode that is written 0xfc 0; the others of this prefix follow.
pub(crate) const PREFIXED: u32 = 0x100;

/// The first instruction with the prefix that works on tables, and the one that makes one larger.
pub(crate) const TABLE_INIT: u32 = PREFIXED + 12;
pub(crate) const TABLE_GROW: u32 = PREFIXED + 15;

/// How many rows there are: the opcodes of one byte, and as many behind 0xfc.
const ROWS: usize = 0x200;

use Made::{Bits, F32, F64, Nothing, Number};
use immediate as I;

#[rustfmt::skip]
const RUNS: [Run; 84] = [
    // Control.
    run(0x00, 0x00, I::NONE,     SPECIAL,            1),  // unreachable
    run(0x01, 0x01, I::NONE,     plain(0, Nothing),  0),  // nop
    run(0x02, 0x03, I::BLOCK,    SPECIAL,            0),  // block, loop
    run(0x04, 0x04, I::BLOCK,    SPECIAL,            2),  // if
    run(0x05, 0x05, I::NONE,     SPECIAL,            0),  // else
    run(0x0b, 0x0b, I::NONE,     SPECIAL,            0),  // end
    run(0x0c, 0x0c, I::LABEL,    SPECIAL,            1),  // br
    run(0x0d, 0x0d, I::LABEL,    SPECIAL,            2),  // br_if
    run(0x0e, 0x0e, I::LABELS,   SPECIAL,            4),  // br_table
    run(0x0f, 0x0f, I::NONE,     SPECIAL,            1),  // return
    run(0x10, 0x10, I::FUNCTION, SPECIAL,            32), // call
    run(0x11, 0x11, I::INDIRECT, SPECIAL,            32), // call_indirect
    run(0x1a, 0x1a, I::NONE,     plain(1, Nothing),  0),  // drop
    run(0x1b, 0x1b, I::NONE,     SPECIAL,            2),  // select
    run(0x1c, 0x1c, I::SELECT,   SPECIAL,            2),  // select t
    // Variables.
    run(0x20, 0x20, I::LOCAL,    SPECIAL,            1),  // local.get
    run(0x21, 0x22, I::LOCAL,    SPECIAL,            1),  // local.set, local.tee
    run(0x23, 0x23, I::GLOBAL,   plain(0, Bits),     2),  // global.get
    run(0x24, 0x24, I::GLOBAL,   seeing(1, Nothing), 2),  // global.set
    // Tables.
    run(0x25, 0x25, I::INDEX,    plain(1, Bits),     32), // table.get
    run(0x26, 0x26, I::INDEX,    plain(2, Nothing),  32), // table.set
    // Memory.
    run(0x28, 0x35, I::ADDRESS,  plain(1, Bits),     3),  // i32.load … i64.load32_u
    run(0x36, 0x37, I::ADDRESS,  plain(2, Nothing),  2),  // i32.store, i64.store
    run(0x38, 0x39, I::ADDRESS,  seeing(2, Nothing), 2),  // f32.store, f64.store
    run(0x3a, 0x3e, I::ADDRESS,  plain(2, Nothing),  2),  // i32.store8 … i64.store32
    run(0x3f, 0x3f, I::MEMORY,   plain(0, Bits),     2),  // memory.size
    run(0x40, 0x40, I::MEMORY,   SPECIAL,            32), // memory.grow
    // Constants.
    run(0x41, 0x42, I::NUMBER,   plain(0, Bits),     1),  // i32.const, i64.const
    run(0x43, 0x43, I::FLOAT,    SPECIAL,            1),  // f32.const
    run(0x44, 0x44, I::DOUBLE,   SPECIAL,            1),  // f64.const
    // Comparisons: a NaN compares like any other.
    run(0x45, 0x45, I::NONE,     plain(1, Bits),     2),  // i32.eqz
    run(0x46, 0x4f, I::NONE,     plain(2, Bits),     2),  // i32.eq … i32.ge_u
    run(0x50, 0x50, I::NONE,     plain(1, Bits),     2),  // i64.eqz
    run(0x51, 0x5a, I::NONE,     plain(2, Bits),     2),  // i64.eq … i64.ge_u
    run(0x5b, 0x60, I::NONE,     plain(2, Bits),     3),  // f32.eq … f32.ge
    run(0x61, 0x66, I::NONE,     plain(2, Bits),     3),  // f64.eq … f64.ge
    // Integers.
    run(0x67, 0x69, I::NONE,     plain(1, Bits),     2),  // i32.clz, i32.ctz, i32.popcnt
    run(0x6a, 0x6b, I::NONE,     plain(2, Bits),     2),  // i32.add, i32.sub
    run(0x6c, 0x6c, I::NONE,     plain(2, Bits),     3),  // i32.mul
    run(0x6d, 0x70, I::NONE,     plain(2, Bits),     16), // i32.div_s … i32.rem_u
    run(0x71, 0x78, I::NONE,     plain(2, Bits),     2),  // i32.and … i32.rotr
    run(0x79, 0x7b, I::NONE,     plain(1, Bits),     2),  // i64.clz, i64.ctz, i64.popcnt
    run(0x7c, 0x7d, I::NONE,     plain(2, Bits),     2),  // i64.add, i64.sub
    run(0x7e, 0x7e, I::NONE,     plain(2, Bits),     3),  // i64.mul
    run(0x7f, 0x82, I::NONE,     plain(2, Bits),     16), // i64.div_s … i64.rem_u
    run(0x83, 0x8a, I::NONE,     plain(2, Bits),     2),  // i64.and … i64.rotr
    // Floats. abs and neg change the sign of what was there.
    run(0x8b, 0x8c, I::NONE,     plain(0, Nothing),  3),  // f32.abs, f32.neg
    run(0x8d, 0x90, I::NONE,     plain(1, F32),      3),  // f32.ceil, f32.floor, f32.trunc, f32.nearest
    run(0x91, 0x91, I::NONE,     plain(1, F32),      12), // f32.sqrt
    run(0x92, 0x94, I::NONE,     plain(2, F32),      3),  // f32.add, f32.sub, f32.mul
    run(0x95, 0x95, I::NONE,     plain(2, F32),      12), // f32.div
    run(0x96, 0x97, I::NONE,     plain(2, F32),      3),  // f32.min, f32.max
    run(0x98, 0x98, I::NONE,     seeing(1, Nothing), 3),  // f32.copysign
    run(0x99, 0x9a, I::NONE,     plain(0, Nothing),  3),  // f64.abs, f64.neg
    run(0x9b, 0x9e, I::NONE,     plain(1, F64),      3),  // f64.ceil, f64.floor, f64.trunc, f64.nearest
    run(0x9f, 0x9f, I::NONE,     plain(1, F64),      12), // f64.sqrt
    run(0xa0, 0xa2, I::NONE,     plain(2, F64),      3),  // f64.add, f64.sub, f64.mul
    run(0xa3, 0xa3, I::NONE,     plain(2, F64),      12), // f64.div
    run(0xa4, 0xa5, I::NONE,     plain(2, F64),      3),  // f64.min, f64.max
    run(0xa6, 0xa6, I::NONE,     seeing(1, Nothing), 3),  // f64.copysign
    // Conversions.
    run(0xa7, 0xa7, I::NONE,     plain(1, Bits),     2),  // i32.wrap_i64
    run(0xa8, 0xab, I::NONE,     plain(1, Bits),     3),  // i32.trunc_f32_s … i32.trunc_f64_u
    run(0xac, 0xad, I::NONE,     plain(1, Bits),     2),  // i64.extend_i32_s, i64.extend_i32_u
    run(0xae, 0xb1, I::NONE,     plain(1, Bits),     3),  // i64.trunc_f32_s … i64.trunc_f64_u
    run(0xb2, 0xb5, I::NONE,     plain(1, Number),   3),  // f32.convert_i32_s … f32.convert_i64_u
    run(0xb6, 0xb6, I::NONE,     plain(1, F32),      3),  // f32.demote_f64
    run(0xb7, 0xba, I::NONE,     plain(1, Number),   3),  // f64.convert_i32_s … f64.convert_i64_u
    run(0xbb, 0xbb, I::NONE,     plain(1, F64),      3),  // f64.promote_f32
    run(0xbc, 0xbd, I::NONE,     seeing(1, Bits),    2),  // i32.reinterpret_f32, i64.reinterpret_f64
    run(0xbe, 0xc4, I::NONE,     plain(1, Bits),     2),  // f32.reinterpret_i32 … i64.extend32_s
    // References.
    run(0xd0, 0xd0, I::REFERENCE, plain(0, Bits),    1),  // ref.null
    run(0xd1, 0xd1, I::NONE,     plain(1, Bits),     2),  // ref.is_null
    run(0xd2, 0xd2, I::FUNCTION, SPECIAL,            32), // ref.func
    // Behind 0xfc.
    run(0x100, 0x107, I::NONE,            plain(1, Bits),    3),  // i32.trunc_sat_f32_s … i64.trunc_sat_f64_u
    run(0x108, 0x108, I::SEGMENT_MEMORY,  SPECIAL,           1),  // memory.init
    run(0x109, 0x109, I::INDEX,           plain(0, Nothing), 1),  // data.drop
    run(0x10a, 0x10a, I::MEMORIES,        SPECIAL,           1),  // memory.copy
    run(0x10b, 0x10b, I::MEMORY,          SPECIAL,           1),  // memory.fill
    run(0x10c, 0x10c, I::INDICES,         SPECIAL,           32), // table.init
    run(0x10d, 0x10d, I::INDEX,           plain(0, Nothing), 1),  // elem.drop
    run(0x10e, 0x10e, I::INDICES,         SPECIAL,           32), // table.copy
    run(0x10f, 0x10f, I::INDEX,           SPECIAL,           32), // table.grow
    run(0x110, 0x110, I::INDEX,           plain(0, Bits),    2),  // table.size
    run(0x111, 0x111, I::INDEX,           SPECIAL,           32), // table.fill
];

impl Run {
    /// The word of a row, never 0: the form in the lower five bits, the index of the weight in the next three, what stands behind the
    /// opcode in five more.
    const fn word(&self) -> u16 {
        let mut weight = 0;
        while WEIGHTS[weight as usize] != self.gas {
            weight += 1;
        }
        let word = self.immediate << 8 | weight << 5 | self.form;
        assert!(word != REFUSED && word < 1 << COUNT_SHIFT);
        word
    }
}

/// The word of an instruction that the profile does not have.
const REFUSED: u16 = 0;

/// From this bit on a word of [`PACKED`] says how many more rows it stands for.
const COUNT_SHIFT: u32 = 13;

/// Words for all rows up to the last that the profile has, and how many of them there are.
const fn pack() -> ([u16; ROWS], usize) {
    let mut words = [REFUSED; ROWS];
    let (mut len, mut row, mut at) = (0, 0, 0);
    while at < RUNS.len() {
        let run = &RUNS[at];
        let (word, end) = if row < run.first { (REFUSED, run.first) } else { (run.word(), run.last + 1) };
        let more = if end - row > 8 { 7 } else { end - row - 1 };
        words[len] = word | (more as u16) << COUNT_SHIFT;
        len += 1;
        row += more + 1;
        if row > run.last {
            at += 1;
        }
    }
    (words, len)
}

/// The opcodes as they are shipped.
const PACKED: [u16; pack().1] = match pack().0.first_chunk() {
    Some(words) => *words,
    None => panic!(),
};

/// What is known of each opcode, by its row.
pub(crate) struct Opcodes([u16; ROWS]);

impl Opcodes {
    /// Refuses everything.
    pub(crate) const fn new() -> Self {
        Self([REFUSED; ROWS])
    }

    /// Unpacks what the profile has. The rows behind that stay refused.
    pub(crate) fn unpack(&mut self) {
        let mut row = 0;
        for &word in &PACKED {
            let end = row + usize::from(word >> COUNT_SHIFT) + 1;
            while row < end {
                self.0[row % ROWS] = word;
                row += 1;
            }
        }
    }

    /// The opcode in `row`; none if it is refused.
    pub(crate) fn opcode(&self, row: u32) -> Option<Opcode> {
        let word = self.0[row as usize % ROWS] & ((1 << COUNT_SHIFT) - 1);
        (word != REFUSED).then_some(Opcode(word))
    }
}

/// What is known of an opcode.
#[derive(Clone, Copy)]
pub(crate) struct Opcode(u16);

impl Opcode {
    /// What it does to the stack, or [`SPECIAL`].
    pub(crate) fn form(self) -> u16 {
        self.0 & 31
    }

    /// Its gas, without what depends on its operands.
    pub(crate) fn gas(self) -> u32 {
        u32::from(WEIGHTS[usize::from(self.0 >> 5 & 7)])
    }

    /// What stands behind it: see [`immediate`].
    pub(crate) fn immediate(self) -> u16 {
        self.0 >> 8
    }
}
