//! What belongs to one run beside its instance: what it reads, what it wrote, when it ends.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::definition::Task;
use super::watchdog::Watchdog;

/// What belongs to one run of a command, beside its instance.
pub struct Command {
    pub(super) input: Bytes,
    /// Bytes of the input that were read.
    pub(super) read: usize,
    pub(super) time: u64,
    /// How often it asked for the time.
    pub(super) clock_reads: u64,
    pub(super) random: Random,
    /// What was written to file 1.
    pub(super) output: Vec<u8>,
    /// The head of what was written to file 2.
    pub(super) log: Vec<u8>,
    pub(super) watchdog: Watchdog,
}

impl Command {
    /// The beginning of a task, to be ended by the watchdog.
    pub(super) fn new(task: &Task, watchdog: Watchdog) -> Self {
        Self {
            input: task.input.clone(),
            read: 0,
            time: task.time,
            clock_reads: 0,
            random: Random { seed: task.seed, blocks: 0, block: [0; 32], used: 32 },
            output: Vec::new(),
            log: Vec::new(),
            watchdog,
        }
    }
}

/// The stream SHA-256(seed ‖ 0) ‖ SHA-256(seed ‖ 1) ‖ …
pub(super) struct Random {
    seed: [u8; 32],
    /// Hashes that were made.
    blocks: u64,
    block: [u8; 32],
    /// Bytes of the last one that were given.
    used: usize,
}

impl Random {
    pub(super) fn fill(&mut self, mut to: &mut [u8]) {
        while !to.is_empty() {
            if self.used == self.block.len() {
                let hash = Sha256::new().chain_update(self.seed).chain_update(self.blocks.to_le_bytes());
                self.block = hash.finalize().into();
                self.blocks += 1;
                self.used = 0;
            }
            let rest = &self.block[self.used..];
            let (head, tail) = to.split_at_mut(rest.len().min(to.len()));
            head.copy_from_slice(&rest[..head.len()]);
            self.used += head.len();
            to = tail;
        }
    }
}
