//! Keys and signatures of simulated nodes: a fast stand-in, or real ECDSA P-256. The engine leaves signing to its shell
//! as a job, so which of the two signs is one type parameter of the simulated shell and nothing else differs.

use p256::ecdsa::signature::{Signer, Verifier};
use sha2::{Digest, Sha256};
use tabmesh_port::{PublicKey, Signature};

use crate::dice::mix;

/// Whose key: everything about it follows from these numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Owner {
    /// The world's.
    pub seed: u64,
    /// The place in the world.
    pub node: u32,
    /// Which newcomer at that place.
    pub life: u32,
    /// How many keys were thrown away before this one.
    pub tries: u32,
}

/// How nodes sign.
pub trait Crypto: Send + Sync + 'static {
    /// The public key, X ‖ Y.
    fn public(owner: Owner) -> PublicKey;
    /// The signature over `bytes`.
    fn sign(owner: Owner, bytes: &[u8]) -> Signature;
    /// Whether `signature` is `key`'s, over `bytes`.
    fn verify(key: &PublicKey, signature: &Signature, bytes: &[u8]) -> bool;
}

/// A checksum under a secret that follows from whose key it is. The public key names its owner, so that whoever checks can make
/// the secret again; no shell signs for another. It costs some 300 ns.
pub struct StandIn;

/// ECDSA P-256 with SHA-256 and deterministic nonces (RFC 6979), as WebCrypto verifies it.
pub struct P256;

fn secret(owner: Owner) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"tabmesh simulated key");
    hash.update(owner.seed.to_be_bytes());
    hash.update(owner.node.to_be_bytes());
    hash.update(owner.life.to_be_bytes());
    hash.update(owner.tries.to_be_bytes());
    hash.finalize().into()
}

fn stand_in(secret: &[u8; 32], bytes: &[u8]) -> Signature {
    let mut sum = crate::dice::fold(crate::dice::fold(0, secret), bytes);
    let mut signature = [0; 64];
    for chunk in signature.chunks_exact_mut(8) {
        sum = mix(sum.wrapping_add(1));
        chunk.copy_from_slice(&sum.to_be_bytes());
    }
    Signature(signature)
}

/// Whose key says that it is: where it lies, its owner wrote so.
fn claimed(key: &PublicKey) -> Owner {
    let number = |at: usize| u32::from_be_bytes(key.0[at..at + 4].try_into().expect("4 bytes"));
    let seed = u64::from(number(32)) << 32 | u64::from(number(36));
    Owner { seed, node: number(40), life: number(44), tries: number(48) }
}

impl Crypto for StandIn {
    fn public(owner: Owner) -> PublicKey {
        let mut key = [0; 64];
        key[..32].copy_from_slice(&Sha256::digest(secret(owner)));
        key[32..40].copy_from_slice(&owner.seed.to_be_bytes());
        for (place, number) in key[40..52].chunks_exact_mut(4).zip([owner.node, owner.life, owner.tries]) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        PublicKey(key)
    }

    fn sign(owner: Owner, bytes: &[u8]) -> Signature {
        stand_in(&secret(owner), bytes)
    }

    fn verify(key: &PublicKey, signature: &Signature, bytes: &[u8]) -> bool {
        let owner = claimed(key);
        Self::public(owner) == *key && *signature == stand_in(&secret(owner), bytes)
    }
}

impl P256 {
    fn signing_key(owner: Owner) -> p256::ecdsa::SigningKey {
        // Zero and the group's order are no keys; the next hash is one.
        let mut bytes = secret(owner);
        loop {
            match p256::ecdsa::SigningKey::from_slice(&bytes) {
                Ok(key) => return key,
                Err(_) => bytes = Sha256::digest(bytes).into(),
            }
        }
    }
}

impl Crypto for P256 {
    fn public(owner: Owner) -> PublicKey {
        let point = Self::signing_key(owner).verifying_key().to_sec1_point(false);
        PublicKey::from_sec1(point.as_bytes()).expect("an uncompressed point")
    }

    fn sign(owner: Owner, bytes: &[u8]) -> Signature {
        let signature: p256::ecdsa::Signature = Self::signing_key(owner).sign(bytes);
        Signature(signature.to_bytes().into())
    }

    fn verify(key: &PublicKey, signature: &Signature, bytes: &[u8]) -> bool {
        let verifier = p256::ecdsa::VerifyingKey::from_sec1_bytes(&key.to_sec1());
        let signature = p256::ecdsa::Signature::from_slice(&signature.0);
        matches!((verifier, signature), (Ok(verifier), Ok(signature)) if verifier.verify(bytes, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds<C: Crypto>() {
        let owner = Owner { seed: 1, node: 2, life: 3, tries: 0 };
        let key = C::public(owner);
        let signature = C::sign(owner, b"words");
        assert!(C::verify(&key, &signature, b"words"));
        assert!(!C::verify(&key, &signature, b"other words"));
        let other = C::public(Owner { node: 3, ..owner });
        assert!(!C::verify(&other, &signature, b"words"));
        assert!(!C::verify(&key, &Signature::BLANK, b"words"));
        // Neither is a key that names another's owner that one's.
        let mut borrowed = other;
        borrowed.0[32..].copy_from_slice(&key.0[32..]);
        assert!(!C::verify(&borrowed, &signature, b"words"));
    }

    #[test]
    fn a_signature_holds_for_its_key_and_its_bytes_alone() {
        holds::<StandIn>();
        holds::<P256>();
    }
}
