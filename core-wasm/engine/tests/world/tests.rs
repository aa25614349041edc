//! The world proves itself: puppets play both ends by hand, and every promise of the virtual shell is looked at.

use tabmesh_engine::limits::DRAINED_STEP;
use tabmesh_engine::wire::signal::{FromServer, Refusal, ToServer, proof_bytes};
use tabmesh_engine::{JobId, LinkId, NodeId, Output, PublicKey, Route, Signature, Work};
use tabmesh_world::channel::Channel;
use tabmesh_world::crypto::{P256, StandIn};
use tabmesh_world::server::SERVER_NAME;

use super::check::distance;
use super::crypto::Signing;
use super::outcome::Outcome;
use super::script::Heard;
use super::store::Store;
use super::{HostId, MS, Spec, World};

const ONE: LinkId = LinkId::new(1).unwrap();
const TWO: LinkId = LinkId::new(2).unwrap();

/// Two puppets with one open WebRTC link, `ONE` at the first and `TWO` at the second.
fn linked(seed: u64) -> (World, HostId, HostId) {
    let mut world = World::new(seed);
    let (first, second) = (world.add_script(Spec::browser()), world.add_script(Spec::browser()));
    exchange(&mut world, first, second);
    world.run_for(3_000);
    assert!(world.script(first).has_heard(&Heard::Up(ONE)));
    assert!(world.script(second).has_heard(&Heard::Up(TWO)));
    (world, first, second)
}

fn exchange(world: &mut World, first: HostId, second: HostId) {
    world.play(first, vec![Output::Open { link: ONE, route: Route::Offer }]);
    world.run_for(500);
    let offer = world.script(first).description(ONE).expect("gathered");
    world.play(second, vec![Output::Open { link: TWO, route: Route::Answer(offer) }]);
    world.run_for(500);
    let answer = world.script(second).description(TWO).expect("gathered");
    world.play(first, vec![Output::Answered { link: ONE, description: answer }]);
}

fn send(world: &mut World, from: HostId, link: LinkId, length: usize) {
    world.play(from, vec![Output::Send { link, bytes: vec![7; length] }]);
}

#[test]
fn an_offer_and_its_answer_open_a_link_at_both_ends() {
    linked(1);
}

#[test]
fn a_link_opens_only_after_the_round_trips_of_ice_and_dtls() {
    let mut world = World::new(2);
    let (first, second) = (world.add_script(Spec::browser()), world.add_script(Spec::browser()));
    exchange(&mut world, first, second);
    world.run_for(4 * world.round_trip_us(first, second) / MS);
    assert!(!world.script(first).has_heard(&Heard::Up(ONE)));
    world.run_for(500);
    assert!(world.script(first).has_heard(&Heard::Up(ONE)));
}

#[test]
fn an_offer_without_an_answer_ends_in_link_down() {
    let mut world = World::new(3);
    let first = world.add_script(Spec::browser());
    world.play(first, vec![Output::Open { link: ONE, route: Route::Offer }]);
    world.run_for(40_000);
    assert_eq!(world.script(first).heard.last(), Some(&Heard::Down(ONE)));
}

#[test]
fn a_forged_fingerprint_never_connects() {
    let mut world = World::new(4);
    let (first, second) = (world.add_script(Spec::browser()), world.add_script(Spec::browser()));
    world.play(first, vec![Output::Open { link: ONE, route: Route::Offer }]);
    world.run_for(500);
    let mut offer = world.script(first).description(ONE).expect("gathered");
    offer[0] ^= 1;
    world.play(second, vec![Output::Open { link: TWO, route: Route::Answer(offer) }]);
    world.run_for(500);
    let answer = world.script(second).description(TWO).expect("gathered");
    world.play(first, vec![Output::Answered { link: ONE, description: answer }]);
    world.run_for(60_000);
    assert!(
        world.script(first).has_heard(&Heard::Down(ONE)) && world.script(second).has_heard(&Heard::Down(TWO))
    );
    assert!(!world.script(first).has_heard(&Heard::Up(ONE)));
}

#[test]
fn two_behind_strict_nats_never_connect() {
    let mut world = World::new(5);
    world.network.connect_fail = 1.0;
    let (first, second) = (world.add_script(Spec::browser()), world.add_script(Spec::browser()));
    exchange(&mut world, first, second);
    world.run_for(60_000);
    assert_eq!(world.script(first).heard.last(), Some(&Heard::Down(ONE)));
    assert_eq!(world.script(second).heard.last(), Some(&Heard::Down(TWO)));
}

