//! The interface between the overlay and the modules that stand on it: types, numbers and bounds, and hardly any logic.
//!
//! The overlay carries and does not know what. A [`Module`] reaches other nodes by [`Wish`]es and hears of them by what it is
//! [`Told`]; both have a flat form, so that a shell hands bytes on and knows none of them. Modules know neither the engine nor each
//! other: shells join them.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod codec;
mod fault;
pub mod hash;
pub mod id;
mod job;
pub mod limits;
mod module;
mod number;
pub mod status;
mod table;
mod time;
mod told;
mod wish;

pub use codec::{Reader, Writer};
pub use fault::Fault;
pub use hash::sha256;
pub use id::{BlockHash, Distance, NodeId, PublicKey, Signature, TopicId};
pub use job::{Done, Work};
pub use module::{Attachment, Input, Module, Outbox, Output, Room};
pub use number::Port;
pub use status::{Reason, Status};
pub use time::{Duration, Instant};
pub use told::Told;
pub use wish::Wish;
