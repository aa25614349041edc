//! The WebSocket addresses of peers: which may be dialled, and which are kept.

mod reach;
mod table;

pub use reach::{Claim, Reach, claimed, reach_named, reach_of};
pub(crate) use table::{Addresses, Learnt};
