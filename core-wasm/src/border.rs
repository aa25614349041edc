//! What the page can call.

use alloc::vec::Vec;

use tabmesh_engine::wire::Reader;
use tabmesh_engine::{Config, Instant, Node, Profile};
use wasm_bindgen::prelude::*;

use crate::outputs::{hand_out, show_links, show_neighbourhood};

/// One node. A page may have several.
#[wasm_bindgen]
pub struct Core {
    node: Node,
    number: u32,
}

#[wasm_bindgen]
impl Core {
    /// A node that knows nobody yet. `number` comes back with each of its outputs.
    ///
    /// `config`, 108 bytes: key 64, seed 32, network 8, level 1, addresses 2, flags 1 (1: a signalling server is known, 2: it carries
    /// circuits);
    /// `undefined` if they are fewer.
    pub fn start(number: u32, config: &[u8]) -> Option<Core> {
        let mut reader = Reader::new(config);
        let mut config = Config {
            key: *reader.array(),
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
        reader.intact()?;
        (config.signalling, config.relay) = (flags & 1 != 0, flags & 2 != 0);
        Some(Self { node: Node::new(config), number })
    }

    /// Takes in one thing that happened at `now`, in microseconds of the page's monotonic clock, and hands out all that
    /// follows from it. Answers the time of the next time-out in microseconds, or −1 if the input was none.
    pub fn input(&mut self, now: f64, kind: u32, number: u32, bytes: &[u8]) -> f64 {
        if self.node.handle_flat(Instant(now as u64), kind, number, bytes).is_none() {
            return -1.0;
        }
        while let Some(wanted) = self.node.poll_flat() {
            hand_out(self.number, wanted);
        }
        self.node.wanted_at().0 as f64
    }

    /// Hands out what may be shown of the node: its links and its neighbourhood.
    pub fn show(&self) {
        show_links(self.number, &self.node);
        show_neighbourhood(self.number, &self.node);
    }
}
