//! One function: a scan that finds out what it needs, and a scan that writes it.

use crate::floats::{local, operand};
use crate::gas::Begin;
use crate::limits::{CONSTANTS_MAX, FRAME_BYTES_MAX, ITEMS_MAX, LABELS_MAX, SLOTS_MAX};
use crate::meter::{Body, Meter};
use crate::opcodes::{PREFIXED, SPECIAL, TABLE_GROW, TABLE_INIT, immediate};
use crate::refusal::Reason;
use crate::schedule::{
    BULK_GAS, BYTES_A_GAS_BITS, CHOSEN_VALUES, ENTRY_GAS_BITS, FRAME_BYTES, FRAME_FREE_BYTES, GROW_GAS,
    INDIRECT_GAS, LEAF_GAS_MAX, LOCALS_A_GAS, LONG_VALUES, NEW_ENTRY_GAS_BITS, SLOT_BYTES, VALUE_BYTES,
    VALUE_BYTES_MAX,
};
use crate::sections::F64;
use crate::slots::{SLOT, slot};

const GAS: u8 = SLOT + slot::GAS;
const STACK: u8 = SLOT + slot::STACK;
const GROW: u8 = SLOT + slot::GROW;
const GAS_LOCAL: u8 = SLOT + slot::GAS_LOCAL;
const CONSTANT: u8 = SLOT + slot::CONSTANT;
const KIND: u8 = SLOT + slot::KIND;

/// A function's first block, which its code becomes.
const FUNCTION: u8 = 0;

/// Bytes of an instruction that makes a small constant, at the most: no compiler keeps these, and an interpreter 192 different ones.
const CONSTANT_BYTES: usize = 2;

/// From so many bytes on a function's branches may lead so far that an interpreter keeps a constant for each.
const LONG_BYTES: usize = 8 << 10;

/// The bit of the spare local for gas.
pub(crate) const HAS_TIGHT_LOOP: u32 = 1 << slot::GAS_LOCAL;

