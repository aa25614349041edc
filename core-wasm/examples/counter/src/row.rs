//! What one participant added, and how that travels.

use alloc::vec::Vec;

use tabmesh_port::limits::TELL_MAX;
use tabmesh_port::{PublicKey, Reader, Signature, Writer};

/// What one participant added in one run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// Whose.
    pub key: PublicKey,
    /// In which run: whoever starts again remembers nothing, and counts from 0 in a row of its own.
    pub run: u32,
    /// So much.
    pub count: u64,
    /// The key's, over [`Row::signed_bytes`].
    pub signature: Signature,
}

impl Row {
    /// Its bytes: key, run, count, signature.
    pub const BYTES: usize = 64 + 4 + 8 + 64;

    /// As many fit into one Tell.
    pub const A_TELL: usize = TELL_MAX / Self::BYTES;

    /// The rows that stand one after another in `bytes`; a rest that is no row is left out.
    pub fn list(bytes: &[u8]) -> impl Iterator<Item = Self> + '_ {
        bytes.as_chunks::<{ Self::BYTES }>().0.iter().map(|chunk| {
            let mut reader = Reader::new(chunk);
            Self {
                key: *reader.key(),
                run: reader.u32(),
                count: reader.u64(),
                signature: *reader.signature(),
            }
        })
    }

    /// The bytes of rows, one after another.
    pub fn emit_all(rows: &[Self]) -> Vec<u8> {
        let mut writer = Writer::with_capacity(rows.len() * Self::BYTES);
        for row in rows {
            writer.bytes(&row.key.0).u32(row.run).u64(row.count).bytes(&row.signature.0);
        }
        writer.finish()
    }

    /// What is signed: run and count. The port sees to it that no other module's signature covers the same.
    pub fn signed_bytes(run: u32, count: u64) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u32(run).u64(count);
        writer.finish()
    }
}
