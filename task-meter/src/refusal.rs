//! Why a module was refused, and where.

use core::fmt;

/// A refusal: a stable number and the byte at which the refused thing starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Below 256 one of [`Reason`]; from 256 on the refused opcode, from 512 on the refused opcode behind `0xfc`, as far
    /// as it fits into 16 bits.
    pub code: u16,
    /// Bytes from the start of the module.
    pub offset: u32,
    /// Of a limit that [`Refusal::counts`] how many of that there are, as far as they were counted; otherwise of no meaning.
    pub found: u32,
}

/// Reasons other than an opcode. The numbers are part of the profile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub enum Reason {
    /// More bytes than a module may have.
    ModuleBytes = 1,
    /// No Wasm module of version 1.
    Header,
    /// The bytes end too early, or go on behind the end.
    Length,
    /// A number that is written too long or too large for its kind.
    Number,
    /// An unknown section, or one out of order.
    Section,
    /// A type that is not a function of numbers and references.
    Type,
    /// An import that the interface does not have, or with another type.
    Import,
    /// A memory that is shared, of 64 bits, or not the only one; an instruction that needs one where there is none.
    Memory,
    /// A memory that starts larger than the task's limit.
    Pages,
    /// A table of something else than references to functions or to things of the host, or of 64 bits.
    Table,
    /// An initial value that is not a constant.
    Initialiser,
    /// An export of something else than a function, a memory, a table or a global.
    Export,
    /// An exported name that starts with `~`.
    Name,
    /// A segment of elements of another form or type.
    Elements,
    /// A segment of data for a memory that it names.
    Data,
    /// An index of something that does not exist.
    Index,
    /// Blocks that do not match; no valid module is refused for this.
    Blocks,
    /// A limit: how often something of the kind may occur.
    Count,
    /// A limit: blocks within blocks.
    Nesting,
    /// A limit: bytes of stack of one function.
    Frame,
    /// A limit: floats within one function.
    Floats,
    /// A limit: bytes of one metered function.
    BodyBytes,
    /// A limit: bytes of the metered module.
    OutputBytes,
    /// A limit: bytes of a name.
    NameBytes,
    /// A limit: function types.
    Types,
    /// A limit: parameters of a function type.
    Parameters,
    /// A limit: results of a function type.
    Results,
    /// A limit: labels of one `br_table`.
    Labels,
    /// A limit: functions that are imported or exported, with their parameters and results.
    Border,
    /// A limit: tables.
    Tables,
    /// A limit: parameters and locals of one function.
    Locals,
    /// A limit: constants of one function, and conditional branches that may lead far.
    Constants,
    /// A limit: segments of data or of elements.
    Segments,
}

/// All reasons, in the order of their numbers, with their sentences.
const SENTENCES: [(Reason, &str); 33] = [
    (Reason::ModuleBytes, "the module has more than 16 MiB without its custom sections, or 64 MiB with them"),
    (Reason::Header, "these bytes are no Wasm module of version 1"),
    (Reason::Length, "something ends too early or goes on behind its end"),
    (Reason::Number, "a number is written too long or is too large"),
    (Reason::Section, "a section is unknown or out of order"),
    (Reason::Type, "a type uses something other than i32, i64, f32, f64, funcref and externref"),
    (Reason::Import, "an import is not one of the interface's, or has another type"),
    (Reason::Memory, "a memory is missing, shared, of 64 bits, or not the only one"),
    (Reason::Pages, "the memory starts larger than the task's limit"),
    (Reason::Table, "a table holds something other than funcref and externref, or has a size of 64 bits"),
    (Reason::Initialiser, "an initial value is not a constant"),
    (Reason::Export, "an export is no function, memory, table or global"),
    (Reason::Name, "an exported name starts with ~"),
    (Reason::Elements, "a segment of elements has an unknown form or type"),
    (Reason::Data, "a segment of data names its memory"),
    (Reason::Index, "an index names something that does not exist"),
    (Reason::Blocks, "blocks do not match"),
    (
        Reason::Count,
        "there are more than 131,071 functions, globals, exports, or entries of a segment or a table",
    ),
    (Reason::Nesting, "blocks are nested deeper than 4,096"),
    (Reason::Frame, "a function takes more than 401,408 bytes of stack"),
    (Reason::Floats, "a function has more than 131,072 instructions that result in floats"),
    (Reason::BodyBytes, "a metered function has more than 4 MiB"),
    (Reason::OutputBytes, "the metered module is too large"),
    (Reason::NameBytes, "a name has more than 1,024 bytes"),
    (Reason::Types, "there are more than 4,096 function types"),
    (Reason::Parameters, "a function type has more than 127 parameters"),
    (Reason::Results, "a function type has more than 32 results"),
    (Reason::Labels, "a br_table has more than 32,768 labels"),
    (Reason::Border, "imported and exported functions have more than 900,000 parameters and results"),
    (Reason::Tables, "there are more than 8 tables"),
    (Reason::Locals, "a function has more than 12,794 parameters and locals"),
    (Reason::Constants, "a function has more than 28,672 constants and branches"),
    (Reason::Segments, "there are more than 99,999 segments of data or of elements"),
];

