//! Frames between linked nodes.

use proptest::prelude::*;
use tabmesh_engine::limits::{ADDRESS_MAX, BLOCK_MAX, CIRCUIT_HEAD, FRAME_MAX, MESSAGE_MAX};
use tabmesh_engine::wire::frame::{
    Body, CLOSE, COPIES, DIGEST_BUCKETS, ENTRY, FASTEST, Frame, HOPS_MAX, Hello, PAYLOAD_MAX, Routed, STRAY,
    Said, VERSION, VERSION_OLDEST, proof_bytes, split,
};
use tabmesh_engine::wire::named;
use tabmesh_engine::wire::{Fault, Reader, Writer};
use tabmesh_engine::{BlockHash, Coordinate, NodeId, PublicKey, Reason, Status};

use crate::laws::{Damage, any_key, any_signature, check_lengths, some_bytes};

fn rewrite(bytes: &[u8]) -> Option<Vec<u8>> {
    Frame::parse(bytes).map(|frame| without_length(&frame))
}

/// The frame's bytes behind its length, which is checked.
fn without_length(frame: &Frame<'_>) -> Vec<u8> {
    let bytes = frame.emit();
    assert_eq!(usize::from(u16::from_be_bytes([bytes[0], bytes[1]])), bytes.len() - 2);
    bytes[2..].to_vec()
}

fn check(frame: &Frame<'_>, is_whole: impl Fn(usize) -> bool) {
    let bytes = without_length(frame);
    assert_eq!(Frame::parse(&bytes).as_ref(), Some(frame));
    check_lengths(&bytes, &rewrite, is_whole);
}

/// Bytes in whole pieces of `size`, at most `most` of them.
fn pieces(size: usize, most: usize) -> impl Strategy<Value = Vec<u8>> {
    (0..=most).prop_flat_map(move |count| prop::collection::vec(any::<u8>(), count * size))
}

/// Two dimensions, a height, an error.
fn coordinates() -> impl Strategy<Value = Coordinate> {
    (-16_383..=16_383_i16, -16_383..=16_383_i16, 0..=16_383_u16, 0..=256_u16).prop_map(
        |(x, y, height, error)| {
            Coordinate::new([x as u16, y as u16, height, error]).expect("within all bounds")
        },
    )
}

fn routed<'a>(path: &'a [u8], kind: u8, payload: &'a [u8]) -> Routed<'a> {
    let (origin, target) = (&NodeId([1; 32]), &NodeId([2; 32]));
    Routed { reply: false, exact: true, how: 0, hops: 3, origin, target, request: 7, path, kind, payload }
}

