//! The walk over the sections: what is accepted, what is appended.
//!
//! Everything is copied as it is, so that the engine judges it, but for counts, lengths, the memory's maximum and the code.
//! Custom sections are left out unread, and the start function becomes an export.

use crate::limits::{
    BODY_BYTES_MAX, FILE_BYTES_MAX, ITEMS_MAX, MODULE_BYTES_MAX, SEGMENTS_MAX, TABLES_MAX, TYPES_MAX,
};
use crate::meter::Meter;
use crate::refusal::Reason;
use crate::section_id::{
    CODE, DATA, DATA_COUNT, ELEMENT, EXPORT, FUNCTION, GLOBAL, IMPORT, MEMORY, START, TABLE, TYPE,
};

const MAGIC: &[u8] = b"\0asm\x01\0\0\0";

/// The sections in the order in which they must stand, and how many items are appended to each.
const ORDER: [(u8, u8); 12] = [
    (TYPE, 2),
    (IMPORT, 0),
    (FUNCTION, 2),
    (TABLE, 0),
    (MEMORY, 0),
    (GLOBAL, 2),
    (EXPORT, 3),
    (START, 0),
    (ELEMENT, 0),
    (DATA_COUNT, 0),
    (CODE, 2),
    (DATA, 0),
];

impl Meter<'_> {
    /// Kept apart from [`Self::new`], so that `self` is a parameter and not a place on the stack: 80 bytes.
    #[inline(never)]
    pub(crate) fn run(&mut self) {
        self.scratch.opcodes.unpack();
        self.reader.bound(self.reader.bytes.len() as u32, FILE_BYTES_MAX as u32, Reason::ModuleBytes);
        let is_module = self.reader.has(0, MAGIC);
        self.reader.check(is_module, Reason::Header);
        self.writer.bytes(MAGIC);
        self.reader.at = MAGIC.len();
        let end = self.reader.end;
        for &(id, appended) in &ORDER {
            let is_there = self.find(id);
            self.section(id, is_there, u32::from(appended));
            self.reader.end = end;
        }
        self.pass_custom();
        if self.reader.at != end {
            self.reader.byte();
            self.reader.refuse(Reason::Section);
        }
        self.reader.check(!self.writer.is_full, Reason::OutputBytes);
    }

    /// Passes over custom sections, unread.
    fn pass_custom(&mut self) {
        while self.reader.at < self.reader.end && self.reader.byte_at(self.reader.at) == 0 {
            self.reader.byte();
            let length = self.reader.number();
            self.reader.skip(length);
            if self.reader.is_refused() {
                return;
            }
        }
    }

    /// Whether section `id` comes next; then reading goes on within it, otherwise within nothing.
    fn find(&mut self, id: u8) -> bool {
        self.pass_custom();
        let is_there = self.reader.byte_at(self.reader.at) == id;
        let mut length = 0;
        if is_there {
            self.reader.byte();
            length = self.reader.number();
        }
        self.reader.limit(length);
        self.section_bytes = self.section_bytes.wrapping_add(length);
        self.reader.bound(self.section_bytes, MODULE_BYTES_MAX as u32, Reason::ModuleBytes);
        is_there
    }

    /// A section that is there or to which something is appended.
    fn section(&mut self, id: u8, is_there: bool, appended: u32) {
        if self.reader.is_refused() || !(is_there || appended > 0) {
            return;
        }
        let (limit, reason) = match id {
            TYPE => (TYPES_MAX, Reason::Types),
            TABLE => (TABLES_MAX, Reason::Tables),
            ELEMENT | DATA | DATA_COUNT => (SEGMENTS_MAX, Reason::Segments),
            _ => (ITEMS_MAX, Reason::Count),
        };
        let count = if is_there { self.reader.at_most(limit, reason) } else { 0 };
        if id == START {
            self.reader.check(count < self.functions, Reason::Index);
            self.start = 1 + count;
        } else {
            self.writer.byte(id);
            let length = self.writer.hole();
            self.copied = self.reader.at;
            self.items(id, count, appended);
            self.copy_rest();
            self.append(id);
            self.writer.fill_length(length);
        }
        self.reader.check(self.reader.at == self.reader.end, Reason::Length);
    }

    /// What is read of the module and not yet copied, copied.
    #[inline(never)]
    pub(crate) fn copy_rest(&mut self) {
        self.copy_until(self.reader.at);
    }

    /// Passes over what was read from `start` on, so that something else stands there.
    pub(crate) fn replace(&mut self, start: usize) {
        self.copy_until(start);
        self.copied = self.reader.at;
    }

    /// The module's bytes up to `end`, as far as they are not yet copied, copied.
    pub(crate) fn copy_until(&mut self, end: usize) {
        self.write_charge();
        self.writer.bytes(self.reader.bytes.get(self.copied..end).unwrap_or_default());
        self.copied = end;
    }

    /// The word of a function's type.
    #[inline(never)]
    pub(crate) fn function_type(&mut self, index: u32) -> u32 {
        let kind = u32::from(*self.scratch.function(index));
        *self.scratch.type_word(kind)
    }

    pub(crate) fn add_function(&mut self, kind: u32) {
        if self.functions == ITEMS_MAX {
            self.reader.refuse(Reason::Count);
            return;
        }
        *self.scratch.function(self.functions) = kind as u16;
        self.functions += 1;
    }

    /// Reads the items of a section and writes its count.
    fn items(&mut self, id: u8, count: u32, appended: u32) {
        match id {
            TYPE => return self.type_items(count),
            GLOBAL => self.name_appended(count),
            CODE if count != self.functions - self.imports => {
                // A section that is not known keeps all behind it from being found.
                self.reader.refuse_at(Reason::Section, self.reader.at);
            }
            _ => {}
        }
        self.writer.number(count + appended);
        for number in 0..count {
            if self.reader.is_refused() {
                return;
            }
            match id {
                IMPORT => self.import(),
                FUNCTION => {
                    let kind = self.reader.index(self.types);
                    self.add_function(kind);
                }
                TABLE => self.table(),
                MEMORY => self.memory(),
                GLOBAL => self.global(),
                EXPORT => self.export(),
                ELEMENT => self.elements(),
                CODE => self.function(self.imports + number),
                DATA => self.data(),
                _ => {}
            }
        }
        if id == IMPORT {
            self.imports = self.functions;
        }
    }

    /// The function with this index.
    fn function(&mut self, index: u32) {
        let length = self.reader.number();
        let rest = self.reader.end;
        let start = self.reader.at;
        self.reader.limit(length);
        let word = self.function_type(index);
        let hole = self.writer.hole();
        self.function_body(word);
        self.writer.fill_length(hole);
        if self.writer.len - hole > BODY_BYTES_MAX {
            self.reader.refuse_at(Reason::BodyBytes, start);
        }
        self.reader.end = rest;
        self.copied = self.reader.at;
    }
}
