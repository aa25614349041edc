//! The coordination of jobs: tasks are given to other nodes, and their outcomes are compared and signed.
//!
//! [`Tasks`] is a module on [`Port::TASKS`](tabmesh_port::Port::TASKS) with two halves that share nothing but the ground they stand on. The
//! *requester* draws executors, gives them batches of tasks, and decides which outcomes it accepts. The *executor* takes batches of
//! others, in turn, and signs what came of them. Neither sees a task: it is a number and the hash of its definition here. Modules,
//! inputs and outputs lie in the shell, which runs what is to be run.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod ask;
pub mod bisect;
mod face;
mod ground;
mod limits;
mod list;
mod offer;
mod outcome;
mod receipt;
mod tasks;
mod wanted;
mod wire;

pub use face::{Command, Event, FailedWhy, Ran, StalledWhy};
pub use limits::*;
pub use outcome::{Outcome, TaskId, climb, leaf, path, root};
pub use receipt::{Claim, Receipt};
pub use tasks::Tasks;
pub use wire::{Batch, Nonce, Question, Refusal, Word, signed};
