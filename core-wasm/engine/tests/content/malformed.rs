//! Trees made by somebody who means harm. Goal: what is no tree in the one shape is refused, at the node where it
//! shows, and nothing panics. Method: a root's bytes are the attacker's choice, so every case is handed in under its
//! own digest.

use proptest::prelude::*;
use tabmesh_engine::content::cid::{Cid, Codec};
use tabmesh_engine::content::tree::{CONTENT_MAX, Error, Role, Walker};
use tabmesh_engine::{BlockHash, sha256};

use crate::reference::{LEAF, Store, argument, made_up, node, root};

fn raw(index: u64) -> Cid {
    Cid { codec: Codec::Raw, hash: made_up(index) }
}

fn inner(index: u64) -> Cid {
    Cid { codec: Codec::DagCbor, hash: made_up(index) }
}

/// A walker that was handed `bytes` as the root that they name.
fn rooted(bytes: &[u8]) -> Result<Walker, Error> {
    let cid = Cid { codec: Codec::DagCbor, hash: BlockHash(sha256(bytes)) };
    let mut walker = Walker::new(cid, 0..u64::MAX);
    walker.handle_node(bytes).map(|()| walker)
}

/// The hashes of all leaves below a root of height 1.
fn leaves(mut walker: Walker) -> Vec<Cid> {
    let mut leaves = vec![];
    while let Some(want) = walker.poll() {
        assert!(matches!(want.role, Role::Leaf(_)));
        leaves.push(Cid { codec: Codec::Raw, hash: want.hash });
    }
    leaves
}

#[test]
fn a_root_in_another_shape_is_refused() {
    let two = [raw(0), raw(1)];
    let good = node(LEAF + 1, &two);
    assert!(rooted(&good).is_ok());
    let size = |bytes: &[u8]| [&[0x82], bytes, &good[4..]].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", vec![]),
        ("one byte", vec![0x82]),
        ("one child", node(LEAF, &two[..1])),
        ("content that fits a block", node(LEAF, &two)),
        ("no content", node(0, &[])),
        ("a child too many", node(LEAF + 1, &[raw(0), raw(1), raw(2)])),
        ("a child too few", node(2 * LEAF + 1, &two)),
        ("a node as a child of height 1", node(LEAF + 1, &[raw(0), inner(1)])),
        ("a leaf as a child of height 2", node(256 * LEAF + 1, &two)),
        ("257 leaves under one node", node(257 * LEAF, &(0..257).map(raw).collect::<Vec<_>>())),
        ("more than 64 TiB", node(CONTENT_MAX + 1, &[inner(0); 256])),
        ("the largest number", node(u64::MAX, &[inner(0); 256])),
        ("a trailing byte", [&good[..], &[0]].concat()),
        ("a trailing link", [&good[..], &good[good.len() - 41..]].concat()),
        ("a leading byte", [&[0], &good[..]].concat()),
        ("a cut byte", good[..good.len() - 1].to_vec()),
        ("a size in four bytes", size(&[0x1a, 0, 0, 0x40, 1])),
        ("a size in eight bytes", size(&[0x1b, 0, 0, 0, 0, 0, 0, 0x40, 1])),
        ("a size in 128 bytes", size(&[0x1f; 129])),
        ("a negative size", size(&[0x39, 0x40, 1])),
        ("a size as a float", size(&[0xfb, 0x40, 0xd0, 0, 0x40, 0, 0, 0, 0])),
        ("an array of three", [&[0x83], &good[1..]].concat()),
        ("an array without end", [&[0x9f], &good[1..], &[0xff]].concat()),
        ("links counted in two bytes", [&good[..4], &[0x98, 2], &good[5..]].concat()),
        ("links counted by halves", [&good[..4], &[0x81], &good[5..]].concat()),
        ("16 MiB of zeros", vec![0; 16 << 20]),
        ("16 MiB of links", [&good[..], &good[5..46].repeat(400_000)].concat()),
    ];
    for (what, bytes) in cases {
        assert_eq!(rooted(&bytes).err(), Some(Error::Shape), "{what}");
    }
}

#[test]
fn a_link_of_another_kind_is_refused() {
    let good = node(LEAF + 1, &[raw(0), raw(1)]);
    // The second link's head: tag 42, 37 bytes, zero, version 1, raw, sha2-256, 32 bytes.
    for index in 46..55 {
        for change in 1..=255 {
            let mut bytes = good.clone();
            bytes[index] ^= change;
            assert_eq!(rooted(&bytes).err(), Some(Error::Shape), "byte {index} ^ {change}");
        }
    }
}

