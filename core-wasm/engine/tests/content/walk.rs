//! Reading trees. Goal: a range read gives exactly the slice and fetches only its path; sequential reading does not
//! wait for nodes. Method: small real contents byte by byte, large ones with made-up leaves, the largest of zeros.

use std::collections::HashSet;
use std::ops::Range;

use proptest::prelude::*;
use tabmesh_engine::content::cid::{Cid, Codec};
use tabmesh_engine::content::tree::{CONTENT_MAX, Error, Leaf, Role, Walker};
use tabmesh_engine::{BlockHash, sha256};

use crate::reference::{LEAF, Store, built, leaf_size, made_up, node, pattern, root};

/// Everything that a read of `range` asks for: the nodes, the hints and the leaves, each in order.
struct Read {
    nodes: Vec<BlockHash>,
    hints: Vec<BlockHash>,
    leaves: Vec<(BlockHash, Leaf)>,
    size: Option<u64>,
}

fn read(cid: Cid, range: Range<u64>, store: &Store) -> Read {
    let mut walker = Walker::new(cid, range);
    let mut read = Read { nodes: vec![], hints: vec![], leaves: vec![], size: None };
    while let Some(want) = walker.poll() {
        match want.role {
            Role::Node => {
                walker.handle_node(&store[&want.hash]).expect("a good node");
                read.nodes.push(want.hash);
            }
            Role::Ahead => read.hints.push(want.hash),
            Role::Leaf(leaf) => read.leaves.push((want.hash, leaf)),
        }
    }
    assert_eq!(walker.poll(), None, "the end stays the end");
    read.size = walker.size();
    read
}

/// A content of real bytes with all its blocks.
fn stored(size: usize) -> (Vec<u8>, Cid, Store) {
    let bytes = pattern(size);
    let mut store = Store::new();
    let mut hashes = vec![];
    for leaf in bytes.chunks(LEAF as usize).chain(bytes.is_empty().then_some(&[][..])) {
        hashes.push(BlockHash(sha256(leaf)));
        store.insert(BlockHash(sha256(leaf)), leaf.to_vec());
    }
    let cid = built(size as u64, &|index| hashes[index as usize], &mut store);
    (bytes, cid, store)
}

fn slice(cid: Cid, range: Range<u64>, store: &Store) -> Vec<u8> {
    let read = read(cid, range, store);
    read.leaves
        .iter()
        .flat_map(|(hash, leaf)| leaf.cut(&store[hash]).expect("a good leaf").to_vec())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_range_read_is_the_slice(
        size in prop_oneof![Just(0), Just(1), 0..20_000_usize, 0..100_000_usize, 4_190_000..4_300_000_usize],
        (from, to) in (0..=1_100_u64, 0..=1_100_u64),
        (from_off, to_off) in (-3..=3_i64, -3..=3_i64),
    ) {
        let (bytes, cid, store) = stored(size);
        // Up to a tenth behind the end, and close to the borders of leaves as often as not.
        let place = |part: u64, off: i64| {
            let at = size as u64 * part / 1_000;
            let at = if part.is_multiple_of(2) { at / LEAF * LEAF } else { at };
            at.saturating_add_signed(off)
        };
        let range = place(from, from_off)..place(to, to_off);
        let clipped = (range.start as usize).min(size)..(range.end as usize).min(size);
        let expected = if clipped.start < clipped.end { &bytes[clipped] } else { &[] };
        prop_assert!(slice(cid, range, &store) == expected);
        prop_assert!(slice(cid, 0..u64::MAX, &store) == bytes);
    }

    #[test]
    fn a_range_read_of_a_large_content_visits_only_its_path(
        leaves in prop_oneof![250..520_u64, 65_530..66_100_u64],
        start in any::<prop::sample::Index>(),
        length in 1..600_u64,
        short in 0..LEAF,
    ) {
        let size = leaves * LEAF - short;
        let mut store = Store::new();
        let cid = root(size, &made_up, &mut store);
        let first = start.index(leaves as usize) as u64;
        let last = (first + length).min(leaves) - 1;
        let range = first * LEAF + 5.min(leaf_size(size, first) - 1) as u64..(last * LEAF + 1).max(first * LEAF + 6);
        let read = read(cid, range.clone(), &store);

        let expected: Vec<(BlockHash, Leaf)> = (first..=last.max(first)).map(|index| (made_up(index), Leaf {
            start: index * LEAF,
            size: Some(leaf_size(size, index)),
            from: range.start.saturating_sub(index * LEAF) as u32,
            to: (range.end.min(size) - index * LEAF).min(LEAF) as u32,
        })).collect();
        prop_assert_eq!(read.leaves, expected);
        prop_assert_eq!(read.size, Some(size));
        // One node of each height, and one more for each border that the range crosses.
        let path: u64 = (1_u32..4).filter(|height| LEAF * 256_u64.pow(height - 1) < size)
            .map(|height| last.max(first) / 256_u64.pow(height) - first / 256_u64.pow(height) + 1)
            .sum();
        prop_assert_eq!(read.nodes.len() as u64, path);
        prop_assert!(read.hints.iter().all(|hash| read.nodes.contains(hash)), "no hint beyond the range");
    }
}

