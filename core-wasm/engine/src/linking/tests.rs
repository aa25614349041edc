//! Linking over a ground alone: what it says to the shell and to the node, input by input.

use super::*;
use crate::ground::testing::{ground, link, outputs};
use crate::id::NodeId;
use crate::io::kinds::output;
use crate::io::{JobId, LinkId, LinkKind};
use crate::limits::STRANGERS_MAX;
use crate::link::Stage;
use crate::status::Reason;
use crate::time::{Duration, Instant};
use crate::wire::envelope::{Envelope, Kind};
use crate::wire::signal::FromServer;

fn kinds(ground: &mut Ground) -> alloc::vec::Vec<u32> {
    outputs(ground).iter().map(|flat| flat.kind).collect()
}

fn offer(session: u32, key: &[u8; 64]) -> alloc::vec::Vec<u8> {
    Envelope { kind: Kind::Offer, session, expiry_s: 0, key, signature: &[0; 64], body: &[1; 60] }.emit()
}

#[test]
fn an_offer_is_one_once_its_signature_holds() {
    let (mut ground, mut linking) = (ground(3), Linking::default());
    linking.on_envelope(&mut ground, &offer(7, &[9; 64]), None);
    let job = outputs(&mut ground).remove(0);
    assert_eq!(job.kind, output::VERIFY);
    let job = ground.end_job(JobId(job.number)).unwrap();
    let Some(offer) = linking.on_job(&mut ground, job, input::VERIFIED, &[1]) else { panic!("an offer") };
    assert_eq!(offer.peer, NodeId::of_key(&[9; 64]));
    on_offer(&mut ground, *offer);
    assert_eq!(kinds(&mut ground), [output::OPEN_ANSWER]);
}

#[test]
fn an_offer_whose_signature_does_not_hold_is_nothing() {
    let (mut ground, mut linking) = (ground(3), Linking::default());
    linking.on_envelope(&mut ground, &offer(7, &[9; 64]), None);
    let job = outputs(&mut ground).remove(0);
    let job = ground.end_job(JobId(job.number)).unwrap();
    assert!(linking.on_job(&mut ground, job, input::VERIFIED, &[0]).is_none());
    assert!(outputs(&mut ground).is_empty());
}

#[test]
fn a_better_kind_of_link_replaces_a_worse_one_and_never_the_other_way() {
    let mut ground = ground(0);
    let peer = NodeId([3; 32]);
    let relayed = ground.links.begin(LinkKind::Relayed, peer, true, ground.now, Instant::NEVER);
    let socket = ground.links.begin(LinkKind::Socket, peer, true, ground.now, Instant::NEVER);
    let direct = ground.links.begin(LinkKind::WebRtc, peer, true, ground.now, Instant::NEVER);
    for (better, worse) in [(direct, socket), (socket, relayed), (direct, relayed)] {
        let (better, worse) = (ground.links.get(better).unwrap(), ground.links.get(worse).unwrap());
        assert!(replaces(&ground, better, worse));
        assert!(!replaces(&ground, worse, better));
    }
}

#[test]
fn a_handshake_that_takes_too_long_ends_its_link() {
    let mut ground = ground(0);
    on_incoming(&mut ground);
    let link = LinkId::new(outputs(&mut ground).remove(0).number as u16).unwrap();
    on_handshake_due(&mut ground, link);
    assert!(ground.ending.is_empty());
    ground.now = ground.now + Duration::from_ms(10_000);
    on_handshake_due(&mut ground, link);
    assert_eq!(ground.ending, [(link, Reason::Timeout)]);
}

#[test]
fn a_frame_for_a_circuit_whose_relay_is_gone_ends_the_circuit() {
    let mut ground = ground(0);
    let relay = link(&mut ground, &NodeId([5; 32]));
    let circuit = ground.begin_link(LinkKind::Relayed, &NodeId([6; 32]), true);
    if let Some(link) = ground.links.get_mut(circuit) {
        link.via = Some(relay);
    }
    on_sealed(&mut ground, circuit, &[0; 40]);
    assert_eq!(kinds(&mut ground), [output::SEND]);
    assert_eq!(circuit_over(&ground, relay), Some(circuit));
    assert_eq!(ground.links.remove(relay).stage, Stage::Ready);
    assert!(ground.ending.is_empty());
    on_sealed(&mut ground, circuit, &[0; 40]);
    assert_eq!(ground.ending, [(circuit, Reason::Stuck)]);
}

#[test]
fn strangers_envelopes_are_checked_a_few_at_a_time() {
    let (mut ground, mut linking) = (ground(3), Linking::default());
    for number in 0..20 {
        linking.on_envelope(&mut ground, &offer(number, &[number as u8; 64]), None);
    }
    assert_eq!(outputs(&mut ground).len(), STRANGERS_MAX);
}

#[test]
fn a_server_of_another_version_is_left_and_tried_again_later_each_time() {
    let (mut ground, mut linking) = (ground(0), Linking::default());
    ground.config.signalling = true;
    let mut waits = alloc::vec::Vec::new();
    for _ in 0..3 {
        while !kinds(&mut ground).contains(&output::SIGNAL_OPEN) {
            ground.now = ground.now + Duration::from_ms(50);
            linking.on_signal_deadline(&mut ground);
        }
        let at = ground.now;
        linking.on_signal_bytes(&mut ground, &[0x81, 77]);
        assert_eq!(kinds(&mut ground), [output::SIGNAL_CLOSE]);
        waits.push(at);
    }
    assert!(waits[2].since(waits[1]) > waits[1].since(waits[0]), "{waits:?}");
}

#[test]
fn the_first_one_at_a_server_is_the_whole_network() {
    let (mut ground, mut linking) = (ground(0), Linking::default());
    let nobody = FromServer::Welcome { peers: alloc::vec::Vec::new() }.emit();
    linking.on_signal_bytes(&mut ground, &nobody);
    assert!(ground.joined && kinds(&mut ground) == [output::JOINED]);
}
