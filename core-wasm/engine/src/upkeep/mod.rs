//! Joining, and keeping the links that a node should have: neighbours first, then every bucket, within the budget.

mod addresses;
mod buckets;
mod dialled;
mod gossip;
mod membership;
mod merge;
mod overlay;
#[cfg(test)]
mod tests;

pub(crate) use self::gossip::on_gossip;
pub(crate) use self::overlay::{Upkeep, dial_held, on_own_place_known};
