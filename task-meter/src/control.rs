//! Blocks, branches and the height of the operand stack.
//!
//! Behind an unconditional branch the code is dead until its block ends: it is copied, its indices are checked, and nothing
//! else is known of it.

use crate::floats::{operand, spare_float};
use crate::function::HAS_TIGHT_LOOP;
use crate::gas::Begin;
use crate::limits::NESTING_MAX;
use crate::meter::{Body, Meter};
use crate::refusal::Reason;
use crate::schedule::LEAF_GAS_MAX;
use crate::scratch::Block;
use crate::slots::{SLOT, slot};

pub(crate) const BLOCK: u8 = 0x02;
pub(crate) const LOOP: u8 = 0x03;
pub(crate) const IF: u8 = 0x04;
const ELSE: u8 = 0x05;

const LABEL: u8 = SLOT + slot::LABEL;
const GAS: u8 = SLOT + slot::GAS;
const GAS_LOCAL: u8 = SLOT + slot::GAS_LOCAL;

fn parameters(word: u32) -> u32 {
    word & 0xff
}

fn results(word: u32) -> u32 {
    word >> 8 & 0xff
}

impl Meter<'_> {
    #[inline(never)]
    pub(crate) fn push(&mut self, known: u32) {
        *self.scratch.operand(self.body.height) = known;
        self.body.height = self.body.height.wrapping_add(1);
        self.body.height_max = self.body.height_max.max(self.body.height);
    }

    fn push_decided(&mut self, count: u32) {
        for _ in 0..count {
            self.push(operand::BITS);
        }
    }

    /// Takes the topmost operand. One that is not there makes the height wrap, and the module stays as invalid as it is.
    #[inline(never)]
    pub(crate) fn pop(&mut self) -> u32 {
        self.body.height = self.body.height.wrapping_sub(1);
        *self.scratch.operand(self.body.height)
    }

    /// Takes operands whose bits are seen: what made them is marked, as far as they are loose.
    #[inline(never)]
    pub(crate) fn take(&mut self, count: u32) {
        for _ in 0..count {
            let known = self.pop();
            if known & operand::LOOSE != 0 {
                *self.scratch.mark(known >> operand::SHIFT) = true;
                self.body.spares |= spare_float(known & operand::DOUBLE);
            }
        }
    }

    #[inline(never)]
    fn innermost(&mut self) -> &mut Block {
        self.scratch.block(self.body.depth.wrapping_sub(1))
    }

    #[inline(never)]
    pub(crate) fn nest(&mut self, opcode: u8, word: u32) {
        let Body { height, depth, is_dead, untested, .. } = self.body;
        let untested = if opcode == IF { untested } else { 0 };
        *self.scratch.block(depth) = Block { height, word, untested, opcode, is_target: false, is_dead };
        self.body.depth += 1;
    }

    /// Opens a block of the type that `word` tells.
    pub(crate) fn open(&mut self, opcode: u8, word: u32) {
        if self.body.depth == NESTING_MAX {
            self.reader.refuse(Reason::Nesting);
            return;
        }
        let is_dead = self.body.is_dead;
        if !is_dead {
            if opcode == IF {
                self.pop();
            }
            self.take(parameters(word));
            self.body.is_tight |= opcode == LOOP;
        }
        self.nest(opcode, word);
        if !is_dead {
            self.push_decided(parameters(word));
            if opcode != BLOCK {
                self.begin_segment(if opcode == LOOP { Begin::Checked } else { Begin::Plain });
            }
        }
    }

    /// `else` and `end`. The last `end` closes the function itself.
    pub(crate) fn close(&mut self, opcode: u8) {
        let block = *self.innermost();
        let was_dead = self.body.is_dead;
        if !was_dead {
            self.take(results(block.word));
        }
        if block.is_dead {
            if opcode != ELSE {
                self.body.depth -= 1;
            }
            return;
        }
        self.body.height = block.height;
        self.body.is_dead = false;
        let untested = self.body.untested.max(block.untested);
        let mut begins = true;
        self.body.untested = untested;
        if opcode == ELSE {
            self.reader.check(block.opcode == IF, Reason::Blocks);
            self.body.untested = block.untested;
            let innermost = self.innermost();
            innermost.opcode = ELSE;
            innermost.untested = untested;
            self.push_decided(parameters(block.word));
        } else {
            self.body.depth -= 1;
            if self.body.depth > 0 {
                self.push_decided(results(block.word));
            }
            begins = was_dead || block.is_target || block.opcode != BLOCK;
            if block.opcode == LOOP && self.body.is_tight {
                self.body.spares |= HAS_TIGHT_LOOP;
            }
        }
        if begins {
            self.begin_segment(Begin::Plain);
        }
    }

    /// A label: how many operands a branch to it takes along.
    pub(crate) fn label(&mut self) -> u32 {
        let Body { depth, untested, .. } = self.body;
        let label = self.reader.index(depth);
        let block = self.scratch.block(depth.wrapping_sub(1).wrapping_sub(label));
        block.is_target = true;
        block.untested = block.untested.max(untested);
        if block.opcode == LOOP { parameters(block.word) } else { results(block.word) }
    }

    /// An instruction behind which the code is dead; it takes operands along.
    pub(crate) fn leave(&mut self, count: u32) {
        self.take(count);
        self.body.is_dead = true;
    }

    /// `br_if`, whose operands stay.
    pub(crate) fn branch_if(&mut self, count: u32) {
        self.pop();
        self.take(count);
        self.body.height = self.body.height.wrapping_add(count);
        self.begin_segment(Begin::Joinable);
    }

    /// `return` at `start`, as a branch to the block that the function's code now is.
    pub(crate) fn leave_function(&mut self, start: usize) {
        let word = self.body.word;
        self.replace(start);
        self.writer.slots[usize::from(slot::LABEL)] = self.body.depth.wrapping_sub(1);
        self.writer.template(&[0x0c, LABEL]);
        self.leave(results(word));
    }

    /// A call of a function whose type's word is `word`, at `start`; written as `instead`, unless that is empty.
    pub(crate) fn call(&mut self, word: u32, start: usize, instead: &[u8]) {
        // Engines write the operands once more, as the frame's own for those that are called.
        let height = self.body.height.wrapping_add(parameters(word));
        self.body.height_max = self.body.height_max.max(height);
        self.take(parameters(word));
        self.charge(parameters(word));
        self.body.values += results(word);
        self.body.untested += LEAF_GAS_MAX;
        self.body.calls = true;
        self.body.is_tight = false;
        self.copy_until(start);
        if !instead.is_empty() {
            self.copied = self.reader.at;
        }
        if self.body.keeps_gas {
            self.writer.template(&[0x20, GAS_LOCAL, 0x24, GAS]);
        }
        self.writer.template(instead);
        self.copy_rest();
        if self.body.keeps_gas {
            self.writer.template(&[0x23, GAS, 0x21, GAS_LOCAL]);
        }
        self.push_decided(results(word));
    }
}