#[test]
fn packets_arrive_whole_and_in_order_in_spite_of_loss_and_reordering() {
    let (mut world, first, second) = linked(6);
    world.network.channel = Channel { loss: 0.3, reorder: 0.3, ..world.network.channel };
    for length in 1..200 {
        send(&mut world, first, ONE, length);
        world.run_for(3);
    }
    world.run_for(600_000);
    let lengths: Vec<usize> = world.script(second).packets(TWO).iter().map(|packet| packet.len()).collect();
    assert!(lengths.iter().copied().eq(1..200));
}

#[test]
fn frames_of_one_drain_are_joined_up_to_the_packet_bound() {
    let (mut world, first, second) = linked(7);
    let frame = || Output::Send { link: ONE, bytes: vec![1; 30_000] };
    world.play(first, vec![frame(), frame(), frame()]);
    world.run_for(2_000);
    let lengths: Vec<usize> = world.script(second).packets(TWO).iter().map(|packet| packet.len()).collect();
    assert_eq!(lengths, [60_000, 30_000]);
}

#[test]
fn what_was_sent_before_a_close_arrives_and_then_the_link_is_down() {
    let (mut world, first, second) = linked(8);
    world.play(first, vec![Output::Send { link: ONE, bytes: vec![9; 5_000] }, Output::Close(ONE)]);
    world.run_for(2_000);
    let heard = &world.script(second).heard;
    assert_eq!(heard[heard.len() - 2..], [Heard::Bytes(TWO, vec![9; 5_000]), Heard::Down(TWO)]);
    assert!(!world.script(first).has_heard(&Heard::Down(ONE)), "no LinkDown is owed to who closed");
}

#[test]
fn a_queue_is_reported_each_time_a_step_of_it_has_left() {
    let (mut world, first, _) = linked(9);
    (0..10).for_each(|_| send(&mut world, first, ONE, 33_000));
    world.run_for(2_000);
    let mut waits = 330_000;
    for queued in drained(&mut world, first) {
        assert!((DRAINED_STEP..2 * DRAINED_STEP).contains(&(waits - queued)), "{queued} after {waits}");
        waits = queued;
    }
    assert!(waits < DRAINED_STEP, "{waits}");
}

#[test]
fn a_queue_that_never_fills_is_reported_every_so_many_bytes() {
    let (mut world, first, _) = linked(9);
    for _ in 0..10 {
        send(&mut world, first, ONE, 33_000);
        world.run_for(1_000);
    }
    assert!(drained(&mut world, first).len() >= 10);
}

/// What a puppet heard of its queue.
fn drained(world: &mut World, host: HostId) -> Vec<u32> {
    let queued = |heard: &Heard| match heard {
        Heard::Drained(ONE, queued) => Some(*queued),
        _ => None,
    };
    world.script(host).heard.iter().filter_map(queued).collect()
}

#[test]
#[should_panic(expected = "back-pressure was not obeyed")]
fn a_queue_beyond_what_a_browser_bears_ends_the_run() {
    let (mut world, first, _) = linked(10);
    (0..200).for_each(|_| send(&mut world, first, ONE, 33_000));
}

#[test]
#[should_panic(expected = "Send names link 3")]
fn a_frame_for_a_link_that_is_not_open_ends_the_run() {
    let (mut world, first, _) = linked(11);
    send(&mut world, first, LinkId::new(3).unwrap(), 10);
}

#[test]
fn a_socket_opens_when_its_listener_accepts_and_closes_when_it_refuses() {
    let mut world = World::new(12);
    let listener = world.add_script(Spec::native());
    let dialler = world.add_script(Spec::browser().knowing(&[listener]));
    world.script(listener).accepts.push_back(TWO);
    world.play(dialler, vec![Output::Open { link: ONE, route: Route::Socket(0) }]);
    world.run_for(2_000);
    assert!(matches!(world.script(listener).heard[..], [Heard::Incoming, Heard::Described(TWO, _)]));
    assert!(matches!(world.script(dialler).heard[..], [Heard::Described(ONE, _), Heard::Up(ONE)]));
    send(&mut world, listener, TWO, 10);
    world.play(dialler, vec![Output::Open { link: TWO, route: Route::Socket(0) }]);
    world.run_for(2_000);
    let heard: Vec<_> = world.script(dialler).heard[2..].to_vec();
    let heard = heard.iter().filter(|heard| !matches!(heard, Heard::Described(..)));
    assert!(heard.eq(&[Heard::Bytes(ONE, vec![7; 10]), Heard::Down(TWO)]));
}

