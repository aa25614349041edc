//! Peers that lie, babble and forge. What they do costs them their own link, and nobody else anything.

use tabmesh_engine::limits::{FRAME_MAX, PACKET_MAX};
use tabmesh_engine::wire::frame::{Body, ENTRY, Frame, Routed};
use tabmesh_engine::{LinkId, NodeId, Output, PublicKey, Reason, Route, Signature};

use crate::grow::network;
use crate::puppet::{frames, goodbye, gossip, guest, hello, is_closed, say};
use crate::world::seeds::each;
use crate::world::{HostId, Spec, World};

const LINK: LinkId = LinkId::new(1).unwrap();

/// The listening peer that the liars dial; everybody else is honest.
const NATIVE: HostId = HostId(0);

/// Every link between honest nodes, with its number and the time when it was made.
fn honest_links(world: &World) -> Vec<(HostId, NodeId, LinkId, u64)> {
    let live = world.live();
    let ids: Vec<NodeId> = live.iter().map(|host| world.host(*host).id).collect();
    let views = |host: &HostId| {
        let host = *host;
        world.host(host).peers().into_iter().map(move |view| (host, view.id, view.link, view.since.0))
    };
    live.iter().flat_map(views).filter(|(_, id, ..)| ids.contains(id)).collect()
}

/// A settled network in which nothing changes by itself any more.
fn calm(seed: u64) -> World {
    let mut world = network(seed, 1, 9, 200);
    world.network.channel.loss = 0.0;
    world.run_for(60_000);
    world
}

fn dial(world: &mut World) -> HostId {
    let puppet = world.add_script(Spec::browser().knowing(&[NATIVE]));
    world.play(puppet, vec![Output::Open { link: LINK, route: Route::Socket(0) }]);
    world.expect(4_000, "the native peer greets", |world| !frames(world, puppet, LINK).is_empty());
    puppet
}

fn babble(world: &mut World, puppet: HostId, bytes: Vec<u8>) {
    world.play_raw(puppet, LINK, bytes);
}

fn framed(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u16).to_be_bytes()[..], body].concat()
}

#[test]
fn garbage_before_the_proof_closes_that_socket_only() {
    each(2, |seed| {
        let mut world = calm(seed);
        let before = honest_links(&world);
        let key = world.host(NATIVE).key.public;
        let network = world.host(NATIVE).spec.network_id();
        let valid = hello(&network, &PublicKey([4; 64]), &PublicKey([3; 64])).emit();
        let mut version = valid.clone();
        version[4] ^= 0x40;
        let random = world.random_bytes(400);
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("random bytes", random),
            ("a frame longer than allowed", framed(&vec![9; FRAME_MAX + 1])),
            ("a packet longer than allowed", vec![0; PACKET_MAX + 1]),
            ("a frame cut short", valid[..valid.len() - 1].to_vec()),
            ("an empty frame", framed(&[])),
            ("another version", version),
            ("a frame out of place", Frame::Ping(7).emit()),
            ("a proof before the hello", Frame::Proof(&Signature([1; 64])).emit()),
            ("the listener's own key", hello(&network, &PublicKey([4; 64]), &key).emit()),
            ("two hellos", [valid.clone(), valid.clone()].concat()),
            ("a forged proof", [valid.clone(), Frame::Proof(&Signature([1; 64])).emit()].concat()),
            (
                "a welcome without proof and a request",
                [valid, Frame::Welcome.emit(), Frame::Ping(1).emit()].concat(),
            ),
        ];
        for (what, bytes) in cases {
            let puppet = dial(&mut world);
            babble(&mut world, puppet, bytes);
            world.run_for(2_000);
            assert!(is_closed(&world, puppet, LINK), "seed {seed}: {what} was borne");
            assert_eq!(world.host(NATIVE).link_to(world.host(puppet).id), None, "seed {seed}: {what}");
        }
        assert_eq!(honest_links(&world), before, "seed {seed}");
    });
}

#[test]
fn a_socket_that_says_nothing_is_closed() {
    each(1, |seed| {
        let mut world = calm(seed);
        let puppet = dial(&mut world);
        world.run_for(15_000);
        assert!(is_closed(&world, puppet, LINK), "seed {seed}");
        assert_eq!(goodbye(&world, puppet, LINK), Some(Reason::Timeout), "seed {seed}");
    });
}

#[test]
fn garbage_from_a_proven_peer_closes_that_link_only() {
    each(2, |seed| {
        let mut world = calm(seed);
        let before = honest_links(&world);
        let ping = Frame::Ping(1).emit();
        let random = world.random_bytes(400);
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("random bytes", random),
            ("a frame longer than allowed", framed(&vec![9; FRAME_MAX + 1])),
            ("a packet longer than allowed", vec![0; PACKET_MAX + 1]),
            ("a frame cut short", ping[..ping.len() - 1].to_vec()),
            ("an unknown kind", framed(&[200, 1, 2, 3])),
            ("a frame with a byte too many", framed(&[5, 0, 0, 0, 1, 0])),
            ("a hello out of place", hello(&[0; 8], &PublicKey([4; 64]), &PublicKey([3; 64])).emit()),
            (
                "a route whose path is not what it crossed",
                routed(3, &[0; ENTRY], &Body::Find, [1; 32], false),
            ),
        ];
        for (what, bytes) in cases {
            let puppet = guest(&mut world, NATIVE);
            babble(&mut world, puppet, bytes);
            world.run_for(1_500);
            assert!(is_closed(&world, puppet, LINK), "seed {seed}: {what} was borne");
            assert_eq!(goodbye(&world, puppet, LINK), Some(Reason::Malformed), "seed {seed}: {what}");
        }
        assert_eq!(honest_links(&world), before, "seed {seed}");
    });
}

