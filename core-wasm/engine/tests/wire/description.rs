//! Descriptions of a WebRTC end.

use proptest::prelude::*;
use tabmesh_engine::wire::description::{
    Address, CANDIDATES_MAX, Candidate, CandidateKind, DESCRIPTION_MAX, Description,
};

use crate::laws::{Damage, check_lengths, check_one_spelling, some_bytes};

fn rewrite(bytes: &[u8]) -> Option<Vec<u8>> {
    Description::parse(bytes).map(|description| description.emit())
}

fn any_candidate() -> impl Strategy<Value = Candidate> {
    let address = prop_oneof![
        any::<[u8; 4]>().prop_map(Address::V4),
        any::<[u8; 16]>().prop_map(Address::V6),
        any::<[u8; 16]>().prop_map(Address::Mdns),
    ];
    let kind = prop::sample::select(vec![
        CandidateKind::Host,
        CandidateKind::ServerReflexive,
        CandidateKind::Relayed,
    ]);
    (address, kind, any::<u16>()).prop_map(|(address, kind, port)| Candidate { address, kind, port })
}

/// A description's owned parts: fingerprint, ufrag, password, candidates.
fn parts() -> impl Strategy<Value = ([u8; 32], String, String, Vec<Candidate>)> {
    let ufrag = prop_oneof![4 => "[A-Za-z0-9+/]{4,32}", 1 => "[A-Za-z0-9+/]{255}"];
    let password = prop_oneof![4 => "[A-Za-z0-9+/]{22,32}", 1 => "[A-Za-z0-9+/]{255}"];
    (any::<[u8; 32]>(), ufrag, password, prop::collection::vec(any_candidate(), 0..=CANDIDATES_MAX))
}

fn sample(ufrag: &'static str, password: &'static str, candidates: Vec<Candidate>) -> Description<'static> {
    Description { fingerprint: [9; 32], ufrag, password, candidates }
}

const PASSWORD: &str = "abcdefghijklmnopqrstuv+/";

proptest! {
    #[test]
    fn a_description_reads_back((fingerprint, ufrag, password, candidates) in parts()) {
        let description = Description { fingerprint, ufrag: &ufrag, password: &password, candidates };
        let bytes = description.emit();
        prop_assert_eq!(Description::parse(&bytes), Some(description));
        check_lengths(&bytes, &rewrite, |length| length == bytes.len());
    }

    #[test]
    fn damaged_and_arbitrary_bytes_are_another_description_or_none(
        (fingerprint, ufrag, password, candidates) in parts(), damage in Damage::any(), junk in some_bytes(200),
    ) {
        let mut bytes = Description { fingerprint, ufrag: &ufrag, password: &password, candidates }.emit();
        damage.apply(&mut bytes);
        check_one_spelling(&bytes, &rewrite);
        check_one_spelling(&junk, &rewrite);
    }
}

#[test]
fn names_that_ice_does_not_allow_are_refused() {
    let good = sample("abcd", PASSWORD, vec![]).emit();
    assert!(Description::parse(&good).is_some());
    assert_eq!(Description::parse(&sample("abc", PASSWORD, vec![]).emit()), None, "three characters");
    assert_eq!(Description::parse(&sample("abcd", &PASSWORD[..21], vec![]).emit()), None, "21 characters");
    for byte in (0..=255_u8).filter(|byte| !byte.is_ascii_alphanumeric() && !b"+/".contains(byte)) {
        // A line break would let a peer write lines of its own into our SDP.
        for place in [33, 36, 38, 61] {
            let mut bytes = good.clone();
            bytes[place] = byte;
            assert_eq!(Description::parse(&bytes), None, "byte {byte} at {place}");
        }
    }
}

#[test]
fn tags_and_counts_of_the_future_are_refused() {
    let candidate = Candidate { address: Address::V4([1; 4]), kind: CandidateKind::Host, port: 1 };
    let good = sample("abcd", PASSWORD, vec![candidate]).emit();
    let (count, tag) = (62, 63);
    assert_eq!((good[count], good[tag], good.len()), (1, 0, 70));
    for value in (0..=255).filter(|value| ![0, 4, 8].contains(value)) {
        let mut bytes = good.clone();
        bytes[tag] = value;
        let is_longer_address = matches!(value, 1 | 2 | 5 | 6 | 9 | 10);
        assert_eq!(Description::parse(&bytes), None, "tag {value}");
        bytes.splice(64..68, [2; 16]);
        assert_eq!(Description::parse(&bytes).is_some(), is_longer_address, "tag {value} with 16 bytes");
    }
    let mut nine = good.clone();
    nine[count] = 9;
    nine.extend(good[tag..].repeat(8));
    assert_eq!(Description::parse(&nine), None, "nine candidates");
}

#[test]
fn candidates_beyond_the_most_are_left_out() {
    let candidates: Vec<Candidate> = (0..12)
        .map(|port| Candidate { address: Address::Mdns([7; 16]), kind: CandidateKind::Relayed, port })
        .collect();
    let bytes = sample("abcd", PASSWORD, candidates.clone()).emit();
    let kept = Description::parse(&bytes).expect("a description").candidates;
    assert_eq!(kept, candidates[..CANDIDATES_MAX]);
}

#[test]
fn what_browsers_and_native_peers_make_fits() {
    // Chromium: 4 and 24 characters; webrtc-rs: 16 and 32. Eight of the longest candidates.
    let candidates = vec![Candidate { address: Address::V6([1; 16]), kind: CandidateKind::Host, port: 1 }; 8];
    let longest = sample("0123456789abcdef", "0123456789abcdef0123456789abcdef", candidates);
    assert_eq!(longest.emit().len(), 32 + 17 + 33 + 1 + 8 * 19);
    assert!(longest.emit().len() <= DESCRIPTION_MAX);
}
