//! What one stranger may take of a server, so that the others have the rest: connections at once and new ones a second
//! by internet address, and how often anything may happen; and what an id may cost at most.
//!
//! Counting only: no sockets, no clock of its own. The signalling server keeps its doors with it, and so can every
//! other door that strangers find.

#![forbid(unsafe_code)]

mod addresses;
mod rate;

pub use addresses::{AddressLimits, AddressRefusal, AddressSeat, Addresses, counted};
pub use rate::{Rate, TokenBucket};

/// The highest security level that a network may ask for: a key of level L is one of 2^L. A tab searches some minutes for one of this
/// level, and a network that asks for more has no tabs. The npm package has the same number (`pkg/src/limits.ts`; a test
/// compares).
pub const LEVEL_MAX: u8 = 16;
