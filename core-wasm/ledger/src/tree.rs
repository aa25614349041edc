//! A binary Merkle tree over sorted leaves, which branches only where keys differ (a crit-bit tree; Bernstein 2004).
//!
//! A leaf is bytes that begin with its key. A branch commits to the bit at which the keys below it differ first; what they share above
//! it costs no hash. So a tree of n leaves has n − 1 branches, whatever keys somebody chose, and no path is longer than its rivals paid for.

use alloc::vec::Vec;

use crate::hash::{EMPTY, Hash, Tag, tagged};

/// A branch on the way from the root to a leaf.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// The bit of the key that decides there.
    pub bit: u8,
    /// The hash of the side to which the key does not lead.
    pub hash: Hash,
}

/// SHA-256(0 ‖ bytes).
pub(crate) fn leaf(bytes: &[u8]) -> Hash {
    tagged(Tag::Leaf, &[bytes])
}

/// SHA-256(1 ‖ bit ‖ left ‖ right).
pub(crate) fn inner(bit: u8, left: &Hash, right: &Hash) -> Hash {
    tagged(Tag::Inner, &[&[bit], left, right])
}

/// The first bit in which two keys differ; `None` if they do not.
#[inline(never)]
pub(crate) fn split(one: &[u8], two: &[u8]) -> Option<u8> {
    let at = one.iter().zip(two).position(|(one, two)| one != two)?;
    let differing = one.get(at)? ^ two.get(at)?;
    u8::try_from(at * 8 + differing.leading_zeros() as usize).ok()
}

/// Whether this bit of a key is set.
pub(crate) fn has(key: &[u8], bit: u8) -> bool {
    key.get(usize::from(bit / 8)).is_some_and(|byte| byte & 0x80 >> (bit % 8) != 0)
}

/// The root over leaves in the order of their keys, no two of which have the same one; [`EMPTY`] of none.
pub(crate) fn root(leaves: &[&[u8]]) -> Hash {
    // Left halves whose right ones are not complete yet, with the bits at which they branch: these only grow.
    let mut halves: Vec<(u8, Hash)> = Vec::new();
    let mut hash = EMPTY;
    for (at, bytes) in leaves.iter().enumerate() {
        hash = leaf(bytes);
        let next = leaves.get(at + 1).and_then(|next| split(bytes, next));
        while let Some((bit, left)) = halves.pop_if(|(bit, _)| next.is_none_or(|next| next < *bit)) {
            hash = inner(bit, &left, &hash);
        }
        if let Some(bit) = next {
            halves.push((bit, hash));
        }
    }
    hash
}

/// The leaf to which the bits of `key` lead, and the branches on the way from the root; `None` of no leaves.
pub(crate) fn descend<'a>(mut leaves: &[&'a [u8]], key: &[u8]) -> Option<(&'a [u8], Vec<Branch>)> {
    let mut path = Vec::new();
    while let [first, .., last] = leaves {
        let bit = split(first, last)?;
        let (zeros, ones) = leaves.split_at(leaves.partition_point(|leaf| !has(leaf, bit)));
        let (near, far) = if has(key, bit) { (ones, zeros) } else { (zeros, ones) };
        path.push(Branch { bit, hash: root(far) });
        leaves = near;
    }
    Some((leaves.first()?, path))
}
