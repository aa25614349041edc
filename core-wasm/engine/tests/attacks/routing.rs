//! What is routed, from whoever: it bounces between nobody, closes no link of others, and makes nobody send much to others.

use tabmesh_engine::limits::{BROUGHT_A_SECOND, FRAMES_A_SECOND, PASSED_A_SECOND, QUEUE_STATE};
use tabmesh_engine::wire::frame::{Body, COPIES, ENTRY, Frame, HOPS_MAX, Routed, STRAY, Said};
use tabmesh_engine::{BlockHash, Command, Event, Input, LinkId, NodeId, OpId, Profile, Reason, TopicId};

use super::frames::{PORT, answer, asked, routed};
use super::host::{Host, Key};
use super::pairs::pair;

fn closed_for_flood(host: &Host) -> bool {
    host.events.iter().any(|event| matches!(event, Event::PeerDown { reason: Reason::Flood, .. }))
}

/// Hands over what two hosts sent each other until nothing is left; says how many packets crossed.
fn cross(a: &mut Host, at_a: LinkId, b: &mut Host, at_b: LinkId) -> usize {
    let mut crossed = 0;
    loop {
        let to_b = a.sent.remove(&at_a).unwrap_or_default();
        let to_a = b.sent.remove(&at_b).unwrap_or_default();
        if to_b.is_empty() && to_a.is_empty() {
            return crossed;
        }
        crossed += to_b.len() + to_a.len();
        to_b.iter().for_each(|bytes| b.hear_bytes(at_b, bytes));
        to_a.iter().for_each(|bytes| a.hear_bytes(at_a, bytes));
    }
}

/// Finding 5: `[b, a, b, a, …]` bounced a frame 31 times between two honest peers, and each banned the other for it.
#[test]
fn x2_an_answer_by_an_invented_path_dies_at_the_first_honest_hop() {
    let (mut a, mut b) = (Host::new(1, Profile::Native), Host::new(2, Profile::Native));
    let (at_a, at_b) = pair(&mut a, &mut b);
    let from = a.guest(&Key::new(3));
    a.sent.clear();
    b.sent.clear();
    let entry = |n: u8, link: LinkId| [&link.number().to_be_bytes()[..], &[n; 4]].concat();
    let path: Vec<u8> = (0..HOPS_MAX).flat_map(|n| entry(n, if n % 2 == 0 { at_b } else { at_a })).collect();
    let (liar, nobody) = (NodeId([1; 32]), NodeId([0xee; 32]));
    for _ in 0..3_000 {
        a.hear(from, &[routed(true, true, &liar, &nobody, &path, 6, &[0, 100])]);
    }
    assert_eq!(cross(&mut a, at_a, &mut b, at_b), 0);
    assert!(a.is_linked(&b.key.id()) && b.is_linked(&a.key.id()));
}

/// The path that a request took leads its answer back to whoever asked, and nobody else's.
#[test]
fn x2_the_path_of_one_request_serves_no_other() {
    let (mut a, mut b) = (Host::new(1, Profile::Native), Host::new(2, Profile::Native));
    let (at_a, _) = pair(&mut a, &mut b);
    let (mallory, target) = (Key::new(3), b.key.id());
    let from = a.guest(&mallory);
    a.sent.clear();
    let origin = mallory.id();
    a.hear(from, &[routed(false, true, &origin, &target, &[], PORT, &asked(b"hello"))]);
    let frames = a.frames(at_a);
    let path = frames.iter().find_map(|frame| match Frame::parse(frame) {
        Some(Frame::Routed(routed)) => Some(routed.path.to_vec()),
        _ => None,
    });
    let path = path.expect("the message goes on");
    assert_eq!(path.len(), ENTRY);
    // The true answer goes back to whom the entry names.
    let (one, other) = (origin, NodeId([0x55; 32]));
    let mut answered = |target: &NodeId, request: u32, path: &[u8]| {
        a.sent.clear();
        a.hear(at_a, &[answer(&one, target, request, path, &[0, 100])]);
        a.frames(from).len()
    };
    assert_eq!(answered(&one, 1, &path), 1);
    assert_eq!(answered(&other, 1, &path), 0, "another asker");
    assert_eq!(answered(&one, 2, &path), 0, "another number");
    for at in 0..ENTRY {
        let mut changed = path.clone();
        changed[at] ^= 1;
        assert_eq!(answered(&one, 1, &changed), 0, "byte {at} changed");
    }
    let longer = [&[0; ENTRY][..], &path].concat();
    assert_eq!(answered(&one, 1, &longer), 0, "another way before it");
}

