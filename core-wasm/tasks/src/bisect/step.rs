//! One step of a task, as a leaf of a tree.

use tabmesh_port::{Reader, Writer, sha256};

use crate::outcome::Outcome;

/// The flag of a step behind which nothing comes.
const DONE: u8 = 1;

/// Added to the status of a step that is not `OK`, where its flag would stand.
pub const NOT_OK: u8 = 128;

/// What is so after a step. One that is not `OK` leaves an empty state and an empty output, and has used all of the task's gas.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Its number, from 0.
    pub number: u32,
    /// The hash of the state that it left.
    pub state: [u8; 32],
    /// The gas that it and those before it used.
    pub gas: u64,
    /// 0 continue, 1 done, 2 wait, as `docs/TASKS.md` says; 128 and its status where it is not `OK`.
    pub flag: u8,
    /// How many bytes of the input were given by then, and one more where its end was.
    pub position: u32,
    /// How long the output is by then, in bytes.
    pub length: u32,
    /// The hash of the output by then.
    pub output: [u8; 32],
}

impl Step {
    /// Its bytes: number 4, state 32, gas 8, flag 1, position 4, length 4, output 32.
    pub const BYTES: usize = 85;

    /// SHA-256(2 ‖ its bytes).
    pub fn leaf(&self) -> [u8; 32] {
        let mut writer = Writer::with_capacity(1 + Self::BYTES);
        self.emit(writer.u8(2));
        sha256(&writer.finish())
    }

    /// Whether another step comes behind it.
    pub fn goes_on(&self) -> bool {
        matches!(self.flag, 0 | 2)
    }

    /// Whether a task whose last step this is may have this outcome.
    pub(crate) fn ends_as(&self, outcome: &Outcome) -> bool {
        let status =
            if self.flag == DONE { Some(0) } else { self.flag.checked_sub(NOT_OK).filter(|it| *it > 0) };
        let Self { gas, length, output, .. } = *self;
        status.is_some_and(|status| *outcome == Outcome { status, gas, length, output, steps: outcome.steps })
    }

    /// Reads its bytes; the reader knows whether there were enough.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            number: reader.u32(),
            state: *reader.array(),
            gas: reader.u64(),
            flag: reader.u8(),
            position: reader.u32(),
            length: reader.u32(),
            output: *reader.array(),
        }
    }

    /// Writes its bytes.
    pub fn emit(&self, writer: &mut Writer) {
        writer.u32(self.number).bytes(&self.state).u64(self.gas).u8(self.flag);
        writer.u32(self.position).u32(self.length).bytes(&self.output);
    }
}

/// SHA-256(3 ‖ count 4 ‖ top 32): the root over so many steps names how many they are.
pub fn steps_root(count: u32, top: &[u8; 32]) -> [u8; 32] {
    let mut writer = Writer::with_capacity(37);
    writer.u8(3).u32(count).bytes(top);
    sha256(&writer.finish())
}
