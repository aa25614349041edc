//! Proofs that a record is in a tree, or is not.

use alloc::vec::Vec;

use tabmesh_port::{Reader, Writer};

use crate::hash::{EMPTY, Hash};
use crate::tree::{self, Branch};

/// The leaf to which the bits of a key lead, and the way to it. If it has another key, the key is not in the tree: were it there, the two
/// would part at a branch, and each would be led to its own side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    leaf: Vec<u8>,
    path: Vec<Branch>,
}

/// What a proof shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found<'a> {
    /// This leaf has the key.
    Present(&'a [u8]),
    /// No leaf has it.
    Absent,
}

impl Proof {
    /// Of `key`, present or not, among leaves in the order of their keys.
    pub(crate) fn of(leaves: &[&[u8]], key: &[u8]) -> Self {
        let (leaf, path) = tree::descend(leaves, key).unwrap_or_default();
        Self { leaf: leaf.to_vec(), path }
    }

    /// What it shows of `key` under `root`; `None` if it is no proof of that. It takes nothing but hashing.
    pub fn verify(&self, root: &Hash, key: &[u8]) -> Option<Found<'_>> {
        if self.leaf.is_empty() {
            return (*root == EMPTY && self.path.is_empty()).then_some(Found::Absent);
        }
        let mut hash = tree::leaf(&self.leaf);
        for Branch { bit, hash: far } in self.path.iter().rev() {
            let is_right = tree::has(&self.leaf, *bit);
            if is_right != tree::has(key, *bit) {
                return None;
            }
            hash = if is_right { tree::inner(*bit, far, &hash) } else { tree::inner(*bit, &hash, far) };
        }
        if hash != *root {
            return None;
        }
        Some(if self.leaf.starts_with(key) { Found::Present(&self.leaf) } else { Found::Absent })
    }

    /// Reads its bytes; `None` if they are none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let length = reader.u8();
        let leaf = reader.bytes(length.into()).to_vec();
        reader.intact()?;
        let (branches, rest) = reader.rest().as_chunks::<{ 1 + 32 }>();
        let mut path: Vec<Branch> = Vec::new();
        for branch in branches {
            let (bit, hash) = branch.split_first_chunk::<1>()?;
            let (bit, hash) = (bit[0], *hash.first_chunk()?);
            // Bits only grow on the way down, so there are 256 at most.
            if path.last().is_some_and(|above| above.bit >= bit) {
                return None;
            }
            path.push(Branch { bit, hash });
        }
        rest.is_empty().then_some(Self { leaf, path })
    }

    /// Its bytes: length of the leaf 1, the leaf, and for each branch from the root on bit 1, hash 32.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u8(self.leaf.len() as u8).bytes(&self.leaf);
        for Branch { bit, hash } in &self.path {
            writer.u8(*bit).bytes(hash);
        }
        writer.finish()
    }
}
