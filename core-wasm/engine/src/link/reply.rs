//! The way back of an answer.

use alloc::vec::Vec;

use crate::id::NodeId;
use crate::io::LinkId;
use crate::wire::frame::ENTRY;

/// Where an answer goes.
#[derive(Clone, Debug)]
pub(crate) struct ReplyTo {
    pub(crate) origin: NodeId,
    pub(crate) request: u32,
    /// The way back: see [`Routed::path`].
    pub(crate) path: Vec<u8>,
}

impl ReplyTo {
    /// The link that the answer takes first.
    pub(crate) fn link(&self) -> Option<LinkId> {
        link_of(self.path.last_chunk::<ENTRY>()?)
    }
}

/// The link that an entry of a path names.
pub(crate) fn link_of(entry: &[u8; ENTRY]) -> Option<LinkId> {
    LinkId::new(u16::from_be_bytes(*entry.first_chunk()?))
}