/// Finding 27: small frames that are passed on have a rate, by the link that they come by; nobody is closed for passing them on.
#[test]
fn x2_what_strangers_make_a_node_pass_on_closes_no_honest_link() {
    let (mut a, mut b) = (Host::new(1, Profile::Native), Host::new(2, Profile::Native));
    let (at_a, at_b) = pair(&mut a, &mut b);
    let target = b.key.id();
    let strangers: Vec<LinkId> = (0..20).map(|n| a.guest(&Key::new(100 + n))).collect();
    a.sent.clear();
    b.sent.clear();
    let origin = NodeId([9; 32]);
    let mut crossed = 0;
    for _ in 0..3 {
        for link in &strangers {
            let frame = routed(false, true, &origin, &target, &[], 8, &[]).emit();
            let packet = frame.repeat(400);
            for _ in 0..FRAMES_A_SECOND / 400 / 16 {
                a.hear_bytes(*link, &packet);
            }
            let before = crossed;
            crossed += cross(&mut a, at_a, &mut b, at_b);
            assert!(
                crossed - before <= 2 * usize::from(BROUGHT_A_SECOND) + 16,
                "beyond the share of one link"
            );
        }
        a.now += 1_000_000;
        b.now += 1_000_000;
    }
    assert!(crossed > 0);
    assert!(!closed_for_flood(&a) && !closed_for_flood(&b));
    assert!(a.is_linked(&b.key.id()) && b.is_linked(&a.key.id()));
}

/// Each kind of routed message, each way it may take, with each origin: what a node sends to others than its asker.
#[test]
fn x5_no_routed_frame_makes_a_node_send_others_three_times_its_bytes() {
    let mut host = Host::new(1, Profile::Native);
    let own = host.key.id();
    let mallory = Key::new(3);
    let from = host.guest(&mallory);
    let others: Vec<(LinkId, NodeId)> =
        (20..50).map(|seed| (host.guest(&Key::new(seed)), Key::new(seed).id())).collect();
    let block = vec![7; 4_000];
    let hash = BlockHash(tabmesh_engine::sha256(&block));
    let (victim, stranger) = (others[4].1, NodeId([0x77; 32]));
    let nodes: Vec<u8> = (0..8).flat_map(|n| [&[0x80 | n; 32][..], &[0; 8]].concat()).collect();
    let bodies = [
        Body::Find,
        Body::Envelope(&[1; 200]),
        Body::Get(&hash),
        Body::Port(Said { port: 0, version: 1, kind: 0, within_ms: 1_000, bytes: b"hello" }),
        Body::Port(Said { port: 7, version: 1, kind: 0, within_ms: 0, bytes: b"hello" }),
        Body::Meet,
        Body::List,
        Body::Enlist,
        Body::Greet,
        Body::Answer { status: tabmesh_engine::Status::Ok, bytes: &[1; 500] },
        Body::Nodes { status: tabmesh_engine::Status::Ok, nodes: &nodes },
    ];
    let mut worst = (0.0, String::new());
    for body in &bodies {
        let payload = body.emit();
        for target in [own, victim, stranger, *hash.place()] {
            for origin in [mallory.id(), victim, stranger, own] {
                for (reply, exact) in [(false, false), (false, true), (true, true)] {
                    for how in [0, 1, 4, COPIES, STRAY, STRAY | COPIES] {
                        // What is due anyway is nobody's doing.
                        host.now += 2_000;
                        host.tell(Input::Timeout);
                        host.sent.clear();
                        let frame = Frame::Routed(Routed {
                            reply,
                            exact,
                            how,
                            hops: 0,
                            origin: &origin,
                            target: &target,
                            request: 1,
                            path: &[],
                            kind: body.kind(),
                            payload: &payload,
                        });
                        let bytes = frame.emit().len();
                        host.hear(from, &[frame]);
                        let to_others: usize = host
                            .sent
                            .iter()
                            .filter(|(link, _)| **link != from)
                            .flat_map(|(_, sent)| sent)
                            .map(Vec::len)
                            .sum();
                        let ratio = to_others as f64 / bytes as f64;
                        if ratio > worst.0 {
                            worst = (
                                ratio,
                                format!(
                                    "{body:?} to {target:?} from {origin:?}, reply {reply}, exact {exact}, how {how}"
                                ),
                            );
                        }
                    }
                }
            }
        }
    }
    println!("at most {:.2}: {}", worst.0, worst.1);
    assert!(worst.0 > 1.0, "nothing was passed on: {worst:?}");
    assert!(worst.0 <= 3.0, "{worst:?}");
    assert!(host.is_linked(&mallory.id()), "the asker is still there");
    let down: Vec<&Event> =
        host.events.iter().filter(|event| matches!(event, Event::PeerDown { .. })).collect();
    let is_silence = |event: &&Event| matches!(event, Event::PeerDown { reason: Reason::Silent, .. });
    assert!(down.iter().all(is_silence), "nobody here answers pings, and nobody is blamed: {down:?}");
}

