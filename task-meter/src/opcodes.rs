//! The opcodes that the profile accepts, as data: the order and the names of the specification's appendix
//! "Index of Instructions" (WebAssembly 2.0 without vectors, references and tables).

use crate::schedule::WEIGHTS;

/// What stands behind an opcode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Immediate {
    /// Nothing.
    None,
    /// A block type.
    Block,
    /// A label.
    Label,
    /// A list of labels and one more.
    Labels,
    /// A function.
    Function,
    /// A type and table 0.
    Indirect,
    /// The type of what is selected.
    Select,
    /// A local.
    Local,
    /// A global.
    Global,
    /// An alignment and an offset.
    Address,
    /// A zero, for memory 0.
    Memory,
    /// A signed number.
    Number,
    /// 4 bytes of an f32.
    Float,
    /// 8 bytes of an f64.
    Double,
    /// A segment of data and a zero.
    SegmentMemory,
    /// A segment of data.
    Segment,
    /// Two zeros.
    Memories,
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

/// An instruction that [`crate::function`] treats by its opcode.
pub(crate) const SPECIAL: u8 = 30;
/// An instruction that the profile does not have.
pub(crate) const REFUSED: u8 = 31;

/// Takes `operands` and leaves `made`.
const fn plain(operands: u8, made: Made) -> u8 {
    operands * 5 + made as u8
}

/// The same, and the bits of the topmost operand can be seen afterwards.
const fn seeing(operands: u8, made: Made) -> u8 {
    15 + plain(operands, made)
}

/// Neighbouring opcodes that are treated alike.
struct Run {
    first: u8,
    last: u8,
    immediate: Immediate,
    form: u8,
    gas: u8,
}

const fn run(first: u8, last: u8, immediate: Immediate, form: u8, gas: u8) -> Run {
    Run { first, last, immediate, form, gas }
}

/// The row of the opcode that is written 0xfc 0; the others of this prefix follow.
pub(crate) const PREFIXED: usize = 0xc5;

/// How many rows there are: 0x00 to 0xc4, 0xfc 0 to 0xfc 11.
pub(crate) const ROWS: usize = PREFIXED + 12;

use Immediate as I;
use Made::{Bits, F32, F64, Nothing, Number};

