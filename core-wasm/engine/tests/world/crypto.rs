//! Keys and signatures: a fast stand-in, or real ECDSA P-256.

use std::collections::BTreeMap;
use std::sync::Mutex;

use p256::ecdsa::signature::{Signer, Verifier};
use sha2::{Digest, Sha256};
use tabmesh_engine::{NodeId, PublicKey, Signature};

use super::rng::Rng;

/// How hosts sign.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crypto {
    /// SHA-256(secret ‖ bytes), twice, checked by who remembers all secrets: nobody else can make it, and it is fast.
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
                Self::StandIn => {
                    let public = twice(&Sha256::digest(secret));
                    SECRETS.lock().expect("no panic while it is held").insert(public, secret);
                    PublicKey(public)
                }
                Self::P256 => {
                    // Zero and the group's order are no keys; nobody draws them, and if so, the next draw will do.
                    let Ok(key) = p256::ecdsa::SigningKey::from_slice(&secret) else { continue };
                    let point = key.verifying_key().to_sec1_point(false);
                    PublicKey::from_sec1(point.as_bytes()).expect("an uncompressed point")
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
            Self::StandIn => stand_in(&key.secret, bytes),
            Self::P256 => {
                let signer = p256::ecdsa::SigningKey::from_slice(&key.secret).expect("made by make_key");
                let signature: p256::ecdsa::Signature = signer.sign(bytes);
                Signature(signature.to_bytes().into())
            }
        }
    }

    /// Whether `signature` is `key`'s, over `bytes`.
    pub(crate) fn verify(self, key: &PublicKey, signature: &Signature, bytes: &[u8]) -> bool {
        match self {
            Self::StandIn => {
                let secrets = SECRETS.lock().expect("no panic while it is held");
                secrets.get(&key.0).is_some_and(|secret| *signature == stand_in(secret, bytes))
            }
            Self::P256 => {
                let verifier = p256::ecdsa::VerifyingKey::from_sec1_bytes(&key.to_sec1());
                let signature = p256::ecdsa::Signature::from_slice(&signature.0);
                matches!((verifier, signature), (Ok(verifier), Ok(signature)) if verifier.verify(bytes, &signature).is_ok())
            }
        }
    }
}

/// The secrets of all stand-in keys: how a signature is checked. No host looks into it.
static SECRETS: Mutex<BTreeMap<[u8; 64], [u8; 32]>> = Mutex::new(BTreeMap::new());

fn stand_in(secret: &[u8; 32], bytes: &[u8]) -> Signature {
    Signature(twice(&Sha256::new().chain_update(secret).chain_update(bytes).finalize()))
}

fn twice(half: &[u8]) -> [u8; 64] {
    std::array::from_fn(|at| half[at % 32])
}
