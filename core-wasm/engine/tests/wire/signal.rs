//! Messages between a node and a signalling server.

use proptest::prelude::*;
use tabmesh_engine::wire::signal::{
    FromServer, INTRODUCED_MAX, MESSAGE_MAX, Refusal, ToServer, VERSION, proof_bytes,
};
use tabmesh_engine::{NodeId, PublicKey, Signature};

use crate::laws::{Damage, any_key, any_signature, check_lengths, check_one_spelling, some_bytes};

fn rewrite_to(bytes: &[u8]) -> Option<Vec<u8>> {
    ToServer::parse(bytes).map(|message| message.emit())
}

fn rewrite_from(bytes: &[u8]) -> Option<Vec<u8>> {
    FromServer::parse(bytes).map(|message| message.emit())
}

fn check_to(message: &ToServer<'_>, is_whole: impl Fn(usize) -> bool) {
    let bytes = message.emit();
    assert_eq!(ToServer::parse(&bytes).as_ref(), Some(message));
    assert_eq!(FromServer::parse(&bytes), None, "no message means something in both directions");
    check_lengths(&bytes, &rewrite_to, is_whole);
}

fn check_from(message: &FromServer<'_>, is_whole: impl Fn(usize) -> bool) {
    let bytes = message.emit();
    assert_eq!(FromServer::parse(&bytes).as_ref(), Some(message));
    assert_eq!(ToServer::parse(&bytes), None, "no message means something in both directions");
    check_lengths(&bytes, &rewrite_from, is_whole);
}

proptest! {
    #[test]
    fn what_a_node_says_reads_back(flags: u8, network: [u8; 8], key in any_key(), signature in any_signature(), to: [u8; 32], envelope in some_bytes(300)) {
        check_to(&ToServer::Prove { flags, network: &network, key: &key, signature: &signature }, |length| length == 139);
        check_to(&ToServer::Relay { to: &NodeId(to), envelope: &envelope }, |length| length >= 33);
        check_to(&ToServer::Introduce, |length| length == 1);
    }

    #[test]
    fn what_a_server_says_reads_back(
        level: u8, nonce: [u8; 32], from: [u8; 32], envelope in some_bytes(300), code in 1..=12_u8,
        peers in prop::collection::vec(any::<([u8; 32], u8)>(), 0..=INTRODUCED_MAX),
    ) {
        check_from(&FromServer::Challenge { level, nonce: &nonce }, |length| length == 35);
        let peers = peers.into_iter().map(|(id, flags)| (NodeId(id), flags)).collect();
        check_from(&FromServer::Welcome { peers }, |length| length % 33 == 1 && length <= 1 + 33 * INTRODUCED_MAX);
        check_from(&FromServer::Deliver { from: &NodeId(from), envelope: &envelope }, |length| length >= 33);
        let refusal = Refusal::from_code(code).expect("a code in use");
        check_from(&FromServer::Refused { refusal, about: &NodeId(from) }, |length| length == 34);
    }

    #[test]
    fn damaged_and_arbitrary_bytes_are_another_message_or_none(kind in 0..7_u8, body in some_bytes(300), damage in Damage::any()) {
        let mut bytes = vec![[0x01, 0x02, 0x03, 0x81, 0x82, 0x83, 0x84][usize::from(kind)], VERSION];
        bytes.extend(body);
        damage.apply(&mut bytes);
        check_one_spelling(&bytes, &rewrite_to);
        check_one_spelling(&bytes, &rewrite_from);
    }
}

#[test]
fn another_version_is_no_message() {
    for version in (0..=255).filter(|version| *version != VERSION) {
        let mut prove = ToServer::Prove {
            flags: 0,
            network: &[1; 8],
            key: &PublicKey([2; 64]),
            signature: &Signature([3; 64]),
        }
        .emit();
        let mut challenge = FromServer::Challenge { level: 0, nonce: &[1; 32] }.emit();
        (prove[1], challenge[1]) = (version, version);
        assert_eq!(ToServer::parse(&prove), None);
        assert_eq!(FromServer::parse(&challenge), None);
    }
}

#[test]
fn a_welcome_names_no_more_than_it_may() {
    let peers: Vec<(NodeId, u8)> = (0..9).map(|i| (NodeId([i; 32]), i)).collect();
    let bytes = FromServer::Welcome { peers: peers.clone() }.emit();
    assert_eq!(
        FromServer::parse(&bytes),
        Some(FromServer::Welcome { peers: peers[..INTRODUCED_MAX].to_vec() })
    );
    assert_eq!(FromServer::parse(&[&bytes[..], &[7; 33]].concat()), None);
}

#[test]
fn a_relayed_envelope_is_delivered_in_a_message_of_the_same_size() {
    let envelope = vec![7; MESSAGE_MAX - 33];
    assert_eq!(ToServer::Relay { to: &NodeId([1; 32]), envelope: &envelope }.emit().len(), MESSAGE_MAX);
    assert_eq!(FromServer::Deliver { from: &NodeId([1; 32]), envelope: &envelope }.emit().len(), MESSAGE_MAX);
}

#[test]
fn refusals_have_the_numbers_they_are_sent_as() {
    for code in 0..=255 {
        assert_eq!(
            Refusal::from_code(code).map(|refusal| refusal as u8),
            (1..=12).contains(&code).then_some(code)
        );
    }
}

#[test]
fn a_proof_covers_every_field_apart() {
    let proof = proof_bytes(&[1; 32], &[2; 8], 3, b"a.test");
    assert_eq!(proof, [&b"tabmesh signal v2"[..], &[1; 32], &[2; 8], &[3], b"a.test"].concat());
}
