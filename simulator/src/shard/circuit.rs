//! One end of a relayed link, as its shell keeps it.

use tabmesh_engine::limits::SEAL;
use tabmesh_engine::{LinkId, PublicKey};

use crate::dice::{fold, mix};

/// One end of a circuit.
pub(super) struct Circuit {
    pub(super) link: LinkId,
    /// Tells it from an earlier one of the same link's number.
    pub(super) number: u32,
    pub(super) own: PublicKey,
    pub(super) peer: Option<PublicKey>,
    pub(super) dialled: bool,
    pub(super) sealed: u64,
    pub(super) opened: u64,
}

impl Circuit {
    /// The tag of frame `count` of this end, or of the other one.
    pub(super) fn tag(&self, is_own: bool, count: u64, frame: &[u8]) -> [u8; SEAL] {
        let peer = self.peer.unwrap_or([0; 64]);
        let (offerer, answerer) = if self.dialled { (self.own, peer) } else { (peer, self.own) };
        let direction = count << 1 | u64::from(self.dialled == is_own);
        let sum = fold(fold(fold(mix(direction), &offerer), &answerer), frame);
        let mut tag = [0; SEAL];
        tag[..8].copy_from_slice(&mix(sum).to_be_bytes());
        tag[8..].copy_from_slice(&mix(sum ^ direction).to_be_bytes());
        tag
    }
}
