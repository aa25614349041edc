//! The walk over the sections: what is accepted, what is appended.
//!
//! Everything is copied as it is, so that the engine judges it, but for counts, lengths, the memory's maximum and the code.
//! Custom sections are left out unread, and the start function becomes an export.

use crate::floats::Floats;
use crate::function::Body;
use crate::gas::Segments;
use crate::limits::{
    BODY_BYTES_MAX, ITEMS_MAX, MODULE_BYTES_MAX, OUTPUT_BYTES_MAX, PAGES_MAX, PARAMETERS_MAX, RESULTS_MAX,
    STACK_BYTES, TYPES_MAX,
};
use crate::reader::Reader;
use crate::refusal::{Reason, Refusal};
use crate::schedule::PAGE_GAS;
use crate::scratch::Scratch;
use crate::writer::{SLOT, SLOT_SIGNED, Writer};
use crate::{Interface, Settings};

/// The slots of the writer's templates.
pub(crate) mod slot {
    /// The local that holds the gas.
    pub(crate) const GAS_LOCAL: u8 = 0;
    /// A local for an i32.
    pub(crate) const SPARE: u8 = 1;
    /// The local that holds a float while it is looked at.
    pub(crate) const FLOAT: u8 = 2;
    /// The global that holds the gas.
    pub(crate) const GAS: u8 = 3;
    /// The global that holds the stack.
    pub(crate) const STACK: u8 = 4;
    /// A label.
    pub(crate) const LABEL: u8 = 5;
    /// A constant.
    pub(crate) const CONSTANT: u8 = 6;
    /// The function that grows the memory.
    pub(crate) const GROW: u8 = 7;
}

const MAGIC: &[u8] = b"\0asm\x01\0\0\0";

const TYPE: u8 = 1;
const IMPORT: u8 = 2;
const FUNCTION: u8 = 3;
const TABLE: u8 = 4;
const MEMORY: u8 = 5;
const GLOBAL: u8 = 6;
const EXPORT: u8 = 7;
const START: u8 = 8;
const ELEMENT: u8 = 9;
const CODE: u8 = 10;
const DATA: u8 = 11;
const DATA_COUNT: u8 = 12;

/// The sections in the order in which they must stand.
const ORDER: [u8; 12] =
    [TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, DATA_COUNT, CODE, DATA];

/// How many items are appended to each section, by its number.
const APPENDED: [u8; 13] = [0, 0, 0, 2, 0, 0, 2, 3, 0, 0, 2, 0, 0];

/// The most bytes that metering a module of `module_bytes` bytes can give; beyond them the module is refused.
#[must_use]
pub const fn output_bytes_max(module_bytes: usize) -> usize {
    if module_bytes < OUTPUT_BYTES_MAX / 16 { 16 * module_bytes + 4_096 } else { OUTPUT_BYTES_MAX + 4_096 }
}

