//! Keys and signatures: a fast stand-in, or real ECDSA P-256.

use p256::ecdsa::signature::{Signer, Verifier};
use sha2::{Digest, Sha256};
use tabmesh_engine::{NodeId, PublicKey, Signature};

use super::rng::Rng;

/// How hosts sign.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crypto {
    /// SHA-256(key ‖ bytes), twice: whoever has the key and the bytes can make it, so it proves nothing, fast.
    StandIn,
    /// ECDSA P-256 with SHA-256 and deterministic nonces (RFC 6979).
    P256,
}

/// A key pair.
#[derive(Clone)]
pub(crate) struct KeyPair {
    /// X ‖ Y.
    pub(crate) public: PublicKey,
    secret: [u8; 32],
}

impl Crypto {
    /// A fresh pair whose id reaches `level`, exactly where `exact` is set.
    pub(crate) fn make_key(self, rng: &mut Rng, level: u8, exact: bool) -> KeyPair {
        loop {
            let secret: [u8; 32] = rng.bytes();
            let public = match self {
                Self::StandIn => twice(&Sha256::digest(secret)),
                Self::P256 => {
                    // Zero and the group's order are no keys; nobody draws them, and if so, the next draw will do.
                    let Ok(key) = p256::ecdsa::SigningKey::from_slice(&secret) else { continue };
                    let point = key.verifying_key().to_sec1_point(false);
                    std::array::from_fn(|at| point.as_bytes()[at + 1])
                }
            };
            let reached = NodeId::of_key(&public).level();
            if reached == u32::from(level) || (reached > u32::from(level) && !exact) {
                return KeyPair { public, secret };
            }
        }
    }

    /// The signature of `bytes`.
    pub(crate) fn sign(self, key: &KeyPair, bytes: &[u8]) -> Signature {
        match self {
            Self::StandIn => stand_in(&key.public, bytes),
            Self::P256 => {
                let signer = p256::ecdsa::SigningKey::from_slice(&key.secret).expect("made by make_key");
                let signature: p256::ecdsa::Signature = signer.sign(bytes);
                signature.to_bytes().into()
            }
        }
    }

    /// Whether `signature` is `key`'s, over `bytes`.
    pub(crate) fn verify(self, key: &PublicKey, signature: &Signature, bytes: &[u8]) -> bool {
        match self {
            Self::StandIn => *signature == stand_in(key, bytes),
            Self::P256 => {
                let point: Vec<u8> = std::iter::once(4).chain(*key).collect();
                let verifier = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point);
                let signature = p256::ecdsa::Signature::from_slice(signature);
                matches!((verifier, signature), (Ok(verifier), Ok(signature)) if verifier.verify(bytes, &signature).is_ok())
            }
        }
    }
}

fn stand_in(key: &PublicKey, bytes: &[u8]) -> Signature {
    twice(&Sha256::new().chain_update(key).chain_update(bytes).finalize())
}

fn twice(half: &[u8]) -> [u8; 64] {
    std::array::from_fn(|at| half[at % 32])
}
