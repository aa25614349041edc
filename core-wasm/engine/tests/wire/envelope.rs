//! Signed signalling envelopes.

use proptest::prelude::*;
use tabmesh_engine::wire::description::{Address, Candidate, CandidateKind, Description};
use tabmesh_engine::wire::envelope::{Envelope, Kind};
use tabmesh_engine::{NodeId, PublicKey, Signature};

use crate::laws::{Damage, any_key, any_signature, check_lengths, check_one_spelling, some_bytes};

fn rewrite(bytes: &[u8]) -> Option<Vec<u8>> {
    Envelope::parse(bytes).map(|envelope| envelope.emit())
}

fn kind(number: u8) -> Kind {
    [Kind::Offer, Kind::Answer, Kind::Refuse][usize::from(number % 3)]
}

proptest! {
    #[test]
    fn an_envelope_reads_back(number: u8, session: u32, expiry_s: u32, key in any_key(), signature in any_signature(), body in some_bytes(200)) {
        let envelope = Envelope { kind: kind(number), session, expiry_s, key: &key, signature: &signature, body: &body };
        let bytes = envelope.emit();
        prop_assert_eq!(Envelope::parse(&bytes), Some(envelope));
        check_lengths(&bytes, &rewrite, |length| length >= 137);
    }

    #[test]
    fn damaged_and_arbitrary_bytes_are_another_envelope_or_none(number: u8, mut bytes in some_bytes(200), damage in Damage::any()) {
        if let Some(first) = bytes.first_mut() {
            *first = number % 4;
        }
        damage.apply(&mut bytes);
        check_one_spelling(&bytes, &rewrite);
    }

    #[test]
    fn no_two_envelopes_have_the_same_signed_bytes(
        one in any::<(u8, u32, u32, [u8; 8], [u8; 32], [u8; 32])>(),
        body in some_bytes(40),
        changed in 0..7_u8,
        by in 1..=255_u8,
    ) {
        let signed = |(number, session, expiry_s, network, from, to): (u8, u32, u32, [u8; 8], [u8; 32], [u8; 32]), body: &[u8]| {
            let envelope = Envelope { kind: kind(number), session, expiry_s, key: &PublicKey::NONE, signature: &Signature::BLANK, body };
            envelope.signed_bytes(&network, &NodeId(from), &NodeId(to))
        };
        let (mut other, mut other_body) = (one, body.clone());
        match changed {
            0 => other.0 = (one.0 % 3 + 1) % 3,
            1 => other.1 ^= u32::from(by) << 24,
            2 => other.2 ^= u32::from(by),
            3 => other.3[7] ^= by,
            4 => other.4[0] ^= by,
            5 => other.5[31] ^= by,
            _ => other_body.push(by),
        }
        prop_assert_ne!(signed(one, &body), signed(other, &other_body));
    }
}

#[test]
fn an_envelope_with_two_candidates_is_below_250_bytes() {
    let size = |address: Address| {
        let candidates = vec![
            Candidate { address, kind: CandidateKind::Host, port: 50_000 },
            Candidate { address, kind: CandidateKind::ServerReflexive, port: 50_000 },
        ];
        let (ufrag, password) = ("aB3+", "0123456789abcdefghijkl+/");
        let body = Description { fingerprint: [1; 32], ufrag, password, candidates }.emit();
        let (key, signature) = (PublicKey([2; 64]), Signature([3; 64]));
        Envelope { kind: Kind::Offer, session: 1, expiry_s: 2, key: &key, signature: &signature, body: &body }
            .emit()
            .len()
    };
    assert_eq!(size(Address::V4([10, 0, 0, 1])), 214);
    assert_eq!(size(Address::V6([1; 16])), 238);
    assert_eq!(size(Address::Mdns([1; 16])), 238);
}
