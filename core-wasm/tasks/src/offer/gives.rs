//! What an executor gives.

use tabmesh_port::Duration;

/// What a shell gives the tasks of others.
#[derive(Clone, Copy)]
pub(crate) struct Gives {
    pub(crate) cores: usize,
    pub(crate) gas: u64,
    /// How long one task may take, and a batch while others wait.
    pub(crate) turn: Duration,
    pub(crate) bytes_an_hour: u64,
}

impl Gives {
    pub(crate) fn new(cores: u8, gas: u64, turn_ms: u32, bytes_an_hour: u64) -> Self {
        Self { cores: cores.max(1).into(), gas, turn: Duration::from_ms(turn_ms.into()), bytes_an_hour }
    }
}
