//! Bytes as the root of a tree of blocks: what is taken has the one shape that there is.

use tabmesh_engine::content::cid::{Cid, Codec};
use tabmesh_engine::content::tree::{FANOUT, Role, Walker};
use tabmesh_engine::limits::BLOCK_MAX;
use tabmesh_engine::wire::Reader;
use tabmesh_engine::{BlockHash, sha256};

use super::reference::{LEAF, Store, built, made_up, node};

/// These bytes are the root.
pub(super) fn root(bytes: &[u8]) {
    let cid = Cid { codec: Codec::DagCbor, hash: BlockHash(sha256(bytes)) };
    let mut walker = Walker::new(cid, 0..u64::MAX);
    if walker.handle_node(bytes).is_err() {
        assert_eq!(walker.size(), None, "whoever refuses has not changed");
        return;
    }
    let size = walker.size().expect("the root was read");
    // Each child is 41 bytes, its CID the last 36 of them.
    let span =
        (1..).map(|height| LEAF << (8 * (height - 1))).find(|span| span * 256 >= size).expect("sizes end");
    let links = bytes.rchunks(41).take(size.div_ceil(span) as usize);
    let mut children: Vec<Cid> =
        links.map(|link| Cid::from_bytes(&link[5..]).expect("every child has a name")).collect();
    children.reverse();
    assert_eq!(node(size, &children), bytes);
    walk(walker, size);
    if span == LEAF {
        let leaf = |index: u64| children[index as usize].hash;
        assert_eq!(built(size, &leaf, &mut Store::new()), cid);
    }
}

/// What is wanted comes in order and ends; nodes below the root are not at hand.
fn walk(mut walker: Walker, size: u64) {
    let mut end = 0;
    for _ in 0..2 * FANOUT + 2 {
        match walker.poll().map(|want| want.role) {
            None => return assert_eq!(end, size),
            Some(Role::Node) => return assert!(walker.handle_node(&[]).is_err()),
            Some(Role::Ahead) => {}
            Some(Role::Leaf(leaf)) => {
                assert_eq!((leaf.start, leaf.from), (end, 0));
                assert!(leaf.to > 0 && leaf.to as usize <= BLOCK_MAX);
                end += u64::from(leaf.to);
            }
        }
    }
    panic!("a root has no end of children");
}

/// A sound root of a size that the bytes choose, and then changed by them.
pub(super) fn made_root(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    let size = reader.u64() >> (reader.u8() % 64);
    let span = (0..4).map(|height| LEAF << (8 * height)).find(|span| span * 256 >= size).unwrap_or(LEAF);
    let change = i64::from(reader.u8() as i8 / 64);
    let count = size.div_ceil(span).min(257).saturating_add_signed(change);
    let codec = if (span == LEAF) == (reader.u8() < 250) { Codec::Raw } else { Codec::DagCbor };
    let child = |index: u64| Cid { codec, hash: made_up(index) };
    let mut made = node(size, &(0..count).map(child).collect::<Vec<_>>());
    while !reader.is_empty() {
        let (place, byte) = (usize::from(reader.u16()), reader.u8());
        if let Some(place) = made.get_mut(place) {
            *place = byte;
        }
    }
    root(&made);
}
