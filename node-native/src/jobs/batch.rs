//! A batch as it goes from a requester's shell to an executor's: what its tasks have in common, and an input for each.

use bytes::Bytes;
use tabmesh_port::{Reader, Writer};
use tabmesh_tasks::{BATCH_MAX, PACKED_MAX, TaskId};
use thiserror::Error;

use super::terms::{Terms, VERSION};

/// An input of at most so many bytes is in the batch; a longer one is fetched.
pub const HERE_MAX: usize = 16 << 10;

/// How an input is given: its bytes, or their hash.
const HERE: u8 = 0;
const NAMED: u8 = 1;

/// An input as its requester has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Input {
    /// Its bytes: at most 16 MiB.
    pub bytes: Bytes,
    /// Their SHA-256.
    pub hash: [u8; 32],
}

impl Input {
    /// That of these bytes.
    #[must_use]
    pub fn new(bytes: Bytes) -> Self {
        let hash = tabmesh_engine::sha256(&bytes);
        Self { bytes, hash }
    }

    /// The id of the task with it.
    #[must_use]
    pub fn id(&self, terms: &Terms) -> TaskId {
        terms.id(&self.hash, self.bytes.len() as u32)
    }
}

/// A batch being made.
pub struct Packing {
    bytes: Vec<u8>,
    count: u16,
}

impl Packing {
    /// One without tasks.
    #[must_use]
    pub fn new(terms: &Terms) -> Self {
        let mut writer = Writer::default();
        terms.emit(writer.u8(VERSION));
        Self { bytes: writer.finish(), count: 0 }
    }

    /// Adds a task with this input; whether there was room for it.
    pub fn push(&mut self, input: &Input) -> bool {
        let length = input.bytes.len();
        let mut writer = Writer::default();
        if length <= HERE_MAX {
            writer.u32(length as u32).u8(HERE).bytes(&input.bytes);
        } else {
            writer.u32(length as u32).u8(NAMED).bytes(&input.hash);
        }
        let more = writer.finish();
        let has_room = self.bytes.len() + more.len() <= PACKED_MAX && usize::from(self.count) < BATCH_MAX;
        if has_room {
            self.bytes.extend_from_slice(&more);
            self.count += 1;
        }
        has_room
    }

    /// How many tasks are in it, and its bytes.
    #[must_use]
    pub fn finish(self) -> (u16, Vec<u8>) {
        (self.count, self.bytes)
    }
}

/// An input as an executor is given it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Given {
    /// Its bytes.
    Here(Bytes),
    /// Its hash; it is fetched.
    Named {
        /// SHA-256.
        hash: [u8; 32],
        /// In bytes.
        length: u32,
    },
}

impl Given {
    /// In bytes.
    #[must_use]
    pub fn length(&self) -> u32 {
        match self {
            Self::Here(bytes) => bytes.len() as u32,
            Self::Named { length, .. } => *length,
        }
    }
}

/// A batch as an executor reads it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// What its tasks have in common.
    pub terms: Terms,
    /// The input of each.
    pub inputs: Vec<Given>,
}

/// Bytes that are no batch of so many tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("these bytes are no batch of so many tasks")]
pub struct Malformed;

impl Batch {
    /// Reads a batch of `count` tasks, each with this limit of gas.
    ///
    /// # Errors
    /// [`Malformed`]: another version, too short, too long, or an input in no form that is known.
    pub fn read(bytes: &[u8], count: u16, gas: u64) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.u8() != VERSION {
            return Err(Malformed);
        }
        let terms = Terms::read(&mut reader, gas);
        let inputs: Option<Vec<Given>> = (0..count).map(|_| read_input(&mut reader)).collect();
        let inputs = inputs.ok_or(Malformed)?;
        reader.finish().map(|()| Self { terms, inputs }).ok_or(Malformed)
    }
}

fn read_input(reader: &mut Reader<'_>) -> Option<Given> {
    let (length, how) = (reader.u32(), reader.u8());
    let given = match how {
        HERE if length as usize <= HERE_MAX => {
            Given::Here(Bytes::copy_from_slice(reader.bytes(length as usize)))
        }
        NAMED => Given::Named { hash: *reader.array(), length },
        _ => return None,
    };
    reader.intact().map(|()| given)
}

#[cfg(test)]
mod tests {
    //! What is packed is read; other bytes are an error, never a panic.

    use proptest::prelude::*;

    use super::*;

    fn terms() -> Terms {
        let (module, seed) = ([1; 32], [2; 32]);
        Terms { module, module_bytes: 9, gas: 7, pages: 3, seed, time: 4, piece: 5 }
    }

    fn input(length: usize) -> Input {
        Input::new((0..length).map(|at| at as u8).collect::<Vec<u8>>().into())
    }

    fn packed(inputs: &[Input]) -> (u16, Vec<u8>) {
        let mut packing = Packing::new(&terms());
        assert!(inputs.iter().all(|input| packing.push(input)));
        packing.finish()
    }

    #[test]
    fn a_batch_is_read_as_it_was_packed() {
        let inputs = [0, 1, HERE_MAX, HERE_MAX + 1].map(input);
        let (count, bytes) = packed(&inputs);
        let batch = Batch::read(&bytes, count, 7).expect("a batch");
        assert_eq!(batch.terms, terms());
        assert_eq!(batch.inputs[2], Given::Here(inputs[2].bytes.clone()));
        let long = Given::Named { hash: inputs[3].hash, length: HERE_MAX as u32 + 1 };
        assert_eq!(batch.inputs[3], long);
        for wrong in [3, 5] {
            assert_eq!(Batch::read(&bytes, wrong, 7), Err(Malformed));
        }
        assert_eq!(Batch::read(&[&bytes[..], &[0]].concat(), 4, 7), Err(Malformed));
        assert_eq!(Batch::read(&bytes[..bytes.len() - 1], 4, 7), Err(Malformed));
    }

    #[test]
    fn as_much_is_taken_as_there_is_room_for() {
        let mut packing = Packing::new(&terms());
        let taken = (0..3).take_while(|_| packing.push(&input(HERE_MAX))).count();
        assert_eq!(taken, 1);
        let taken = (0..BATCH_MAX).take_while(|_| packing.push(&input(0))).count();
        let (count, bytes) = packing.finish();
        assert_eq!(usize::from(count), taken + 1);
        assert!(bytes.len() <= PACKED_MAX && taken + 1 == BATCH_MAX);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            count in any::<u16>(),
        ) {
            let _ = Batch::read(&bytes, count, 1);
        }

        #[test]
        fn a_changed_batch_is_another_one_or_none(at in 0_usize..200, by in 1_u8..) {
            let (count, mut bytes) = packed(&[input(50), input(60)]);
            let before = Batch::read(&bytes, count, 7);
            let at = at % bytes.len();
            bytes[at] = bytes[at].wrapping_add(by);
            prop_assert_ne!(Batch::read(&bytes, count, 7), before);
        }
    }
}
