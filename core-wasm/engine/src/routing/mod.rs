//! Routing: who is near, who is known, which link leads on.

mod bans;
mod contacts;
mod nearest;
mod next_hop;
#[cfg(test)]
mod tests;

pub(crate) use bans::Bans;
pub(crate) use contacts::{Contact, Contacts, Standing};
pub(crate) use nearest::Nearest;
pub(crate) use next_hop::{Hop, best_hop};
