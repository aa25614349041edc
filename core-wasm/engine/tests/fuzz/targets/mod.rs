//! What the fuzz targets of `core-wasm/fuzz` do with the bytes that they are given.

#![allow(dead_code, reason = "no target needs all that the tests have")]

pub(crate) mod node;
mod trees;
pub(crate) mod wire;

#[path = "../../attacks/frames.rs"]
mod frames;
#[path = "../../world/heap.rs"]
mod heap;
#[path = "../../world/outcome.rs"]
mod outcome;
#[path = "../../content/reference.rs"]
mod reference;