#[rustfmt::skip]
const RUNS: [Run; 74] = [
    // Control.
    run(0x00, 0x00, I::None,     SPECIAL,            1),  // unreachable
    run(0x01, 0x01, I::None,     plain(0, Nothing),  0),  // nop
    run(0x02, 0x03, I::Block,    SPECIAL,            0),  // block, loop
    run(0x04, 0x04, I::Block,    SPECIAL,            2),  // if
    run(0x05, 0x05, I::None,     SPECIAL,            0),  // else
    run(0x0b, 0x0b, I::None,     SPECIAL,            0),  // end
    run(0x0c, 0x0c, I::Label,    SPECIAL,            1),  // br
    run(0x0d, 0x0d, I::Label,    SPECIAL,            2),  // br_if
    run(0x0e, 0x0e, I::Labels,   SPECIAL,            4),  // br_table
    run(0x0f, 0x0f, I::None,     SPECIAL,            1),  // return
    run(0x10, 0x10, I::Function, SPECIAL,            32), // call
    run(0x11, 0x11, I::Indirect, SPECIAL,            32), // call_indirect
    run(0x1a, 0x1a, I::None,     plain(1, Nothing),  0),  // drop
    run(0x1b, 0x1b, I::None,     SPECIAL,            2),  // select
    run(0x1c, 0x1c, I::Select,   SPECIAL,            2),  // select t
    // Variables.
    run(0x20, 0x20, I::Local,    SPECIAL,            1),  // local.get
    run(0x21, 0x22, I::Local,    SPECIAL,            1),  // local.set, local.tee
    run(0x23, 0x23, I::Global,   plain(0, Bits),     2),  // global.get
    run(0x24, 0x24, I::Global,   seeing(1, Nothing), 2),  // global.set
    // Memory.
    run(0x28, 0x35, I::Address,  plain(1, Bits),     3),  // i32.load … i64.load32_u
    run(0x36, 0x37, I::Address,  plain(2, Nothing),  2),  // i32.store, i64.store
    run(0x38, 0x39, I::Address,  seeing(2, Nothing), 2),  // f32.store, f64.store
    run(0x3a, 0x3e, I::Address,  plain(2, Nothing),  2),  // i32.store8 … i64.store32
    run(0x3f, 0x3f, I::Memory,   plain(0, Bits),     2),  // memory.size
    run(0x40, 0x40, I::Memory,   SPECIAL,            32), // memory.grow
    // Constants.
    run(0x41, 0x42, I::Number,   plain(0, Bits),     1),  // i32.const, i64.const
    run(0x43, 0x43, I::Float,    SPECIAL,            1),  // f32.const
    run(0x44, 0x44, I::Double,   SPECIAL,            1),  // f64.const
    // Comparisons: a NaN compares like any other.
    run(0x45, 0x45, I::None,     plain(1, Bits),     2),  // i32.eqz
    run(0x46, 0x4f, I::None,     plain(2, Bits),     2),  // i32.eq … i32.ge_u
    run(0x50, 0x50, I::None,     plain(1, Bits),     2),  // i64.eqz
    run(0x51, 0x5a, I::None,     plain(2, Bits),     2),  // i64.eq … i64.ge_u
    run(0x5b, 0x60, I::None,     plain(2, Bits),     3),  // f32.eq … f32.ge
    run(0x61, 0x66, I::None,     plain(2, Bits),     3),  // f64.eq … f64.ge
    // Integers.
    run(0x67, 0x69, I::None,     plain(1, Bits),     2),  // i32.clz, i32.ctz, i32.popcnt
    run(0x6a, 0x6b, I::None,     plain(2, Bits),     2),  // i32.add, i32.sub
    run(0x6c, 0x6c, I::None,     plain(2, Bits),     3),  // i32.mul
    run(0x6d, 0x70, I::None,     plain(2, Bits),     16), // i32.div_s … i32.rem_u
    run(0x71, 0x78, I::None,     plain(2, Bits),     2),  // i32.and … i32.rotr
    run(0x79, 0x7b, I::None,     plain(1, Bits),     2),  // i64.clz, i64.ctz, i64.popcnt
    run(0x7c, 0x7d, I::None,     plain(2, Bits),     2),  // i64.add, i64.sub
    run(0x7e, 0x7e, I::None,     plain(2, Bits),     3),  // i64.mul
    run(0x7f, 0x82, I::None,     plain(2, Bits),     16), // i64.div_s … i64.rem_u
    run(0x83, 0x8a, I::None,     plain(2, Bits),     2),  // i64.and … i64.rotr
    // Floats. abs and neg change the sign of what was there.
    run(0x8b, 0x8c, I::None,     plain(0, Nothing),  3),  // f32.abs, f32.neg
    run(0x8d, 0x90, I::None,     plain(1, F32),      3),  // f32.ceil, f32.floor, f32.trunc, f32.nearest
    run(0x91, 0x91, I::None,     plain(1, F32),      12), // f32.sqrt
    run(0x92, 0x94, I::None,     plain(2, F32),      3),  // f32.add, f32.sub, f32.mul
    run(0x95, 0x95, I::None,     plain(2, F32),      12), // f32.div
    run(0x96, 0x97, I::None,     plain(2, F32),      3),  // f32.min, f32.max
    run(0x98, 0x98, I::None,     seeing(1, Nothing), 3),  // f32.copysign
    run(0x99, 0x9a, I::None,     plain(0, Nothing),  3),  // f64.abs, f64.neg
    run(0x9b, 0x9e, I::None,     plain(1, F64),      3),  // f64.ceil, f64.floor, f64.trunc, f64.nearest
    run(0x9f, 0x9f, I::None,     plain(1, F64),      12), // f64.sqrt
    run(0xa0, 0xa2, I::None,     plain(2, F64),      3),  // f64.add, f64.sub, f64.mul
    run(0xa3, 0xa3, I::None,     plain(2, F64),      12), // f64.div
    run(0xa4, 0xa5, I::None,     plain(2, F64),      3),  // f64.min, f64.max
    run(0xa6, 0xa6, I::None,     seeing(1, Nothing), 3),  // f64.copysign
    // Conversions.
    run(0xa7, 0xa7, I::None,     plain(1, Bits),     2),  // i32.wrap_i64
    run(0xa8, 0xab, I::None,     plain(1, Bits),     3),  // i32.trunc_f32_s … i32.trunc_f64_u
    run(0xac, 0xad, I::None,     plain(1, Bits),     2),  // i64.extend_i32_s, i64.extend_i32_u
    run(0xae, 0xb1, I::None,     plain(1, Bits),     3),  // i64.trunc_f32_s … i64.trunc_f64_u
    run(0xb2, 0xb5, I::None,     plain(1, Number),   3),  // f32.convert_i32_s … f32.convert_i64_u
    run(0xb6, 0xb6, I::None,     plain(1, F32),      3),  // f32.demote_f64
    run(0xb7, 0xba, I::None,     plain(1, Number),   3),  // f64.convert_i32_s … f64.convert_i64_u
    run(0xbb, 0xbb, I::None,     plain(1, F64),      3),  // f64.promote_f32
    run(0xbc, 0xbd, I::None,     seeing(1, Bits),    2),  // i32.reinterpret_f32, i64.reinterpret_f64
    run(0xbe, 0xbf, I::None,     plain(1, Bits),     2),  // f32.reinterpret_i32, f64.reinterpret_i64
    run(0xc0, 0xc4, I::None,     plain(1, Bits),     2),  // i32.extend8_s … i64.extend32_s
    // Behind 0xfc.
    run(0xc5, 0xcc, I::None,     plain(1, Bits),     3),  // i32.trunc_sat_f32_s … i64.trunc_sat_f64_u
    run(0xcd, 0xcd, I::SegmentMemory, SPECIAL,       1),  // memory.init
    run(0xce, 0xce, I::Segment,  plain(0, Nothing),  1),  // data.drop
    run(0xcf, 0xcf, I::Memories, SPECIAL,            1),  // memory.copy
    run(0xd0, 0xd0, I::Memory,   SPECIAL,            1),  // memory.fill
];

