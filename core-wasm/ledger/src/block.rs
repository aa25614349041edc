//! A block: its header, and the operations that lead to it.

use alloc::vec::Vec;

use tabmesh_port::{Reader, Writer};

use crate::hash::Hash;
use crate::header::Header;
use crate::mountain::Mountain;
use crate::operation::Operation;
use crate::refusal::Refusal;

/// A step from one state to the next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// What it commits to.
    pub header: Header,
    /// In the order of accounts and sequence numbers.
    pub operations: Vec<Operation>,
}

impl Block {
    /// Reads its bytes.
    ///
    /// # Errors
    /// [`Malformed`](Refusal::Malformed), or what is wrong with an operation.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(bytes);
        let header = Header::read(reader.bytes(Header::BYTES)).ok_or(Refusal::Malformed)?;
        let (list, rest) = reader.rest().as_chunks::<{ Operation::BYTES }>();
        let mut operations = Vec::new();
        for operation in list {
            operations.push(Operation::read(operation)?);
        }
        if rest.is_empty() { Ok(Self { header, operations }) } else { Err(Refusal::Malformed) }
    }

    /// Its bytes: the header, and each operation.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes(&self.header.emit());
        for operation in &self.operations {
            writer.bytes(&operation.emit());
        }
        writer.finish()
    }
}

/// The root over the ids of operations.
pub(crate) fn root_of(operations: &[Operation]) -> Hash {
    let mut ids = Mountain::default();
    for operation in operations {
        ids.push(operation.id());
    }
    ids.root()
}
