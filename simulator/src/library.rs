//! The blocks of a scenario, each kept once: a node's store is a list of their numbers.

use sha2::{Digest, Sha256};
use tabmesh_engine::BlockHash;
pub(crate) use tabmesh_world::shelf::Takes;
use tabmesh_world::shelf::{Entry, Shelf};

use crate::dice::Dice;

/// All blocks, ascending by hash, so that numbers are in the order of hashes.
#[derive(Default)]
pub(crate) struct Library {
    hashes: Vec<BlockHash>,
    bytes: Vec<Box<[u8]>>,
}

impl Library {
    /// `count` blocks of `length` bytes; everything about them follows from the seed.
    pub(crate) fn new(seed: u64, count: u32, length: u32) -> Self {
        let make = |number: u32| {
            let mut dice = Dice::new(seed ^ 0xb10c, u64::from(number));
            let bytes = dice.vec(length as usize);
            (BlockHash(Sha256::digest(&bytes).into()), bytes.into_boxed_slice())
        };
        let mut blocks: Vec<_> = (0..count).map(make).collect();
        blocks.sort_unstable_by_key(|(hash, _)| *hash);
        let (hashes, bytes) = blocks.into_iter().unzip();
        Self { hashes, bytes }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u32 {
        self.hashes.len() as u32
    }

    /// The number of the block with this hash.
    pub(crate) fn number(&self, hash: &BlockHash) -> Option<u32> {
        self.hashes.binary_search(hash).ok().map(|place| place as u32)
    }

    /// The hash of a block.
    pub(crate) fn hash(&self, number: u32) -> &BlockHash {
        &self.hashes[number as usize]
    }

    /// A block.
    pub(crate) fn bytes(&self, number: u32) -> &[u8] {
        &self.bytes[number as usize]
    }

    /// The number of the first block behind this hash.
    pub(crate) fn first_after(&self, hash: &BlockHash) -> u32 {
        self.hashes.partition_point(|other| other <= hash) as u32
    }
}

/// What one node's shell stores. It outlives no life: a tab that leaves takes its storage along, as far as the network can tell.
pub(crate) type Store = Shelf<Stored>;

/// A block of the library on a shelf: its number, and the lowest bit set where it is held for others rather than cached.
pub(crate) struct Stored(u32);

impl Stored {
    pub(crate) fn new(number: u32, held: bool) -> Self {
        Self(number << 1 | u32::from(held))
    }
}

impl Entry for Stored {
    type Key = u32;

    fn key(&self) -> u32 {
        self.0 >> 1
    }

    fn is_held(&self) -> bool {
        self.0 & 1 == 1
    }

    fn set_held(&mut self, held: bool) {
        *self = Self::new(self.key(), held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_holds_numbers_in_the_order_of_hashes() {
        let library = Library::new(1, 50, 20);
        let mut store = Store::new(Takes::All);
        for number in [40, 3, 12, 7, 3] {
            store.keep(Stored::new(number, number == 7 || number == 12));
        }
        assert_eq!(store.held_from(library.first_after(library.hash(7))).collect::<Vec<_>>(), [12]);
        store.release(7);
        store.hold(40);
        assert_eq!(store.held_from(0).collect::<Vec<_>>(), [12, 40]);
        assert!(store.has(7) && store.has(3));
    }

    #[test]
    fn blocks_are_named_by_their_bytes() {
        let library = Library::new(2, 20, 100);
        for number in 0..library.len() {
            let hash = BlockHash(Sha256::digest(library.bytes(number)).into());
            assert_eq!(library.number(&hash), Some(number));
        }
        assert_eq!(library.number(&BlockHash([0; 32])), None);
    }
}
