//! One run over a module: all that is known while it is read and written.

use crate::limits::OUTPUT_BYTES_MAX;
use crate::reader::Reader;
use crate::refusal::Refusal;
use crate::scratch::Scratch;
use crate::settings::{Interface, Settings};
use crate::writer::Writer;

/// The most bytes that metering a module of `module_bytes` bytes can give; beyond them the module is refused.
#[must_use]
pub const fn output_bytes_max(module_bytes: usize) -> usize {
    if module_bytes < OUTPUT_BYTES_MAX / 16 { 16 * module_bytes + 4_096 } else { OUTPUT_BYTES_MAX + 4_096 }
}

/// One run over a module. What starts as zeros stands together, so that one `memory.fill` makes it so.
#[repr(C)]
pub(crate) struct Meter<'a> {
    pub(crate) reader: Reader<'a>,
    pub(crate) scratch: &'a mut Scratch,
    pub(crate) pages_max: u32,
    pub(crate) interface: Interface,
    pub(crate) has_memory: bool,
    pub(crate) body: Body,
    pub(crate) segments: Segments,
    pub(crate) floats: Floats,
    /// The maximum that was read last.
    pub(crate) size_max: u32,
    /// How many there are in the module, imports included.
    pub(crate) types: u32,
    pub(crate) functions: u32,
    pub(crate) globals: u32,
    pub(crate) imports: u32,
    /// Imports and exports of functions, with their parameters and results.
    pub(crate) border: u32,
    /// The start function and one, 0 for none.
    pub(crate) start: u32,
    /// The most stack that one function can take.
    pub(crate) frame_max: u32,
    /// Types that were appended.
    pub(crate) more_types: u32,
    /// Bytes of the sections so far, custom ones left out.
    pub(crate) section_bytes: u32,
    /// Behind the last byte of the module that was copied.
    pub(crate) copied: usize,
    pub(crate) writer: Writer<'a>,
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
            pages_max: settings.pages_max,
            interface: settings.interface,
            size_max: 0,
            types: 0,
            functions: 0,
            globals: 0,
            has_memory: false,
            imports: 0,
            border: 0,
            start: 0,
            frame_max: 0,
            more_types: 0,
            section_bytes: 0,
            copied: 0,
            body: Body::NEW,
            segments: Segments::NEW,
            floats: Floats::default(),
        }
    }

    /// How long the output became, or the first refusal.
    pub(crate) fn result(&self) -> Result<usize, Refusal> {
        self.reader.refusal().map_or(Ok(self.writer.len), Err)
    }
}

/// What is known of the function that is being read.
pub(crate) struct Body {
    /// The word of its type.
    pub(crate) word: u32,
    /// Parameters and locals.
    pub(crate) locals: u32,
    /// Operands now, and at the most.
    pub(crate) height: u32,
    pub(crate) height_max: u32,
    /// Open blocks.
    pub(crate) depth: u32,
    /// Whether what is being read is never reached.
    pub(crate) is_dead: bool,
    /// In what is reached, instructions that leave a new value.
    pub(crate) values: u32,
    /// Of these, constants; and conditional branches that may lead far.
    pub(crate) constants: u32,
    /// The gas of all instructions.
    pub(crate) gas: u32,
    /// The most gas that can have been charged since it was tested.
    pub(crate) untested: u32,
    /// Whether a branch in it may lead far.
    pub(crate) is_long: bool,
    /// Whether it calls anything.
    pub(crate) calls: bool,
    /// Whether it takes from the stack.
    pub(crate) is_counted: bool,
    /// Whether its gas is in a local from here on, not in the global.
    pub(crate) keeps_gas: bool,
    /// Whether nothing was called since a loop began.
    pub(crate) is_tight: bool,
    /// The locals that it is given, one bit each: i32, i64 (for its gas, if it has a loop without a call), f32, f64.
    pub(crate) spares: u32,
}

impl Body {
    /// All zeros. A constant, padding included, is one `memory.fill`.
    pub(crate) const NEW: Self = Self {
        word: 0,
        locals: 0,
        height: 0,
        height_max: 0,
        depth: 0,
        is_dead: false,
        values: 0,
        constants: 0,
        gas: 0,
        untested: 0,
        is_long: false,
        calls: false,
        is_counted: false,
        keeps_gas: false,
        is_tight: false,
        spares: 0,
    };
}

/// The segments of a function: see [`crate::gas`].
pub(crate) struct Segments {
    /// Where the gas of the charge that was written last is to stand; 0 once it does.
    pub(crate) hole: usize,
    /// The gas of that charge, as far as its segments have ended.
    pub(crate) gas: u32,
    /// As much of the gas as was joined to it.
    pub(crate) joined: u32,
    /// The gas of the open segment.
    pub(crate) open: u32,
    /// Whether the charge of the open segment is still to be written, before what is next copied.
    pub(crate) is_due: bool,
}

impl Segments {
    /// No segment.
    pub(crate) const NEW: Self = Self { hole: 0, gas: 0, joined: 0, open: 0, is_due: false };
}

/// The loose floats of a function: see [`crate::floats`].
#[derive(Default)]
pub(crate) struct Floats {
    /// How many instructions of this function so far may have made a loose float.
    pub(crate) made: u32,
}
