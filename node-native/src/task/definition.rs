//! What is to be run, and the bounds that the interface sets.

use std::num::NonZeroUsize;

use bytes::Bytes;
use thiserror::Error;

/// Bytes of an input, of an output, of a state.
pub const STREAM_BYTES_MAX: usize = 16 << 20;
/// Bytes of a log that are kept.
pub const LOG_BYTES_MAX: usize = 64 << 10;
/// Gas of a task.
pub const GAS_MAX: u64 = 1 << 62;
/// Gas of a task that names none.
pub const GAS_DEFAULT: u64 = 1_000_000_000;
/// Pages of a task that names none.
pub const PAGES_DEFAULT: u32 = 1_024;

/// Stack of a task that names none, in KiB as the profile counts it: every engine has so much.
pub const STACK_KIB_DEFAULT: u32 = tabmesh_meter::limits::STACK_BYTES >> 10;
/// Stack of a task. An engine that has less ends the run without a result.
pub const STACK_KIB_MAX: u32 = tabmesh_meter::limits::STACK_BYTES_MAX >> 10;

/// What is to be run, within the bounds that the interface sets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Task {
    pub(super) module: Bytes,
    pub(super) input: Bytes,
    pub(super) gas: u64,
    pub(super) pages: u32,
    pub(super) stack_kib: u32,
    pub(super) seed: [u8; 32],
    pub(super) time: u64,
    pub(super) piece_bytes: Option<NonZeroUsize>,
}

/// A bound that the caller broke: nothing runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum BoundError {
    /// More than [`STREAM_BYTES_MAX`] bytes of input.
    #[error(
        "the input has {bytes} bytes, a task takes 16 MiB; split the work, or let the module make its data"
    )]
    Input {
        /// As many.
        bytes: usize,
    },
    /// More than [`GAS_MAX`].
    #[error("{gas} is more gas than a task can have; give at most 2^62, 4611686018427387904")]
    Gas {
        /// As much.
        gas: u64,
    },
    /// None, or more than 65,536.
    #[error("a task has 1 to 65536 pages of memory, 64 KiB each, not {pages}")]
    Pages {
        /// As many.
        pages: u32,
    },
    /// None, or more than [`STACK_KIB_MAX`].
    #[error("a task has 1 to {STACK_KIB_MAX} KiB of stack, not {kib}")]
    Stack {
        /// As many.
        kib: u32,
    },
    /// No bytes at all, or more than [`STREAM_BYTES_MAX`].
    #[error("a piece of the input has 1 to 16777216 bytes, not {bytes}")]
    Piece {
        /// As many.
        bytes: usize,
    },
    /// More than [`STREAM_BYTES_MAX`] bytes of state.
    #[error("the state has {bytes} bytes, a step takes 16 MiB; no step gave it")]
    State {
        /// As many.
        bytes: usize,
    },
}

impl Task {
    /// A task with the defaults: no input, 1,000,000,000 gas, 1,024 pages, 256 KiB of stack, a seed of zeros, the time 0.
    ///
    /// The module is judged when it runs: one that is too large is refused by the profile, with its code.
    #[must_use]
    pub fn new(module: impl Into<Bytes>) -> Self {
        Self {
            module: module.into(),
            input: Bytes::new(),
            gas: GAS_DEFAULT,
            pages: PAGES_DEFAULT,
            stack_kib: STACK_KIB_DEFAULT,
            seed: [0; 32],
            time: 0,
            piece_bytes: None,
        }
    }

    /// The same with an input.
    ///
    /// # Errors
    /// It has more than 16 MiB.
    pub fn with_input(mut self, input: impl Into<Bytes>) -> Result<Self, BoundError> {
        self.input = input.into();
        let bytes = self.input.len();
        if bytes > STREAM_BYTES_MAX { Err(BoundError::Input { bytes }) } else { Ok(self) }
    }

    /// The same with as much gas.
    ///
    /// # Errors
    /// It is more than 2^62.
    pub fn with_gas(mut self, gas: u64) -> Result<Self, BoundError> {
        self.gas = gas;
        if gas > GAS_MAX { Err(BoundError::Gas { gas }) } else { Ok(self) }
    }

    /// The same with as many pages of memory, 64 KiB each.
    ///
    /// # Errors
    /// There are none, or more than 65,536.
    pub fn with_pages(mut self, pages: u32) -> Result<Self, BoundError> {
        self.pages = pages;
        let is_good = (1..=tabmesh_meter::limits::PAGES_MAX).contains(&pages);
        if is_good { Ok(self) } else { Err(BoundError::Pages { pages }) }
    }

    /// The same with as many KiB of stack, as the profile counts it.
    ///
    /// # Errors
    /// There are none, or more than [`STACK_KIB_MAX`].
    pub fn with_stack(mut self, kib: u32) -> Result<Self, BoundError> {
        self.stack_kib = kib;
        if (1..=STACK_KIB_MAX).contains(&kib) { Ok(self) } else { Err(BoundError::Stack { kib }) }
    }

    /// The same with a seed, from which all its random bytes come.
    #[must_use]
    pub fn with_seed(mut self, seed: [u8; 32]) -> Self {
        self.seed = seed;
        self
    }

    /// The same at a time, in nanoseconds since 1970.
    #[must_use]
    pub fn with_time(mut self, time: u64) -> Self {
        self.time = time;
        self
    }

    /// The same by steps, with pieces of so many bytes of the input.
    ///
    /// # Errors
    /// It is none, or more than 16 MiB.
    pub fn in_pieces(mut self, bytes: usize) -> Result<Self, BoundError> {
        let is_good = bytes <= STREAM_BYTES_MAX;
        self.piece_bytes = NonZeroUsize::new(bytes).filter(|_| is_good);
        if self.piece_bytes.is_some() { Ok(self) } else { Err(BoundError::Piece { bytes }) }
    }

    /// The Wasm module.
    #[must_use]
    pub fn module(&self) -> &Bytes {
        &self.module
    }

    /// The input.
    #[must_use]
    pub fn input(&self) -> &Bytes {
        &self.input
    }

    /// Bytes of a piece, where it is run by steps.
    #[must_use]
    pub fn piece_bytes(&self) -> Option<NonZeroUsize> {
        self.piece_bytes
    }

    /// The limit of gas.
    #[must_use]
    pub fn gas(&self) -> u64 {
        self.gas
    }

    /// The limit of stack, in KiB as the profile counts it.
    #[must_use]
    pub fn stack_kib(&self) -> u32 {
        self.stack_kib
    }

    pub(super) fn stack_bytes(&self) -> i32 {
        // Within 8 MiB by the bound.
        (self.stack_kib << 10) as i32
    }

    /// The limit of memory, in pages of 64 KiB.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.pages
    }
}
