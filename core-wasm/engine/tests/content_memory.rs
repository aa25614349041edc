//! What building and reading trees cost in memory. Goal: the written bounds hold at the greatest height, whatever the
//! size of the content. Method: an allocator that counts what this thread holds.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use tabmesh_engine::content::cid::{Cid, Codec};
use tabmesh_engine::content::tree::{Builder, CONTENT_MAX, Role, Walker};
use tabmesh_engine::{BlockHash, sha256};

struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let held = HELD.get() + bytes;
    HELD.set(held);
    PEAK.set(PEAK.get().max(held));
}

// SAFETY: every call goes to the system's allocator as it is; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `work` held at most, and what its result holds, in bytes.
fn measured<T>(work: impl FnOnce() -> T) -> (T, isize, isize) {
    let before = HELD.get();
    PEAK.set(before);
    let result = work();
    (result, PEAK.get() - before, HELD.get() - before)
}

/// The nodes, by height, of 64 TiB of equal leaves: one for each height.
fn equal_leaves() -> (Cid, Vec<Vec<u8>>) {
    let mut cid = Cid { codec: Codec::Raw, hash: BlockHash([7; 32]) };
    let mut nodes = vec![];
    for height in 1..=4_u32 {
        let size = 16_384 * 256_u64.pow(height);
        let mut node = vec![0x82];
        match u32::try_from(size) {
            Ok(size) => node.extend([&[0x1a][..], &size.to_be_bytes()].concat()),
            Err(_) => node.extend([&[0x1b][..], &size.to_be_bytes()].concat()),
        }
        node.extend([0x99, 1, 0]);
        node.extend([&[0xd8, 0x2a, 0x58, 0x25, 0][..], &cid.to_bytes()].concat().repeat(256));
        cid = Cid { codec: Codec::DagCbor, hash: BlockHash(sha256(&node)) };
        nodes.push(node);
    }
    (cid, nodes)
}

#[test]
fn a_walker_holds_at_most_32_kib() {
    let (cid, nodes) = equal_leaves();
    for start in [0, 1 << 22, CONTENT_MAX - (1 << 22) - 1] {
        let (walker, peak, held) = measured(|| {
            let mut walker = Walker::new(cid, start..u64::MAX);
            let mut left = 600;
            while let Some(want) = walker.poll()
                && left > 0
            {
                match want.role {
                    Role::Node => {
                        let node =
                            nodes.iter().find(|node| sha256(node) == want.hash.0).expect("one of them");
                        walker.handle_node(node).expect("a good node");
                    }
                    Role::Ahead => {}
                    Role::Leaf(_) => left -= 1,
                }
            }
            walker
        });
        assert!(walker.size() == Some(CONTENT_MAX) && held > 8 * 1024, "the walk took place");
        assert!(held <= 32 * 1024, "{held} bytes held");
        // While it grows, the stack stands in memory twice, and the head of a node beside it.
        assert!(peak <= 48 * 1024 + 11 * 1024, "{peak} bytes at most");
    }
}

#[test]
fn a_node_that_is_none_costs_nothing() {
    let garbage = vec![0x82; 16 << 20];
    let cid = Cid { codec: Codec::DagCbor, hash: BlockHash(sha256(&garbage)) };
    let mut walker = Walker::new(cid, 0..u64::MAX);
    let (refused, peak, _) = measured(|| walker.handle_node(&garbage).is_err());
    assert!(refused);
    assert!(peak < 1024, "{peak} bytes for refusing");
}

#[test]
fn a_builder_holds_at_most_8_kib_for_each_height() {
    let (builder, peak, held) = measured(|| {
        let mut builder = Builder::new();
        for _ in 0..65_790 {
            builder.push(BlockHash([7; 32]), 16_384).expect("leaves in order");
            while builder.poll().is_some() {}
        }
        builder
    });
    assert_eq!(builder.size(), 65_790 * 16_384);
    // At the worst 255 nodes of height 1 and 256 leaves waited, for which the room stays.
    assert!(held <= 16 * 1024, "{held} bytes held");
    assert!(peak <= 16 * 1024 + 11 * 1024, "{peak} bytes at most, a finished node among them");
}
