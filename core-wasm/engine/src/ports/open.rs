//! The ports that are open here.

use alloc::vec::Vec;

use crate::ground::Ground;
use crate::io::{APPLICATION, LinkId};
use crate::limits::PORTS_MAX;
use crate::link::Stage;
use crate::list::copied;
use crate::wire::Reader;
use crate::wire::frame::Frame;

/// The version of the application's port.
const APPLICATION_VERSION: u8 = 1;

/// A port's number and the version of its protocol, in bytes.
const OPEN: usize = 5;

/// The open ports, as the wire has them.
#[derive(Default)]
pub(crate) struct Ports {
    open: Vec<u8>,
}

impl Ports {
    /// These ports are open from now on. Everybody linked hears of it, and tells theirs: a module that came knows nobody yet.
    pub(crate) fn set(&mut self, ground: &mut Ground, open: &[u8]) {
        self.open = copied(bounded(open));
        for link in ground.links.numbers(&|link| link.stage == Stage::Ready) {
            self.tell(ground, link, true);
        }
    }

    /// The version that is spoken at an open port.
    #[inline(never)]
    pub(crate) fn version(&self, port: u32) -> Option<u8> {
        let mut reader = Reader::new(&self.open);
        let mut open = (APPLICATION, APPLICATION_VERSION);
        while open.0 != port {
            if reader.is_empty() {
                return None;
            }
            open = (reader.u32(), reader.u8());
        }
        Some(open.1)
    }

    /// A link was made: its peer hears of the open ports, if there are any.
    pub(crate) fn on_linked(&self, ground: &mut Ground, link: LinkId) {
        if !self.open.is_empty() {
            self.tell(ground, link, false);
        }
    }

    /// Tells which ports are open, and lets the peer tell its own `again`.
    #[inline(never)]
    pub(crate) fn tell(&self, ground: &mut Ground, link: LinkId, again: bool) {
        ground.send(link, &Frame::Ports { again, open: &self.open });
    }
}

/// As much of a list of open ports as is heeded.
pub(crate) fn bounded(open: &[u8]) -> &[u8] {
    open.get(..PORTS_MAX * OPEN).unwrap_or(open)
}
