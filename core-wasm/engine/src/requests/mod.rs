//! What this node asks of others: lookups, blocks to fetch, blocks to place, questions of modules.
//!
//! A request that gets no answer in time goes out again by a link that was not tried yet. What is in time follows from the round
//! trips of earlier ones and how much they vary (Rhea et al. 2004, "Handling Churn in a DHT", §5; RFC 6298). Each attempt goes
//! under a number of its own, so that an answer says which it answers (Karn and Partridge 1987), and late ones count.

mod course;
mod deliver;
mod delivery;
mod density;
mod fetch;
mod lookup;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use self::delivery::Ask;
pub(crate) use self::lookup::Aim;
pub(crate) use self::table::{Requests, within_bounds};