proptest! {
    #[test]
    fn frames_of_the_handshake_read_back(
        network: [u8; 8], profile: u8, nonce: [u8; 32], exchange in any_key(), key in any_key(), signature in any_signature(), address in some_bytes(ADDRESS_MAX),
        code in 0..=14_u8,
    ) {
        let hello = Hello { network: &network, profile, nonce: &nonce, exchange: &exchange, key: &key, address: &address };
        check(&Frame::Hello(hello), |length| length == 173 + address.len());
        check(&Frame::Proof(&signature), |length| length == 65);
        check(&Frame::Welcome, |length| length == 1);
        check(&Frame::Bye(Reason::from_code(code)), |length| length == 2);
    }

    #[test]
    fn frames_of_state_read_back(
        number: u32, mask: u16, more: bool, ties in prop::sample::select(vec![0, CLOSE, FASTEST, CLOSE | FASTEST]), at in coordinates(), after: [u8; 32],
        joined in pieces(32, 12), left in pieces(8, 12), keys in pieces(32, 64),
        sums in prop::collection::vec(any::<u8>(), DIGEST_BUCKETS * 8),
    ) {
        for frame in [Frame::Ping(number), Frame::Credit(number)] {
            check(&frame, |length| length == 5);
        }
        check(&Frame::Pong { number, at, wall_s: number }, |length| length == 17);
        let members = 2 + joined.len();
        check(&Frame::Gossip { ties, joined: &joined, left: &left }, |length| length >= members && (length - members).is_multiple_of(8));
        check(&Frame::Digest(&sums), |length| length == 129);
        check(&Frame::Topic { kind: ties, raw: &joined }, |length| length >= 2);
        check(&Frame::Differ { mask, after: &BlockHash(after) }, |length| length == 35);
        check(&Frame::Keys { mask, more, keys: &keys }, |length| length % 32 == 4);
    }

    #[test]
    fn routed_frames_read_back(
        (reply, exact, hops, request, kind) in any::<(bool, bool, u8, u32, u8)>(), how in 0..=STRAY | COPIES, origin: [u8; 32], target: [u8; 32],
        path in pieces(ENTRY, usize::from(HOPS_MAX)), payload in some_bytes(300),
    ) {
        let (origin, target) = (NodeId(origin), NodeId(target));
        let frame = Routed { reply, exact, how, hops, origin: &origin, target: &target, request, path: &path, kind, payload: &payload };
        check(&Frame::Routed(frame), |length| length >= 73 + path.len());
    }

    #[test]
    fn bodies_read_back(hash: [u8; 32], bytes in some_bytes(300), code in prop::sample::select(vec![100, 104, 200, 203, 205, 301, 303, 304, 305, 306_u16])) {
        let (hash, status) = (BlockHash(hash), Status::from_code(code).expect("a code in use"));
        let bodies = [
            Body::Find,
            Body::Envelope(&bytes),
            Body::Get(&hash),
            Body::Put { hash: &hash, block: &bytes },
            Body::Port(Said { port: 7, version: 2, kind: 3, within_ms: 4, bytes: &bytes }),
            Body::Meet,
            Body::List,
            Body::Enlist,
            Body::Greet,
            Body::Answer { status, bytes: &bytes },
            Body::Nodes { status, nodes: &bytes },
        ];
        for body in bodies {
            let payload = body.emit();
            prop_assert_eq!(routed(&[], body.kind(), &payload).body(), Some(body));
        }
    }

    #[test]
    fn a_body_of_another_length_or_kind_is_none(kind: u8, payload in some_bytes(70)) {
        let least = match kind {
            1 | 8 | 10 | 12 | 13 => (payload.is_empty()).then_some(0),
            2 => Some(0),
            11 => Some(10),
            3 => (payload.len() == 32).then_some(32),
            4 => Some(32),
            6 | 9 => payload.first_chunk().and_then(|code| Status::from_code(u16::from_be_bytes(*code))).map(|_| 2),
            _ => None,
        };
        let body = routed(&[], kind, &payload);
        let body = body.body();
        prop_assert_eq!(body.is_some(), least.is_some_and(|least| payload.len() >= least));
        if let Some(body) = body {
            prop_assert_eq!((body.kind(), body.emit()), (kind, payload));
        }
    }

    #[test]
    fn damaged_and_arbitrary_bytes_are_another_frame_or_none(kind in 0..17_u8, body in some_bytes(400), damage in Damage::any()) {
        let mut bytes = vec![kind];
        bytes.extend(body);
        damage.apply(&mut bytes);
        // Three fields are read leniently: a reason of the future, any number but 0 as true, and the versions of a hello.
        match Frame::parse(&bytes) {
            Some(frame @ Frame::Bye(reason)) => {
                prop_assert!(reason == Reason::Lost || without_length(&frame) == bytes);
            }
            Some(frame @ Frame::Keys { .. }) => {
                let again = without_length(&frame);
                bytes[3] = u8::from(bytes[3] != 0);
                prop_assert_eq!(again, bytes);
            }
            Some(Frame::OtherVersion) => {}
            Some(frame @ Frame::Hello(_)) => prop_assert!(bytes[3..].starts_with(&without_length(&frame)[3..])),
            Some(frame) => prop_assert_eq!(without_length(&frame), bytes),
            None => {}
        }
    }

    #[test]
    fn a_packet_splits_into_its_frames(bodies in prop::collection::vec(some_bytes(300), 0..6), junk in some_bytes(600)) {
        let (origin, target) = (NodeId([1; 32]), NodeId([2; 32]));
        let frames: Vec<Vec<u8>> = bodies
            .iter()
            .map(|payload| Routed { reply: false, exact: false, how: 0, hops: 0, origin: &origin, target: &target, request: 1, path: &[], kind: 5, payload })
            .map(|routed| Frame::Routed(routed).emit())
            .collect();
        let packet = frames.concat();
        let mut reader = Reader::new(&packet);
        for frame in &frames {
            prop_assert_eq!(split(&mut reader), Some(Some(&frame[2..])));
        }
        prop_assert_eq!(split(&mut reader), Some(None));

        let ends: Vec<usize> = frames.iter().scan(0, |end, frame| { *end += frame.len(); Some(*end) }).collect();
        for length in 0..packet.len() {
            let mut reader = Reader::new(&packet[..length]);
            let whole = ends.iter().filter(|end| **end <= length).count();
            for _ in 0..whole {
                prop_assert!(matches!(split(&mut reader), Some(Some(_))));
            }
            let is_border = length == 0 || ends.contains(&length);
            prop_assert_eq!(split(&mut reader), is_border.then_some(None));
        }

        let mut reader = Reader::new(&junk);
        let mut rest = junk.len() + 1;
        while let Some(Some(frame)) = split(&mut reader) {
            let _ = Frame::parse(frame);
            let left = reader.clone().rest().len();
            prop_assert!(left < rest, "every frame takes bytes");
            rest = left;
        }
    }
}

