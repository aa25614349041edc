//! What the page can call.

#![expect(clippy::not_unsafe_ptr_arg_deref, reason = "JavaScript knows no unsafe functions")]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering};

use tabmesh_engine::wire::Reader;
use tabmesh_engine::{Config, Instant, Node, Profile};
use wasm_bindgen::prelude::*;

use crate::outputs::{hand_out, show_links, show_neighbourhood};
use tabmesh_module::forget_all;

/// How many nodes there are.
static NODES: AtomicU32 = AtomicU32::new(0);

/// One node, which the page knows by where it lies. A page may have several; their memory comes back when the last of them is
/// freed, all at once.
pub struct Core {
    node: Node,
    number: u32,
}

/// A node that knows nobody yet. `number` comes back with each of its outputs.
///
/// `config`, 108 bytes: key 64, seed 32, network 8, level 1, addresses 2, flags 1 (1: a signalling server is known, 2: it carries
/// circuits);
/// 0 if they are fewer.
#[wasm_bindgen]
pub fn start(number: u32, config: &[u8]) -> *mut Core {
    let mut reader = Reader::new(config);
    let mut config = Config {
        key: *reader.key(),
        seed: *reader.array(),
        network: *reader.array(),
        level: reader.u8(),
        profile: Profile::Browser,
        address: Vec::new(),
        addresses: reader.u16(),
        signalling: false,
        relay: false,
    };
    let flags = reader.u8();
    if reader.intact().is_none() {
        return null_mut();
    }
    (config.signalling, config.relay) = (flags & 1 != 0, flags & 2 != 0);
    NODES.fetch_add(1, Ordering::Relaxed);
    Box::into_raw(Box::new(Core { node: Node::new(config), number }))
}

/// Takes in one thing that happened at `now`, in microseconds of the page's monotonic clock, and hands out all that
/// follows from it. Answers the time of the next time-out in microseconds, or −1 if the input was none.
#[wasm_bindgen]
pub fn input(core: *mut Core, now: f64, kind: u32, number: u32, bytes: &[u8]) -> f64 {
    // SAFETY: the page says what `start` answered, and comes back from an input before the next.
    let core = unsafe { &mut *core };
    if core.node.handle_flat(Instant(now as u64), kind, number, bytes).is_none() {
        return -1.0;
    }
    while let Some(wanted) = core.node.poll_flat() {
        hand_out(core.number, wanted);
    }
    core.node.wanted_at().0 as f64
}

/// Hands out what may be shown of the node: its links and its neighbourhood.
#[wasm_bindgen]
pub fn show(core: *const Core) {
    // SAFETY: as in `input`.
    let core = unsafe { &*core };
    show_links(core.number, &core.node);
    show_neighbourhood(core.number, &core.node);
}

/// A node is not needed any more.
#[wasm_bindgen]
pub fn free() {
    if NODES.fetch_sub(1, Ordering::Relaxed) == 1 {
        // SAFETY: the page holds nothing of this module's but nodes, and this was the last.
        unsafe { forget_all() }
    }
}