#[test]
fn an_empty_range_or_one_behind_the_end_fetches_no_leaf() {
    let mut store = Store::new();
    let size = 300 * LEAF - 10;
    let cid = root(size, &made_up, &mut store);
    let far = size << 20;
    for range in
        [0..0, 5..5, size..size, size..u64::MAX, far..u64::MAX, CONTENT_MAX..u64::MAX, u64::MAX..u64::MAX]
    {
        let read = read(cid, range.clone(), &store);
        assert!(read.leaves.is_empty() && read.hints.is_empty(), "{range:?}");
        assert!(read.nodes.len() <= 1, "{range:?}: the root at most");
    }
    #[expect(clippy::reversed_empty_ranges, reason = "a caller's mistake gives nothing")]
    let backwards = 7..3;
    assert!(read(cid, backwards, &store).leaves.is_empty());
    assert_eq!(read(cid, size - 1..u64::MAX, &store).leaves.len(), 1);

    let small = Cid { codec: Codec::Raw, hash: made_up(0) };
    assert!(read(small, LEAF..u64::MAX, &store).leaves.is_empty(), "no single block is that large");
    assert_eq!(read(small, LEAF - 1..u64::MAX, &store).leaves.len(), 1);
}

#[test]
fn a_range_that_ends_with_a_node_hints_at_no_other() {
    let mut store = Store::new();
    let border = 256 * LEAF;
    let cid = root(3 * border, &made_up, &mut store);
    assert_eq!(read(cid, 0..border, &store).hints.len(), 0);
    assert_eq!(read(cid, 0..border + 1, &store).hints.len(), 1);
}

#[test]
fn content_of_one_block_needs_no_node() {
    for size in [0, 1, 16_384] {
        let (bytes, cid, store) = stored(size);
        assert_eq!(cid.codec, Codec::Raw);
        let read = read(cid, 0..u64::MAX, &store);
        assert_eq!((read.nodes.len(), read.leaves.len(), read.size), (0, 1, None));
        let (hash, leaf) = read.leaves[0];
        assert_eq!((hash, leaf.size), (cid.hash, None));
        assert_eq!(leaf.cut(&bytes), Ok(&bytes[..]));
    }
}

