//! The memory that metering takes, beside the module and the output.

use crate::limits::{FLOATS_MAX, ITEMS_MAX, NESTING_MAX, SLOTS_MAX, TYPES_MAX};
use crate::opcodes::Opcodes;

/// Lengths are powers of two, at least what the limits ask for: an index that a limit has checked, cut to the length, costs no
/// further check.
const TYPES: usize = TYPES_MAX as usize;
const FUNCTIONS: usize = (ITEMS_MAX + 1) as usize;
const SLOTS: usize = (SLOTS_MAX as usize).next_power_of_two();
const BLOCKS: usize = NESTING_MAX as usize;
const MARKS: usize = FLOATS_MAX as usize;

/// An open block.
#[derive(Clone, Copy, Default)]
pub(crate) struct Block {
    /// Operands below it.
    pub(crate) height: u32,
    /// The word of its type: see [`Scratch::type_word`].
    pub(crate) word: u32,
    /// The most gas that is untested where it is left, as far as is known; of an `if` at first that at its start.
    pub(crate) untested: u32,
    /// The opcode that opened it; that of `else` after one.
    pub(crate) opcode: u8,
    /// Whether a branch goes to it.
    pub(crate) is_target: bool,
    /// Whether it stands in code that is never reached.
    pub(crate) is_dead: bool,
}

/// Tables of fixed size, 562 KiB; all zeros to begin with, used again for any number of modules. The small ones come first:
/// a near place is shorter to write.
#[repr(C)]
pub struct Scratch {
    pub(crate) opcodes: Opcodes,
    locals: [u8; SLOTS],
    types: [u32; TYPES],
    starts: [u32; TYPES],
    functions: [u16; FUNCTIONS],
    operands: [u32; SLOTS],
    blocks: [Block; BLOCKS],
    marks: [bool; MARKS],
}

impl Scratch {
    /// All zeros.
    #[must_use]
    #[allow(clippy::large_stack_arrays, clippy::new_without_default)]
    pub const fn new() -> Self {
        let block = Block { height: 0, word: 0, untested: 0, opcode: 0, is_target: false, is_dead: false };
        Self {
            types: [0; TYPES],
            starts: [0; TYPES],
            functions: [0; FUNCTIONS],
            locals: [0; SLOTS],
            operands: [0; SLOTS],
            blocks: [block; BLOCKS],
            marks: [false; MARKS],
            opcodes: Opcodes::new(),
        }
    }

    /// The word of a type: parameters in the lowest byte, results in the next, and above them how a block with these
    /// results is written, as the signed number of a block type.
    #[inline(never)]
    pub(crate) fn type_word(&mut self, index: u32) -> &mut u32 {
        &mut self.types[index as usize % TYPES]
    }

    /// Where the parameters and results of a type are listed within the module.
    pub(crate) fn type_at(&mut self, index: u32) -> &mut u32 {
        &mut self.starts[index as usize % TYPES]
    }

    /// The type of a function.
    #[inline(never)]
    pub(crate) fn function(&mut self, index: u32) -> &mut u16 {
        &mut self.functions[index as usize % FUNCTIONS]
    }

    /// What is known of a local: see [`crate::floats`].
    #[inline(never)]
    pub(crate) fn local(&mut self, index: u32) -> &mut u8 {
        &mut self.locals[index as usize % SLOTS]
    }

    /// What is known of an operand: see [`crate::floats`].
    #[inline(never)]
    pub(crate) fn operand(&mut self, index: u32) -> &mut u32 {
        &mut self.operands[index as usize % SLOTS]
    }

    /// An open block, the outermost first.
    #[inline(never)]
    pub(crate) fn block(&mut self, index: u32) -> &mut Block {
        &mut self.blocks[index as usize % BLOCKS]
    }

    /// Whether the bits of a float are seen: see [`crate::floats`].
    pub(crate) fn mark(&mut self, index: u32) -> &mut bool {
        &mut self.marks[index as usize % MARKS]
    }
}