#[test]
fn a_socket_to_nowhere_ends_in_link_down() {
    let mut world = World::new(13);
    let silent = world.add_script(Spec::browser());
    let dialler = world.add_script(Spec::browser().knowing(&[silent]));
    for (link, number) in [(ONE, 0), (TWO, 9)] {
        world.play(dialler, vec![Output::Open { link, route: Route::Socket(number) }]);
    }
    world.run_for(2_000);
    assert!(
        world.script(dialler).has_heard(&Heard::Down(ONE))
            && world.script(dialler).has_heard(&Heard::Down(TWO))
    );
}

#[test]
fn a_crash_is_noticed_late_over_webrtc() {
    let (mut world, first, second) = linked(14);
    world.crash(first);
    world.run_for(15_000);
    assert!(!world.script(second).has_heard(&Heard::Down(TWO)));
    world.run_for(6_000);
    assert!(world.script(second).has_heard(&Heard::Down(TWO)));
}

#[test]
fn a_short_cut_delays_and_a_long_cut_breaks() {
    let (mut world, first, second) = linked(15);
    world.partition(&[&[first], &[second]]);
    send(&mut world, first, ONE, 10);
    world.run_for(10_000);
    assert!(world.script(second).packets(TWO).is_empty());
    world.heal();
    world.run_for(1_000);
    assert_eq!(world.script(second).packets(TWO).len(), 1);
    world.partition(&[&[first], &[second]]);
    world.run_for(40_000);
    assert!(
        world.script(first).has_heard(&Heard::Down(ONE)) && world.script(second).has_heard(&Heard::Down(TWO))
    );
}

#[test]
fn a_frozen_tab_hears_everything_in_order_when_it_resumes() {
    let (mut world, first, second) = linked(16);
    world.freeze(second);
    (1..5).for_each(|length| send(&mut world, first, ONE, length));
    world.play(first, vec![Output::Close(ONE)]);
    world.run_for(5_000);
    assert!(world.script(second).packets(TWO).is_empty());
    world.resume(second);
    let heard = &world.script(second).heard;
    let expected = (1..5).map(|length| Heard::Bytes(TWO, vec![7; length])).chain([Heard::Down(TWO)]);
    assert!(heard.iter().skip(2).cloned().eq(expected), "{heard:?}");
}

#[test]
fn the_server_challenges_introduces_relays_and_refuses() {
    let mut world = World::new(17);
    let hosts = [0; 3].map(|_| world.add_script(Spec::browser()));
    hosts.iter().for_each(|host| prove(&mut world, *host));
    let ids = hosts.map(|host| world.host(host).id);
    let heard = |world: &mut World, host| match world.script(host).heard.last() {
        Some(Heard::SignalBytes(bytes)) => bytes.clone(),
        other => panic!("{other:?}"),
    };
    let welcome = heard(&mut world, hosts[2]);
    let Some(FromServer::Welcome { peers }) = FromServer::parse(&welcome) else { panic!("no welcome") };
    let mut named: Vec<NodeId> = peers.iter().map(|(id, _)| *id).collect();
    named.sort();
    let mut others = ids[..2].to_vec();
    others.sort();
    assert_eq!(named, others);

    let relay = |to| Output::Signal(ToServer::Relay { to, envelope: b"unread" }.emit());
    world.play(hosts[0], vec![relay(&ids[1])]);
    world.run_for(1_000);
    assert_eq!(
        heard(&mut world, hosts[1]),
        FromServer::Deliver { from: &ids[0], envelope: b"unread" }.emit()
    );
    let nobody = NodeId([5; 32]);
    world.play(hosts[0], vec![relay(&nobody)]);
    world.run_for(1_000);
    let refused = FromServer::Refused { refusal: Refusal::NotPresent, about: &nobody };
    assert_eq!(heard(&mut world, hosts[0]), refused.emit());

    world.kill_signalling();
    world.run_for(1_000);
    assert_eq!(world.script(hosts[0]).heard.last(), Some(&Heard::SignalDown));
    world.play(hosts[0], vec![Output::SignalOpen]);
    world.run_for(2_000);
    assert_eq!(world.script(hosts[0]).heard.last(), Some(&Heard::SignalDown));
    world.start_signalling();
    prove(&mut world, hosts[0]);
}

/// Connects a puppet to the server and proves its key.
fn prove(world: &mut World, host: HostId) {
    world.play(host, vec![Output::SignalOpen]);
    world.run_for(3_000);
    let Some(Heard::SignalBytes(challenge)) = world.script(host).heard.last().cloned() else {
        panic!("silence")
    };
    let Some(FromServer::Challenge { nonce, .. }) = FromServer::parse(&challenge) else {
        panic!("no challenge")
    };
    let machine = world.host(host);
    let network = machine.spec.network_id();
    let signature = machine.key.sign(&proof_bytes(nonce, &network, 0, SERVER_NAME));
    let proof =
        ToServer::Prove { flags: 0, network: &network, key: &machine.key.public, signature: &signature };
    world.play(host, vec![Output::Signal(proof.emit())]);
    world.run_for(1_000);
}

