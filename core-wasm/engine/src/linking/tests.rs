//! Linking over a ground alone: what it says to the shell and to the node, input by input.

use alloc::boxed::Box;
use alloc::vec;

use super::envelopes::refuse;
use super::*;
use crate::ground::testing::{asked_by, ground, link, outputs};
use crate::ground::{Ground, Parcel, ReplyTo};
use crate::hash::sha256;
use crate::id::{NodeId, PublicKey, Signature};
use crate::io::kinds::{input, output};
use crate::io::{JobId, LinkId, LinkKind, Profile};
use crate::limits::{REFUSALS_MAX, STRANGERS_A_LINK, STRANGERS_MAX};
use crate::link::Stage;
use crate::status::Reason;
use crate::time::{Duration, Instant};
use crate::wire::envelope::{Envelope, Kind};
use crate::wire::signal::FromServer;

fn kinds(ground: &mut Ground) -> alloc::vec::Vec<u32> {
    outputs(ground).iter().map(|flat| flat.kind).collect()
}

/// The shell ends a job with this result.
fn end(ground: &mut Ground, job: u32, kind: u32, bytes: &[u8]) -> Option<Box<Parcel>> {
    let job = ground.end_job(JobId(job)).unwrap();
    Linking::default().on_job(ground, job, kind, bytes)
}

fn offer(session: u32, key: &PublicKey) -> alloc::vec::Vec<u8> {
    Envelope { kind: Kind::Offer, session, expiry_s: 0, key, signature: &Signature::BLANK, body: &[1; 60] }
        .emit()
}

#[test]
fn an_offer_is_one_once_its_signature_holds() {
    let mut ground = ground(3);
    on_envelope(&mut ground, &offer(7, &PublicKey([9; 64])), None, None);
    let job = outputs(&mut ground).remove(0);
    assert_eq!(job.kind, output::VERIFY);
    let offer = end(&mut ground, job.number, input::VERIFIED, &[1]).expect("an offer");
    assert_eq!(offer.peer, NodeId::of_key(&PublicKey([9; 64])));
    on_offer(&mut ground, *offer);
    assert_eq!(kinds(&mut ground), [output::OPEN_ANSWER]);
}

#[test]
fn an_offer_whose_signature_does_not_hold_is_nothing() {
    let mut ground = ground(3);
    on_envelope(&mut ground, &offer(7, &PublicKey([9; 64])), None, None);
    let job = outputs(&mut ground).remove(0);
    assert!(end(&mut ground, job.number, input::VERIFIED, &[0]).is_none());
    assert!(outputs(&mut ground).is_empty());
}

