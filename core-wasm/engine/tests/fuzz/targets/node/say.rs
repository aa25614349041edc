//! Frames, made by the engine's own encoder of what the bytes choose, and then changed by them.

use tabmesh_engine::wire::envelope::{Envelope, Kind};
use tabmesh_engine::wire::frame::{Body, CLOSE, COPIES, ENTRY, FASTEST, Frame, Routed, STRAY, Said};
use tabmesh_engine::wire::{Reader, Writer, named, topic};
use tabmesh_engine::{BlockHash, Coordinate, NodeId, Reason, Signature, Status, TopicId};

use super::super::frames::NET;
use super::choice::Choice;
use super::people::{ATTACKERS, SELF, attacker, block, block_name, block_named, person};

/// What seconds since 1970 are when a run begins.
pub(super) const NOW_S: u64 = 1_800_000_000;

/// Anybody, or a place that matters to the node.
pub(super) fn id(choice: &mut Choice<'_>) -> NodeId {
    match choice.below(16) {
        number @ 0..=7 => person(number).id,
        8..=10 => person(SELF).id.flipped(choice.byte().into()),
        11 => NodeId(block_name(choice.byte())),
        12 => NodeId(topic_id(choice).0),
        13 => NodeId([choice.byte(); 32]),
        14 => person(choice.below(8)).id.flipped(255),
        _ => NodeId(tabmesh_engine::sha256(&[choice.byte()])),
    }
}

pub(super) fn ids(choice: &mut Choice<'_>, most: usize) -> Vec<u8> {
    (0..choice.below(most + 1)).flat_map(|_| id(choice).0).collect()
}

pub(super) fn topic_id(choice: &mut Choice<'_>) -> TopicId {
    TopicId([choice.of(&[0, 0, 0, 0, 1, 2, 3, 4, 5]); 32])
}

fn coordinate(choice: &mut Choice<'_>) -> Coordinate {
    let edges = [0, 1, 16_383, 300];
    let at = Coordinate::new(std::array::from_fn(|word| if word == 3 { 40 } else { choice.of(&edges) }));
    at.unwrap_or_default()
}

fn named_nodes(choice: &mut Choice<'_>) -> Vec<u8> {
    let mut writer = Writer::default();
    (0..choice.below(10)).for_each(|_| named::emit(&mut writer, &id(choice), &coordinate(choice)));
    writer.finish()
}

fn status(choice: &mut Choice<'_>) -> Status {
    choice.of(&[
        Status::Ok,
        Status::Ok,
        Status::Ok,
        Status::Partial,
        Status::BadRequest,
        Status::NotFound,
        Status::TooManyRequests,
        Status::Unavailable,
        Status::TimedOut,
        Status::InsufficientStorage,
        Status::NetworkFull,
    ])
}

fn payload(body: &Body<'_>) -> (u8, Vec<u8>) {
    (body.kind(), body.emit())
}

/// What a routed message says.
fn body(choice: &mut Choice<'_>) -> (u8, Vec<u8>) {
    let number = choice.byte();
    let hash = BlockHash(block_name(number));
    match choice.below(10) {
        0 => payload(&Body::Find),
        1 => payload(&Body::Meet),
        2 => payload(&Body::Greet),
        3 => payload(&Body::Get(&hash)),
        4 => payload(&Body::Put { hash: &hash, block: &block(number) }),
        5 => payload(&Body::Put { hash: &hash, block: &choice.fill(20_000) }),
        6 => {
            let (port, version, kind) = (choice.below(3) as u32, choice.byte() % 3, choice.byte());
            let within_ms = choice.number(2) as u32;
            payload(&Body::Port(Said { port, version, kind, within_ms, bytes: &choice.fill(33_000) }))
        }
        7 => payload(&Body::Answer { status: status(choice), bytes: &choice.fill(17_000) }),
        8 => payload(&Body::Nodes { status: status(choice), nodes: &named_nodes(choice) }),
        _ => payload(&Body::Envelope(&offer(choice))),
    }
}

fn routed(choice: &mut Choice<'_>) -> Vec<u8> {
    let flags = choice.byte();
    let origin = id(choice);
    let target = if flags & 1 == 0 { person(SELF).id } else { id(choice) };
    let hops = if choice.seldom() { choice.byte() } else { choice.byte() % 3 };
    let count = if choice.seldom() { choice.below(33) } else { usize::from(hops) };
    let path = [choice.byte(); 33 * ENTRY];
    let (kind, payload) = body(choice);
    let routed = Routed {
        reply: flags & 6 == 6,
        exact: flags & 8 != 0,
        how: (flags >> 4) & (STRAY | COPIES),
        hops,
        origin: &origin,
        target: &target,
        request: choice.number(1) as u32,
        path: &path[..count.min(33) * ENTRY],
        kind,
        payload: &payload,
    };
    Frame::Routed(routed).emit()
}

