//! What a shell says, and what it hears. Numbers are big-endian, bytes come last and reach to the end; the flat forms are in
//! `docs/JOBS.md`.

mod command;
mod event;
mod parts;

pub use command::Command;
pub use event::Event;
pub use parts::{FailedWhy, Ran, StalledWhy};
