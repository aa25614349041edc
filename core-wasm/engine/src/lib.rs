//! The tabmesh engine: every protocol decision of a node, and nothing else.
//!
//! It opens no socket, reads no clock, spawns no task, asks no operating system for randomness and prints
//! nothing. A shell (browser, native, simulator) owns all of that and talks to a [`Node`] by one rule:
//!
//! 1. hand in one [`Input`] with the shell's monotonic time: [`Node::handle_input`];
//! 2. drain [`Node::poll_output`] until it answers [`Output::Timeout`];
//! 3. come back with the next input, or with [`Input::Timeout`] at that time.
//!
//! The same seed and the same inputs give the same outputs, byte for byte, natively and in Wasm.
//! Bytes from a peer never panic: they close that peer's link, with a [`Reason`].

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod blocks;
pub mod content;
mod coordinate;
mod ground;
pub mod io;
pub mod limits;
mod link;
mod linking;
mod list;
mod lists;
mod node;
mod ports;
mod requests;
mod rng;
mod routing;
mod time;
mod topics;
mod upkeep;
pub mod wire;

pub use coordinate::Coordinate;
pub use io::{
    Command, Config, Event, Flat, Input, JobId, JobResult, LinkId, LinkKind, OpId, Output, Profile, Route,
    Work,
};
pub use node::{LinkView, Node};
pub use ports::surplus;
pub use rng::Rng;
pub use tabmesh_port::{
    BlockHash, Distance, Duration, Instant, NodeId, PublicKey, Reason, Signature, Status, TopicId, sha256,
};
use tabmesh_port::{hash, id, status};