fn a_hello(address: &[u8]) -> Vec<u8> {
    without_length(&Frame::Hello(Hello {
        network: &[1; 8],
        profile: 0,
        nonce: &[2; 32],
        exchange: &PublicKey([4; 64]),
        key: &PublicKey([3; 64]),
        address,
    }))
}

#[test]
fn a_hello_with_a_long_address_is_refused() {
    assert!(Frame::parse(&a_hello(&[b'a'; ADDRESS_MAX])).is_some());
    assert_eq!(Frame::parse(&a_hello(&[b'a'; ADDRESS_MAX + 1])), None);
}

#[test]
fn a_hello_is_read_where_the_two_ends_have_a_version_in_common() {
    for (newest, oldest) in (0..=255).flat_map(|newest| (0..=255).map(move |oldest| (newest, oldest))) {
        let mut bytes = a_hello(b"wss://a");
        (bytes[1], bytes[2]) = (newest, oldest);
        let common = newest >= VERSION_OLDEST && oldest <= VERSION;
        match Frame::parse(&bytes) {
            Some(Frame::Hello(hello)) => assert!(common && hello.address == b"wss://a"),
            other => {
                assert!(!common && other == Some(Frame::OtherVersion), "{newest} to {oldest}: {other:?}")
            }
        }
    }
}

#[test]
fn what_a_later_version_adds_to_its_hello_is_passed_over() {
    let mut bytes = a_hello(b"wss://a");
    bytes.extend([7; 20]);
    assert_eq!(Frame::parse(&bytes), None, "this version has nothing there");
    bytes[1] = VERSION + 1;
    assert!(matches!(Frame::parse(&bytes), Some(Frame::Hello(hello)) if hello.address == b"wss://a"));
}

/// These bytes are the same in every version: `frame` says so.
#[test]
fn a_node_of_any_version_understands_that_there_is_none_in_common() {
    assert_eq!(without_length(&Frame::Bye(Reason::OtherVersion)), [4, 14]);
    assert_eq!(a_hello(b"")[..3], [1, VERSION, VERSION_OLDEST]);
    let first_version = [&[1, 1][..], &[9; 8], &[0], &[2; 32], &[3; 64]].concat();
    assert_eq!(Frame::parse(&first_version), Some(Frame::OtherVersion));
}

#[test]
fn a_routed_frame_with_unknown_flags_or_a_long_path_is_refused() {
    let path = [7; HOPS_MAX as usize * ENTRY];
    let good = without_length(&Frame::Routed(routed(&path, 1, &[])));
    assert!(Frame::parse(&good).is_some());
    for flags in ((STRAY | COPIES) + 1) << 2..=255 {
        let mut bytes = good.clone();
        bytes[1] = flags;
        assert_eq!(Frame::parse(&bytes), None);
    }
    assert_eq!(
        Frame::parse(&without_length(&Frame::Routed(routed(&[7; (HOPS_MAX as usize + 1) * ENTRY], 1, &[])))),
        None
    );
}

#[test]
fn a_frame_longer_than_the_limit_is_no_frame() {
    for (length, is_frame) in [(FRAME_MAX, true), (FRAME_MAX + 1, false), (65_535, false)] {
        let packet = [&(length as u16).to_be_bytes()[..], &vec![0; length]].concat();
        assert_eq!(split(&mut Reader::new(&packet)).is_some(), is_frame, "{length}");
    }
}

#[test]
fn only_a_sealed_frame_may_be_longer() {
    for (length, is_frame) in [(FRAME_MAX + CIRCUIT_HEAD, true), (FRAME_MAX + CIRCUIT_HEAD + 1, false)] {
        for carried in [false, true] {
            let sealed = vec![9; length - 33];
            let packet = Frame::Carry { carried, peer: &NodeId([7; 32]), sealed: &sealed }.emit();
            let frame = split(&mut Reader::new(&packet));
            assert_eq!(frame.is_some(), is_frame, "{length}");
            assert_eq!(frame.flatten().and_then(Frame::parse).is_some(), is_frame, "{length}");
        }
    }
}

