//! What the virtual signalling server remembers.

use std::collections::BTreeMap;

use tabmesh_engine::NodeId;
use tabmesh_engine::wire::envelope::{Envelope, Kind};

use super::ids::{HostId, SessionId};

/// The name under which hosts dial the server.
pub(crate) const SERVER_NAME: &[u8] = b"signalling.test";

/// The server.
pub(crate) struct Server {
    pub(super) is_up: bool,
    pub(super) sessions: BTreeMap<SessionId, Client>,
    pub(super) made: u32,
    /// How many envelopes it carried.
    pub(crate) relayed: u64,
    /// The security level that it demands.
    pub(crate) level: u8,
    /// Envelopes of this kind that it will lose, and how many.
    pub(super) loses: Option<(Kind, u32)>,
}

/// Who is connected to it.
pub(super) struct Client {
    pub(super) host: HostId,
    pub(super) life: u32,
    pub(super) nonce: [u8; 32],
    /// Who it is, in which network, with which flags; `None` before the proof.
    pub(super) proved: Option<(NodeId, [u8; 8], u8)>,
    pub(super) heard_at: u64,
    pub(super) told_at: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self { is_up: true, sessions: BTreeMap::new(), made: 0, relayed: 0, level: 0, loses: None }
    }
}

impl Server {
    pub(super) fn is_lost(&mut self, envelope: &[u8]) -> bool {
        let kind = Envelope::parse(envelope).map(|envelope| envelope.kind);
        match &mut self.loses {
            Some((lost, count)) if *count > 0 && kind == Some(*lost) => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }
}
