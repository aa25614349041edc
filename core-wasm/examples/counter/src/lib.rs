//! A replicated counter: everybody adds, everybody sees the same sum in the end, and nobody can add in another's name.
//!
//! Each run of a participant has a row: its key, the run, what it added in it, its signature. A row replaces one with a smaller count, so that rows
//! may come twice, late or in any order (a G-Counter: Shapiro et al., "Conflict-free Replicated Data Types", 2011). Rows
//! that are news go to everybody in view, those of [`NEWS_MS`] at once; newcomers get all rows; and every [`ROUND_MS`] somebody in
//! view gets some, so that what was lost comes again.
//!
//! It is the template for whoever writes the next module: it knows `tabmesh-port` and nothing else.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod counter;
mod face;
mod row;
mod rows;

pub use counter::{CHECKS_A_PEER, CHECKS_MAX, Counter, NEWS_MS, OUTBOX_MAX, ROUND_MS, port};
pub use face::{Command, Event};
pub use row::Row;
pub use rows::ROWS_MAX;
