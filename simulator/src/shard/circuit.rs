//! One end of a relayed link, as its shell keeps it, and what it and a WebSocket are sealed with.

use tabmesh_engine::limits::SEAL;
use tabmesh_engine::{LinkId, PublicKey};

use crate::dice::{fold, mix};

/// One end of a circuit.
pub(super) struct Circuit {
    pub(super) link: LinkId,
    /// Tells it from an earlier one of the same link's number.
    pub(super) number: u32,
    pub(super) seal: Seal,
}

/// What one end of a circuit or of a WebSocket seals with.
pub(crate) struct Seal {
    own: PublicKey,
    dialled: bool,
    /// What follows from both keys; nothing before the other one is there.
    keys: Option<u64>,
    sealed: u64,
    opened: u64,
}

impl Seal {
    pub(super) fn new(own: PublicKey, dialled: bool) -> Self {
        Self { own, dialled, keys: None, sealed: 0, opened: 0 }
    }

    pub(super) fn own(&self) -> PublicKey {
        self.own
    }

    pub(super) fn is_complete(&self) -> bool {
        self.keys.is_some()
    }

    /// The other end's key came; `bound` is what else has to be the same at both ends.
    pub(super) fn complete(&mut self, peer: &PublicKey, bound: &[u8]) {
        let (first, second) = if self.dialled { (&self.own, peer) } else { (peer, &self.own) };
        self.keys = Some(fold(fold(fold(0, &first.0), &second.0), bound));
    }

    /// The tag of message `count` of this end, or of the other one.
    fn tag(&self, is_own: bool, count: u64, message: &[u8]) -> Option<[u8; SEAL]> {
        let direction = count << 1 | u64::from(self.dialled == is_own);
        let sum = fold(self.keys? ^ mix(direction), message);
        let mut tag = [0; SEAL];
        tag[..8].copy_from_slice(&mix(sum).to_be_bytes());
        tag[8..].copy_from_slice(&mix(sum ^ direction).to_be_bytes());
        Some(tag)
    }

    /// Seals a message once both keys are there; before, it stays as it is.
    pub(super) fn seal(&mut self, message: &mut Vec<u8>) {
        if self.keys.is_some() {
            self.sealed += 1;
            message.extend(self.tag(true, self.sealed, message).unwrap_or_default());
        }
    }

    /// Opens a message, likewise; false if it does not open.
    pub(super) fn open(&mut self, message: &mut Vec<u8>) -> bool {
        if self.keys.is_none() {
            return true;
        }
        self.opened += 1;
        let Some(length) = message.len().checked_sub(SEAL) else { return false };
        let opens = self.tag(false, self.opened, &message[..length]).as_ref().map(|tag| &tag[..])
            == Some(&message[length..]);
        message.truncate(length);
        opens
    }
}
