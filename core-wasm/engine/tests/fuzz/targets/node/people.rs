//! Who is there: the node under test, an honest bystander, and attackers that have keys.

use std::sync::OnceLock;

use tabmesh_engine::{NodeId, PublicKey, Signature, sha256};
use tabmesh_world::crypto::{Crypto, Owner, StandIn};

/// The node under test.
pub(super) const SELF: usize = 0;

/// Says what honest nodes say, and nothing else.
pub(super) const BYSTANDER: usize = 1;

/// All others are attackers.
pub(super) const ATTACKERS: [usize; 6] = [2, 3, 4, 5, 6, 7];

/// Somebody with a key.
pub(super) struct Person {
    owner: Owner,
    key: PublicKey,
    pub(super) id: NodeId,
}

/// By number. Keys are stand-ins: nobody can sign for another, and a signature takes a microsecond.
pub(super) fn person(number: usize) -> &'static Person {
    static EVERYBODY: OnceLock<Vec<Person>> = OnceLock::new();
    let everybody = EVERYBODY.get_or_init(|| {
        let owners = (0..8).map(|node| Owner { seed: 1, node, life: 0, tries: 0 });
        let person = |owner| {
            let key = StandIn::public(owner);
            Person { owner, id: NodeId::of_key(&key), key }
        };
        owners.map(person).collect()
    });
    &everybody[number]
}

impl Person {
    pub(super) fn key(&self) -> &PublicKey {
        &self.key
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> Signature {
        StandIn::sign(self.owner, bytes)
    }
}

/// The attacker with this id.
pub(super) fn attacker(id: &NodeId) -> Option<usize> {
    ATTACKERS.into_iter().find(|number| person(*number).id == *id)
}

/// The public half of the key that a person seals a socket with. Attackers have one in common.
pub(super) fn exchange(number: usize) -> PublicKey {
    PublicKey([if number == BYSTANDER { 0xb5 } else { 0xa7 }; 64])
}

/// A block that everybody knows; its number also says how long it is.
pub(super) fn block(number: u8) -> Vec<u8> {
    vec![number; [40, 700, 3_000, 16_384][usize::from(number % 4)]]
}

/// The name of that block.
pub(super) fn block_name(number: u8) -> [u8; 32] {
    static NAMES: OnceLock<Vec<[u8; 32]>> = OnceLock::new();
    NAMES.get_or_init(|| (0..=255).map(|number| sha256(&block(number))).collect())[usize::from(number)]
}

/// The block of that name, if everybody knows it.
pub(super) fn block_named(name: &[u8; 32]) -> Option<Vec<u8>> {
    (0..=255).find(|number| block_name(*number) == *name).map(block)
}
