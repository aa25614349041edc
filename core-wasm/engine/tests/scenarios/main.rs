//! Scenarios: whole networks of the very engine in a virtual world. One test is one sentence about the network.
//!
//! Every scenario runs with a few fixed seeds and a fresh one; a failure prints its seed, and
//! `TABMESH_SEED=<seed> cargo test -p tabmesh-engine --test scenarios <name>` has that very run again.

#[path = "../world/mod.rs"]
mod world;

mod bounds;
mod circuits;
mod grow;
mod hostile;
mod join;
mod links;
mod lookup;
mod memory;
mod pressure;
mod puppet;
mod replay;
mod storage;
mod survival;
mod topics;
