//! How the hosts of a world sign, and the keys that they have.

use tabmesh_engine::{NodeId, PublicKey, Signature};
use tabmesh_world::crypto::{Crypto, Owner};

/// One of the kinds of signatures, chosen when the world is made.
#[derive(Clone, Copy)]
pub(crate) struct Signing {
    public: fn(Owner) -> PublicKey,
    sign: fn(Owner, &[u8]) -> Signature,
    /// Whether a signature is the key's, over these bytes.
    pub(crate) verify: fn(&PublicKey, &Signature, &[u8]) -> bool,
}

/// A key pair.
#[derive(Clone)]
pub(crate) struct KeyPair {
    /// X ‖ Y.
    pub(crate) public: PublicKey,
    owner: Owner,
    sign: fn(Owner, &[u8]) -> Signature,
}

impl Signing {
    pub(crate) fn of<C: Crypto>() -> Self {
        Self { public: C::public, sign: C::sign, verify: C::verify }
    }

    /// The pair of this number in the world of `seed`: the first whose id reaches `level`, exactly where `exact` is set.
    pub(crate) fn make_key(self, seed: u64, number: u32, level: u8, exact: bool) -> KeyPair {
        let pair = |tries| {
            let owner = Owner { seed, node: number, life: 0, tries };
            KeyPair { public: (self.public)(owner), owner, sign: self.sign }
        };
        let reaches = |pair: &KeyPair| {
            let reached = NodeId::of_key(&pair.public).level();
            reached == u32::from(level) || (reached > u32::from(level) && !exact)
        };
        (0..).map(pair).find(reaches).expect("every level is reached some time")
    }
}

impl KeyPair {
    /// The signature of `bytes`.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Signature {
        (self.sign)(self.owner, bytes)
    }
}
