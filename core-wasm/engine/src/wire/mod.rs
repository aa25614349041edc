//! Bytes ⇄ typed messages; no state. All numbers are big-endian; reading is total: any bytes give a message or
//! a [`Fault`], never a panic. `read` says which, `parse` does not.

mod body;
mod codec;
pub mod description;
pub mod envelope;
mod fault;
pub mod frame;
pub mod named;
mod proof;
pub mod signal;
pub mod topic;

pub use codec::{Reader, Writer};
pub use fault::Fault;
