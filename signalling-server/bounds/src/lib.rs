//! What one stranger may take of a server, so that the others have the rest: connections at once and new ones a second
//! by internet address, and how often anything may happen.
//!
//! Counting only: no sockets, no clock of its own. The signalling server keeps its doors with it, and so can every
//! other door that strangers find.

#![forbid(unsafe_code)]

mod addresses;
mod rate;

pub use addresses::{AddressLimits, AddressRefusal, AddressSeat, Addresses, counted};
pub use rate::{Rate, TokenBucket};