/// What a host sent to others than one link within so long, pings and gossip included; a twin tells what is nobody's doing.
fn sent_to_others(host: &mut Host, from: LinkId, links: &[LinkId], ms: u64) -> usize {
    let mut bytes = 0;
    for _ in 0..ms / 250 {
        host.now += 250_000;
        host.tell(Input::Timeout);
        let sent = std::mem::take(&mut host.sent);
        bytes += sent
            .iter()
            .filter(|(link, _)| **link != from)
            .flat_map(|(_, sent)| sent)
            .map(Vec::len)
            .sum::<usize>();
        for link in links {
            for frame in sent.get(link).into_iter().flatten() {
                if let Some(Frame::Ping(number)) = Frame::parse(&frame[2..]) {
                    host.hear(
                        *link,
                        &[Frame::Pong { number, at: tabmesh_engine::Coordinate::default(), wall_s: 0 }],
                    );
                }
            }
        }
    }
    bytes
}

/// Somebody with a crowd of links, and the link of one who lies.
fn crowd() -> (Host, LinkId, Vec<LinkId>) {
    let mut host = Host::new(1, Profile::Native);
    let links: Vec<LinkId> = (20..40).map(|seed| host.guest(&Key::new(seed))).collect();
    let liar = links[0];
    sent_to_others(&mut host, liar, &links, 5_000);
    (host, liar, links)
}

/// Finding 27: honest nodes dialled what liars invented, an envelope of some 400 bytes for each name of 32, and again.
#[test]
fn x5_names_that_one_link_makes_up_are_neither_dialled_nor_dear() {
    let invented: Vec<NodeId> = {
        let (host, ..) = crowd();
        (1..=12).map(|number| host.key.id().flipped(200 + number)).collect()
    };
    let run = |attacked: bool| {
        let (mut host, liar, links) = crowd();
        let offers = host.offers.len();
        let gossip = Frame::Gossip { ties: 0, joined: NodeId::list_bytes(&invented), left: &[] };
        let mut heard = 0;
        let mut sent = 0;
        for _ in 0..10 {
            if attacked {
                heard += gossip.emit().len();
                host.hear(liar, std::slice::from_ref(&gossip));
            }
            sent += sent_to_others(&mut host, liar, &links, 3_000);
        }
        (sent, heard, host.offers.len() - offers, host, links)
    };
    let (quiet, _, dialled, ..) = run(false);
    assert_eq!(dialled, 0);
    let (sent, heard, dialled, mut host, links) = run(true);
    assert_eq!(dialled, 0, "of what one link named");
    let ratio = sent.saturating_sub(quiet) as f64 / heard as f64;
    println!("{ratio:.2} times the liar's bytes went to others");
    assert!(ratio <= 3.0, "{ratio}");
    // A second link that names them is believed.
    host.hear(links[1], &[Frame::Gossip { ties: 0, joined: NodeId::list_bytes(&invented), left: &[] }]);
    sent_to_others(&mut host, links[0], &links, 3_000);
    assert!(!host.offers.is_empty());
}