fn routed(hops: u8, path: &[u8], body: &Body<'_>, target: [u8; 32], reply: bool) -> Vec<u8> {
    routed_raw(hops, path, body.kind(), &body.emit(), target, reply)
}

fn routed_raw(hops: u8, path: &[u8], kind: u8, payload: &[u8], target: [u8; 32], reply: bool) -> Vec<u8> {
    let routed = Routed {
        reply,
        exact: false,
        how: 0,
        hops,
        origin: &NodeId([0xee; 32]),
        target: &NodeId(target),
        request: 5,
        path,
        kind,
        payload,
    };
    Frame::Routed(routed).emit()
}

#[test]
fn what_a_liar_sends_through_an_honest_node_does_not_cost_the_honest_node_its_links() {
    each(2, |seed| {
        let mut world = calm(seed);
        let before = honest_links(&world);
        let bodies: Vec<(u8, Vec<u8>)> = vec![
            (0, vec![]),
            (1, vec![1; 40]),
            (2, vec![2; 300]),
            (3, vec![3; 31]),
            (4, vec![4; 20]),
            (6, vec![0xff; 2]),
            (6, vec![]),
            (99, vec![9; 9]),
        ];
        for to in world.live() {
            let target = world.host(to).id.0;
            for (kind, payload) in &bodies {
                for reply in [true, false] {
                    let liar = guest(&mut world, NATIVE);
                    babble(&mut world, liar, routed_raw(0, &[], *kind, payload, target, reply));
                    world.run_for(400);
                }
            }
        }
        world.run_for(5_000);
        assert_eq!(honest_links(&world), before, "seed {seed}");
    });
}

#[test]
fn mutated_frames_of_real_traffic_never_panic_and_harm_nobody_else() {
    each(2, |seed| {
        let mut world = calm(seed);
        world.record(NATIVE);
        let bytes = world.random_bytes(3_000);
        world.put(HostId(3), &bytes);
        world.run_for(30_000);
        let recorded = world.recorded(NATIVE);
        assert!(recorded.len() > 20, "seed {seed}: only {} packets", recorded.len());
        let before = honest_links(&world);
        let mut liar = guest(&mut world, NATIVE);
        for round in 0..1_500 {
            if is_closed(&world, liar, LINK) {
                liar = guest(&mut world, NATIVE);
            }
            let mut packet = recorded[world.random(recorded.len() as u64) as usize].clone();
            mutate(&mut world, &mut packet);
            babble(&mut world, liar, packet);
            if round % 10 == 0 {
                world.run_for(20);
            }
        }
        world.run_for(10_000);
        assert_eq!(honest_links(&world), before, "seed {seed}");
    });
}

/// Turns bits over, cuts, doubles, or leaves the packet as it was: a replay.
fn mutate(world: &mut World, packet: &mut Vec<u8>) {
    match world.random(5) {
        0 => {
            for _ in 0..=world.random(8) {
                let at = world.random(packet.len() as u64) as usize;
                packet[at] ^= 1 << world.random(8);
            }
        }
        1 => packet.truncate(world.random(packet.len() as u64) as usize),
        2 => packet.extend(packet.clone()),
        3 => {
            let at = 2 + world.random(packet.len() as u64 - 2) as usize;
            packet[at] = world.random(256) as u8;
        }
        _ => {}
    }
    if packet.is_empty() {
        packet.push(0);
    }
}

#[test]
fn a_peer_that_broke_the_protocol_is_kept_away() {
    each(1, |seed| {
        let mut world = network(seed, 1, 5, 200);
        let tab = HostId(3);
        let (id, native) = (world.host(tab).id, world.host(NATIVE).id);
        world.expect(30_000, "the two are linked", |world| world.host(NATIVE).link_to(id).is_some());
        assert!(world.inject(NATIVE, id, &[0xff; 20]));
        world.run_for(60_000);
        assert!(world.host(NATIVE).reasons(id).contains(&Reason::Malformed), "seed {seed}");
        assert!(world.host(NATIVE).link_to(id).is_none(), "seed {seed}: it was let in again at once");
        let told = world.host(tab).reasons(native).contains(&Reason::Malformed);
        assert!(told, "seed {seed}: it was not told");
        assert_eq!(world.parts(), 1, "seed {seed}: the others carry on");
    });
}

#[test]
fn made_up_neighbours_are_forgotten() {
    each(1, |seed| {
        let mut world = calm(seed);
        let liar = guest(&mut world, NATIVE);
        let own = world.host(NATIVE).id.0;
        for round in 0..40_u8 {
            let joined: Vec<u8> = (0..12_u8)
                .flat_map(|number| {
                    let mut id = own;
                    (id[1], id[2]) = (id[1] ^ round, id[2] ^ number ^ 0x80);
                    id
                })
                .collect();
            say(&mut world, liar, LINK, &[gossip(&joined)]);
            world.run_for(250);
        }
        world.play(liar, vec![Output::Close(LINK)]);
        world.expect(400_000, "the native peer knows its true neighbourhood again", |world| {
            world.wrong_neighbourhoods(9, 0).is_empty()
        });
    });
}