/// One byte an opcode: the form in the lower five bits, the index of the weight in the upper three.
const FORMS: [u8; ROWS] = {
    let mut forms = [REFUSED; ROWS];
    let mut at = 0;
    while at < RUNS.len() {
        let mut opcode = RUNS[at].first;
        while opcode <= RUNS[at].last {
            forms[opcode as usize] = RUNS[at].form | weight_index(RUNS[at].gas) << 5;
            opcode += 1;
        }
        at += 1;
    }
    forms
};

/// Opcodes from here to before [`BULK`] have no immediates.
const BARE: usize = 0x45;

/// The row of memory.init.
pub(crate) const BULK: usize = 0xcd;

const IMMEDIATES: [Immediate; BARE + ROWS - BULK] = {
    let mut immediates = [Immediate::None; BARE + ROWS - BULK];
    let mut at = 0;
    while at < RUNS.len() {
        let mut row = RUNS[at].first as usize;
        while row <= RUNS[at].last as usize {
            if row < BARE {
                immediates[row] = RUNS[at].immediate;
            } else if row >= BULK {
                immediates[row - BULK + BARE] = RUNS[at].immediate;
            }
            row += 1;
        }
        at += 1;
    }
    immediates
};

const fn weight_index(gas: u8) -> u8 {
    let mut index = 0;
    while WEIGHTS[index] != gas {
        index += 1;
    }
    index as u8
}

/// The form and the gas of the opcode in `row`.
pub(crate) fn form(row: usize) -> (u8, u32) {
    let byte = FORMS.get(row).copied().unwrap_or(REFUSED);
    (byte & 31, u32::from(WEIGHTS[usize::from(byte >> 5)]))
}

/// What stands behind the opcode in `row`.
pub(crate) fn immediate(row: usize) -> Immediate {
    let place = match row {
        0..BARE => row,
        BULK.. => row - BULK + BARE,
        _ => return Immediate::None,
    };
    IMMEDIATES.get(place).copied().unwrap_or(Immediate::None)
}

/// The gas of the opcode in `row`, without what depends on its operands; none if it is refused.
pub(crate) fn gas(row: usize) -> Option<u8> {
    let (form, gas) = form(row);
    (form != REFUSED).then_some(gas as u8)
}
