//! What names a task: its terms and its input.

use bytes::Bytes;
use tabmesh_engine::sha256;
use tabmesh_port::{BlockHash, Reader, Writer};
use tabmesh_tasks::TaskId;

use crate::task::{BoundError, Task};

/// The version of the form of ids and batches.
pub(super) const VERSION: u8 = 1;

/// What tasks of one batch have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// SHA-256 of the module.
    pub module: [u8; 32],
    /// Its length in bytes.
    pub module_bytes: u32,
    /// The limit of gas.
    pub gas: u64,
    /// The limit of memory, in pages of 64 KiB.
    pub pages: u32,
    /// What random bytes come from.
    pub seed: [u8; 32],
    /// Nanoseconds since 1970.
    pub time: u64,
    /// Bytes of a piece, for tasks by steps; 0 where they are run whole.
    pub piece: u32,
}

impl Terms {
    /// The id of the task with an input of this hash and this length in bytes (`docs/JOBS.md`).
    #[must_use]
    pub fn id(&self, input: &[u8; 32], input_bytes: u32) -> TaskId {
        let mut writer = Writer::with_capacity(125);
        writer.u8(VERSION).bytes(&self.module).bytes(input).u32(input_bytes);
        writer.u64(self.gas).u32(self.pages).bytes(&self.seed).u64(self.time).u32(self.piece);
        BlockHash(sha256(&writer.finish()))
    }

    /// The task with this module and this input, to be run.
    ///
    /// # Errors
    /// A bound that is broken: nothing could run it.
    pub fn task(&self, module: Bytes, input: Bytes) -> Result<Task, BoundError> {
        let task = Task::new(module).with_input(input)?.with_gas(self.gas)?.with_pages(self.pages)?;
        let task = task.with_seed(self.seed).with_time(self.time);
        if self.piece == 0 { Ok(task) } else { task.in_pieces(self.piece as usize) }
    }

    /// As a batch begins with them: all but the gas, which stands in the assignment.
    pub(super) fn emit(&self, writer: &mut Writer) {
        writer.bytes(&self.module).u32(self.module_bytes).u32(self.pages);
        writer.bytes(&self.seed).u64(self.time).u32(self.piece);
    }

    pub(super) fn read(reader: &mut Reader<'_>, gas: u64) -> Self {
        let (module, module_bytes, pages) = (*reader.array(), reader.u32(), reader.u32());
        let (seed, time, piece) = (*reader.array(), reader.u64(), reader.u32());
        Self { module, module_bytes, gas, pages, seed, time, piece }
    }
}
