//! Numbers that tell what is of modules.

/// The operations of modules have it, and the tickets of what they ask each other.
pub(crate) const MODULES: u32 = 1 << 31;
