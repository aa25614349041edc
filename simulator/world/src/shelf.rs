//! What one node's shell stores: blocks that it holds for others, and cached ones. As in the package, what is held is never dropped
//! for room, and what is cached is.

/// A block, or what stands for it.
pub trait Entry {
    /// What it is found by; entries are in its order.
    type Key: Ord + Copy;
    /// That.
    fn key(&self) -> Self::Key;
    /// Whether the block is held for others, rather than cached.
    fn is_held(&self) -> bool;
    /// From now on it is, or only cached.
    fn set_held(&mut self, held: bool);
}

/// What a shelf takes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Takes {
    /// Whatever comes.
    #[default]
    All,
    /// So many blocks.
    Blocks(u64),
    /// None: every write fails.
    Fails,
}

/// See the module's documentation.
pub struct Shelf<E> {
    /// Ascending by key.
    entries: Vec<E>,
    held: u64,
    /// Blocks held that nobody reads, of which nothing is kept.
    junk: u64,
    /// What it takes from now on.
    pub takes: Takes,
}

impl<E: Entry> Shelf<E> {
    /// An empty one.
    pub fn new(takes: Takes) -> Self {
        Self { entries: Vec::new(), held: 0, junk: 0, takes }
    }

    fn place(&self, key: E::Key) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&key, E::key)
    }

    /// Whether every write fails.
    pub fn is_failing(&self) -> bool {
        self.takes == Takes::Fails
    }

    /// The block, if it is here.
    pub fn get(&self, key: E::Key) -> Option<&E> {
        self.place(key).ok().map(|place| &self.entries[place])
    }

    /// Whether the block is here.
    pub fn has(&self, key: E::Key) -> bool {
        self.place(key).is_ok()
    }

    /// Whether the block is here and held for others.
    pub fn holds(&self, key: E::Key) -> bool {
        self.get(key).is_some_and(E::is_held)
    }

    /// How many blocks are here, those that nobody reads left out.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether one more block could be held.
    pub fn could_hold(&self) -> bool {
        match self.takes {
            Takes::All => true,
            Takes::Blocks(most) => self.held + self.junk < most,
            Takes::Fails => false,
        }
    }

    /// Keeps the block, held or cached; one that is held stays held. False where there is no room, and nothing changed.
    pub fn keep(&mut self, entry: E) -> bool {
        let (key, held) = (entry.key(), entry.is_held());
        let place = self.place(key);
        let is_held = place.is_ok_and(|place| self.entries[place].is_held());
        if held && !is_held && !self.could_hold() || self.is_failing() {
            return false;
        }
        match place {
            Ok(place) => self.entries[place].set_held(held || is_held),
            Err(_) if !self.make_room() => return false,
            Err(_) => {
                let place = self.place(key).unwrap_or_else(|place| place);
                self.entries.insert(place, entry);
            }
        }
        self.held += u64::from(held && !is_held);
        true
    }

    /// Holds a block that nobody will read. False where there is no room.
    pub fn keep_junk(&mut self) -> bool {
        let has_room = self.could_hold() && self.make_room();
        self.junk += u64::from(has_room);
        has_room
    }

    /// How many of them there are.
    pub fn junk(&self) -> u64 {
        self.junk
    }

    /// Room for one more block: a cached one goes where there is none.
    fn make_room(&mut self) -> bool {
        let Takes::Blocks(most) = self.takes else { return true };
        if self.entries.len() as u64 + self.junk < most {
            return true;
        }
        match self.entries.iter().position(|entry| !entry.is_held()) {
            Some(place) => {
                self.entries.remove(place);
                true
            }
            None => false,
        }
    }

    /// The block is held from now on, if it is here and there is room.
    pub fn hold(&mut self, key: E::Key) {
        if let Ok(place) = self.place(key)
            && !self.entries[place].is_held()
            && self.could_hold()
        {
            self.entries[place].set_held(true);
            self.held += 1;
        }
    }

    /// The block is only cached from now on.
    pub fn release(&mut self, key: E::Key) {
        if let Ok(place) = self.place(key) {
            self.held -= u64::from(self.entries[place].is_held());
            self.entries[place].set_held(false);
        }
    }

    /// Drops the block unless it is held.
    pub fn drop_cached(&mut self, key: E::Key) {
        if let Ok(place) = self.place(key)
            && !self.entries[place].is_held()
        {
            self.entries.remove(place);
        }
    }

    /// The blocks held for others, from `first` on, ascending.
    pub fn held_from(&self, first: E::Key) -> impl Iterator<Item = E::Key> + '_ {
        let place = self.entries.partition_point(|entry| entry.key() < first);
        self.entries[place..].iter().filter(|entry| entry.is_held()).map(E::key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Entry for (u32, bool) {
        type Key = u32;

        fn key(&self) -> u32 {
            self.0
        }

        fn is_held(&self) -> bool {
            self.1
        }

        fn set_held(&mut self, held: bool) {
            self.1 = held;
        }
    }

    #[test]
    fn a_shelf_is_in_order_and_only_cached_blocks_are_dropped() {
        let mut shelf = Shelf::new(Takes::All);
        for number in [40, 3, 12, 7, 3] {
            shelf.keep((number, number == 7 || number == 12));
        }
        assert_eq!(shelf.held_from(0).collect::<Vec<_>>(), [7, 12]);
        assert_eq!(shelf.held_from(8).collect::<Vec<_>>(), [12]);
        shelf.drop_cached(7);
        shelf.drop_cached(3);
        assert!(shelf.has(40) && shelf.has(7) && !shelf.has(3));
        shelf.release(7);
        shelf.drop_cached(7);
        assert!(!shelf.has(7));
        shelf.hold(40);
        shelf.hold(41);
        assert_eq!(shelf.held_from(0).collect::<Vec<_>>(), [12, 40]);
    }

    #[test]
    fn a_full_shelf_drops_what_is_cached_and_never_what_is_held() {
        let mut shelf = Shelf::new(Takes::Blocks(3));
        assert!(shelf.keep((1, true)) && shelf.keep((2, false)) && shelf.keep((3, false)));
        assert!(shelf.keep((4, true)), "a cached one makes room");
        assert!(!shelf.has(2) && shelf.has(3));
        assert!(shelf.keep((4, true)) && shelf.keep((3, true)), "it is here already");
        assert!(!shelf.keep((5, true)) && !shelf.keep((5, false)) && !shelf.could_hold());
        assert_eq!(shelf.held_from(0).collect::<Vec<_>>(), [1, 3, 4]);
        let mut filled = Shelf::new(Takes::Blocks(2));
        assert!(filled.keep((1, false)) && filled.keep_junk() && filled.keep_junk() && !filled.keep_junk());
        assert!(!filled.has(1) && !filled.keep((2, true)) && filled.junk() == 2);
        let mut broken = Shelf::new(Takes::Fails);
        assert!(!broken.keep((1, false)) && broken.is_failing() && !broken.has(1));
    }
}