/// First opcode, last opcode, the feature of WebAssembly that has them; the first match counts.
const FEATURES: [(u16, u16, &str); 10] = [
    (0x106, 0x10a, "exceptions"),
    (0x112, 0x113, "tail calls"),
    (0x114, 0x115, "typed function references"),
    (0x118, 0x119, "exceptions"),
    (0x11f, 0x11f, "exceptions"),
    (0x1d3, 0x1d6, "typed function references"),
    (0x1fb, 0x1fb, "garbage collection"),
    (0x1fd, 0x1fd, "SIMD"),
    (0x1fe, 0x1fe, "threads"),
    (0x213, 0x216, "wide arithmetic"),
];

impl Refusal {
    /// A sentence's main clause that names the feature or the limit, without the offset.
    #[must_use]
    pub fn feature(&self) -> &'static str {
        if let Some((_, sentence)) = SENTENCES.iter().find(|(reason, _)| *reason as u16 == self.code) {
            return sentence;
        }
        let feature = FEATURES.iter().find(|(first, last, _)| (*first..=*last).contains(&self.code));
        feature.map_or("an opcode that the profile does not know", |(_, _, name)| name)
    }
}

impl Refusal {
    /// How many there are of what a limit bounds, where the sentence names one: `there are more than 8 tables`, 20.
    ///
    /// Of bytes of a module or a function, of locals and of the border it is what was counted when the limit was met.
    #[must_use]
    pub fn counts(&self) -> Option<u32> {
        COUNTED.iter().any(|reason| *reason as u16 == self.code).then_some(self.found)
    }
}

/// The limits of which a refusal says how many were found.
const COUNTED: [Reason; 14] = [
    Reason::ModuleBytes,
    Reason::Pages,
    Reason::Count,
    Reason::Frame,
    Reason::NameBytes,
    Reason::Types,
    Reason::Parameters,
    Reason::Results,
    Reason::Labels,
    Reason::Border,
    Reason::Tables,
    Reason::Locals,
    Reason::Constants,
    Reason::Segments,
];

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.feature())?;
        if let Some(found) = self.counts() {
            write!(f, ": {found}")?;
        }
        write!(f, " (refusal {}, byte {})", self.code, self.offset)
    }
}

impl core::error::Error for Refusal {}

/// All reasons with their numbers and sentences, for documents and for the page's own table.
pub fn reasons() -> impl Iterator<Item = (u16, &'static str)> {
    SENTENCES.iter().map(|(reason, sentence)| (*reason as u16, *sentence))
}

/// The features whose opcodes are refused: first code, last code, name.
pub fn features() -> impl Iterator<Item = (u16, u16, &'static str)> {
    FEATURES.into_iter()
}
