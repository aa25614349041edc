//! Too much of everything: floods, slow readers, crowds of requests.

use tabmesh_engine::limits::{FRAMES_MOST, HANDSHAKES_MAX, MESSAGE_MAX, NEWCOMERS_MAX, REQUESTS_MAX};
use tabmesh_engine::wire::frame::{Body, Frame, Routed, Said};
use tabmesh_engine::{BlockHash, LinkId, NodeId, OpId, Output, Reason, Route, Status};

use crate::grow::network;
use crate::puppet::{goodbye, guest, is_closed};
use crate::world::seeds::each;
use crate::world::{HostId, SECOND, Spec, World};

const LINK: LinkId = LinkId::new(1).unwrap();
const NATIVE: HostId = HostId(0);

#[test]
fn a_peer_that_floods_is_cut() {
    each(1, |seed| {
        let mut world = network(seed, 1, 5, 200);
        let puppet = guest(&mut world, NATIVE);
        for number in 0..FRAMES_MOST / 20 {
            if is_closed(&world, puppet, LINK) {
                break;
            }
            // A short frame: slow links must bring all of them in time.
            let credit = Frame::Credit(0);
            world.play(puppet, vec![Output::Send { link: LINK, bytes: credit.emit().repeat(40) }]);
            if number % 10 == 0 {
                world.run_for(1);
            }
        }
        world.run_for(2_000);
        assert!(is_closed(&world, puppet, LINK), "seed {seed}");
        assert_eq!(goodbye(&world, puppet, LINK), Some(Reason::Flood), "seed {seed}");
        assert_eq!(world.host(NATIVE).peers().len(), 5, "seed {seed}: the others stay");
    });
}

#[test]
fn sockets_on_which_nobody_proves_a_key_leave_room_and_end() {
    each(1, |seed| {
        let mut world = network(seed, 1, 5, 200);
        let puppets: Vec<HostId> =
            (0..HANDSHAKES_MAX + 20).map(|_| world.add_script(Spec::browser().knowing(&[NATIVE]))).collect();
        for puppet in &puppets {
            world.play(*puppet, vec![Output::Open { link: LINK, route: Route::Socket(0) }]);
        }
        world.run_for(3_000);
        let held = |world: &World| puppets.iter().filter(|puppet| !is_closed(world, **puppet, LINK)).count();
        assert!((NEWCOMERS_MAX - 5..=NEWCOMERS_MAX).contains(&held(&world)), "seed {seed}: {}", held(&world));
        guest(&mut world, NATIVE);
        assert!(held(&world) > 0, "seed {seed}: a guest comes in while they stand there");
        world.run_for(30_000);
        assert_eq!(held(&world), 0, "seed {seed}");
        assert_eq!(world.host(NATIVE).peers().len(), 6, "seed {seed}: five tabs and the guest");
    });
}

#[test]
fn a_peer_that_sends_bulk_without_credit_is_cut() {
    each(1, |seed| {
        let mut world = network(seed, 1, 5, 200);
        let puppet = guest(&mut world, NATIVE);
        let target = world.host(NATIVE).id;
        let data =
            Body::Port(Said { port: 0, version: 1, kind: 0, within_ms: 1_000, bytes: &[7; 30_000] }).emit();
        for request in 0..80 {
            let routed = Routed {
                reply: false,
                exact: true,
                how: 0,
                hops: 0,
                origin: &target.flipped(3),
                target: &NodeId([request as u8; 32]),
                request,
                path: &[],
                kind: 11,
                payload: &data,
            };
            if is_closed(&world, puppet, LINK) {
                break;
            }
            world.play(puppet, vec![Output::Send { link: LINK, bytes: Frame::Routed(routed).emit() }]);
        }
        world.run_for(5_000);
        // Either all of it was granted as it came, or the peer was cut; it never costs memory or other links.
        if let Some(reason) = goodbye(&world, puppet, LINK) {
            assert_eq!(reason, Reason::Flood, "seed {seed}");
        }
        assert_eq!(
            world.host(NATIVE).peers().iter().filter(|view| view.id != world.host(puppet).id).count(),
            5
        );
    });
}

/// Lets each of `readers` fetch all of `blocks` and tells when each was done, in microseconds from now.
fn read_all(world: &mut World, readers: &[HostId], blocks: &[BlockHash], ms: u64) -> Vec<u64> {
    let start = world.now;
    let mut waiting: Vec<Vec<BlockHash>> = readers.iter().map(|_| blocks.to_vec()).collect();
    let mut open: Vec<Vec<(OpId, BlockHash)>> = readers.iter().map(|_| Vec::new()).collect();
    let mut ended = vec![0; readers.len()];
    while ended.contains(&0) {
        assert!(world.now < start + ms * 1000, "seed {}: not read within {ms} ms: {ended:?}", world.seed);
        for (place, reader) in readers.iter().enumerate() {
            open[place].retain(|(op, hash)| match world.host(*reader).done(*op) {
                None => true,
                Some(done) => {
                    if done.status != Status::Ok {
                        waiting[place].push(*hash);
                    }
                    false
                }
            });
            while open[place].len() < 16 {
                let Some(hash) = waiting[place].pop() else { break };
                open[place].push((world.get(*reader, hash), hash));
            }
            if open[place].is_empty() && ended[place] == 0 {
                ended[place] = world.now - start;
            }
        }
        world.run_for(20);
    }
    ended
}

