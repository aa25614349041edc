//! Ports: which modules are attached to this node, and who hears of it.
//!
//! The engine carries what modules say and knows none of them. It remembers no question of others, either: whoever answers hands
//! back the ticket, and on it stands the way.

mod open;
#[cfg(test)]
mod tests;
mod tickets;

pub(crate) use self::open::{Ports, bounded};
pub use self::tickets::surplus;