/// An offer by an attacker to the node, or to another.
pub(super) fn offer(choice: &mut Choice<'_>) -> Vec<u8> {
    let from = choice.of(&ATTACKERS);
    let kind =
        choice.of(&[Kind::Offer, Kind::Offer, Kind::Circuit, Kind::Circuit, Kind::Refuse, Kind::Answer]);
    let text = if kind == Kind::Circuit {
        [&[0xe7; 64], &ids(choice, 5)[..]].concat()
    } else if choice.seldom() {
        choice.fill(600)
    } else {
        vec![1; 90]
    };
    let (session, expiry_s) = (choice.number(1) as u32, choice.number(NOW_S + 60) as u32);
    let is_signed = !choice.seldom();
    envelope(from, &person(SELF).id, kind, (session, expiry_s), &text, is_signed)
}

fn envelope(from: usize, to: &NodeId, kind: Kind, when: (u32, u32), body: &[u8], is_signed: bool) -> Vec<u8> {
    let (session, expiry_s) = when;
    let blank =
        Envelope { kind, session, expiry_s, key: person(from).key(), signature: &Signature::BLANK, body };
    if !is_signed {
        return blank.emit();
    }
    let signature = person(from).sign(&blank.signed_bytes(&NET, &person(from).id, to));
    Envelope { signature: &signature, ..blank }.emit()
}

/// The answer to what the node offered to an attacker: a description, the key of a circuit, or a refusal.
pub(super) fn answer_to(choice: &mut Choice<'_>, to: &NodeId, letter: &[u8]) -> Option<(usize, Vec<u8>)> {
    let from = attacker(to)?;
    let offer = Envelope::parse(letter)?;
    let when = (offer.session, choice.number(0) as u32);
    let (kind, body) = match (offer.kind, choice.seldom()) {
        (_, true) => (Kind::Refuse, vec![choice.byte()]),
        (Kind::Circuit, _) => {
            let relay = offer.body.get(64..96).map_or_else(|| id(choice).0.to_vec(), <[u8]>::to_vec);
            (Kind::Answer, [&[0xe7; 64], &relay[..]].concat())
        }
        _ => (Kind::Answer, vec![1; 90]),
    };
    Some((from, envelope(from, &person(SELF).id, kind, when, &body, true)))
}

/// What is said of topics.
fn of_topic(choice: &mut Choice<'_>) -> Vec<u8> {
    let (kind, topic) = (choice.of(&[1, 2, 3, 3, 3, 4, 5, 6]), topic_id(choice));
    let from = person(choice.of(&ATTACKERS));
    let now_ms = NOW_S * 1_000;
    let number = choice.number(2) as u32;
    let head = topic::Head { topic: &topic, run: choice.byte().into(), key: from.key(), number, sent_ms: 0 };
    let raw = match kind {
        topic::PUBLISH => {
            let head = topic::Head { sent_ms: choice.number(now_ms), ..head };
            let raw = head.message(&choice.fill(9_000));
            let signature = from.sign(&topic::signed_bytes(&NET, &raw));
            if choice.seldom() { raw } else { topic::signed(raw, &signature) }
        }
        topic::PRUNE => [&topic.0, &ids(choice, 12)[..]].concat(),
        topic::GRAFT => topic.0.to_vec(),
        _ => {
            let place = topic::place(&head.message(b"")).bytes();
            let came = choice.number(u64::MAX).to_be_bytes();
            let one = if kind == topic::HAVE { [&place[..], &came].concat() } else { place.to_vec() };
            [&topic.0, &one.repeat(choice.below(70))[..]].concat()
        }
    };
    Frame::Topic { kind, raw: &raw }.emit()
}

/// One frame with its length, changed in up to three places.
pub(super) fn frame(choice: &mut Choice<'_>) -> Vec<u8> {
    let mut bytes = sound_frame(choice);
    if choice.seldom() {
        for _ in 0..choice.below(4) {
            let place = choice.below(bytes.len().min(256));
            bytes[place] = choice.byte();
        }
    }
    bytes
}

