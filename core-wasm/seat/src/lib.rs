//! Where modules sit on a node: what they wish becomes commands of the engine, what the engine tells becomes what they are told.
//!
//! A shell has one [`Seats`] beside its engine. It hands in every [`Event`](tabmesh_engine::Event) of the engine, how jobs ended, what
//! faces want and the time, drains [`Seats::poll`] after each of these, and does what that says. Nothing here waits, reads a clock
//! or draws chance: the same inputs give the same outputs.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod asking;
mod demand;
mod hearing;
mod held;
mod here;
mod numbers;
mod peers;
mod questions;
mod seat;
mod seats;

pub use demand::Demand;
pub use seats::{Occupied, ROUNDS_MAX, SEATS_MAX, Seats};
