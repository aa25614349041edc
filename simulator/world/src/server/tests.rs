use super::*;
use crate::crypto::{Crypto, Owner, StandIn};

const HOME: &[u8; 8] = b"our home";

fn owner(node: u32) -> Owner {
    Owner { seed: 1, node, life: 0, tries: 0 }
}

fn id(node: u32) -> NodeId {
    NodeId::of_key(&StandIn::public(owner(node)))
}

/// What the server answers, everybody's way to it being 7 µs long; node 99 is across a cut.
fn hear(server: &mut Server, from: u32, signal: Signal) -> Vec<Letter> {
    let way = |to: u32, _: u32, _: &mut Dice| (to != 99).then_some(7);
    server.hear(&Around { now: 1_000, verify: StandIn::verify, way: &way }, from, signal)
}

fn say(server: &mut Server, from: u32, message: &ToServer<'_>) -> Vec<Letter> {
    hear(server, from, Signal::Message { session: 1, bytes: message.emit() })
}

/// Connects as `node` and proves the key of `whose`.
fn prove(server: &mut Server, node: u32, whose: u32, network: &[u8; 8], flags: u8) -> Vec<Letter> {
    let letters = hear(server, node, Signal::Connect { session: 1 });
    let Some(Letter { signal: Signal::Message { bytes, .. }, .. }) = letters.get(1) else {
        return letters;
    };
    let Some(FromServer::Challenge { nonce, .. }) = FromServer::parse(bytes) else { panic!("no challenge") };
    let signature = StandIn::sign(owner(whose), &proof_bytes(nonce, network, flags, SERVER_NAME));
    let key = StandIn::public(owner(whose));
    say(server, node, &ToServer::Prove { flags, network, key: &key, signature: &signature })
}

fn named(letters: &[Letter]) -> Vec<(NodeId, u8)> {
    let Some(Signal::Message { bytes, .. }) = letters.last().map(|letter| &letter.signal) else {
        return Vec::new();
    };
    match FromServer::parse(bytes) {
        Some(FromServer::Welcome { peers }) => peers,
        _ => Vec::new(),
    }
}

fn refusal(letters: &[Letter]) -> Option<Refusal> {
    letters.iter().find_map(|letter| match &letter.signal {
        Signal::Message { bytes, .. } => match FromServer::parse(bytes) {
            Some(FromServer::Refused { refusal, .. }) => Some(refusal),
            _ => None,
        },
        _ => None,
    })
}

#[test]
fn a_newcomer_is_named_others_of_its_network_a_relay_among_them() {
    let mut server = Server::new(Dice::new(1, 1), true);
    for node in 0..20 {
        let flags = if node == 13 { FLAG_RELAY } else { 0 };
        prove(&mut server, node, node, if node < 15 { HOME } else { b"other..." }, flags);
    }
    let peers = named(&prove(&mut server, 20, 20, HOME, 0));
    assert_eq!(peers.len(), INTRODUCED_MAX);
    assert!(peers.iter().all(|(named, _)| (0..15).any(|node| id(node) == *named)), "of its own network");
    assert!(peers.contains(&(id(13), FLAG_RELAY)));
    let nearest = (0..15).map(id).min_by_key(|other| head(other) ^ head(&id(20)));
    assert_eq!(Some(peers[0].0), nearest);
}

#[test]
fn envelopes_are_handed_on_within_a_network_to_who_is_there() {
    let mut server = Server::new(Dice::new(1, 1), false);
    for (node, network) in [(0, HOME), (1, HOME), (2, b"other...")] {
        prove(&mut server, node, node, network, 0);
    }
    let letters = say(&mut server, 0, &ToServer::Relay { to: &id(1), envelope: b"unread" });
    let bytes = FromServer::Deliver { from: &id(0), envelope: b"unread" }.emit();
    assert_eq!((letters[0].to, &letters[0].signal), (1, &Signal::Message { session: 1, bytes }));
    for stranger in [2, 3] {
        let letters = say(&mut server, 0, &ToServer::Relay { to: &id(stranger), envelope: b"unread" });
        assert_eq!(refusal(&letters), Some(Refusal::NotPresent));
    }
    assert_eq!(server.relayed, 1);
    hear(&mut server, 1, Signal::Gone { session: 1 });
    let letters = say(&mut server, 0, &ToServer::Relay { to: &id(1), envelope: b"unread" });
    assert_eq!(refusal(&letters), Some(Refusal::NotPresent));
}

#[test]
fn who_proves_nothing_or_too_little_or_says_nonsense_is_dismissed() {
    let mut server = Server::new(Dice::new(1, 1), false);
    hear(&mut server, 0, Signal::Connect { session: 1 });
    let letters = say(&mut server, 0, &ToServer::Introduce);
    assert_eq!(refusal(&letters), Some(Refusal::Malformed));
    assert_eq!(letters.last().map(|letter| &letter.signal), Some(&Signal::Down { session: 1 }));
    assert!(letters[0].arrives < letters[1].arrives);
    hear(&mut server, 0, Signal::Connect { session: 1 });
    let (key, signature) = (StandIn::public(owner(0)), Signature::BLANK);
    let proof = ToServer::Prove { flags: 0, network: HOME, key: &key, signature: &signature };
    assert_eq!(refusal(&say(&mut server, 0, &proof)), Some(Refusal::BadProof));
    prove(&mut server, 0, 0, HOME, 0);
    let letters = hear(&mut server, 0, Signal::Message { session: 1, bytes: vec![0; MESSAGE_MAX + 1] });
    assert_eq!(refusal(&letters), Some(Refusal::TooLarge));
    server.level = 40;
    assert_eq!(refusal(&prove(&mut server, 0, 0, HOME, 0)), Some(Refusal::LowLevel));
    assert_eq!(server.present(), 0);
}

#[test]
fn a_key_is_present_once() {
    let mut server = Server::new(Dice::new(1, 1), false);
    prove(&mut server, 0, 7, HOME, 0);
    let letters = prove(&mut server, 1, 7, HOME, 0);
    assert_eq!((letters[0].to, refusal(&letters)), (0, Some(Refusal::Replaced)));
    assert_eq!(server.present(), 1);
}

#[test]
fn what_is_said_across_a_cut_is_lost_and_a_server_that_stops_hangs_up() {
    let mut server = Server::new(Dice::new(1, 1), false);
    assert_eq!(hear(&mut server, 99, Signal::Connect { session: 1 }), []);
    prove(&mut server, 0, 0, HOME, 0);
    let way = |_: u32, _: u32, _: &mut Dice| Some(7);
    let letters = server.stop(&Around { now: 1_000, verify: StandIn::verify, way: &way });
    let down: Vec<_> = letters.iter().map(|letter| (letter.to, &letter.signal)).collect();
    assert_eq!(down, [(0, &Signal::Down { session: 1 }), (99, &Signal::Down { session: 1 })]);
    let letters = hear(&mut server, 0, Signal::Connect { session: 2 });
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].signal, Signal::Down { session: 2 });
}
