//! The trees, written once more from `docs/LEDGER.md`: recursion over bits, a hash of another crate, nothing shared with the ledger.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

pub(crate) type Hash = [u8; 32];

pub(crate) fn sha(parts: &[&[u8]]) -> Hash {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

fn bit(key: &[u8], at: usize) -> bool {
    key[at / 8] >> (7 - at % 8) & 1 == 1
}

/// The root over leaves by their keys: the bytes of a leaf begin with its key.
pub(crate) fn root(leaves: &BTreeMap<Vec<u8>, Vec<u8>>) -> Hash {
    let all: Vec<(&Vec<u8>, &Vec<u8>)> = leaves.iter().collect();
    if all.is_empty() { [0; 32] } else { below(&all, 0) }
}

/// The hash of a subtree whose keys share the first `depth` bits.
fn below(leaves: &[(&Vec<u8>, &Vec<u8>)], depth: usize) -> Hash {
    if let [(_, bytes)] = leaves {
        return sha(&[&[0], bytes]);
    }
    let (ones, zeros): (Vec<_>, Vec<_>) = leaves.iter().partition(|(key, _)| bit(key, depth));
    if ones.is_empty() || zeros.is_empty() {
        return below(leaves, depth + 1);
    }
    sha(&[&[1, depth as u8], &below(&zeros, depth + 1), &below(&ones, depth + 1)])
}

/// The root of a list that only grows: the largest full tree first, then what is left.
pub(crate) fn mountain(items: &[Hash]) -> Hash {
    let mut peaks = Vec::new();
    let mut rest = items;
    while !rest.is_empty() {
        let size = 1 << rest.len().ilog2();
        let (tree, behind) = rest.split_at(size);
        peaks.push(full(tree));
        rest = behind;
    }
    sha(&[&[8], &(items.len() as u32).to_be_bytes(), &peaks.concat()])
}

fn full(items: &[Hash]) -> Hash {
    match items {
        [item] => *item,
        _ => {
            let (left, right) = items.split_at(items.len() / 2);
            sha(&[&[7], &full(left), &full(right)])
        }
    }
}
