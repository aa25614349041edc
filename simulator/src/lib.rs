//! The tabmesh engine over virtual time and a virtual network.
//!
//! The very engine that a browser runs, up to a hundred thousand times and more in one process, over models of latency,
//! loss, bandwidth, NATs, sessions and lies that name their sources. The same scenario and seed give the same trace hash,
//! on one thread or several. What comes out is compared with the truth by checkers that share no code with the engine.
//!
//! It measures the protocol, not browsers: it renders nothing, opens no socket, and its cryptography is a stand-in
//! unless the scenario asks for P-256. `docs/SIMULATION.md` says how to use it and what it found.

#![forbid(unsafe_code)]

mod check;
mod conduct;
mod event;
mod ground;
mod library;
mod memory;
mod model;
mod overlay;
mod payload;
mod report;
mod results;
mod scenario;
mod shard;
mod world;

pub use conduct::{Options, Progress, run};
pub use ground::Follow;
pub use overlay::Overlay;
pub use report::{Report, plots, table};
pub use scenario::Scenario;
use tabmesh_world::{crypto, dice, queue};
