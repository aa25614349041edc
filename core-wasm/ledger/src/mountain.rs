//! A list that only grows, and whose root commits to all of it: a Merkle mountain range (Todd 2012).

use alloc::vec::Vec;

use tabmesh_port::{Reader, Writer};

use crate::hash::{Hash, Tag, tagged};

/// What there is to know of such a list in order to append to it: 4 bytes, and 32 for each bit that is set in its length.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mountain {
    count: u32,
    /// Roots of full trees, the largest and oldest first: one for each bit of the count.
    peaks: Vec<Hash>,
}

/// The way from an item of such a list to its root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Way {
    index: u32,
    count: u32,
    /// Its partners, the lowest first, and then the other peaks.
    hashes: Vec<Hash>,
}

/// SHA-256(7 ‖ left ‖ right).
fn pair(left: &Hash, right: &Hash) -> Hash {
    tagged(Tag::Pair, &[left, right])
}

/// SHA-256(8 ‖ count ‖ peaks).
fn root_of(count: u32, peaks: &[Hash]) -> Hash {
    tagged(Tag::Mountain, &[&count.to_be_bytes(), peaks.as_flattened()])
}

impl Mountain {
    /// How many items it has.
    pub fn len(&self) -> u32 {
        self.count
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Appends an item: the hash of something that no pair of items hashes to. After four thousand million nothing is appended.
    pub fn push(&mut self, item: Hash) {
        let Some(count) = self.count.checked_add(1) else { return };
        self.count = count;
        let mut hash = item;
        for _ in 0..count.trailing_zeros() {
            if let Some(left) = self.peaks.pop() {
                hash = pair(&left, &hash);
            }
        }
        self.peaks.push(hash);
    }

    /// Commits to its length and all items.
    pub fn root(&self) -> Hash {
        root_of(self.count, &self.peaks)
    }
}

/// The tree in which an item is: its height, how many peaks stand before it, and the item's place in it.
fn tree_of(index: u32, count: u32) -> Option<(u32, usize, u32)> {
    let (mut at, mut before) = (index, 0);
    for height in (0..32).rev().filter(|height| count >> height & 1 == 1) {
        if at < 1 << height {
            return Some((height, before, at));
        }
        at -= 1 << height;
        before += 1;
    }
    None
}

impl Way {
    /// That of the item at `index`, given all of them; `None` where there is none.
    pub fn of(items: &[Hash], index: u32) -> Option<Self> {
        let count = u32::try_from(items.len()).ok()?;
        let (height, before, place) = tree_of(index, count)?;
        let start = (index - place) as usize;
        let mut level = items.get(start..start + (1 << height))?.to_vec();
        let (mut at, mut hashes) = (place as usize, Vec::new());
        while level.len() > 1 {
            hashes.extend(level.get(at ^ 1));
            level = level.as_chunks().0.iter().map(|[left, right]| pair(left, right)).collect();
            at /= 2;
        }
        let mut all = Mountain::default();
        items.iter().for_each(|item| all.push(*item));
        let others = all.peaks.iter().enumerate().filter(|(peak, _)| *peak != before);
        hashes.extend(others.map(|(_, peak)| *peak));
        Some(Self { index, count, hashes })
    }

    /// Whether this item is under this root, at the place that it says.
    pub fn verify(&self, root: &Hash, item: &Hash) -> bool {
        let Some((height, before, place)) = tree_of(self.index, self.count) else { return false };
        let Some((partners, others)) = self.hashes.split_at_checked(height as usize) else { return false };
        let mut hash = *item;
        for (level, partner) in partners.iter().enumerate() {
            let is_right = place >> level & 1 == 1;
            hash = if is_right { pair(partner, &hash) } else { pair(&hash, partner) };
        }
        let Some((first, last)) = others.split_at_checked(before) else { return false };
        let peaks = [first, &[hash], last].concat();
        peaks.len() == self.count.count_ones() as usize && root_of(self.count, &peaks) == *root
    }

    /// The item's place in the list.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Reads its bytes; `None` if they are none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (index, count) = (reader.u32(), reader.u32());
        reader.intact()?;
        let (height, ..) = tree_of(index, count)?;
        let (hashes, rest) = reader.rest().as_chunks();
        let is_whole = rest.is_empty() && hashes.len() == (height + count.count_ones() - 1) as usize;
        is_whole.then(|| Self { index, count, hashes: hashes.to_vec() })
    }

    /// Its bytes: index 4, count 4, then 32 for each hash: partners, the lowest first, then the other peaks.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u32(self.index).u32(self.count).bytes(self.hashes.as_flattened());
        writer.finish()
    }
}
