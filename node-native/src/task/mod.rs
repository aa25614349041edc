//! Verifiable tasks: a Wasm module, an input and some limits in; a status, the gas and an output out, the same in every engine.
//!
//! The rules are in `docs/TASKS.md`, and each file here holds one part of them: [`prepare`] what is known of a module
//! before it runs, [`executor`] the course of a run, `wasi` the functions of a command, `pure` the calls of a pure module, [`steps`]
//! those of one that is run by steps, [`outcome`] how an end is judged and billed. Engines stand behind the trait in [`engine`].
//!
//! What this room refuses to do: know a network, a clock or a price; read or set an engine's fuel as gas; give a result of the
//! host's failure.

mod cache;
mod command;
pub mod compiler;
pub mod confinement;
mod course;
mod definition;
pub mod engine;
pub mod executor;
mod kinds;
mod memory;
pub mod outcome;
pub mod prepare;
mod pure;
pub mod room;
pub mod steps;
mod stop;
pub mod symbol;
#[cfg(test)]
mod tests;
mod wasi;
#[cfg(feature = "interpreter")]
pub mod wasmi;
pub mod wasmtime;
mod watchdog;
pub mod why;

pub use compiler::Compiler;
pub use course::{Course, Seen, Taken};
pub use definition::{
    BoundError, GAS_DEFAULT, GAS_MAX, LOG_BYTES_MAX, PAGES_DEFAULT, STACK_KIB_DEFAULT, STACK_KIB_MAX,
    STREAM_BYTES_MAX, Task,
};
pub use executor::{Executor, HostLimits};
pub use kinds::EngineKind;
pub use outcome::{End, Failure, Outcome, Status};
pub use steps::{Answer, Flag, State, StepOutcome};
pub use wasi::in_vain;
pub use watchdog::Watchdog;
