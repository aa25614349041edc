//! What an end of a relayed link or of a WebSocket seals with.
//!
//! The stand-in seals nothing: it adds a tag over keys, direction and count, so that a frame that is lost, repeated,
//! changed or another circuit's does not open, as with AES-GCM.

use tabmesh_engine::PublicKey;
use tabmesh_engine::limits::SEAL;

use crate::dice::{Dice, fold, mix};

/// How long sealing, opening or making a key takes: WebCrypto needs a quarter of a millisecond.
pub const SEALING_US: u64 = 250;

/// What is bound into the keys of a relayed link; of a WebSocket it is what both ends signed.
pub const OF_CIRCUIT: &[u8] = b"circuit";

/// The public half of a fresh key, as far as anybody looks.
pub fn fresh_key(dice: &mut Dice) -> PublicKey {
    let (one, other) = (dice.bytes(), dice.bytes());
    PublicKey(std::array::from_fn(|byte| if byte < 32 { one[byte] } else { other[byte - 32] }))
}

/// One end: its fresh key, and what follows from that and the other end's.
pub struct Seal {
    own: PublicKey,
    dialled: bool,
    /// What follows from both keys; nothing before the other one is there.
    keys: Option<u64>,
    sealed: u64,
    opened: u64,
}

impl Seal {
    /// With this fresh key, of the end that began or of the other one.
    pub fn new(own: PublicKey, dialled: bool) -> Self {
        Self { own, dialled, keys: None, sealed: 0, opened: 0 }
    }

    /// The own key.
    pub fn own(&self) -> PublicKey {
        self.own
    }

    /// Whether this end began.
    pub fn has_dialled(&self) -> bool {
        self.dialled
    }

    /// Whether the other end's key is there.
    pub fn is_complete(&self) -> bool {
        self.keys.is_some()
    }

    /// The other end's key came; `bound` is what else has to be the same at both ends.
    pub fn complete(&mut self, peer: &PublicKey, bound: &[u8]) {
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
    pub fn seal(&mut self, message: &mut Vec<u8>) {
        if self.keys.is_some() {
            self.sealed += 1;
            message.extend(self.tag(true, self.sealed, message).unwrap_or_default());
        }
    }

    /// Opens a message, likewise; false if it does not open.
    pub fn open(&mut self, message: &mut Vec<u8>) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The ends of one circuit, the one that dialled first.
    fn ends(bound: [&[u8]; 2]) -> [Seal; 2] {
        let mut dice = Dice::new(1, 1);
        let keys = [fresh_key(&mut dice), fresh_key(&mut dice)];
        let mut ends = [Seal::new(keys[0], true), Seal::new(keys[1], false)];
        ends[0].complete(&keys[1], bound[0]);
        ends[1].complete(&keys[0], bound[1]);
        ends
    }

    fn sealed(end: &mut Seal, words: &[u8]) -> Vec<u8> {
        let mut message = words.to_vec();
        end.seal(&mut message);
        message
    }

    #[test]
    fn what_one_end_seals_the_other_opens_once_and_in_its_order() {
        let [mut one, mut other] = ends([OF_CIRCUIT; 2]);
        let mut messages = [sealed(&mut one, b"first"), sealed(&mut one, b"second")];
        let mut again = messages[0].clone();
        assert!(other.open(&mut messages[0]) && other.open(&mut messages[1]));
        assert_eq!(messages, [b"first".to_vec(), b"second".to_vec()]);
        assert!(!other.open(&mut again), "repeated");
        let mut back = sealed(&mut other, b"back");
        assert!(one.open(&mut back));
    }

    #[test]
    fn what_is_changed_lost_turned_round_or_anothers_does_not_open() {
        let [mut one, mut other] = ends([OF_CIRCUIT; 2]);
        let whole = sealed(&mut one, b"words");
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(!ends([OF_CIRCUIT; 2])[1].open(&mut changed));
        }
        assert!(!one.open(&mut whole.clone()), "its own");
        assert!(!ends([OF_CIRCUIT, b"another"])[1].open(&mut whole.clone()));
        let mut second = sealed(&mut one, b"second");
        assert!(!other.open(&mut second), "the first was lost");
        assert!(!other.open(&mut vec![0; SEAL - 1]));
    }

    #[test]
    fn nothing_is_sealed_before_both_keys_are_there() {
        let mut dice = Dice::new(2, 2);
        let mut end = Seal::new(fresh_key(&mut dice), true);
        assert_eq!(sealed(&mut end, b"words"), b"words");
        assert!(end.open(&mut b"words".to_vec()) && !end.is_complete());
    }
}
