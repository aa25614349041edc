//! What came of a task, and the tree whose root an executor signs.

use alloc::vec::Vec;

use tabmesh_port::{BlockHash, Reader, Writer, sha256};

use crate::list::Gather;

/// Names a task, 32 bytes: the hash in the CID of its definition. Both shells compute it for themselves.
pub type TaskId = BlockHash;

/// Statuses up to this are results (`docs/TASKS.md`). Behind them are aborted, refused, late, and nothing else.
const RESULTS: u8 = 5;
const STATUSES: u8 = 8;

/// Statuses up to this have an output.
const WITH_OUTPUT: u8 = 1;

/// Added to the status of one that names its steps, which come behind.
const BY_STEPS: u8 = 128;

/// The longest output of a task, in bytes.
const OUTPUT_MAX: u32 = 16 << 20;

/// What came of a task. Two are equal if all of it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// Its status, as `docs/TASKS.md` numbers them.
    pub status: u8,
    /// The gas that is billed.
    pub gas: u64,
    /// How long the output is, in bytes.
    pub length: u32,
    /// The hash of the output.
    pub output: [u8; 32],
    /// The [root over its steps](crate::bisect::steps_root); zeros where it was run whole, or is no result.
    pub steps: [u8; 32],
}

impl Outcome {
    /// The most bytes that it has: status 1, gas 8, length 4, output 32, and where it was run by steps, which 128 more in the status
    /// says, their root 32.
    pub const BYTES_MAX: usize = 77;

    /// One that was run whole.
    pub fn whole(status: u8, gas: u64, length: u32, output: [u8; 32]) -> Self {
        Self { status, gas, length, output, steps: [0; 32] }
    }

    /// Whether it was run by steps and came to a result.
    pub fn has_steps(&self) -> bool {
        self.steps != [0; 32]
    }

    /// How many bytes it has.
    pub(crate) fn bytes(&self) -> usize {
        if self.has_steps() { Self::BYTES_MAX } else { Self::BYTES_MAX - 32 }
    }

    /// Whether it is a result, which others can come to as well.
    pub fn is_result(&self) -> bool {
        self.status <= RESULTS
    }

    /// Whether a task with this limit of gas, run by steps or whole, can come to it at all.
    pub(crate) fn is_possible(&self, gas: u64, is_by_steps: bool) -> bool {
        let length_max = if self.status <= WITH_OUTPUT { OUTPUT_MAX } else { 0 };
        self.status <= STATUSES
            && self.gas <= gas
            && self.length <= length_max
            && self.has_steps() == (is_by_steps && self.is_result())
    }

    /// Reads what [`emit`](Self::emit) wrote; the reader knows whether there were too few bytes.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let (status, gas, length, output) = (reader.u8(), reader.u64(), reader.u32(), *reader.array());
        let steps = if status < BY_STEPS { [0; 32] } else { *reader.array() };
        Self { status: status % BY_STEPS, gas, length, output, steps }
    }

    /// Appends its bytes: 45 or 77.
    pub fn emit(&self, writer: &mut Writer) {
        let status = self.status | if self.has_steps() { BY_STEPS } else { 0 };
        writer.u8(status).u64(self.gas).u32(self.length).bytes(&self.output);
        if self.has_steps() {
            writer.bytes(&self.steps);
        }
    }
}

/// A leaf of the tree: SHA-256(0 ‖ task ‖ outcome).
pub fn leaf(task: &TaskId, outcome: &Outcome) -> [u8; 32] {
    let mut writer = Writer::with_capacity(1 + 32 + Outcome::BYTES_MAX);
    writer.u8(0).bytes(&task.0);
    outcome.emit(&mut writer);
    sha256(&writer.finish())
}

/// SHA-256(1 ‖ left ‖ right): no node passes for a leaf (RFC 9162 §2.1).
pub(crate) fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut writer = Writer::with_capacity(65);
    writer.u8(1).bytes(left).bytes(right);
    sha256(&writer.finish())
}

/// The root over leaves: pairs are joined level by level, and a last one without a partner goes up as it is. Zeros of none.
pub fn root(mut level: Vec<[u8; 32]>) -> [u8; 32] {
    while level.len() > 1 {
        level = above(&level);
    }
    level.first().copied().unwrap_or_default()
}

fn above(level: &[[u8; 32]]) -> Vec<[u8; 32]> {
    let (pairs, last) = level.as_chunks();
    let joined = pairs.iter().map(|[left, right]| node(left, right));
    joined.chain(last.iter().copied()).gather()
}

/// The partners of a leaf on its way up to the root, the lowest first.
pub fn path(mut level: Vec<[u8; 32]>, index: usize) -> Vec<[u8; 32]> {
    let (mut at, mut partners) = (index, Vec::new());
    while level.len() > 1 {
        partners.extend(level.get(at ^ 1));
        level = above(&level);
        at /= 2;
    }
    partners
}

/// The root that follows from one leaf of `count` and its [`path`]; `None` where the path is no such one.
pub fn climb(leaf: [u8; 32], index: usize, count: usize, path: &[[u8; 32]]) -> Option<[u8; 32]> {
    let (mut hash, mut at, mut width) = (leaf, index, count);
    let mut partners = path.iter();
    if at >= width {
        return None;
    }
    while width > 1 {
        if at ^ 1 < width {
            let partner = partners.next()?;
            hash = if at.is_multiple_of(2) { node(&hash, partner) } else { node(partner, &hash) };
        }
        (at, width) = (at / 2, width.div_ceil(2));
    }
    partners.next().is_none().then_some(hash)
}
