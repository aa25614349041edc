//! What is accepted of each section but the code.

use crate::limits::{ITEMS_MAX, NAME_BYTES_MAX, PAGES_MAX, PARAMETERS_MAX, RESULTS_MAX};
use crate::meter::Meter;
use crate::refusal::Reason;

/// i32 and f64: the first and the last of the four types of numbers, as they are written.
const I32: u8 = 0x7f;
const F64: u8 = 0x7c;

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
            let parameters = self.value_types(PARAMETERS_MAX);
            let start = self.reader.at;
            let results = self.value_types(RESULTS_MAX);
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

    /// A list of types of numbers, its length in one byte: the length.
    fn value_types(&mut self, limit: u32) -> u32 {
        let count = u32::from(self.reader.byte());
        self.reader.check(count <= limit, Reason::Count);
        for _ in 0..count {
            self.value_type();
        }
        count
    }

    /// One of the four types of numbers, as it is written.
    pub(crate) fn value_type(&mut self) -> u8 {
        let kind = self.reader.byte();
        self.reader.check((F64..=I32).contains(&kind), Reason::Type);
        kind
    }

    /// What a memory or a table has at least. What it has at most, which may be absent, is kept.
    fn size(&mut self, reason: Reason) -> u32 {
        let has_maximum = self.reader.byte();
        self.reader.check(has_maximum <= 1, reason);
        let minimum = self.reader.number();
        self.size_max = if has_maximum == 1 { self.reader.number() } else { self.pages_max };
        minimum
    }

    pub(crate) fn table(&mut self, number: u32) {
        self.reader.expect(0x70, Reason::Table);
        self.reader.check(number == 0, Reason::Table);
        let minimum = self.size(Reason::Table);
        self.reader.check(minimum <= ITEMS_MAX, Reason::Count);
    }

    pub(crate) fn memory(&mut self) {
        let minimum = self.size(Reason::Memory);
        let maximum = self.size_max;
        self.reader.check(minimum <= self.pages_max, Reason::Pages);
        self.reader.check(maximum <= PAGES_MAX && !self.has_memory, Reason::Memory);
        self.pages_max = self.pages_max.min(maximum);
        self.has_memory = true;
        self.copied = self.reader.at;
        self.writer.byte(1);
        self.writer.number(minimum);
        self.writer.number(self.pages_max);
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

    pub(crate) fn elements(&mut self) {
        self.reader.expect(0, Reason::Elements);
        self.initialiser();
        let count = self.reader.count(ITEMS_MAX);
        for _ in 0..count {
            self.reader.index(self.functions);
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