fn file(world: &mut World, giver: HostId, count: usize) -> Vec<BlockHash> {
    let mut ops = Vec::new();
    for _ in 0..count {
        let bytes = world.random_bytes(16 * 1024);
        ops.push(world.put(giver, &bytes));
        world.run_for(100);
    }
    for (op, _) in &ops {
        assert_eq!(world.wait(giver, *op, 60_000).status, Status::Ok, "seed {}", world.seed);
    }
    ops.into_iter().map(|(_, hash)| hash).collect()
}

#[test]
fn a_slow_reader_gets_back_pressure_and_the_others_are_not_slowed() {
    each(1, |seed| {
        let mut world = network(seed, 1, 14, 200);
        let slow = world.add(Spec::browser());
        world.run_for(30_000);
        let blocks = file(&mut world, HostId(2), 60);
        world.host_mut(slow).place.down_rate = 40_000;
        // No browser is asked to hold more than a megabyte for one link, block and headers in flight beside it.
        world.bounds.queue_max = (1 << 20) + 64 * 1024;
        let holds_none = |host: &HostId| *host != HostId(2) && *host != NATIVE;
        let fast =
            world.live().into_iter().filter(holds_none).find(|host| *host != slow).expect("fifteen nodes");
        let alone = read_all(&mut world, &[fast], &blocks, 60_000)[0];
        for hash in &blocks {
            world.host_mut(fast).store.drop_block(hash);
        }
        for hash in &blocks {
            world.host_mut(slow).store.drop_block(hash);
        }
        // A block may come by way of the slow reader; then the other way is tried after some seconds.
        let both = read_all(&mut world, &[slow, fast], &blocks, 300_000);
        assert!(both[0] > 5 * SECOND, "seed {seed}: the slow reader is slow: {both:?}");
        assert!(
            both[1] < 3 * alone + 20 * SECOND,
            "seed {seed}: alone {alone} µs, beside a slow reader {} µs",
            both[1]
        );
    });
}

#[test]
fn a_link_nobody_uses_much_stays_usable_for_hours() {
    each(1, |seed| {
        let mut world = network(seed, 0, 3, 200);
        let (from, to) = (HostId(0), HostId(1));
        let id = world.host(to).id;
        let since = world.host(from).link_to(id).expect("three nodes, all linked").since;
        for number in 0..300 {
            let op = world.send(from, id, &vec![number as u8; MESSAGE_MAX]);
            assert_eq!(world.wait(from, op, 20_000).status, Status::Ok, "seed {seed}, message {number}");
            world.run_for(20_000);
        }
        assert_eq!(world.host(from).link_to(id).map(|view| view.since), Some(since), "seed {seed}");
        assert_eq!(world.messages(to).len(), 300, "seed {seed}");
    });
}

#[test]
fn more_operations_than_there_is_room_for_end_with_a_status() {
    each(1, |seed| {
        let mut world = network(seed, 0, 12, 200);
        let host = HostId(4);
        let ops: Vec<OpId> = (0..REQUESTS_MAX * 3)
            .map(|_| {
                let target = world.random_id();
                world.find(host, target)
            })
            .collect();
        let ends: Vec<Status> = ops.iter().map(|op| world.wait(host, *op, 60_000).status).collect();
        let count = |status| ends.iter().filter(|end| **end == status).count();
        assert!(count(Status::Ok) > 0 && count(Status::TooManyRequests) > 0, "seed {seed}: {ends:?}");
        assert_eq!(count(Status::Ok) + count(Status::TooManyRequests), ends.len(), "seed {seed}: {ends:?}");
    });
}

#[test]
fn a_thousand_blocks_given_at_once_are_placed_or_refused_and_none_is_forgotten() {
    each(1, |seed| {
        let mut world = network(seed, 1, 11, 200);
        let giver = HostId(2);
        let mut waiting: Vec<Vec<u8>> = (0..150).map(|_| world.random_bytes(8_000)).collect();
        let mut placed = Vec::new();
        for _ in 0..60 {
            let ops: Vec<_> = waiting.drain(..).map(|bytes| (world.put(giver, &bytes), bytes)).collect();
            for ((op, hash), bytes) in ops {
                match world.wait(giver, op, 60_000).status {
                    Status::Ok => placed.push(hash),
                    Status::Partial | Status::TooManyRequests | Status::TimedOut => waiting.push(bytes),
                    other => panic!("seed {seed}: {other:?}"),
                }
            }
            if waiting.is_empty() {
                break;
            }
            world.run_for(200);
        }
        assert_eq!(placed.len(), 150, "seed {seed}");
        world.run_for(5_000);
        for hash in placed {
            assert_eq!(world.rightful_holders(&hash, 8), 8, "seed {seed}");
        }
    });
}

#[test]
fn messages_beyond_the_room_of_a_link_wait_and_come_in_their_order() {
    each(2, |seed| {
        let mut world = network(seed, 1, 3, 200);
        let (from, to) = (HostId(1), HostId(2));
        let receiver = world.host(to).id;
        // More than the credit of a link.
        let messages: Vec<Vec<u8>> = (0..24).map(|number| vec![number; MESSAGE_MAX]).collect();
        let ops: Vec<OpId> = messages.iter().map(|message| world.send(from, receiver, message)).collect();
        for op in ops {
            assert_eq!(world.wait(from, op, 60_000).status, Status::Ok, "seed {seed}");
        }
        let came: Vec<u8> = world.messages(to).into_iter().map(|(_, bytes)| bytes[0]).collect();
        assert_eq!(came, (0..24).collect::<Vec<u8>>(), "seed {seed}");
    });
}