/// Every hop adds an entry to the path. If a frame could outgrow the limit on its way, a stranger could make honest
/// nodes send each other what costs them their links.
#[test]
fn what_is_taken_from_one_peer_can_be_sent_to_the_next() {
    let full = [7; HOPS_MAX as usize * ENTRY];
    for length in [MESSAGE_MAX, FRAME_MAX - 400, PAYLOAD_MAX, PAYLOAD_MAX + 1, FRAME_MAX - 75, FRAME_MAX - 73]
    {
        let payload = vec![9; length];
        let first = Frame::Routed(routed(&[], 5, &payload)).emit();
        let Some(Some(frame)) = split(&mut Reader::new(&first)) else {
            panic!("{length} bytes and no path are within the limit");
        };
        let last = Frame::Routed(routed(&full, 5, &payload)).emit();
        let is_carried = split(&mut Reader::new(&last)).is_some();
        assert_eq!(Frame::parse(frame).is_some(), is_carried, "{length}");
        assert_eq!(is_carried, length <= PAYLOAD_MAX, "{length}");
    }
}

#[test]
fn the_largest_message_and_block_fit_a_frame_at_the_end_of_the_longest_path() {
    let path = [7; HOPS_MAX as usize * ENTRY];
    let (hash, block, message) = (BlockHash([1; 32]), vec![2; BLOCK_MAX], vec![3; MESSAGE_MAX]);
    let bodies = [
        Body::Put { hash: &hash, block: &block },
        Body::Answer { status: Status::Ok, bytes: &block },
        Body::Port(Said { port: 0, version: 1, kind: 0, within_ms: 1_000, bytes: &message }),
    ];
    for body in bodies {
        let payload = body.emit();
        assert!(without_length(&Frame::Routed(routed(&path, body.kind(), &payload))).len() <= FRAME_MAX);
    }
}

#[test]
fn a_list_of_ids_leaves_out_what_is_left_over() {
    assert_eq!(NodeId::list(&[7; 65]), [NodeId([7; 32]); 2]);
    assert_eq!(NodeId::list(&[7; 31]), []);
    assert_eq!(BlockHash::list(&[7; 65]), [BlockHash([7; 32]); 2]);
    assert_eq!(BlockHash::list_bytes(&[BlockHash([1; 32]), BlockHash([2; 32])]), [[1; 32], [2; 32]].concat());
    assert_eq!(NodeId::list_bytes(&[NodeId([1; 32]), NodeId([2; 32])]), [[1; 32], [2; 32]].concat());
}

#[test]
fn named_nodes_without_a_place_on_earth_are_left_out() {
    let (one, other) = (NodeId([1; 32]), NodeId([2; 32]));
    let mut writer = Writer::default();
    named::emit(&mut writer, &one, &Coordinate::default());
    writer.bytes(&other.0).bytes(&[0x40, 0, 0, 0, 0, 0, 0, 0]);
    named::emit(&mut writer, &other, &Coordinate::default());
    let bytes = writer.bytes(&[7; 39]).len();
    assert_eq!(bytes, 3 * named::NAMED + 39);
    let nodes = writer.finish();
    let nodes: Vec<_> = named::list(&nodes).collect();
    assert_eq!(nodes, [(&one, Coordinate::default()), (&other, Coordinate::default())]);
}

#[test]
fn a_proof_covers_every_field_apart() {
    for dialled in [false, true] {
        let (from, to) = (NodeId([3; 32]), NodeId([4; 32]));
        let proof = proof_bytes(&[1; 8], dialled, &[2; 32], &from, &to);
        let role = [u8::from(dialled)];
        assert_eq!(proof, [&b"tabmesh link v2"[..], &role, &[1; 8], &[2; 32], &[3; 32], &[4; 32]].concat());
    }
}

/// In native programs `read` says what `parse` keeps to itself.
#[test]
fn what_is_wrong_with_a_frame_is_said() {
    let (origin, path) = (NodeId([1; 32]), [7; (HOPS_MAX as usize + 1) * ENTRY]);
    let mut long = without_length(&Frame::Routed(routed(&path, 1, &[])));
    let cases: [(&[u8], Fault); 8] = [
        (&[], Fault::Truncated { needed: 1, got: 0 }),
        (&[5, 0, 0], Fault::Truncated { needed: 4, got: 2 }),
        (&[5, 0, 0, 0, 1, 9, 9], Fault::Trailing { bytes: 2 }),
        (&[200, 1], Fault::UnknownKind { kind: 200 }),
        (&[8, 0, 1, 2, 3], Fault::Uneven { item: 8, got: 3 }),
        (&[&[12, 0, 1, 0][..], &origin.0, &[1]].concat(), Fault::Uneven { item: 32, got: 33 }),
        (
            &[6, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            Fault::Meaningless { field: "coordinate" },
        ),
        (&long, Fault::BeyondBound { most: HOPS_MAX as usize * ENTRY, got: path.len() }),
    ];
    for (bytes, fault) in cases {
        assert_eq!(Frame::read(bytes), Err(fault), "{fault}");
    }
    long.truncate(40);
    assert!(matches!(Frame::read(&long), Err(Fault::Truncated { .. })));
}