/// A node that is there answers, and is dialled.
#[test]
fn a_node_that_answers_a_greeting_is_dialled() {
    let (mut host, liar, links) = crowd();
    let named = host.key.id().flipped(200);
    let offers = host.offers.len();
    host.sent.clear();
    host.hear(liar, &[Frame::Gossip { ties: 0, joined: &named.0, left: &[] }]);
    let greeting = links.iter().find_map(|link| {
        let frames = host.frames(*link);
        frames.iter().find_map(|frame| match Frame::parse(frame) {
            Some(Frame::Routed(routed)) if routed.body() == Some(Body::Greet) => {
                Some((*link, routed.request))
            }
            _ => None,
        })
    });
    let (link, request) = greeting.expect("it is greeted");
    host.hear_answer(link, &named, request, &[], tabmesh_engine::Status::Ok, &[]);
    sent_to_others(&mut host, liar, &links, 1_000);
    assert_eq!(host.offers.len(), offers + 1);
}

/// What is not routed is for its receiver alone, whatever it makes that do within seconds.
#[test]
fn x5_no_frame_for_a_node_itself_makes_it_send_others_three_times_its_bytes() {
    let keys: Vec<u8> = (0..64).flat_map(|number| [number + 1; 32]).collect();
    let (zero, topic) = (NodeId([0; 32]), TopicId([5; 32]));
    let frames = [
        Frame::Ping(1),
        Frame::Pong { number: 1, at: tabmesh_engine::Coordinate::default(), wall_s: 0 },
        Frame::Credit(u32::MAX),
        Frame::Gossip { ties: 0xc0, joined: &keys[..384], left: &[7; 64] },
        Frame::Digest(&[0xff; 128]),
        Frame::Differ { mask: 0xffff, after: &BlockHash([0; 32]) },
        Frame::Keys { mask: 0xffff, more: true, keys: &keys },
        Frame::Topic { kind: 1, raw: &[&topic.0, &keys[..384]].concat() },
        Frame::Topic { kind: 2, raw: &[&topic.0, &keys[..384]].concat() },
        Frame::Topic { kind: 4, raw: &[&topic.0, &keys[..400]].concat() },
        Frame::Carry { carried: false, peer: &zero, sealed: &[1; 300] },
        Frame::Carry { carried: true, peer: &zero, sealed: &[1; 300] },
        Frame::Ports { again: false, open: &[0, 0, 0, 7, 1] },
        Frame::Ports { again: true, open: &[] },
    ];
    let run = |frame: Option<&Frame<'_>>| {
        let (mut host, liar, links) = crowd();
        host.tell(Input::Command(Command::Subscribe { op: OpId(1), topic: &topic }));
        host.at(1);
        host.sent.clear();
        (0..20).for_each(|_| host.hear(liar, &frame.into_iter().cloned().collect::<Vec<_>>()));
        sent_to_others(&mut host, liar, &links, 10_000)
    };
    let quiet = run(None);
    for frame in &frames {
        let (heard, sent) = (20 * frame.emit().len(), run(Some(frame)).saturating_sub(quiet));
        assert!(sent <= 3 * heard, "{sent} bytes to others for {heard}: {frame:?}");
    }
}

/// A message goes once, so an answer that is dropped is a message that failed. What is asked for on the link itself is paid for by
/// the frame that asked, however many there are and however much waits for that link.
#[test]
fn every_message_of_a_fast_peer_is_answered() {
    let (mut host, guest) = (Host::new(1, Profile::Native), Key::new(3));
    let link = host.guest(&guest);
    let (origin, target) = (guest.id(), host.key.id());
    for queued in [0, QUEUE_STATE + 1] {
        host.at(1_000);
        host.tell(Input::LinkDrained { link, queued });
        host.sent.clear();
        for _ in 0..2 * PASSED_A_SECOND {
            host.hear(link, &[routed(false, true, &origin, &target, &[], PORT, &asked(b"hello"))]);
        }
        let mut frames = host.frames(link);
        frames.retain(|frame| matches!(Frame::parse(frame), Some(Frame::Routed(routed)) if routed.reply));
        assert_eq!(frames.len(), usize::from(2 * PASSED_A_SECOND), "{queued} bytes wait");
    }
}
