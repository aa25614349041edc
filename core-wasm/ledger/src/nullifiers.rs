//! Which receipts were taken here, so that none is taken twice.

use alloc::vec::Vec;

use crate::hash::Hash;
use crate::key::Key;
use crate::proof::Proof;
use crate::tree;

/// The last 16 bytes of a receipt's key, and the last epoch in which it is kept, 4 bytes.
pub type Nullifier = [u8; 20];

/// The last 16 bytes of the key, by which nullifiers are kept: the first 8 are many receipts'.
type Tail = [u8; 16];

/// Nullifiers in the order of their first 16 bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nullifiers {
    list: Vec<Nullifier>,
    most: usize,
}

pub(crate) fn tail(key: &Key) -> Tail {
    key.0.last_chunk().copied().unwrap_or_default()
}

impl Nullifiers {
    /// None yet, and never more than `most`.
    pub fn new(most: u32) -> Self {
        Self { list: Vec::with_capacity(most as usize), most: most as usize }
    }

    /// Reads what [`Nullifiers::bytes`] gave; `None` if it is no such list, or too long.
    pub fn read(bytes: &[u8], most: u32) -> Option<Self> {
        let (list, rest) = bytes.as_chunks();
        let is_sorted = list.iter().zip(list.iter().skip(1)).all(|(one, next)| tail_of(one) < tail_of(next));
        if !is_sorted || !rest.is_empty() || list.len() > most as usize {
            return None;
        }
        let mut table = Self::new(most);
        table.list.extend_from_slice(list);
        Some(table)
    }

    /// All of them, as they stand.
    pub fn bytes(&self) -> &[u8] {
        self.list.as_flattened()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one more would fit.
    pub(crate) fn has_room(&self) -> bool {
        self.list.len() < self.most
    }

    /// Whether the receipt with this key was taken.
    pub fn has(&self, key: &Key) -> bool {
        self.find(&tail(key)).is_ok()
    }

    /// Keeps that of the receipt with this key, until the end of this epoch; there is room, and it was not taken.
    pub(crate) fn put(&mut self, key: &Key, last: u32) {
        let tail = tail(key);
        if let Err(place) = self.find(&tail) {
            let mut nullifier = [0; 20];
            for (to, from) in nullifier.iter_mut().zip(tail.iter().chain(&last.to_be_bytes())) {
                *to = *from;
            }
            self.list.insert(place, nullifier);
        }
    }

    /// Forgets those whose last epoch is over.
    pub(crate) fn sweep(&mut self, epoch: u32) {
        self.list.retain(|nullifier| {
            nullifier.last_chunk().is_some_and(|last| u32::from_be_bytes(*last) >= epoch)
        });
    }

    /// The root of their tree.
    pub fn root(&self) -> Hash {
        tree::root(&self.leaves())
    }

    /// Whether the receipt with this key was taken, as anybody can check who has the root: [`Receipt::taken`](crate::Receipt::taken).
    pub fn prove(&self, key: &Key) -> Proof {
        Proof::of(&self.leaves(), &tail(key))
    }

    fn leaves(&self) -> Vec<&[u8]> {
        let mut leaves = Vec::with_capacity(self.list.len());
        for nullifier in &self.list {
            leaves.push(&nullifier[..]);
        }
        leaves
    }

    fn find(&self, tail: &Tail) -> Result<usize, usize> {
        self.list.binary_search_by(|nullifier| tail_of(nullifier).cmp(tail))
    }
}

fn tail_of(nullifier: &Nullifier) -> &Tail {
    nullifier.first_chunk().unwrap_or(&[0; 16])
}