impl Meter<'_> {
    /// Writes the function that is read from here to the end, without its length.
    pub(crate) fn function_body(&mut self, word: u32) {
        let parameters = word & 0xff;
        self.body = Body { word, ..Body::NEW };
        self.declare(parameters, local::DECIDED);
        let groups = self.reader.count(ITEMS_MAX);
        let list = self.reader.at;
        self.declare_groups(groups);
        let zeroed = self.body.locals - parameters;

        let code = self.reader.at;
        self.body.is_long = self.reader.end.wrapping_sub(code) > LONG_BYTES;
        self.writer.is_off = true;
        self.scan(0);
        self.writer.is_off = false;
        let Body { locals, height_max, values, calls, gas, .. } = self.body;
        // Where the operands do not match their height is anything.
        let slots = self.reader.bound(height_max.saturating_add(locals), SLOTS_MAX, Reason::Frame);
        let most = FRAME_BYTES + SLOT_BYTES * slots + VALUE_BYTES_MAX * values;
        self.reader.bound(most, FRAME_BYTES_MAX, Reason::Frame);
        self.reader.bound(self.body.constants, CONSTANTS_MAX, Reason::Constants);
        self.frame_max = self.frame_max.max(most);
        if self.reader.is_refused() {
            return;
        }

        self.writer.number(groups + self.body.spares.count_ones());
        self.copied = list;
        self.copy_until(code);
        self.declare_spares();
        self.body.is_counted = calls || most > FRAME_FREE_BYTES || gas > LEAF_GAS_MAX;
        self.writer.slots[usize::from(slot::CONSTANT)] = most - (VALUE_BYTES_MAX - VALUE_BYTES) * values;
        self.writer.slots[usize::from(slot::KIND)] = (word as i32 >> 16) as u32;
        self.reader.at = code;
        self.copied = code;
        self.scan(zeroed / LOCALS_A_GAS);
        self.exit();
    }

    /// Declares the locals that are needed beside the function's own, and names them in their slots.
    fn declare_spares(&mut self) {
        let mut local = self.body.locals;
        for kind in 0..4 {
            if self.body.spares >> kind & 1 != 0 {
                self.writer.byte(1);
                self.writer.byte(0x7f - kind);
                self.writer.slots[usize::from(kind)] = local;
                local += 1;
            }
        }
    }

    /// Takes the frame off the stack, tests it and the gas, and fetches the gas.
    fn enter(&mut self) {
        self.keep_gas(false);
        if self.body.is_counted {
            self.writer.template(&[0x23, STACK, 0x41, CONSTANT, 0x6b, 0x24, STACK]);
            self.test(&[0x23, STACK, 0xac, 0x23, GAS, 0x84]);
        }
        if self.body.spares & HAS_TIGHT_LOOP != 0 {
            self.keep_gas(true);
            self.writer.template(&[0x23, GAS, 0x21, GAS_LOCAL, 0x02, 0x40]);
        }
        if self.body.is_counted | self.body.keeps_gas {
            self.writer.template(&[0x02, KIND]);
        }
    }

    /// Gives the frame back, and puts the gas away; behind the outer block the run is out of gas.
    fn exit(&mut self) {
        if self.body.is_counted {
            self.writer.template(&[0x23, STACK, 0x41, CONSTANT, 0x6a, 0x24, STACK]);
        }
        if self.body.keeps_gas {
            self.writer.template(&[0x20, GAS_LOCAL, 0x24, GAS, 0x0f, 0x0b, 0x42, 0x7f, 0x24, GAS, 0]);
        }
        if self.body.is_counted | self.body.keeps_gas {
            self.writer.byte(0x0b);
        }
    }

    /// From here on the gas is in a local, or in the global.
    fn keep_gas(&mut self, keeps: bool) {
        self.body.keeps_gas = keeps;
        let (read, purse) = if keeps { (0x20, slot::GAS_LOCAL) } else { (0x23, slot::GAS) };
        self.writer.slots[usize::from(slot::READ)] = read;
        self.writer.slots[usize::from(slot::WRITE)] = read + 1;
        self.writer.slots[usize::from(slot::PURSE)] = self.writer.slots[usize::from(purse)];
    }

    fn declare_groups(&mut self, groups: u32) {
        for _ in 0..groups {
            let locals = self.reader.number().saturating_add(self.body.locals);
            let locals = self.reader.bound(locals, SLOTS_MAX, Reason::Locals);
            let kind = self.value_type();
            self.declare(locals, if kind < F64 { 0 } else { !kind & local::KIND });
        }
    }

    /// Declares locals until there are so many.
    #[inline(never)]
    fn declare(&mut self, locals: u32, known: u8) {
        while self.body.locals < locals {
            *self.scratch.local(self.body.locals) = known;
            self.body.locals += 1;
        }
    }

    /// Reads the instructions to the end of the function.
    fn scan(&mut self, entry_gas: u32) {
        let word = self.body.word;
        self.body.depth = 0;
        self.body.height = 0;
        self.body.is_dead = false;
        self.nest(FUNCTION, word);
        self.floats.made = 0;
        self.body.untested = 0;
        self.begin_segment(Begin::Plain);
        self.charge(entry_gas + u32::from(self.body.calls));
        self.enter();
        while self.body.depth > 0 && !self.reader.is_refused() {
            self.instruction();
        }
        self.no_segment();
        self.reader.check(self.reader.at == self.reader.end, Reason::Length);
    }

    fn instruction(&mut self) {
        let start = self.reader.at;
        let mut row = u32::from(self.reader.byte());
        if row == 0xfc {
            row = PREFIXED + self.reader.number().min(0xff);
        }
        let Some(opcode) = self.scratch.opcodes.opcode(row) else {
            self.reader.refuse_code_at(256 + row, start);
            return;
        };
        let immediate = self.immediate(opcode.immediate());
        // Of dead code only the blocks are followed.
        if self.body.is_dead && !matches!(row, 2..=5 | 0x0b) {
            return;
        }
        if !self.body.is_dead {
            self.charge(opcode.gas());
            self.count_values(row, start);
        }
        if opcode.form() == SPECIAL {
            self.special(row, immediate, start);
        } else {
            self.ordinary(opcode.form(), start);
        }
        if !self.body.is_dead && self.body.depth > 0 {
            self.cut_segment();
        }
    }

    /// Counts what an engine may give a slot of its own. Parameters and locals have theirs, and small constants are made anew.
    fn count_values(&mut self, row: u32, start: usize) {
        if matches!(row, 0x41..=0x44) {
            if self.reader.at - start <= CONSTANT_BYTES {
                return;
            }
            self.body.constants += 1;
        }
        match row {
            0x04 | 0x0d => self.count_branch(),
            0..=0x1a | 0x20..=0x22 => {}
            // What is chosen by a branch, or made on either side of one, may be kept with what it is made of.
            0x1b | 0x1c | 0x6f | 0x81 => self.body.values += CHOSEN_VALUES,
            PREFIXED.. => self.body.values += LONG_VALUES,
            _ => self.body.values += 1,
        }
    }

    /// Counts a conditional branch.
    pub(crate) fn count_branch(&mut self) {
        self.body.values += u32::from(self.body.is_long);
        self.body.constants += u32::from(self.body.is_long);
    }

    /// Reads what stands behind an opcode: an index, the word of a type, how many operands a branch takes, or 0.
    fn immediate(&mut self, kind: u16) -> u32 {
        match kind {
            immediate::BLOCK => return self.block_type(),
            immediate::LABEL => return self.label(),
            immediate::LABELS => {
                for _ in 0..self.reader.at_most(LABELS_MAX, Reason::Labels) {
                    self.label();
                }
                return self.label();
            }
            immediate::FUNCTION => {
                let index = self.reader.index(self.functions);
                return self.function_type(index);
            }
            immediate::INDIRECT => {
                let index = self.reader.index(self.types);
                self.reader.number();
                return *self.scratch.type_word(index);
            }
            immediate::SELECT => {
                self.reader.expect(1, Reason::Type);
                self.value_type();
            }
            immediate::LOCAL => return self.reader.index(self.body.locals),
            immediate::GLOBAL => return self.reader.index(self.globals),
            immediate::ADDRESS => {
                let alignment = self.reader.number();
                self.reader.check(alignment <= 3, Reason::Memory);
                self.reader.number();
            }
            immediate::MEMORY => self.memory_zero(),
            immediate::NUMBER => self.reader.skip_number(),
            immediate::FLOAT => self.reader.skip(4),
            immediate::DOUBLE => self.reader.skip(8),
            immediate::SEGMENT_MEMORY => {
                self.reader.number();
                self.memory_zero();
            }
            immediate::INDEX => {
                self.reader.number();
            }
            immediate::INDICES => {
                self.reader.number();
                self.reader.number();
            }
            immediate::REFERENCE => self.reference_type(Reason::Type),
            immediate::MEMORIES => {
                self.memory_zero();
                self.memory_zero();
            }
            _ => {}
        }
        0
    }

    fn memory_zero(&mut self) {
        self.reader.expect(0, Reason::Memory);
        self.reader.check(self.has_memory, Reason::Memory);
    }

    /// The word of a block's type.
    fn block_type(&mut self) -> u32 {
        let start = self.reader.at;
        let index = self.reader.number();
        if self.reader.at == start + 1 && index >= 0x40 {
            if index == 0x40 {
                return 0;
            }
            self.reader.at = start;
            self.value_type();
            return 1 << 8;
        }
        self.reader.check(index < self.types, Reason::Index);
        *self.scratch.type_word(index)
    }

    /// An instruction of which only operands and result matter.
    fn ordinary(&mut self, form: u16, start: usize) {
        let sees = form >= 15;
        let form = if sees { form - 15 } else { form };
        if sees {
            self.see_top(start);
        }
        for _ in 0..form / 5 {
            self.pop();
        }
        match form % 5 {
            0 => {}
            1 => self.push(operand::BITS),
            2 => self.push(operand::NUMBER),
            made => self.push_loose(made == 4),
        }
    }

    /// An instruction of its own kind.
    fn special(&mut self, row: u32, immediate: u32, start: usize) {
        match row {
            0x00 => self.leave(0),
            0x02..=0x04 => self.open(row as u8, immediate),
            0x05 | 0x0b => self.close(row as u8),
            0x0c => self.leave(immediate),
            0x0d => self.branch_if(immediate),
            0x0e => {
                self.pop();
                self.leave(immediate);
            }
            0x0f => self.leave_function(start),
            0x10 => self.call(immediate, start, &[]),
            0x11 => {
                self.pop();
                self.charge(INDIRECT_GAS);
                self.call(immediate, start, &[]);
            }
            0x1b | 0x1c => self.select(),
            0x20 => self.read_local(immediate),
            0x21 | 0x22 => self.write_local(immediate, start, row == 0x22),
            0x40 => {
                self.charge(GROW_GAS);
                // As the call of a function that takes one operand and gives one.
                self.call(0x101, start, &[0x10, GROW]);
            }
            0x43 | 0x44 => self.push_constant(row == 0x44),
            _ => self.bulk(row, start),
        }
    }

    /// `select`: what comes out may be either, so a loose one of them counts as seen.
    fn select(&mut self) {
        self.pop();
        self.take(2);
        self.push(operand::BITS);
    }

    /// An operation on as many bytes, or entries of a table, as the topmost of its three operands says. `table.grow` has two, and
    /// gives a number.
    fn bulk(&mut self, row: u32, start: usize) {
        let grows = row == TABLE_GROW;
        for _ in u32::from(grows)..3 {
            self.pop();
        }
        self.charge(BULK_GAS);
        self.copy_until(start);
        self.charge_bulk(match row {
            TABLE_GROW => NEW_ENTRY_GAS_BITS,
            TABLE_INIT.. => ENTRY_GAS_BITS,
            _ => -BYTES_A_GAS_BITS,
        });
        if grows {
            self.push(operand::BITS);
        }
    }
}
