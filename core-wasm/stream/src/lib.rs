//! Streams between two nodes: bytes in order, both ways, each way no faster than the other end reads.
//!
//! A stream is made of questions alone, so the overlay knows nothing of it: `Data` carries bytes at a place and is answered at once,
//! with how far the sender may go on. It goes over the sealed link of its two ends, which both hold while the stream lasts, and anything
//! that came another way is refused. A question that got no answer is asked again: data has a place, so it counts once, and a stream
//! outlives a link that another one replaces. Each way ends by itself (`fin`); a stream ends once, whatever happens.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod asking;
mod commands;
mod ends;
mod face;
mod limits;
mod places;
mod questions;
mod receiving;
mod sending;
mod stream;
mod streams;
mod turns;
mod wire;

pub use face::{Command, Event};
pub use limits::*;
pub use streams::{Streams, port};
