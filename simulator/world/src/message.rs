//! Messages of topics, as shells sign and check them.

use tabmesh_engine::wire::topic;
use tabmesh_engine::{PublicKey, Signature};

/// The message with its sender's signature.
pub fn signed(network: &[u8; 8], raw: &[u8], sign: impl FnOnce(&[u8]) -> Signature) -> Vec<u8> {
    topic::signed(raw.to_vec(), &sign(&topic::signed_bytes(network, raw)))
}

/// Whether the key in the message signed it.
pub fn holds(
    network: &[u8; 8],
    raw: &[u8],
    verify: impl FnOnce(&PublicKey, &Signature, &[u8]) -> bool,
) -> bool {
    let bytes = topic::signed_bytes(network, raw);
    topic::proof(raw).is_some_and(|(key, signature)| verify(key, signature, &bytes))
}

#[cfg(test)]
mod tests {
    use tabmesh_engine::TopicId;

    use super::*;
    use crate::crypto::{Crypto, Owner, P256, StandIn};

    fn holds_as_signed<C: Crypto>() {
        let owner = Owner { seed: 1, node: 2, life: 3, tries: 0 };
        let (key, network) = (C::public(owner), b"network.");
        let head = topic::Head { topic: &TopicId([7; 32]), sent_ms: 9, run: 11, number: 1, key: &key };
        let raw = head.message(b"words");
        assert!(!holds(network, &raw, C::verify), "nobody has signed it yet");
        let mut raw = signed(network, &raw, |bytes| C::sign(owner, bytes));
        assert!(holds(network, &raw, C::verify));
        assert!(!holds(b"another.", &raw, C::verify));
        raw[topic::HEAD] ^= 1;
        assert!(!holds(network, &raw, C::verify));
        assert!(!holds(network, b"too short", C::verify));
    }

    #[test]
    fn a_message_holds_as_it_was_signed_and_no_other() {
        holds_as_signed::<StandIn>();
        holds_as_signed::<P256>();
    }
}
