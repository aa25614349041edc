//! The root of a tree over leaves that come one after the other, as `tabmesh_tasks::root` makes it of all at once.

use tabmesh_engine::sha256;

/// Subtrees that are whole, the largest first: no two have the same height, so there are no more than bits in a count.
#[derive(Default)]
pub struct Root(Vec<(u32, [u8; 32])>);

impl Root {
    /// The next leaf.
    pub fn push(&mut self, leaf: [u8; 32]) {
        let (mut height, mut hash) = (0, leaf);
        while let Some((_, left)) = self.0.pop_if(|(other, _)| *other == height) {
            (height, hash) = (height + 1, node(&left, &hash));
        }
        self.0.push((height, hash));
    }

    /// The root of all; zeros of none.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        // A last one without a partner goes up as it is.
        let mut subtrees = self.0.into_iter().rev().map(|(_, hash)| hash);
        let last = subtrees.next().unwrap_or_default();
        subtrees.fold(last, |right, left| node(&left, &right))
    }
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    sha256(&bytes)
}

#[cfg(test)]
mod tests {
    //! One after the other or all at once: it is the same root.

    use super::*;

    #[test]
    fn leaves_one_after_the_other_have_the_root_of_all_at_once() {
        for count in (0..70).chain([127, 128, 129, 1_000]) {
            let leaves: Vec<[u8; 32]> = (0..count).map(|number| [number as u8; 32]).collect();
            let mut root = Root::default();
            leaves.iter().for_each(|leaf| root.push(*leaf));
            assert_eq!(root.finish(), tabmesh_tasks::root(leaves), "{count}");
        }
    }
}
