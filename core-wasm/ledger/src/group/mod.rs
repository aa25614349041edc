//! The voters of one neighbourhood, who agree on its blocks.

mod safety;
mod statement;
mod voters;

pub use safety::{Content, Entry, Lock, Rule, Safety, Spot};
pub use statement::{Certificate, Says, Statement};
pub use voters::{Seat, Voters};