#[test]
fn the_server_refuses_a_proof_that_does_not_hold() {
    let mut world = World::new(18);
    let host = world.add_script(Spec::browser());
    world.play(host, vec![Output::SignalOpen]);
    world.run_for(3_000);
    let proof = ToServer::Prove {
        flags: 0,
        network: &[0; 8],
        key: &PublicKey([1; 64]),
        signature: &Signature([2; 64]),
    };
    world.play(host, vec![Output::Signal(proof.emit())]);
    world.run_for(1_000);
    let refused = FromServer::Refused { refusal: Refusal::BadProof, about: &NodeId([0; 32]) }.emit();
    let heard = &world.script(host).heard;
    assert_eq!(heard[heard.len() - 2..], [Heard::SignalBytes(refused), Heard::SignalDown]);
}

#[test]
fn a_block_is_durable_once_its_job_ends_and_not_before() {
    let mut world = World::new(19);
    let host = world.add_script(Spec::browser());
    let block = b"block".to_vec();
    let hash = Store::name(&block);
    let store = Work::Store { hash, bytes: block, held: true };
    world.play(host, vec![Output::Job { job: JobId(1), work: store.clone() }]);
    world.crash(host);
    world.run_for(100);
    assert_eq!(world.host(host).store.len(), 0);
    let host = world.add_script(Spec::browser());
    world.play(host, vec![Output::Job { job: JobId(1), work: store }]);
    world.run_for(100);
    world.crash(host);
    assert!(world.host(host).store.block(&hash).is_some());
}

#[test]
fn a_full_store_drops_cached_blocks_for_held_ones_and_never_held_ones() {
    let mut store = Store::new(2);
    let put = |store: &mut Store, byte: u8, held| store.store(&Store::name(&[byte]), &[byte], held);
    assert_eq!(put(&mut store, 1, true), Outcome::Stored);
    assert_eq!(put(&mut store, 2, false), Outcome::Stored);
    assert_eq!(put(&mut store, 3, true), Outcome::Stored);
    assert_eq!(put(&mut store, 4, true), Outcome::Full);
    assert_eq!(store.store(&Store::name(&[9]), &[8], true), Outcome::Mismatch);
    assert_eq!(store.load(&Store::name(&[2])), Outcome::Missing);
    let mut kept = [Store::name(&[1]), Store::name(&[3])];
    kept.sort();
    assert_eq!(store.scan(None, 9), Outcome::Hashes(kept.to_vec()));
    assert_eq!(store.scan(Some(kept[0]), 9), Outcome::Hashes(vec![kept[1]]));
    assert_eq!(store.absent(&[kept[0], Store::name(&[2])]), Outcome::Hashes(vec![Store::name(&[2])]));
}

#[test]
fn keys_reach_the_level_that_is_wished_and_their_signatures_hold() {
    for signing in [Signing::of::<StandIn>(), Signing::of::<P256>()] {
        let key = signing.make_key(20, 1, 2, true);
        assert_eq!(NodeId::of_key(&key.public).level(), 2);
        let signature = key.sign(b"bytes");
        assert!((signing.verify)(&key.public, &signature, b"bytes"));
        assert!(!(signing.verify)(&signing.make_key(20, 2, 0, false).public, &signature, b"bytes"));
    }
}

#[test]
fn the_checkers_distance_is_xor_as_a_big_endian_number() {
    let id = |first: u8, last: u8| {
        let mut bytes = [0; 32];
        (bytes[0], bytes[31]) = (first, last);
        NodeId(bytes)
    };
    assert_eq!(distance(&id(0, 3), &id(0, 1)), (0, 2));
    assert_eq!(distance(&id(0x80, 0), &id(0, 0)), (1 << 127, 0));
    assert!(distance(&id(1, 0), &id(0, 0)) > distance(&id(0, 255), &id(0, 0)));
}

#[test]
fn an_equal_seed_gives_an_equal_world() {
    let lengths = |seed| {
        let (mut world, first, second) = linked(seed);
        send(&mut world, first, ONE, 100);
        world.run_for(1_000);
        (world.trace_hash(), world.script(second).heard.len())
    };
    assert_eq!(lengths(21), lengths(21));
    assert_ne!(lengths(21).0, lengths(22).0);
}
