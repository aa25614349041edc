//! The blocks of a scenario, each kept once: a node's store is a list of their numbers.

use sha2::{Digest, Sha256};
use tabmesh_engine::BlockHash;

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

/// What one node's shell stores: numbers of blocks, ascending, the lowest bit set where the block is held for others
/// rather than cached. It outlives no life: a tab that leaves takes its storage along, as far as the network can tell.
///
/// As in the package, what is held is never dropped for room, and what is cached is.
#[derive(Default)]
pub(crate) struct Store {
    entries: Vec<u32>,
    held: u64,
    /// Blocks held that are none of the library's; nobody reads them.
    junk: u64,
    takes: Takes,
}

/// What a store takes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Takes {
    /// Whatever comes.
    #[default]
    All,
    /// So many blocks.
    Blocks(u64),
    /// None: every write fails.
    Fails,
}

impl Store {
    pub(crate) fn new(takes: Takes) -> Self {
        Self { takes, ..Self::default() }
    }

    fn place(&self, number: u32) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&number, |entry| entry >> 1)
    }

    /// Whether every write fails.
    pub(crate) fn is_failing(&self) -> bool {
        self.takes == Takes::Fails
    }

    /// Whether the block is here.
    pub(crate) fn has(&self, number: u32) -> bool {
        self.place(number).is_ok()
    }

    /// Whether the block is here and held for others.
    pub(crate) fn holds(&self, number: u32) -> bool {
        self.place(number).is_ok_and(|place| self.entries[place] & 1 == 1)
    }

    /// Whether one more block could be held.
    pub(crate) fn could_hold(&self) -> bool {
        match self.takes {
            Takes::All => true,
            Takes::Blocks(most) => self.held + self.junk < most,
            Takes::Fails => false,
        }
    }

    /// Keeps the block, held or cached; one that is held stays held. False where there is no room, and nothing changed.
    pub(crate) fn keep(&mut self, number: u32, held: bool) -> bool {
        let place = self.place(number);
        let is_held = place.is_ok_and(|place| self.entries[place] & 1 == 1);
        if held && !is_held && !self.could_hold() || self.is_failing() {
            return false;
        }
        match place {
            Ok(place) => self.entries[place] |= u32::from(held),
            Err(_) if !self.make_room() => return false,
            Err(_) => {
                let place = self.place(number).unwrap_or_else(|place| place);
                self.entries.insert(place, number << 1 | u32::from(held));
            }
        }
        self.held += u64::from(held && !is_held);
        true
    }

    /// Holds a block that is none of the library's. False where there is no room.
    pub(crate) fn keep_junk(&mut self) -> bool {
        let has_room = self.could_hold() && self.make_room();
        self.junk += u64::from(has_room);
        has_room
    }

    /// How many of them there are.
    pub(crate) fn junk(&self) -> u64 {
        self.junk
    }

    /// Room for one more block: a cached one goes where there is none.
    fn make_room(&mut self) -> bool {
        let Takes::Blocks(most) = self.takes else { return true };
        if self.entries.len() as u64 + self.junk < most {
            return true;
        }
        match self.entries.iter().position(|entry| entry & 1 == 0) {
            Some(place) => {
                self.entries.remove(place);
                true
            }
            None => false,
        }
    }

    /// The block is held from now on, if it is here and there is room.
    pub(crate) fn hold(&mut self, number: u32) {
        if self.has(number) {
            self.keep(number, true);
        }
    }

    /// The block is only cached from now on.
    pub(crate) fn release(&mut self, number: u32) {
        if let Ok(place) = self.place(number) {
            self.held -= u64::from(self.entries[place] & 1);
            self.entries[place] &= !1;
        }
    }

    /// Drops the block unless it is held.
    pub(crate) fn drop_cached(&mut self, number: u32) {
        if let Ok(place) = self.place(number)
            && self.entries[place] & 1 == 0
        {
            self.entries.remove(place);
        }
    }

    /// The numbers of the blocks held for others, from `first` on, ascending.
    pub(crate) fn held_from(&self, first: u32) -> impl Iterator<Item = u32> + '_ {
        let place = self.entries.partition_point(|entry| entry >> 1 < first);
        self.entries[place..].iter().filter(|entry| *entry & 1 == 1).map(|entry| entry >> 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_holds_numbers_in_the_order_of_hashes() {
        let library = Library::new(1, 50, 20);
        let mut store = Store::default();
        for number in [40, 3, 12, 7, 3] {
            store.keep(number, number == 7 || number == 12);
        }
        assert_eq!(store.held_from(0).collect::<Vec<_>>(), [7, 12]);
        assert_eq!(store.held_from(library.first_after(library.hash(7))).collect::<Vec<_>>(), [12]);
        store.drop_cached(7);
        store.drop_cached(3);
        assert!(store.has(40) && store.has(7) && !store.has(3));
        store.release(7);
        store.drop_cached(7);
        assert!(!store.has(7));
        assert_eq!(store.held_from(0).collect::<Vec<_>>(), [12]);
    }

    #[test]
    fn a_full_store_drops_what_is_cached_and_never_what_is_held() {
        let mut store = Store::new(Takes::Blocks(3));
        assert!(store.keep(1, true) && store.keep(2, false) && store.keep(3, false));
        assert!(store.keep(4, true), "a cached one makes room");
        assert!(!store.has(2) && store.has(3));
        assert!(store.keep(4, true) && store.keep(3, true), "it is here already");
        assert!(!store.keep(5, true) && !store.keep(5, false) && !store.could_hold());
        assert_eq!(store.held_from(0).collect::<Vec<_>>(), [1, 3, 4]);
        let mut filled = Store::new(Takes::Blocks(2));
        assert!(filled.keep(1, false) && filled.keep_junk() && filled.keep_junk() && !filled.keep_junk());
        assert!(!filled.has(1) && !filled.keep(2, true) && filled.junk() == 2);
        let mut broken = Store::new(Takes::Fails);
        assert!(!broken.keep(1, false) && broken.is_failing() && !broken.has(1));
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
