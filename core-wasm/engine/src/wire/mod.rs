//! Bytes ⇄ typed messages; no state. All numbers are big-endian; reading is total: any bytes give a message or
//! `None`, never a panic.

mod body;
mod codec;
pub mod description;
pub mod envelope;
pub mod frame;
pub mod named;
pub mod signal;
pub mod topic;

pub use codec::{Reader, Writer};
