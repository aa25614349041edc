//! What WebSockets and relayed links are sealed with from end to end: fresh P-256 keys, HKDF-SHA-256, AES-256-GCM.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{self, HKDF_SHA256, Salt};
use ring::rand::SystemRandom;
use tabmesh_engine::PublicKey;
use thiserror::Error;

/// What went wrong; the link is down then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum SealError {
    /// The other end's key is no point of the curve, or came twice.
    #[error("the other end's key is no good")]
    Key,
    /// A message was changed, lost or repeated on the way, or its keys are not there yet.
    #[error("a sealed message does not open")]
    Sealed,
    /// The system gives no randomness.
    #[error("no fresh key could be made")]
    NoKey,
}

/// A key that one link is sealed with, and no other.
#[derive(Debug)]
pub struct FreshKey {
    public: PublicKey,
    secret: EphemeralPrivateKey,
}

impl FreshKey {
    /// A fresh key.
    ///
    /// # Errors
    ///
    /// [`SealError::NoKey`].
    pub fn new() -> Result<Self, SealError> {
        let secret = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new());
        let secret = secret.map_err(|Unspecified| SealError::NoKey)?;
        let public = secret.compute_public_key().map_err(|Unspecified| SealError::NoKey)?;
        let public = PublicKey::from_sec1(public.as_ref()).ok_or(SealError::NoKey)?;
        Ok(Self { public, secret })
    }

    /// The public half: X ‖ Y.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The two directions of a link to whoever has `peer`'s secret half. `info` is what both ends put in front; `first`
    /// if this end's messages are sealed with the first 32 bytes that HKDF gives.
    ///
    /// # Errors
    ///
    /// [`SealError::Key`].
    pub fn agree(self, peer: &PublicKey, info: &[&[u8]], first: bool) -> Result<(Sealer, Opener), SealError> {
        let keys =
            agree_ephemeral(self.secret, &UnparsedPublicKey::new(&ECDH_P256, peer.to_sec1()), |shared| {
                let mut bytes = [0; 64];
                let prk = Salt::new(HKDF_SHA256, &[]).extract(shared);
                prk.expand(info, Length(64))?.fill(&mut bytes)?;
                let key = |bytes: &[u8]| UnboundKey::new(&AES_256_GCM, bytes).map(LessSafeKey::new);
                Ok::<_, Unspecified>((key(&bytes[..32])?, key(&bytes[32..])?))
            });
        let (one, other) = keys.and_then(|keys| keys).map_err(|Unspecified| SealError::Key)?;
        let (seal, open) = if first { (one, other) } else { (other, one) };
        Ok((Sealer { key: seal, count: 0 }, Opener { key: open, count: 0 }))
    }
}

/// How long what HKDF expands is.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Seals messages, in their order.
#[derive(Debug)]
pub struct Sealer {
    key: LessSafeKey,
    count: u64,
}

impl Sealer {
    /// Seals one message.
    ///
    /// # Errors
    ///
    /// [`SealError::Sealed`] above some 64 GiB.
    pub fn seal(&mut self, mut message: Vec<u8>) -> Result<Vec<u8>, SealError> {
        let nonce = nonce(&mut self.count);
        let sealed = self.key.seal_in_place_append_tag(nonce, Aad::empty(), &mut message);
        sealed.map_err(|Unspecified| SealError::Sealed)?;
        Ok(message)
    }
}

/// Opens what a [`Sealer`] sealed, in the same order.
#[derive(Debug)]
pub struct Opener {
    key: LessSafeKey,
    count: u64,
}

impl Opener {
    /// Opens the next message.
    ///
    /// # Errors
    ///
    /// [`SealError::Sealed`]; nothing that comes after it opens either.
    pub fn open(&mut self, mut sealed: Vec<u8>) -> Result<Vec<u8>, SealError> {
        let nonce = nonce(&mut self.count);
        let opened = self.key.open_in_place(nonce, Aad::empty(), &mut sealed);
        let length = opened.map_err(|Unspecified| SealError::Sealed)?.len();
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
