//! The profile's own limits. Each is tighter than any engine's, so engines agree about what is accepted.
//!
//! At every limit the module is refused, with the limit's own code ([`crate::refusal`]).

/// Bytes of a module's sections, custom ones left out.
pub const MODULE_BYTES_MAX: usize = 16 << 20;

/// Bytes of a module with its custom sections.
pub const FILE_BYTES_MAX: usize = 64 << 20;

/// Bytes of a metered module, whatever the module ([`crate::output_bytes_max`] says how many at most for a given one).
pub const OUTPUT_BYTES_MAX: usize = 32 << 20;

/// Bytes of one metered function. Engines stop at 7,654,321.
pub const BODY_BYTES_MAX: usize = 4 << 20;

/// Function types.
pub const TYPES_MAX: u32 = 4_096;

/// Parameters of a function type: their count is one byte. Engines stop at 1,000.
pub const PARAMETERS_MAX: u32 = 127;

/// Results of a function type.
pub const RESULTS_MAX: u32 = 32;

/// Functions, imported ones included; so too globals, exports, entries of a segment, entries of a table.
pub const ITEMS_MAX: u32 = 131_071;

/// Segments of data or of elements. Engines stop at 100,000.
pub const SEGMENTS_MAX: u32 = 99_999;

/// Tables. With all their entries they take some megabytes.
pub const TABLES_MAX: u32 = 8;

/// Labels of one `br_table`, without the default. Engines stop at 65,520.
pub const LABELS_MAX: u32 = 32_768;

/// Blocks open at once within a function, its own included, reachable or not.
pub const NESTING_MAX: u32 = 4_096;

/// Parameters, locals and operands of a function at its fullest: 8 bytes each, some 100 KiB.
pub const SLOTS_MAX: u32 = 12_794;

/// Instructions of one function whose result is a float that arithmetic made or a local holds.
pub const FLOATS_MAX: u32 = 1 << 17;

/// Bytes of stack that one function can take, as [`crate::schedule`] counts them.
pub const FRAME_BYTES_MAX: u32 = 392 << 10;

/// So much of that is beside the task's stack. An engine has made a frame before its function can test the stack: that of Chromium's
/// Workers, 500 KiB, must hold what a compiler makes of all that is counted, 290 KiB at the most, and one frame more. What a module's largest function takes beyond this is kept free
/// of the task's stack.
pub const FRAME_BYTES_SPARE: u32 = 160 << 10;

/// Constants of a function, and conditional branches that may lead far: wasmi keeps each of them in one of 32,767 slots.
pub const CONSTANTS_MAX: u32 = 28_672;

/// Bytes of an exported name. Engines stop at 100,000.
pub const NAME_BYTES_MAX: u32 = 1_024;

/// Exports and imports, and the parameters and results of all functions among them. wasmparser stops at 1,000,000.
pub const BORDER_MAX: u32 = 900_000;

/// Pages of 64 KiB that a memory can have at all.
pub const PAGES_MAX: u32 = 65_536;

/// Bytes of stack for a task that names none, as [`crate::schedule`] counts them. Every engine has so much.
pub const STACK_BYTES: u32 = 256 << 10;

/// The most that a task can name. An engine that has less ends the run without a result.
pub const STACK_BYTES_MAX: u32 = 8 << 20;