#[test]
fn a_node_that_does_not_fit_its_place_is_refused() {
    // A root over 300 leaves has two children: 256 leaves, and 44.
    let mut store = Store::new();
    let size = 300 * LEAF - 7;
    let good = root(size, &made_up, &mut store);
    let leaves = |range: std::ops::Range<u64>| range.map(raw).collect::<Vec<_>>();
    let full = node(256 * LEAF, &leaves(0..256));
    let cases = [
        ("the last in the place of the first", node(44 * LEAF - 7, &leaves(256..300))),
        ("short by a byte", node(256 * LEAF - 1, &leaves(0..256))),
        ("short by a leaf", node(255 * LEAF, &leaves(0..255))),
        (
            "a node of height 2",
            node(256 * LEAF, &leaves(0..256).iter().map(|_| inner(0)).collect::<Vec<_>>()),
        ),
        ("the root again", store[&good.hash].clone()),
        ("a leaf", vec![7; LEAF as usize]),
    ];
    for (what, first) in cases {
        let second = node(44 * LEAF - 7, &leaves(256..300));
        let children =
            [&first, &second].map(|bytes| Cid { codec: Codec::DagCbor, hash: BlockHash(sha256(bytes)) });
        let mut walker = rooted(&node(size, &children)).expect("the root itself is sound");
        assert_eq!(walker.handle_node(&first), Err(Error::Shape), "{what}");
        assert_eq!(
            walker.poll().map(|want| (want.hash, want.role)),
            Some((children[0].hash, Role::Node)),
            "{what}"
        );
    }
    let mut walker = Walker::new(good, 0..u64::MAX);
    walker.handle_node(&store[&good.hash]).unwrap();
    assert_eq!(walker.handle_node(&full), Ok(()));
}

#[test]
fn a_last_node_that_claims_another_size_is_refused() {
    let last = |size| node(size, &(256..300).map(raw).collect::<Vec<_>>());
    for (claimed, place) in
        [(44 * LEAF, 44 * LEAF - 7), (44 * LEAF - 7, 44 * LEAF), (44 * LEAF - 7, 44 * LEAF - 8)]
    {
        let full = node(256 * LEAF, &(0..256).map(raw).collect::<Vec<_>>());
        let second = last(claimed);
        let children =
            [&full, &second].map(|bytes| Cid { codec: Codec::DagCbor, hash: BlockHash(sha256(bytes)) });
        let root = node(256 * LEAF + place, &children);
        let cid = Cid { codec: Codec::DagCbor, hash: BlockHash(sha256(&root)) };
        let mut walker = Walker::new(cid, 256 * LEAF..u64::MAX);
        walker.handle_node(&root).unwrap();
        assert_eq!(walker.handle_node(&second), Err(Error::Shape), "{claimed} in the place of {place}");
    }
}

#[test]
fn bytes_of_another_digest_or_out_of_turn_change_nothing() {
    let bytes = node(LEAF + 1, &[raw(0), raw(1)]);
    let cid = Cid { codec: Codec::DagCbor, hash: BlockHash(sha256(&bytes)) };
    let mut walker = Walker::new(cid, 0..u64::MAX);
    let mut other = bytes.clone();
    other[60] ^= 1;
    assert_eq!(walker.handle_node(&other), Err(Error::Digest));
    assert_eq!(walker.handle_node(&[]), Err(Error::Digest));
    assert_eq!(walker.poll().map(|want| (want.hash, want.role)), Some((cid.hash, Role::Node)));
    assert_eq!(walker.handle_node(&bytes), Ok(()));
    assert_eq!(walker.handle_node(&bytes), Err(Error::OutOfTurn), "leaves are wanted now");
    assert_eq!(leaves(walker.clone()), [raw(0), raw(1)]);
    while walker.poll().is_some() {}
    assert_eq!(walker.handle_node(&bytes), Err(Error::OutOfTurn), "nothing is wanted any more");
    assert_eq!(
        Walker::new(raw(0), 0..1).handle_node(&bytes),
        Err(Error::OutOfTurn),
        "a single block has no node"
    );
    assert_eq!(
        Walker::new(cid, 0..0).handle_node(&bytes),
        Err(Error::OutOfTurn),
        "nothing was wanted at all"
    );
}

/// Five blocks of 58 KB in all that are 64 TiB of zeros: every node has one child 256 times. Its root.
fn endless(store: &mut Store) -> Cid {
    let leaf = vec![0; LEAF as usize];
    let mut child = Cid { codec: Codec::Raw, hash: BlockHash(sha256(&leaf)) };
    store.insert(child.hash, leaf);
    for height in 1..=4 {
        let bytes = node(LEAF << (8 * height), &[child; 256]);
        child = Cid { codec: Codec::DagCbor, hash: BlockHash(sha256(&bytes)) };
        store.insert(child.hash, bytes);
    }
    child
}

