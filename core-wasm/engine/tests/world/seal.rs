//! Ends that seal what they send.
//!
//! The stand-in seals nothing: it adds a tag over keys, direction and count, so that a frame that is lost, repeated, changed
//! or another circuit's does not open, as with AES-GCM.

use sha2::{Digest, Sha256};
use tabmesh_engine::PublicKey;
use tabmesh_engine::limits::SEAL;

/// One end of a relayed link.
pub(crate) struct Circuit {
    pub(super) own: PublicKey,
    pub(super) dialled: bool,
    /// Once both keys are there.
    pub(super) seal: Option<Seal>,
}

impl Circuit {
    pub(super) fn complete(&mut self, peer: &PublicKey) {
        self.seal = Some(Seal::new(&self.own, peer, self.dialled, b"circuit"));
    }
}

/// What one end of a circuit or of a WebSocket seals with.
pub(crate) struct Seal {
    /// Both keys, the first of who began, and what else is bound.
    keys: Vec<u8>,
    dialled: bool,
    sealed: u64,
    opened: u64,
}

impl Seal {
    pub(crate) fn new(own: &PublicKey, peer: &PublicKey, dialled: bool, bound: &[u8]) -> Self {
        let (first, second) = if dialled { (own, peer) } else { (peer, own) };
        Self { keys: [&first.0[..], &second.0, bound].concat(), dialled, sealed: 0, opened: 0 }
    }

    /// The tag of message `count` of this end, or of the other one.
    fn tag(&self, is_own: bool, count: u64, message: &[u8]) -> [u8; SEAL] {
        let mut hash = Sha256::new();
        hash.update(&self.keys);
        hash.update([u8::from(self.dialled == is_own)]);
        hash.update(count.to_be_bytes());
        hash.update(message);
        *hash.finalize().first_chunk().expect("32 bytes")
    }

    pub(crate) fn seal(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        self.sealed += 1;
        message.extend(self.tag(true, self.sealed, &message));
        message
    }

    /// `None` if it does not open.
    pub(crate) fn open(&mut self, mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        self.opened += 1;
        let tag = sealed.split_off(sealed.len().checked_sub(SEAL)?);
        (tag == self.tag(false, self.opened, &sealed)).then_some(sealed)
    }
}
