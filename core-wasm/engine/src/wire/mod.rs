//! Bytes ⇄ typed messages; no state. All numbers are big-endian; reading is total: any bytes give a message or
//! a [`Fault`], never a panic. `read` says which, `parse` does not.

mod body;
pub mod description;
pub mod envelope;
pub mod frame;
pub mod named;
mod proof;
pub mod signal;
pub mod topic;

pub use tabmesh_port::{Fault, Reader, Writer};
