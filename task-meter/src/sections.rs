//! What is accepted of each section but the code.

use crate::limits::{ITEMS_MAX, NAME_BYTES_MAX, PAGES_MAX, PARAMETERS_MAX, RESULTS_MAX};
use crate::meter::Meter;
use crate::refusal::Reason;

/// i32 and f64: the first and the last of the four types of numbers, as they are written.
const I32: u8 = 0x7f;
pub(crate) const F64: u8 = 0x7c;

/// funcref and externref likewise.
const FUNCREF: u8 = 0x70;
const EXTERNREF: u8 = 0x6f;

/// The first and the last kind of what is exported.
const FUNCTION: u8 = 0;
const GLOBAL: u8 = 3;

impl Meter<'_> {
    /// Function types; those with several results once more as types of blocks, behind them that of the function that grows.
    pub(crate) fn type_items(&mut self, count: u32) {
        let start = self.reader.at;
        for index in 0..count {
            self.reader.expect(0x60, Reason::Type);
            *self.scratch.type_at(index) = self.reader.at as u32;
            let parameters = self.value_types(PARAMETERS_MAX, Reason::Parameters);
            let start = self.reader.at;
            let results = self.value_types(RESULTS_MAX, Reason::Results);
            let written = match results {
                0 => 0x40 - 0x80,
                1 => i32::from(self.reader.byte_at(start + 1)) - 0x80,
                _ => {
                    self.more_types += 1;
                    (count + self.more_types - 1) as i32
                }
            };
            *self.scratch.type_word(index) = (written as u32) << 16 | results << 8 | parameters;
        }
        self.types = count;
        self.writer.number(count + self.more_types + 2);
        self.copied = start;
        self.copy_rest();
        for index in 0..count {
            let word = *self.scratch.type_word(index);
            if word & 0xff00 > 0x100 {
                self.writer.bytes(&[0x60, 0]);
                self.copied = (*self.scratch.type_at(index) + 1 + (word & 0xff)) as usize;
                self.copy_until(self.copied + 1 + (word >> 8 & 0xff) as usize);
            }
        }
        self.copied = self.reader.at;
    }

    /// A list of types, its length in one byte: the length.
    fn value_types(&mut self, limit: u32, reason: Reason) -> u32 {
        let count = u32::from(self.reader.byte());
        let count = self.reader.bound(count, limit, reason);
        for _ in 0..count {
            self.value_type();
        }
        count
    }

    /// One of the types of numbers and references, as it is written.
    pub(crate) fn value_type(&mut self) -> u8 {
        let kind = self.reader.byte();
        self.reader.check(matches!(kind, F64..=I32 | EXTERNREF | FUNCREF), Reason::Type);
        kind
    }

    /// funcref or externref.
    pub(crate) fn reference_type(&mut self, reason: Reason) {
        let kind = self.reader.byte();
        self.reader.check(matches!(kind, EXTERNREF | FUNCREF), reason);
    }

    /// Reads what a memory or a table has at least and at most, and writes it with a maximum of at most `limit`, which is answered.
    fn size(&mut self, limit: u32, kind: Reason, too_large: Reason) -> u32 {
        let start = self.reader.at;
        let has_maximum = self.reader.byte();
        self.reader.check(has_maximum <= 1, kind);
        let minimum = self.reader.at_most(limit, too_large);
        self.size_max = if has_maximum == 1 { self.reader.number() } else { limit };
        let maximum = self.size_max.min(limit);
        self.replace(start);
        self.writer.byte(1);
        self.writer.number(minimum);
        self.writer.number(maximum);
        maximum
    }

    pub(crate) fn table(&mut self) {
        self.reference_type(Reason::Table);
        self.size(ITEMS_MAX, Reason::Table, Reason::Count);
    }

    pub(crate) fn memory(&mut self) {
        self.pages_max = self.size(self.pages_max, Reason::Memory, Reason::Pages);
        self.reader.check(self.size_max <= PAGES_MAX && !self.has_memory, Reason::Memory);
        self.has_memory = true;
    }

    pub(crate) fn global(&mut self) {
        self.value_type();
        self.reader.byte();
        self.initialiser();
    }

    /// One constant and its end.
    fn initialiser(&mut self) {
        match self.reader.byte() {
            0x41 | 0x42 => self.reader.skip_number(),
            0x43 => self.reader.skip(4),
            0x44 => self.reader.skip(8),
            0xd0 => self.reference_type(Reason::Initialiser),
            0xd2 => {
                self.reader.index(self.functions);
            }
            _ => self.reader.refuse(Reason::Initialiser),
        }
        self.reader.expect(0x0b, Reason::Initialiser);
    }

    pub(crate) fn export(&mut self) {
        let start = self.reader.at;
        let name = self.name(NAME_BYTES_MAX);
        if self.reader.has(name, b"~") {
            self.reader.refuse_at(Reason::Name, start);
        }
        let kind = self.reader.byte();
        self.reader.check(kind <= GLOBAL, Reason::Export);
        let index = self.reader.index(match kind {
            FUNCTION => self.functions,
            GLOBAL => self.globals,
            // The engine checks those of memories and tables, to which nothing is appended.
            _ => ITEMS_MAX,
        });
        if kind == FUNCTION {
            let its_type = u32::from(*self.scratch.function(index));
            self.cross_border(its_type);
        }
    }

    /// A segment of elements: bit 0 of its form says that it is not active; bit 1 that it names its table, or is declared only;
    /// bit 2 that it is made of constants.
    pub(crate) fn elements(&mut self) {
        let form = self.reader.at_most(7, Reason::Elements);
        if form & 1 == 0 {
            if form & 2 != 0 {
                self.reader.number();
            }
            self.initialiser();
        }
        let is_constants = form & 4 != 0;
        if form & 3 != 0 {
            if is_constants {
                self.reference_type(Reason::Elements);
            } else {
                self.reader.expect(0, Reason::Elements);
            }
        }
        for _ in 0..self.reader.count(ITEMS_MAX) {
            if is_constants {
                self.initialiser();
            } else {
                self.reader.index(self.functions);
            }
        }
    }

    pub(crate) fn data(&mut self) {
        match self.reader.byte() {
            0 => self.initialiser(),
            1 => {}
            _ => self.reader.refuse(Reason::Data),
        }
        self.name(u32::MAX);
    }
}
