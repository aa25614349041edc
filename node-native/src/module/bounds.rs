//! What a module may take; at each bound it has a [`Fault`](super::Fault), or is not loaded.

/// Bytes of its file: of twice as many a compiler may make more code than a host has memory.
pub const FILE_MAX: usize = 16 << 20;

/// Bytes of its memory.
pub const MEMORY_MAX: usize = 64 << 20;

/// Elements of a table.
pub const TABLE_MAX: usize = 64 << 10;

/// What it may compute for one input, with all outputs that follow from it: about one for each instruction, and for each byte that is
/// copied or filled at once. The node does nothing else meanwhile: some 80 ms on two cores at 2 GHz. Counted and not timed: a host
/// that is busy or slept ends no module, and the same inputs end it at the same place.
pub const FUEL: u64 = 100_000_000;

/// Outputs that follow from one input: a module without end would keep the node from everything else.
pub const OUTPUTS_MAX: u32 = 4_096;

/// Microseconds between two times that it is woken: one that always wants the time is woken so often, and the node has the rest.
pub const WAKE_US: u64 = 1_000;

/// Bytes of one output: the longest that anybody takes is an Ask, of half as many.
pub const OUTPUT_MAX: usize = 64 << 10;
