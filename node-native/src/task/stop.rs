//! What ends a run early.

use thiserror::Error;

/// What a host could not do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// There was no memory to give, at the start or as it grew.
    Memory,
    /// The engine's own stack came to its end.
    Stack,
    /// The engine gave an error that is no trap, could not compile what is valid, or panicked.
    Engine,
    /// The module takes more time or memory to compile than a host gives.
    Compiler,
    /// There was no thread to run on.
    Thread,
}

/// What ended a run early, as far as the engine or the host knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Stop {
    /// A trap of the module's.
    #[error("the module trapped")]
    Trap,
    /// `proc_exit`, with its code.
    #[error("the module ended itself with code {0}")]
    Exit(u32),
    /// The host found the gas below zero.
    #[error("the gas is spent")]
    Gas,
    /// The module does not keep to the interface.
    #[error("the module does not keep to the interface")]
    BadAbi,
    /// The watchdog.
    #[error("the time is up")]
    Late,
    /// The host failed.
    #[error("the host failed: {0:?}")]
    Abort(Failure),
}