#[test]
fn a_better_kind_of_link_replaces_a_worse_one_and_never_the_other_way() {
    let mut ground = ground(0);
    let peer = NodeId([3; 32]);
    let relayed =
        ground.links.begin(LinkKind::Relayed, Some(&peer), true, ground.now, Instant::NEVER, &|_| false);
    let socket =
        ground.links.begin(LinkKind::Socket, Some(&peer), true, ground.now, Instant::NEVER, &|_| false);
    let direct =
        ground.links.begin(LinkKind::WebRtc, Some(&peer), true, ground.now, Instant::NEVER, &|_| false);
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
    let circuit = ground.begin_link(LinkKind::Relayed, Some(&NodeId([6; 32])), true);
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
fn who_brings_bogus_offers_by_one_link_fills_only_its_share() {
    let mut ground = ground(3);
    let bring = |ground: &mut Ground, by: u16, count: u8| {
        for number in 0..count {
            let bytes = offer(number.into(), &PublicKey([number; 64]));
            on_envelope(ground, &bytes, LinkId::new(by), None);
        }
        outputs(ground).len()
    };
    assert_eq!(bring(&mut ground, 1, 20), STRANGERS_A_LINK);
    assert_eq!(bring(&mut ground, 2, 1), 1);
    assert_eq!((3..20).map(|by| bring(&mut ground, by, 20)).sum::<usize>(), STRANGERS_MAX - 2);
}

/// A dial to the node of this key whose envelope is out, and its session.
fn dialled(ground: &mut Ground, key: &PublicKey) -> (LinkId, u32) {
    ground.dial(&NodeId::of_key(key));
    let dial = LinkId::new(outputs(ground).remove(0).number as u16).unwrap();
    (dial, ground.links.handshake(dial).unwrap().session)
}

fn envelope(kind: Kind, session: u32, key: &PublicKey, body: &[u8]) -> alloc::vec::Vec<u8> {
    Envelope { kind, session, expiry_s: 0, key, signature: &Signature::BLANK, body }.emit()
}

#[test]
fn answers_to_dials_have_places_of_their_own() {
    let mut ground = ground(3);
    for by in 1..10 {
        for number in 0..3 {
            on_envelope(&mut ground, &offer(number, &PublicKey([number as u8; 64])), LinkId::new(by), None);
        }
    }
    let _ = outputs(&mut ground);
    let (_, session) = dialled(&mut ground, &PublicKey([9; 64]));
    let answer = envelope(Kind::Answer, session, &PublicKey([9; 64]), &[1; 60]);
    for (by, places) in [(1, 1), (1, 0), (2, 1)] {
        on_envelope(&mut ground, &answer, LinkId::new(by), None);
        assert_eq!(outputs(&mut ground).len(), places, "by {by}");
    }
}

#[test]
fn a_refusal_ends_a_dial_once_its_signature_holds() {
    for holds in [false, true] {
        let mut ground = ground(3);
        let (dial, session) = dialled(&mut ground, &PublicKey([9; 64]));
        let refusal = envelope(Kind::Refuse, session, &PublicKey([9; 64]), &[Reason::NoRoom as u8]);
        on_envelope(&mut ground, &refusal, LinkId::new(1), None);
        let job = outputs(&mut ground).remove(0);
        assert_eq!(job.kind, output::VERIFY);
        end(&mut ground, job.number, input::VERIFIED, &[holds.into()]);
        assert_eq!(ground.ending, if holds { vec![(dial, Reason::NoRoom)] } else { vec![] });
    }
}

#[test]
fn a_refusal_is_signed_before_it_is_said_and_left_unsaid_at_the_bound() {
    let mut ground = ground(3);
    let by = |ground: &Ground, link: u16| {
        let (origin, request) = (NodeId([4; 32]), 1);
        let path = ground.entry(LinkId::new(link).unwrap(), &origin, request, &[]).to_vec();
        ReplyTo { origin, request, path }
    };
    for link in [1, 1, 1, 2, 3, 3] {
        let reply = by(&ground, link);
        refuse(&mut ground, &NodeId([4; 32]), 7, Reason::NoRoom, Some(reply));
    }
    let jobs = outputs(&mut ground);
    assert_eq!(jobs.len(), REFUSALS_MAX, "two by link 1, one by 2, one by 3");
    assert!(jobs.iter().all(|job| job.kind == output::SIGN));
    let _ = end(&mut ground, jobs[0].number, input::SIGNATURE, &[6; 64]);
    let said = outputs(&mut ground).remove(0);
    assert!(said.kind == output::SEND && said.bytes.windows(64).any(|bytes| bytes == [6; 64]));
}

/// The links by which the answer to an offer goes: it came by the first of these, and again by the second, while the first is there or
/// after it went.
fn ways_of_an_answer(is_first_gone: bool) -> alloc::vec::Vec<u32> {
    let mut ground = ground(3);
    let key = PublicKey([9; 64]);
    let origin = NodeId::of_key(&key);
    let bring = |ground: &mut Ground, link: u16| {
        let by = LinkId::new(link);
        let reply = asked_by(ground, by.unwrap(), &origin);
        on_envelope(ground, &offer(7, &key), by, Some(reply));
    };
    bring(&mut ground, 1);
    let job = outputs(&mut ground).remove(0);
    let offer = end(&mut ground, job.number, input::VERIFIED, &[1]).expect("an offer");
    on_offer(&mut ground, *offer);
    let dial = LinkId::new(outputs(&mut ground).remove(0).number as u16).unwrap();
    on_described(&mut ground, dial, &[1; 60]);
    let job = outputs(&mut ground).remove(0);
    let _ = end(&mut ground, job.number, input::SIGNATURE, &[6; 64]);
    if is_first_gone {
        ground.links.remove(LinkId::new(1).unwrap());
    }
    bring(&mut ground, 2);
    let sent = outputs(&mut ground).into_iter().filter(|flat| flat.kind == output::SEND);
    sent.map(|flat| flat.number).collect()
}

#[test]
fn an_answer_is_repeated_by_another_way_only_where_its_own_is_gone() {
    assert_eq!(ways_of_an_answer(false), [1, 1]);
    assert_eq!(ways_of_an_answer(true), [1, 2]);
}

/// The way of the second answer to an offer that the signalling server brought first and a link then, the server being there yet or not.
fn second_way_of_an_answer(is_server_gone: bool) -> alloc::vec::Vec<u32> {
    let mut ground = ground(3);
    ground.is_introduced = true;
    let key = PublicKey([9; 64]);
    let origin = NodeId::of_key(&key);
    on_envelope(&mut ground, &offer(7, &key), None, None);
    let job = outputs(&mut ground).remove(0);
    let arrived = end(&mut ground, job.number, input::VERIFIED, &[1]).expect("an offer");
    on_offer(&mut ground, *arrived);
    let dial = LinkId::new(outputs(&mut ground).remove(0).number as u16).unwrap();
    on_described(&mut ground, dial, &[1; 60]);
    let job = outputs(&mut ground).remove(0);
    let _ = end(&mut ground, job.number, input::SIGNATURE, &[6; 64]);
    assert_eq!(kinds(&mut ground), [output::SIGNAL]);
    ground.is_introduced = !is_server_gone;
    let by = LinkId::new(2);
    let reply = asked_by(&ground, by.unwrap(), &origin);
    on_envelope(&mut ground, &offer(7, &key), by, Some(reply));
    kinds(&mut ground)
}

#[test]
fn an_answer_whose_server_is_gone_is_repeated_by_the_link_that_repeats_the_offer() {
    assert_eq!(second_way_of_an_answer(false), [output::SIGNAL]);
    assert_eq!(second_way_of_an_answer(true), [output::SEND]);
}

#[test]
fn an_envelope_from_the_end_of_time_is_no_panic() {
    let mut ground = ground(3);
    for wall_s in [0, 1, 1_800_000_000, u64::from(u32::MAX), u64::MAX] {
        ground.set_wall(wall_s);
        for expiry_s in [0, 1, u32::MAX - 1, u32::MAX] {
            let key = &PublicKey([expiry_s as u8; 64]);
            let late = Envelope {
                kind: Kind::Offer,
                session: 1,
                expiry_s,
                key,
                signature: &Signature::BLANK,
                body: &[1; 60],
            };
            on_envelope(&mut ground, &late.emit(), None, None);
        }
        ground.dial(&NodeId([wall_s as u8 | 1; 32]));
        for flat in outputs(&mut ground) {
            if flat.kind == output::OPEN_OFFER {
                on_described(&mut ground, LinkId::new(flat.number as u16).unwrap(), &[1; 60]);
            }
        }
    }
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

#[test]
fn a_server_that_challenges_without_end_keeps_one_job_and_no_more() {
    let (mut ground, mut linking) = (ground(0), Linking::default());
    let challenge = FromServer::Challenge { level: 0, nonce: &[3; 32] }.emit();
    for _ in 0..100 {
        linking.on_signal_bytes(&mut ground, &challenge);
    }
    let jobs = outputs(&mut ground);
    assert_eq!(jobs.len(), 1);
    let job = ground.end_job(JobId(jobs[0].number)).unwrap();
    assert!(linking.on_job(&mut ground, job, input::SIGNATURE, &[6; 64]).is_none());
    assert_eq!(kinds(&mut ground), [output::SIGNAL]);
    linking.on_signal_bytes(&mut ground, &challenge);
    assert_eq!(kinds(&mut ground), [output::SIGN]);
}

/// Whether a joined tab with these peers, and neighbours that share `depth` bits with it, goes to the signalling server.
fn stays(depth: u32, peers: &[NodeId]) -> bool {
    let mut ground = ground(0);
    (ground.config.signalling, ground.config.profile) = (true, Profile::Browser);
    (ground.joined, ground.depth_hint) = (true, depth);
    for peer in peers {
        let link = link(&mut ground, peer);
        ground.links.get_mut(link).unwrap().profile = Profile::Browser;
    }
    Linking::default().on_signal_deadline(&mut ground);
    outputs(&mut ground).iter().any(|flat| flat.kind == output::SIGNAL_OPEN)
}

#[test]
fn the_tab_nearest_to_the_networks_name_in_its_part_of_the_ids_stays_at_the_server() {
    let ground = ground(0);
    let name = NodeId(sha256(&ground.config.network));
    let elsewhere = [name.flipped(253), name.flipped(254), name.flipped(255)];
    assert!(ground.id.shared_bits(&name) < 6, "it is not in the name's own part");
    assert!(!stays(0, &elsewhere), "a small network is one part");
    assert!(stays(20, &elsewhere), "in a large one there are 64");
    let mut nearer = name;
    nearer.0[0] = nearer.0[0] & 0b11 | ground.id.0[0] & !0b11;
    assert!(!stays(20, &[elsewhere[0], elsewhere[1], nearer]));
}
