//! What an instruction costs in gas, and a function in stack.
//!
//! Gas is charged by the segment: before the instructions that run whenever the first of them does. [`bytes`] writes
//! everything that decides how much a run costs in one canonical form; its SHA-256 names the schedule.

use crate::limits::STACK_BYTES;
use crate::opcodes::{Opcodes, PREFIXED};

pub use crate::opcodes::WEIGHTS;

/// More for a call through the table.
pub const INDIRECT_GAS: u32 = 16;

/// More for `memory.grow`, beside what its pages cost.
pub const GROW_GAS: u32 = 100;

/// For each page that `memory.grow` adds.
pub const PAGE_GAS: u32 = 4_096;

/// More for `memory.init`, `memory.copy` and `memory.fill`, beside one for each eight bytes.
pub const BULK_GAS: u32 = 8;

/// Bytes that such an instruction moves for one gas more, as a power of two.
pub const BYTES_A_GAS_BITS: i8 = 3;

/// Gas for each entry of a table that an instruction writes, as a power of two.
pub const ENTRY_GAS_BITS: i8 = 6;

/// Gas for each entry that `table.grow` adds, as a power of two.
pub const NEW_ENTRY_GAS_BITS: i8 = 10;

/// Declared locals for which a call costs one gas more: they are set to zero.
pub const LOCALS_A_GAS: u32 = 4;

/// A segment behind a `br_if` is charged together with the one before it while the joined ones cost no more than this.
pub const JOINED_GAS_MAX: u32 = 16;

/// Gas on the way from one test of the gas to the next within a function: beyond it a segment is cut and the gas tested.
pub const UNTESTED_GAS_MAX: u32 = 10_000;

/// What a call counts on that way beside its own gas, and the most that all instructions of a function may cost together for it to be
/// entered without a test.
pub const LEAF_GAS_MAX: u32 = 1_000;

/// Bytes of stack for a call, before its slots: what the smallest call takes in V8's plain compiler, whose frames are the largest.
pub const FRAME_BYTES: u32 = 48;

/// Bytes of stack for a parameter, a local or an operand.
pub const SLOT_BYTES: u32 = 8;

/// Bytes of stack for an instruction that leaves a new value: what most functions are far below. A compiler that finds the same
/// instruction twice keeps its value in between, however far that is and whatever is called there.
pub const VALUE_BYTES: u32 = 2;

/// The same where the most is asked that one function can take: half a slot, since it takes two instructions to have a value kept.
pub const VALUE_BYTES_MAX: u32 = 4;

/// As so many values count `select` and the signed remainders.
pub const CHOSEN_VALUES: u32 = 2;

/// As so many values counts an instruction with the prefix 0xfc. An engine writes a saturating conversion as branches, and keeps what they lead to.
pub const LONG_VALUES: u32 = 6;

/// A function that calls nothing and can take no more than this is not counted.
pub const FRAME_FREE_BYTES: u32 = 1_024;

const CONSTANTS: [u32; 19] = [
    INDIRECT_GAS,
    GROW_GAS,
    PAGE_GAS,
    BULK_GAS,
    1 << BYTES_A_GAS_BITS,
    1 << ENTRY_GAS_BITS,
    1 << NEW_ENTRY_GAS_BITS,
    LOCALS_A_GAS,
    JOINED_GAS_MAX,
    UNTESTED_GAS_MAX,
    LEAF_GAS_MAX,
    FRAME_BYTES,
    SLOT_BYTES,
    VALUE_BYTES,
    VALUE_BYTES_MAX,
    CHOSEN_VALUES,
    LONG_VALUES,
    FRAME_FREE_BYTES,
    STACK_BYTES,
];

/// How many opcodes have a gas, refused ones between them included.
const OPCODES: usize = 0xd3 + 18;

/// How many bytes [`bytes`] makes.
pub const BYTES: usize = 8 + OPCODES + 4 * CONSTANTS.len();

/// The schedule: `tabmesh2`; the gas of the opcodes 0x00 to 0xd2 and of 0xfc 0 to 17, one byte each, 255 where the opcode is
/// refused; the constants above in their order, 4 bytes each, little-endian.
#[must_use]
pub fn bytes() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    bytes[..8].copy_from_slice(b"tabmesh2");
    let mut opcodes = Opcodes::new();
    opcodes.unpack();
    let rows = (0..0xd3).chain(PREFIXED..PREFIXED + 18);
    for (byte, row) in bytes[8..8 + OPCODES].iter_mut().zip(rows) {
        *byte = opcodes.opcode(row).map_or(255, |opcode| opcode.gas() as u8);
    }
    for (to, constant) in bytes[8 + OPCODES..].chunks_exact_mut(4).zip(CONSTANTS) {
        to.copy_from_slice(&constant.to_le_bytes());
    }
    bytes
}
