//! What a running module did wrong.

use std::sync::{Arc, OnceLock};

use thiserror::Error;

use super::bounds::{FUEL, MEMORY_MAX, OUTPUT_MAX, OUTPUTS_MAX};

/// What a module did wrong. It is not called again after it.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Fault {
    /// A call trapped: a panic, mostly.
    #[error("its function `{call}` trapped: {trap}")]
    Trap {
        /// Which.
        call: &'static str,
        /// How, in the engine's words.
        trap: String,
    },
    /// It computes for too long.
    #[error("its function `{call}` did not end within {FUEL} steps, the most for one input")]
    Endless {
        /// Which.
        call: &'static str,
    },
    /// It wants too much memory.
    #[error("its function `{call}` wanted more than {mib} MiB of memory", mib = MEMORY_MAX >> 20)]
    Memory {
        /// Which.
        call: &'static str,
    },
    /// A place that it gave is not in its memory.
    #[error("its function `{call}` gave a place outside of its memory")]
    Outside {
        /// Which.
        call: &'static str,
    },
    /// It gave bytes that are no output.
    #[error("it gave what is no output ({0}); build it with the version of tabmesh-port that this node has")]
    NoOutput(String),
    /// One output is too long.
    #[error("it gave an output of {length} bytes; the most is {OUTPUT_MAX}")]
    LongOutput {
        /// How long.
        length: usize,
    },
    /// It gives outputs without end.
    #[error("it gave more than {OUTPUTS_MAX} outputs after one input")]
    ManyOutputs,
    /// It does not take what it is attached with.
    #[error("it did not start; build it with the version of tabmesh-port that this node has")]
    NotStarted,
}

/// Tells of the fault of one module, once it has one.
#[derive(Clone, Default, Debug)]
pub struct Watch(Arc<OnceLock<Fault>>);

impl Watch {
    /// What it did wrong; `None` while it does well.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.0.get()
    }

    pub(super) fn tell(&self, fault: Fault) {
        // The first one is what matters, and there is no second.
        let _ = self.0.set(fault);
    }
}

/// An error of the engine in one line.
pub(super) fn words(error: &wasmtime::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}