fn sound_frame(choice: &mut Choice<'_>) -> Vec<u8> {
    match choice.below(20) {
        0 => Frame::Ping(choice.number(1) as u32).emit(),
        1 => {
            let (number, wall_s) = (choice.number(1) as u32, choice.number(NOW_S) as u32);
            Frame::Pong { number, at: coordinate(choice), wall_s }.emit()
        }
        2 => Frame::Credit(choice.number(65_536) as u32).emit(),
        3 | 4 => {
            let ties = choice.of(&[0, CLOSE, FASTEST, CLOSE | FASTEST]);
            let (joined, left) = (ids(choice, 13), ids(choice, 4));
            let left: Vec<u8> = left.chunks(32).flat_map(|id| id[..8].to_vec()).collect();
            Frame::Gossip { ties, joined: &joined, left: &left }.emit()
        }
        5 => {
            let sums: Vec<u8> = (0..16).flat_map(|_| choice.number(0).to_be_bytes()).collect();
            Frame::Digest(&sums).emit()
        }
        6 => {
            let after = BlockHash(id(choice).0);
            Frame::Differ { mask: choice.number(0xffff) as u16, after: &after }.emit()
        }
        7 => {
            let keys: Vec<u8> = (0..choice.below(66)).flat_map(|_| block_name(choice.byte())).collect();
            Frame::Keys { mask: choice.number(0xffff) as u16, more: choice.seldom(), keys: &keys }.emit()
        }
        8 | 9 => of_topic(choice),
        10 => {
            let (carried, peer) = (choice.byte() & 1 == 0, id(choice));
            let inner = if choice.seldom() { choice.bytes(40).to_vec() } else { plain(choice) };
            Frame::Carry { carried, peer: &peer, sealed: &[&inner[..], &[0; 16]].concat() }.emit()
        }
        11 => {
            Frame::Carry { carried: choice.byte() & 1 == 0, peer: &id(choice), sealed: &[choice.byte() % 16] }
                .emit()
        }
        12 => Frame::Bye(Reason::from_code(choice.byte() % 16)).emit(),
        13 => [&[0, 0], choice.bytes(60)].concat(),
        _ => routed(choice),
    }
}

/// What the other end of a circuit says.
fn plain(choice: &mut Choice<'_>) -> Vec<u8> {
    let number = choice.number(1) as u32;
    if choice.seldom() { Frame::Welcome.emit() } else { Frame::Ping(number).emit() }
}

/// What an honest peer, or one that lies in a field, answers to a frame that the node sent it.
pub(super) fn answer(choice: &mut Choice<'_>, who: usize, heard: &[u8]) -> Option<Vec<u8>> {
    let frame = Frame::parse(heard)?;
    Some(match &frame {
        Frame::Ping(number) => {
            let wall_s = choice.number(NOW_S) as u32;
            Frame::Pong { number: *number, at: coordinate(choice), wall_s }.emit()
        }
        Frame::Digest(_) => Frame::Differ { mask: 0xffff, after: &BlockHash([0; 32]) }.emit(),
        Frame::Differ { mask, .. } => {
            let keys: Vec<u8> = (0..choice.below(65)).flat_map(|_| block_name(choice.byte())).collect();
            Frame::Keys { mask: *mask, more: choice.seldom(), keys: &keys }.emit()
        }
        Frame::Topic { kind: topic::GRAFT, raw } => Frame::Topic { kind: topic::HAVE, raw }.emit(),
        Frame::Topic { kind: topic::HAVE, raw } => {
            let mut reader = Reader::new(raw);
            let (topic, place) = (reader.bytes(32), reader.bytes(12));
            Frame::Topic { kind: topic::WANT, raw: &[topic, place].concat() }.emit()
        }
        Frame::Routed(request) if !request.reply => {
            let (kind, payload) = reply(choice, request);
            let origin = person(who).id;
            let reply = Routed {
                reply: true,
                exact: true,
                how: 0,
                hops: 0,
                origin: &origin,
                target: request.origin,
                request: request.request,
                path: request.path,
                kind,
                payload: &payload,
            };
            Frame::Routed(reply).emit()
        }
        _ => return None,
    })
}

fn reply(choice: &mut Choice<'_>, request: &Routed<'_>) -> (u8, Vec<u8>) {
    match request.body() {
        _ if choice.seldom() => body(choice),
        Some(Body::Find | Body::Meet) => {
            payload(&Body::Nodes { status: status(choice), nodes: &named_nodes(choice) })
        }
        Some(Body::Get(hash)) => match block_named(&hash.0) {
            Some(block) => payload(&Body::Answer { status: Status::Ok, bytes: &block }),
            None => payload(&Body::Nodes { status: Status::NotFound, nodes: &named_nodes(choice) }),
        },
        Some(Body::Envelope(letter)) => match answer_to(choice, request.target, letter) {
            Some((_, envelope)) => payload(&Body::Envelope(&envelope)),
            None => payload(&Body::Answer { status: status(choice), bytes: &[] }),
        },
        Some(Body::Put { .. }) => payload(&Body::Answer { status: status(choice), bytes: &[choice.byte()] }),
        _ => payload(&Body::Answer { status: status(choice), bytes: choice.bytes(20) }),
    }
}
