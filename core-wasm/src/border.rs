//! What the page can call.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::alloc::Layout;
use core::arch::wasm32::unreachable;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering};

use tabmesh_engine::wire::Reader;
use tabmesh_engine::{Config, Instant, Node, Profile};

use crate::outputs::{hand_out, show_links, show_neighbourhood};
use tabmesh_module::forget_all;

/// How many nodes there are.
static NODES: AtomicU32 = AtomicU32::new(0);

/// Where to put so many bytes. The next call that is given bytes takes them, and the place with them.
#[unsafe(no_mangle)]
extern "C" fn room(length: usize) -> *mut u8 {
    // SAFETY: there is a byte at least, and the page has none as long as half of what it can address.
    let place = unsafe { alloc::alloc::alloc(Layout::from_size_align_unchecked(length.max(1), 1)) };
    if place.is_null() { unreachable() } else { place }
}

/// # Safety
///
/// The page says what [`room`] answered and how many bytes it wrote there, all that it asked for, and says it once.
unsafe fn taken(bytes: *mut u8, length: usize) -> Vec<u8> {
    // SAFETY: the caller's promise; this is how much room there is.
    unsafe { Vec::from_raw_parts(bytes, length, length.max(1)) }
}

/// A node that knows nobody yet, which the page knows by where it lies. A page may have several; their memory comes back when the
/// last of them is freed, all at once.
///
/// `config`, 108 bytes: key 64, seed 32, network 8, level 1, addresses 2, flags 1 (1: a signalling server is known, 2: it carries
/// circuits);
/// 0 if they are fewer.
#[unsafe(no_mangle)]
extern "C" fn start(config: *mut u8, length: usize) -> *mut Node {
    // SAFETY: the page does as `taken` says.
    let config = unsafe { taken(config, length) };
    let mut reader = Reader::new(&config);
    let (key, seed, network) = (reader.key(), reader.array(), reader.array());
    let (level, addresses, flags) = (reader.u8(), reader.u16(), reader.u8());
    if reader.intact().is_none() {
        return null_mut();
    }
    let config = Config {
        key: *key,
        seed: *seed,
        network: *network,
        level,
        profile: Profile::Browser,
        address: Vec::new(),
        addresses,
        signalling: flags & 1 != 0,
        relay: flags & 2 != 0,
    };
    NODES.fetch_add(1, Ordering::Relaxed);
    Box::into_raw(Box::new(Node::new(config)))
}

/// Takes in one thing that happened at `now`, in microseconds of the page's monotonic clock, and hands out all that
/// follows from it. Answers the time of the next time-out in microseconds, or −1 if the input was none.
#[unsafe(no_mangle)]
extern "C" fn input(node: *mut Node, now: f64, kind: u32, number: u32, bytes: *mut u8, length: usize) -> f64 {
    let place = node as u32;
    // SAFETY: the page says what `start` answered, comes back from an input before the next, and does as `taken` says.
    let (node, bytes) = unsafe { (&mut *node, taken(bytes, length)) };
    if node.handle_flat(Instant(now as u64), kind, number, &bytes).is_none() {
        return -1.0;
    }
    while let Some(wanted) = node.poll_flat() {
        hand_out(place, wanted);
    }
    node.wanted_at().0 as f64
}

/// Hands out what may be shown of the node: its links and its neighbourhood.
#[unsafe(no_mangle)]
extern "C" fn show(node: *const Node) {
    let place = node as u32;
    // SAFETY: as in `input`.
    let node = unsafe { &*node };
    show_links(place, node);
    show_neighbourhood(place, node);
}

/// A node is not needed any more.
#[unsafe(no_mangle)]
extern "C" fn free() {
    if NODES.fetch_sub(1, Ordering::Relaxed) == 1 {
        // SAFETY: the page holds nothing of this module's but nodes, and this was the last.
        unsafe { forget_all() }
    }
}
