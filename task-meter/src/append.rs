//! What is appended to a module: two globals, two functions and their types, and the names by which a host knows them.

use crate::limits::{FRAME_BYTES_SPARE, STACK_BYTES};
use crate::meter::Meter;
use crate::schedule::PAGE_GAS;
use crate::section_id::{CODE, EXPORT, FUNCTION, GLOBAL, TYPE};
use crate::slots::{SLOT, slot};

const I32: u8 = 0x7f;
const I64: u8 = 0x7e;

/// Slots as templates name them.
const GAS: u8 = SLOT + slot::GAS;
const STACK: u8 = SLOT + slot::STACK;
const LABEL: u8 = SLOT + slot::LABEL;
const CONSTANT: u8 = SLOT + slot::CONSTANT;

/// Nothing is no business of the engine's, which would make much of it. More than the limit leaves: −1. Then the pages are charged, and a run that cannot pay for them is out
/// of gas; where the host has no memory to give, the gas becomes the least of all numbers, 1 << 63.
#[rustfmt::skip]
const GROW_CODE: &[u8] = &[
    0,
    0x20, 0, 0x45, 0x04, 0x40, 0x3f, 0, 0x0f, 0x0b,
    0x20, 0, 0x41, CONSTANT, 0x3f, 0, 0x6b, 0x4b, 0x04, 0x40, 0x41, 0x7f, 0x0f, 0x0b,
    0x23, GAS, 0x20, 0, 0xad, 0x42, PAGE_GAS as u8 | 128, (PAGE_GAS >> 7) as u8, 0x7e, 0x7d, 0x24, GAS,
    0x23, GAS, 0x42, 0, 0x53, 0x04, 0x40, 0, 0x0b,
    0x20, 0, 0x40, 0, 0x22, 0, 0x41, 0x7f, 0x46, 0x04, 0x40, 0x42, 1, 0x42, 0x3f, 0x86, 0x24, GAS, 0, 0x0b,
    0x20, 0, 0x0b,
];

/// Keeps what the largest function takes free of the task's stack.
const SPARE_CODE: &[u8] = &[0, 0x23, STACK, 0x41, CONSTANT, 0x6b, 0x24, STACK, 0x0b];

/// The same, and then the start function.
const START_CODE: &[u8] = &[0, 0x23, STACK, 0x41, CONSTANT, 0x6b, 0x24, STACK, 0x10, LABEL, 0x0b];

/// The gas, and the stack as a number of three bytes.
#[rustfmt::skip]
const GLOBALS: &[u8] = &[I64, 1, 0x42, 0, 0x0b, I32, 1, 0x41, 128, 128, (STACK_BYTES >> 14) as u8, 0x0b];

impl Meter<'_> {
    /// Appends what is ours to a section.
    pub(crate) fn append(&mut self, id: u8) {
        match id {
            TYPE => self.writer.bytes(&[0x60, 1, I32, 1, I32, 0x60, 0, 0]),
            FUNCTION => {
                self.writer.number(self.types + self.more_types);
                self.writer.number(self.types + self.more_types + 1);
            }
            GLOBAL => self.writer.bytes(GLOBALS),
            EXPORT => {
                self.writer.slots[usize::from(slot::LABEL)] = self.functions + 1;
                self.writer
                    .template(&[2, b'~', b'g', 3, GAS, 2, b'~', b's', 3, STACK, 2, b'~', b'i', 0, LABEL]);
            }
            CODE => {
                self.writer.slots[usize::from(slot::CONSTANT)] = self.pages_max;
                self.function_of(if self.has_memory { GROW_CODE } else { &[0, 0, 0x0b] });
                self.writer.slots[usize::from(slot::LABEL)] = self.start.wrapping_sub(1);
                self.writer.slots[usize::from(slot::CONSTANT)] =
                    self.frame_max.saturating_sub(FRAME_BYTES_SPARE);
                // The engine checks the type of the start function.
                self.function_of(if self.start > 0 { START_CODE } else { SPARE_CODE });
            }
            _ => {}
        }
    }

    /// Functions and globals are known now, so the indices behind them can be given out.
    pub(crate) fn name_appended(&mut self, count: u32) {
        self.globals = count;
        self.writer.slots[usize::from(slot::GAS)] = count;
        self.writer.slots[usize::from(slot::STACK)] = count + 1;
        self.writer.slots[usize::from(slot::GROW)] = self.functions;
    }

    /// Writes a function: its length, then its locals and code.
    fn function_of(&mut self, template: &[u8]) {
        let hole = self.writer.hole();
        self.writer.template(template);
        self.writer.fill_length(hole);
    }
}
