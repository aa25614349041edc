//! Nodes on a perfect port whose shells run tasks by a hash, each in its own way.

#![allow(dead_code, unused_imports, reason = "not every test needs all of it")]

pub(crate) mod alone;
pub(crate) mod asking;
pub(crate) mod cartel;
pub(crate) mod given;
pub(crate) mod inputs;
pub(crate) mod node;
pub(crate) mod running;
pub(crate) mod staff;
pub(crate) mod stepping;
pub(crate) mod world;

pub(crate) use given::{MS, SECOND, honest, offer, task_id};
pub(crate) use node::Node;
pub(crate) use world::World;