#[test]
fn a_leaf_of_a_wrong_size_is_refused() {
    let (_, cid, store) = stored(40_000);
    let read = read(cid, 10..u64::MAX, &store);
    let last = read.leaves[2].1;
    assert_eq!(last.size, Some(40_000 - 32_768));
    for (leaf, length) in [(read.leaves[0].1, 16_383), (read.leaves[0].1, 0), (last, 7_231), (last, 16_384)] {
        assert_eq!(leaf.cut(&vec![0; length]), Err(Error::LeafShape));
    }
    let single = Leaf { start: 0, size: None, from: 3, to: 16_384 };
    assert_eq!(single.cut(&[0; 16_385]), Err(Error::LeafShape));
    assert_eq!(single.cut(&[0; 5]), Ok(&[0, 0][..]));
    assert_eq!(single.cut(&[0; 2]), Ok(&[][..]), "the range begins behind the end");
}

#[test]
fn every_node_but_the_first_of_its_parent_is_announced_before_it_is_wanted() {
    let mut store = Store::new();
    let size = 65_793 * LEAF;
    let cid = root(size, &made_up, &mut store);
    let mut walker = Walker::new(cid, 0..u64::MAX);
    let (mut announced, mut unannounced, mut leaves) = (HashSet::new(), 0, 0);
    while let Some(want) = walker.poll() {
        match want.role {
            Role::Ahead => {
                announced.insert(want.hash);
            }
            Role::Node => {
                unannounced += u32::from(!announced.remove(&want.hash));
                walker.handle_node(&store[&want.hash]).unwrap();
            }
            Role::Leaf(_) => leaves += 1,
        }
    }
    // The root, the first node of height 2, and the first node of height 1 below each of the two of height 2.
    assert_eq!((leaves, unannounced, announced.len()), (65_793, 4, 0));
}

/// A shell on which every fetch takes one round trip and at most `window` are under way: how many round trips a read
/// takes.
fn round_trips(cid: Cid, store: &Store, window: usize) -> usize {
    let mut walker = Walker::new(cid, 0..u64::MAX);
    let mut held = HashSet::new();
    let mut trips = 0;
    let mut pending = walker.poll();
    while pending.is_some() {
        let mut under_way: HashSet<BlockHash> = HashSet::new();
        while let Some(want) = pending {
            if want.role == Role::Node && held.contains(&want.hash) {
                walker.handle_node(&store[&want.hash]).unwrap();
            } else if under_way.len() == window {
                break;
            } else {
                under_way.insert(want.hash);
                if want.role == Role::Node {
                    break;
                }
            }
            pending = walker.poll();
        }
        held.extend(under_way);
        trips += 1;
    }
    trips
}

#[test]
fn reading_in_order_keeps_32_fetches_under_way() {
    let mut store = Store::new();
    let leaves = 3_000;
    let cid = root(leaves * LEAF, &made_up, &mut store);
    // The root and the first node come before any leaf; then 3,000 leaves and 11 announced nodes, 32 at a time.
    assert_eq!(round_trips(cid, &store, 32), 2 + 3_011_usize.div_ceil(32));
}

#[test]
fn the_largest_content_is_read_at_any_place() {
    // 64 TiB of zeros: all nodes of a height are the same.
    let zeros = Cid { codec: Codec::Raw, hash: BlockHash(sha256(&[0; 16_384])) };
    let mut store = Store::from([(zeros.hash, vec![0; 16_384])]);
    let mut cid = zeros;
    for height in 1..=4 {
        let bytes = node(LEAF * 256_u64.pow(height), &[cid; 256]);
        cid = Cid { codec: Codec::DagCbor, hash: BlockHash(sha256(&bytes)) };
        store.insert(cid.hash, bytes);
    }
    for start in [0, 1, LEAF * 255 + 1, LEAF << 8, (LEAF << 16) - 1, (LEAF << 24) + 77, CONTENT_MAX - 40_000]
    {
        let read = read(cid, start..start + 40_000, &store);
        assert_eq!(read.size, Some(CONTENT_MAX));
        let wanted: u32 = read.leaves.iter().map(|(_, leaf)| leaf.to - leaf.from).sum();
        assert_eq!(wanted, 40_000);
        assert!(read.nodes.len() <= 8);
    }
}
