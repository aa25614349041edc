//! What a relayed link is sealed with. The relay carries frames that only the two ends can read.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{self, HKDF_SHA256, Salt};
use ring::rand::SystemRandom;
use tabmesh_engine::PublicKey;
use thiserror::Error;

/// See [`LinkKind::Relayed`](tabmesh_engine::LinkKind::Relayed).
const INFO: &[u8] = b"tabmesh circuit v1";

/// What went wrong; the link is down then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum CircuitError {
    /// The other end's key is no point of the curve, or came twice.
    #[error("the other end's key is no good")]
    Key,
    /// A frame was changed, lost or repeated on the way, or its keys are not there yet.
    #[error("a sealed frame does not open")]
    Sealed,
    /// The system gives no randomness.
    #[error("no fresh key could be made")]
    NoKey,
}

/// One end of a relayed link.
pub struct Circuit {
    own: PublicKey,
    /// Until the other end's key is there.
    secret: Option<EphemeralPrivateKey>,
    keys: Option<Keys>,
}

struct Keys {
    seal: LessSafeKey,
    unseal: LessSafeKey,
    /// Frames so far, each way: the nonces.
    sealed: u64,
    unsealed: u64,
}

/// How long what HKDF expands is.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl Circuit {
    /// A fresh key.
    ///
    /// # Errors
    ///
    /// [`CircuitError::NoKey`].
    pub fn new() -> Result<Self, CircuitError> {
        let secret = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new());
        let secret = secret.map_err(|Unspecified| CircuitError::NoKey)?;
        let public = secret.compute_public_key().map_err(|Unspecified| CircuitError::NoKey)?;
        // X ‖ Y behind the 4 of an uncompressed point.
        let own =
            public.as_ref().get(1..).and_then(|point| point.try_into().ok()).ok_or(CircuitError::NoKey)?;
        Ok(Self { own, secret: Some(secret), keys: None })
    }

    /// The public half: X ‖ Y.
    pub fn public_key(&self) -> &PublicKey {
        &self.own
    }

    /// Takes in the other end's public key; `offered` if this end began the link.
    ///
    /// # Errors
    ///
    /// [`CircuitError::Key`].
    pub fn complete(&mut self, peer: &PublicKey, offered: bool) -> Result<(), CircuitError> {
        let secret = self.secret.take().ok_or(CircuitError::Key)?;
        let mut point = [4; 65];
        point[1..].copy_from_slice(peer);
        let (offerer, answerer) = if offered { (&self.own, peer) } else { (peer, &self.own) };
        let keys = agree_ephemeral(secret, &UnparsedPublicKey::new(&ECDH_P256, point), |shared| {
            let mut bytes = [0; 64];
            let prk = Salt::new(HKDF_SHA256, &[]).extract(shared);
            prk.expand(&[INFO, offerer, answerer], Length(64))?.fill(&mut bytes)?;
            let key = |bytes: &[u8]| UnboundKey::new(&AES_256_GCM, bytes).map(LessSafeKey::new);
            let (first, second) = (key(&bytes[..32])?, key(&bytes[32..])?);
            Ok::<_, Unspecified>(if offered { (first, second) } else { (second, first) })
        });
        let (seal, unseal) = keys.and_then(|keys| keys).map_err(|Unspecified| CircuitError::Key)?;
        self.keys = Some(Keys { seal, unseal, sealed: 0, unsealed: 0 });
        Ok(())
    }

    /// Seals one frame.
    ///
    /// # Errors
    ///
    /// [`CircuitError::Sealed`] while the other end's key is not there.
    pub fn seal(&mut self, mut frame: Vec<u8>) -> Result<Vec<u8>, CircuitError> {
        let keys = self.keys.as_mut().ok_or(CircuitError::Sealed)?;
        let nonce = nonce(&mut keys.sealed);
        let sealed = keys.seal.seal_in_place_append_tag(nonce, Aad::empty(), &mut frame);
        sealed.map_err(|Unspecified| CircuitError::Sealed)?;
        Ok(frame)
    }

    /// Opens the next sealed frame.
    ///
    /// # Errors
    ///
    /// [`CircuitError::Sealed`]; nothing that comes after it opens either.
    pub fn unseal(&mut self, mut sealed: Vec<u8>) -> Result<Vec<u8>, CircuitError> {
        let keys = self.keys.as_mut().ok_or(CircuitError::Sealed)?;
        let nonce = nonce(&mut keys.unsealed);
        let opened = keys.unseal.open_in_place(nonce, Aad::empty(), &mut sealed);
        let length = opened.map_err(|Unspecified| CircuitError::Sealed)?.len();
        sealed.truncate(length);
        Ok(sealed)
    }
}

/// The next nonce: 4 zero bytes and the count.
fn nonce(count: &mut u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&count.to_be_bytes());
    *count += 1;
    Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests {
    //! Two ends understand each other, and nobody else.

    use super::*;

    fn pair() -> (Circuit, Circuit) {
        let (mut one, mut two) = (Circuit::new().expect("a key"), Circuit::new().expect("a key"));
        let (first, second) = (*one.public_key(), *two.public_key());
        one.complete(&second, true).expect("a key");
        two.complete(&first, false).expect("a key");
        (one, two)
    }

    #[test]
    fn frames_open_at_the_other_end_in_their_order() {
        let (mut one, mut two) = pair();
        for number in 0..3_u8 {
            let there = one.seal(vec![number; 1000]).expect("sealed");
            assert_eq!(there.len(), 1000 + tabmesh_engine::limits::SEAL);
            assert_eq!(two.unseal(there).expect("opened"), vec![number; 1000]);
            let back = two.seal(vec![number; 10]).expect("sealed");
            assert_eq!(one.unseal(back).expect("opened"), vec![number; 10]);
        }
    }

    #[test]
    fn what_was_changed_lost_repeated_or_turned_round_does_not_open() {
        let (mut one, mut two) = pair();
        let mut changed = one.seal(vec![1; 10]).expect("sealed");
        changed[3] ^= 1;
        assert_eq!(two.unseal(changed), Err(CircuitError::Sealed));

        let (mut one, mut two) = pair();
        let lost = one.seal(vec![1; 10]).expect("sealed");
        let next = one.seal(vec![2; 10]).expect("sealed");
        assert_eq!(two.unseal(next), Err(CircuitError::Sealed));
        assert_eq!(one.unseal(lost), Err(CircuitError::Sealed));

        let (mut one, mut two) = pair();
        let once = one.seal(vec![1; 10]).expect("sealed");
        two.unseal(once.clone()).expect("opened");
        assert_eq!(two.unseal(once), Err(CircuitError::Sealed));
        assert_eq!(two.unseal(Vec::new()), Err(CircuitError::Sealed));
    }

    #[test]
    fn a_key_that_is_no_point_is_refused_and_so_is_a_second_one() {
        let mut circuit = Circuit::new().expect("a key");
        assert_eq!(circuit.seal(vec![1]), Err(CircuitError::Sealed));
        assert_eq!(circuit.complete(&[7; 64], true), Err(CircuitError::Key));
        let (mut one, two) = pair();
        assert_eq!(one.complete(two.public_key(), true), Err(CircuitError::Key));
    }
}