/// One run over a module.
pub(crate) struct Meter<'a> {
    pub(crate) reader: Reader<'a>,
    pub(crate) writer: Writer<'a>,
    pub(crate) scratch: &'a mut Scratch,
    pages_max: u32,
    pub(crate) interface: Interface,
    /// The maximum that was read last.
    size_max: u32,
    /// How many there are in the module, imports included.
    pub(crate) types: u32,
    pub(crate) functions: u32,
    pub(crate) globals: u32,
    pub(crate) has_memory: bool,
    imports: u32,
    /// The start function and one, 0 for none.
    start: u32,
    /// Types that were appended.
    more_types: u32,
    /// Behind the last byte of the module that was copied.
    pub(crate) copied: usize,
    pub(crate) body: Body,
    pub(crate) segments: Segments,
    pub(crate) floats: Floats,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(
        module: &'a [u8],
        settings: Settings,
        scratch: &'a mut Scratch,
        output: &'a mut [u8],
    ) -> Self {
        let room = output.len().min(output_bytes_max(module.len()));
        Self {
            reader: Reader::new(module),
            writer: Writer::new(output.get_mut(..room).unwrap_or_default()),
            scratch,
            pages_max: settings.pages_max.min(PAGES_MAX),
            interface: settings.interface,
            size_max: 0,
            types: 0,
            functions: 0,
            globals: 0,
            has_memory: false,
            imports: 0,
            start: 0,
            more_types: 0,
            copied: 0,
            body: Body::default(),
            segments: Segments::default(),
            floats: Floats::default(),
        }
    }

    pub(crate) fn run(mut self) -> Result<usize, Refusal> {
        if self.reader.bytes.len() > MODULE_BYTES_MAX {
            self.reader.refuse(Reason::ModuleBytes);
        }
        for byte in MAGIC {
            self.reader.expect(*byte, Reason::Header);
        }
        self.writer.bytes(MAGIC);
        let end = self.reader.end;
        for id in ORDER {
            let is_there = self.find(id);
            self.section(id, is_there);
            self.reader.end = end;
        }
        self.pass_custom();
        if self.reader.at != end {
            self.reader.byte();
            self.reader.refuse(Reason::Section);
        }
        if self.writer.is_full {
            self.reader.refuse(Reason::OutputBytes);
        }
        self.reader.refusal().map_or(Ok(self.writer.len), Err)
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
        let is_there = self.reader.at < self.reader.end && self.reader.byte_at(self.reader.at) == id;
        let mut length = 0;
        if is_there {
            self.reader.byte();
            length = self.reader.number();
        }
        self.reader.limit(length);
        is_there
    }

    fn section(&mut self, id: u8, is_there: bool) {
        if self.reader.is_refused() || !(is_there || matches!(id, TYPE | FUNCTION | GLOBAL | EXPORT | CODE)) {
            return;
        }
        if id == START {
            self.start = 1 + self.reader.index(self.functions);
        } else {
            self.writer.byte(id);
            let length = self.writer.hole(5);
            self.copied = self.reader.at;
            let count = if is_there { self.reader.count(ITEMS_MAX) } else { 0 };
            self.copied = self.reader.at;
            self.items(id, count);
            self.copy_rest();
            self.append(id);
            self.writer.fill_length(length);
        }
        if self.reader.at != self.reader.end {
            self.reader.refuse(Reason::Length);
        }
    }

    /// What is read of the module and not yet copied, copied.
    #[inline(never)]
    pub(crate) fn copy_rest(&mut self) {
        self.copy_until(self.reader.at);
    }

    /// The module's bytes up to `end`, as far as they are not yet copied, copied.
    pub(crate) fn copy_until(&mut self, end: usize) {
        self.write_charge();
        self.writer.bytes(self.reader.bytes.get(self.copied..end).unwrap_or_default());
        self.copied = end;
    }

    /// The word of a function's type.
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
    fn items(&mut self, id: u8, count: u32) {
        match id {
            TYPE => return self.type_items(count),
            GLOBAL => self.name_appended(count),
            CODE if count != self.functions - self.imports => self.reader.refuse(Reason::Count),
            _ => {}
        }
        let more = APPENDED.get(usize::from(id)).copied().unwrap_or_default();
        self.writer.number(count + u32::from(more));
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
                TABLE => self.table(number),
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

    /// Appends what is ours to a section.
    fn append(&mut self, id: u8) {
        match id {
            TYPE => self.writer.bytes(&[0x60, 1, I32, 1, I32, 0x60, 0, 0]),
            FUNCTION => {
                self.writer.number(self.types + self.more_types);
                self.writer.number(self.types + self.more_types + 1);
            }
            GLOBAL => {
                self.writer.slots[usize::from(slot::CONSTANT)] = STACK_BYTES;
                self.writer.template(&[I64, 1, 0x42, 0, 0x0b, I32, 1, 0x41, CONSTANT, 0x0b]);
            }
            EXPORT => {
                self.writer.slots[usize::from(slot::LABEL)] = self.functions + 1;
                self.writer
                    .template(&[2, b'~', b'g', 3, GAS, 2, b'~', b's', 3, STACK, 2, b'~', b'i', 0, LABEL]);
            }
            CODE => {
                self.grow_function();
                self.start_function();
            }
            _ => {}
        }
    }

    /// Function types; those with several results once more as types of blocks, behind them that of the function that grows.
    fn type_items(&mut self, count: u32) {
        if count > TYPES_MAX {
            self.reader.refuse(Reason::Count);
            return;
        }
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
        if count > limit {
            self.reader.refuse(Reason::Count);
        }
        for _ in 0..count {
            self.value_type();
        }
        count
    }

    /// One of the four types of numbers, as it is written.
    pub(crate) fn value_type(&mut self) -> u8 {
        let kind = self.reader.byte();
        if !(F64..=I32).contains(&kind) {
            self.reader.refuse(Reason::Type);
        }
        kind
    }

    /// Functions and globals are known now, so the indices behind them can be given out.
    fn name_appended(&mut self, count: u32) {
        self.globals = count;
        self.writer.slots[usize::from(slot::GAS)] = count;
        self.writer.slots[usize::from(slot::STACK)] = count + 1;
        self.writer.slots[usize::from(slot::GROW)] = self.functions;
    }

    /// What a memory or a table has at least. What it has at most, which may be absent, is kept.
    fn size(&mut self, reason: Reason) -> u32 {
        let has_maximum = self.reader.byte();
        if has_maximum > 1 {
            self.reader.refuse(reason);
        }
        let minimum = self.reader.number();
        self.size_max = if has_maximum == 1 { self.reader.number() } else { self.pages_max };
        minimum
    }

    fn table(&mut self, number: u32) {
        self.reader.expect(0x70, Reason::Table);
        if number > 0 {
            self.reader.refuse(Reason::Table);
        }
        if self.size(Reason::Table) > ITEMS_MAX {
            self.reader.refuse(Reason::Count);
        }
    }

    fn memory(&mut self) {
        let minimum = self.size(Reason::Memory);
        let maximum = self.size_max;
        if minimum > self.pages_max {
            self.reader.refuse(Reason::Pages);
        }
        if maximum > PAGES_MAX || self.has_memory {
            self.reader.refuse(Reason::Memory);
        }
        self.pages_max = self.pages_max.min(maximum);
        self.has_memory = true;
        self.copied = self.reader.at;
        self.writer.byte(1);
        self.writer.number(minimum);
        self.writer.number(self.pages_max);
    }

    fn global(&mut self) {
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

    fn export(&mut self) {
        let start = self.reader.at;
        let name = self.name();
        if name < self.reader.at && self.reader.byte_at(name) == b'~' {
            self.reader.refuse_at(Reason::Name, start);
        }
        let kind = self.reader.byte();
        let bound = [self.functions, ITEMS_MAX, ITEMS_MAX, self.globals].get(usize::from(kind)).copied();
        if bound.is_none() {
            self.reader.refuse(Reason::Export);
        }
        self.reader.index(bound.unwrap_or_default());
    }

    fn elements(&mut self) {
        self.reader.expect(0, Reason::Elements);
        self.initialiser();
        let count = self.reader.count(ITEMS_MAX);
        for _ in 0..count {
            self.reader.index(self.functions);
        }
    }

    fn data(&mut self) {
        match self.reader.byte() {
            0 => self.initialiser(),
            1 => {}
            _ => self.reader.refuse(Reason::Data),
        }
        self.name();
    }

    /// The function with this index.
    fn function(&mut self, index: u32) {
        let length = self.reader.number();
        let rest = self.reader.end;
        let start = self.reader.at;
        self.reader.limit(length);
        let word = self.function_type(index);
        let hole = self.writer.hole(5);
        self.function_body(word);
        self.writer.fill_length(hole);
        if self.writer.len - hole > BODY_BYTES_MAX {
            self.reader.refuse_at(Reason::BodyBytes, start);
        }
        self.reader.end = rest;
        self.copied = self.reader.at;
    }

    /// The function that grows the memory: beyond the task's limit it answers −1, and where the host has no memory to give
    /// the run is aborted.
    fn grow_function(&mut self) {
        let hole = self.writer.hole(5);
        self.writer.slots[usize::from(slot::CONSTANT)] = self.pages_max;
        self.writer.template(if self.has_memory { GROW } else { &[0, 0, 0x0b] });
        self.writer.fill_length(hole);
    }

    /// The function that calls the start function, if there is one; the engine checks its type.
    fn start_function(&mut self) {
        let hole = self.writer.hole(5);
        self.writer.byte(0);
        if let Some(start) = self.start.checked_sub(1) {
            self.writer.byte(0x10);
            self.writer.number(start);
        }
        self.writer.byte(0x0b);
        self.writer.fill_length(hole);
    }
}

const I32: u8 = 0x7f;
const I64: u8 = 0x7e;
const F64: u8 = 0x7c;

/// Slots as templates name them.
const GAS: u8 = SLOT + slot::GAS;
const STACK: u8 = SLOT + slot::STACK;
const LABEL: u8 = SLOT + slot::LABEL;
const CONSTANT: u8 = SLOT_SIGNED + slot::CONSTANT;

/// Nothing to add: the size. More than the limit leaves: −1. Then the pages are charged, and a run that cannot pay for them is out
/// of gas; where the host has no memory to give, the gas becomes the least of all numbers, 1 << 63.
#[rustfmt::skip]
const GROW: &[u8] = &[
    0,
    0x20, 0, 0x45, 0x04, 0x40, 0x3f, 0, 0x0f, 0x0b,
    0x20, 0, 0x41, CONSTANT, 0x3f, 0, 0x6b, 0x4b, 0x04, 0x40, 0x41, 0x7f, 0x0f, 0x0b,
    0x23, GAS, 0x20, 0, 0xad, 0x42, PAGE_GAS as u8 | 128, (PAGE_GAS >> 7) as u8, 0x7e, 0x7d, 0x24, GAS,
    0x23, GAS, 0x42, 0, 0x53, 0x04, 0x40, 0x42, 0x7f, 0x24, GAS, 0, 0x0b,
    0x20, 0, 0x40, 0, 0x22, 0, 0x41, 0x7f, 0x46, 0x04, 0x40, 0x42, 1, 0x42, 0x3f, 0x86, 0x24, GAS, 0, 0x0b,
    0x20, 0, 0x0b,
];
