//! Where records lie: keys, the names of references, and the prefixes of neighbourhoods.

use tabmesh_port::{NodeId, Reader, Writer};

use crate::hash::{Hash, Tag, tagged};
use crate::limits::PREFIX_MAX;

/// Bytes of a key within which all prefixes end.
const HEAD: usize = 8;

/// The key of a record, 32 bytes. Its last bit is 0 for an account and 1 for all else: who sends credits chooses the id that they go to,
/// and would otherwise take the place of a name or of a receipt that is not there yet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key(pub Hash);

/// Names a reference, 11 bytes: the head of the SHA-256 of what people call it.
pub type Name = [u8; 11];

impl Key {
    /// Of the account of this node: its id, the last bit cleared.
    pub fn account(id: &NodeId) -> Self {
        let mut key = id.0;
        if let Some(last) = key.last_mut() {
            *last &= !1;
        }
        Self(key)
    }

    /// Of the reference with this name: SHA-256(2 ‖ name), the last bit set.
    pub fn reference(name: &Name) -> Self {
        Self::other(tagged(Tag::Reference, &[name]))
    }

    /// The same key, but that it begins as `home` does: it lies in the same neighbourhood, however often that splits.
    pub(crate) fn beside(mut self, home: &Self) -> Self {
        for (byte, homes) in self.0.iter_mut().zip(&home.0).take(HEAD) {
            *byte = *homes;
        }
        self
    }

    pub(crate) fn other(mut hash: Hash) -> Self {
        if let Some(last) = hash.last_mut() {
            *last |= 1;
        }
        Self(hash)
    }

    /// Whether an account may lie here.
    pub fn is_account(&self) -> bool {
        self.0.last().is_some_and(|last| last & 1 == 0)
    }

    /// Its first eight bytes as a number.
    pub(crate) fn head(&self) -> u64 {
        self.0.first_chunk().map_or(0, |head| u64::from_be_bytes(*head))
    }
}

/// The first bits of all keys of a neighbourhood; none where there is one neighbourhood.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Prefix {
    bits: u8,
    head: u64,
}

impl Prefix {
    /// Its bytes: bits 1, head 8.
    pub const BYTES: usize = 9;

    /// The first `bits` bits of `key`; `None` of more than [`PREFIX_MAX`].
    pub fn of(key: &Key, bits: u8) -> Option<Self> {
        (bits <= PREFIX_MAX).then(|| Self { bits, head: key.head() & mask(bits) })
    }

    /// How many bits.
    pub fn bits(self) -> u8 {
        self.bits
    }

    /// Whether a record with this key lies in the neighbourhood.
    pub fn covers(self, key: &Key) -> bool {
        key.head() & mask(self.bits) == self.head
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (bits, head) = (reader.u8(), reader.u64());
        (bits <= PREFIX_MAX && head & !mask(bits) == 0).then_some(Self { bits, head })
    }

    pub(crate) fn emit(self, writer: &mut Writer) {
        writer.u8(self.bits).u64(self.head);
    }
}

fn mask(bits: u8) -> u64 {
    !u64::MAX.checked_shr(bits.into()).unwrap_or(0)
}
