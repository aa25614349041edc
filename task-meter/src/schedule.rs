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

/// Declared locals for which a call costs one gas more: they are set to zero.
pub const LOCALS_A_GAS: u32 = 4;

/// A segment behind a `br_if` is charged together with the one before it while the joined ones cost no more than this.
pub const JOINED_GAS_MAX: u32 = 16;

/// Gas on the way from one test of the gas to the next within a function: beyond it a segment is cut and the gas tested.
pub const UNTESTED_GAS_MAX: u32 = 10_000;

/// What a call counts on that way beside its own gas, and the most that all instructions of a function may cost together for it to be
/// entered without a test.
pub const LEAF_GAS_MAX: u32 = 1_000;

/// Bytes of stack for a call, before its slots.
pub const FRAME_BYTES: u32 = 64;

/// Bytes of stack for a parameter, a local or an operand.
pub const SLOT_BYTES: u32 = 8;

/// Bytes of stack for an instruction that leaves a new value. A compiler that finds the same instruction twice keeps its value in
/// between, however far that is and whatever is called there: one slot of 8 bytes for two instructions. One that takes
/// instructions out of a loop keeps a slot for each.
pub const VALUE_BYTES: u32 = 4;

/// As so many values counts an instruction with the prefix 0xfc. An engine writes a saturating conversion as branches, and keeps what they lead to.
pub const LONG_VALUES: u32 = 6;

/// A function that calls nothing and needs no more than this is not counted.
pub const FRAME_FREE_BYTES: u32 = 1_024;

const CONSTANTS: [u32; 14] = [
    INDIRECT_GAS,
    GROW_GAS,
    PAGE_GAS,
    BULK_GAS,
    LOCALS_A_GAS,
    JOINED_GAS_MAX,
    UNTESTED_GAS_MAX,
    LEAF_GAS_MAX,
    FRAME_BYTES,
    SLOT_BYTES,
    VALUE_BYTES,
    LONG_VALUES,
    FRAME_FREE_BYTES,
    STACK_BYTES,
];

/// How many opcodes have a gas, refused ones between them included.
const OPCODES: usize = 0xc5 + 12;

/// How many bytes [`bytes`] makes.
pub const BYTES: usize = 8 + OPCODES + 4 * CONSTANTS.len();

/// The schedule: `tabmesh1`; the gas of the opcodes 0x00 to 0xc4 and of 0xfc 0 to 11, one byte each, 255 where the opcode is
/// refused; the constants above in their order, 4 bytes each, little-endian.
#[must_use]
pub fn bytes() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    bytes[..8].copy_from_slice(b"tabmesh1");
    let mut opcodes = Opcodes::new();
    opcodes.unpack();
    let rows = (0..0xc5).chain(PREFIXED..PREFIXED + 12);
    for (byte, row) in bytes[8..8 + OPCODES].iter_mut().zip(rows) {
        *byte = opcodes.opcode(row).map_or(255, |opcode| opcode.gas() as u8);
    }
    for (to, constant) in bytes[8 + OPCODES..].chunks_exact_mut(4).zip(CONSTANTS) {
        to.copy_from_slice(&constant.to_le_bytes());
    }
    bytes
}
