//! What all machines share and none owns: who this node is, the time, chance, links, contacts, and what goes to the shell.

mod carry;
mod clock;
mod dial;
mod forward;
mod greet;
mod greeting;
mod jobs;
mod modules;
mod near;
mod outbox;
mod owner;
mod send;
mod shared;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod wall;

pub(crate) use self::dial::is_relay;
pub(crate) use self::forward::Carried;
pub(crate) use self::jobs::{number, stored};
pub(crate) use self::modules::{IS_HERE, IS_PROVEN};
pub(crate) use self::near::LINKS_SPARE;
pub(crate) use self::owner::{Job, Parcel, What};
pub(crate) use self::send::{BLOCK_FRAME, PROBE_AFTER};
pub(crate) use self::shared::Ground;
pub(crate) use crate::link::ReplyTo;
