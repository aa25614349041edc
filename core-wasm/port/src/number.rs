//! Which module a message is for.

use crate::hash;

/// The number of a module at every node: modules of one number speak with each other.
///
/// 0 to 15 are tabmesh's own. Any other module has the first 32 bits of SHA-256 of its name: [`Port::named`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Port(pub u32);

impl Port {
    /// The application: what `send` and `topic` speak on.
    pub const APPLICATION: Self = Self(0);
    /// The ledger.
    pub const LEDGER: Self = Self(1);
    /// The coordination of tasks.
    pub const TASKS: Self = Self(2);
    /// The services of processes, pages and hosts.
    pub const SERVICES: Self = Self(3);
    /// The last of tabmesh's own.
    pub const OWN_LAST: Self = Self(15);

    /// The port of the module with this name. Two names have the same one once in four thousand million times; a name whose number
    /// would be tabmesh's own gets the number with its highest bit set.
    pub fn named(name: &str) -> Self {
        let head = hash::sha256(name.as_bytes()).first_chunk().map_or(0, |head| u32::from_be_bytes(*head));
        if head <= Self::OWN_LAST.0 { Self(head | 1 << 31) } else { Self(head) }
    }
}