#[test]
fn x10_a_few_blocks_that_are_endless_content_are_refused_at_the_root() {
    let mut store = Store::new();
    let root = endless(&mut store);
    assert_eq!((store.len(), store.values().map(Vec::len).sum::<usize>()), (5, 58_412));
    let mut walker = Walker::new(root, 0..u64::MAX).with_limit(1 << 30);
    assert_eq!(walker.handle_node(&store[&root.hash]), Err(Error::AboveLimit));
    assert_eq!(walker.poll().map(|want| want.hash), Some(root.hash), "nothing below the root is wanted");
    assert_eq!(walker.size(), None);
}

#[test]
fn x10_a_read_below_its_limit_costs_no_more_than_the_content_it_states() {
    let mut store = Store::new();
    let top = endless(&mut store);
    // The root of height 2 that is 1 GiB.
    let root = store.iter().find(|(_, bytes)| bytes.starts_with(&[0x82, 0x1a, 0x40])).map(|(hash, _)| *hash);
    let root = Cid { codec: Codec::DagCbor, hash: root.expect("1 GiB") };
    assert_ne!(root, top);
    let mut walker = Walker::new(root, 0..u64::MAX).with_limit(1 << 30);
    let (mut nodes, mut leaves) = (0, 0);
    while let Some(want) = walker.poll() {
        match want.role {
            Role::Node => {
                nodes += 1;
                walker.handle_node(&store[&want.hash]).unwrap();
            }
            Role::Ahead => {}
            Role::Leaf(_) => leaves += 1,
        }
    }
    assert_eq!((nodes, leaves), (257, 65_536));
}

#[test]
fn content_as_large_as_the_limit_is_read() {
    let bytes = node(LEAF + 1, &[raw(0), raw(1)]);
    let cid = Cid { codec: Codec::DagCbor, hash: BlockHash(sha256(&bytes)) };
    assert_eq!(Walker::new(cid, 0..1).with_limit(LEAF + 1).handle_node(&bytes), Ok(()));
    assert_eq!(Walker::new(cid, 0..1).with_limit(LEAF).handle_node(&bytes), Err(Error::AboveLimit));
}

/// Bytes that are nearly a root: sizes and counts around the borders, in any width, with any links.
fn nearly_a_root() -> impl Strategy<Value = Vec<u8>> {
    let size =
        prop_oneof![any::<u64>(), 0..200 * LEAF, (0..9_u32).prop_map(|k| LEAF << (4 * k)), Just(CONTENT_MAX)];
    let links = prop::collection::vec((any::<bool>(), any::<u8>()), 0..9);
    (size, -2..=2_i64, 0..5_u32, links, any::<prop::sample::Index>(), any::<u8>(), 0..4_u8).prop_map(
        |(size, off, width, links, place, byte, damage)| {
            let size = size.saturating_add_signed(off);
            let children: Vec<Cid> = links
                .iter()
                .map(|(is_raw, i)| if *is_raw { raw(u64::from(*i)) } else { inner(u64::from(*i)) })
                .collect();
            let mut bytes = node(size, &children);
            if width > 0 {
                let head = argument(0, size).len();
                let wide = &size.to_be_bytes()[8 - (1 << (width - 1))..];
                bytes.splice(1..1 + head, [&[0x17 + width as u8], wide].concat());
            }
            let at = place.index(bytes.len());
            match damage {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at),
                2 => bytes.insert(at, byte),
                _ => {}
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_is_accepted_as_a_root_is_the_only_spelling_of_its_tree(bytes in nearly_a_root()) {
        if let Ok(walker) = rooted(&bytes) {
            let size = walker.size().expect("a root states a size");
            prop_assert!(size > LEAF && size <= CONTENT_MAX);
            if size <= 256 * LEAF {
                prop_assert_eq!(node(size, &leaves(walker)), bytes);
            }
        }
    }

    #[test]
    fn a_sound_root_of_few_leaves_is_accepted(count in 2..300_u64, short in 0..LEAF) {
        let size = count * LEAF - short;
        let mut store = Store::new();
        let cid = root(size, &made_up, &mut store);
        prop_assert_eq!(rooted(&store[&cid.hash]).expect("sound").size(), Some(size));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), range in any::<(u64, u64)>()) {
        let cid = Cid { codec: Codec::DagCbor, hash: BlockHash(sha256(&bytes)) };
        let mut walker = Walker::new(cid, range.0..range.1);
        let _ = walker.handle_node(&bytes);
        for _ in 0..10 {
            if let Some(want) = walker.poll() {
                prop_assert!(want.role != Role::Ahead);
            }
        }
    }
}
