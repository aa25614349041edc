//! The border's table against what is made from it: `pkg/src/kinds`, which the package reads the border by, and the flat form of
//! every input and output.
//!
//! `cargo xtask border` writes the files anew (it sets `TABMESH_WRITE`).

use std::fmt::Write;
use std::path::Path;

use tabmesh_engine::io::kinds::{input, output};
use tabmesh_engine::{
    BlockHash, Command, Config, Event, Flat, Input, Instant, JobId, JobResult, LinkId, LinkKind, Node,
    NodeId, OpId, Output, Profile, PublicKey, Reason, Route, Signature, Status, TopicId, Work,
};

/// Kinds from this one on are for nodes with an address where others knock, which no tab has.
const LISTENING: u32 = 64;

/// `OPEN_SOCKET` as TypeScript writes it: `openSocket`.
fn camel(name: &str) -> String {
    let mut words = name.split('_').map(str::to_lowercase);
    let first = words.next().unwrap_or_default();
    let rest = words.map(|word| word[..1].to_uppercase() + &word[1..]);
    first + &rest.collect::<String>()
}

fn constants(what: &str, name: fn(u32) -> Option<&'static str>) -> String {
    let mut text = format!(
        "// The numbers that {what} have at the border. Made by `cargo xtask border` from\n\
         // `core-wasm/engine/src/io/table/`, which says what goes with each.\n\n"
    );
    for kind in 0..LISTENING {
        if let Some(name) = name(kind) {
            let _ = writeln!(text, "export const {} = {kind};", camel(name));
        }
    }
    text
}

#[test]
fn the_package_has_the_numbers_of_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pkg/src/kinds");
    let view = "\n/** Bytes of one link in what {@link links} hands out. */\nexport const LINK_VIEW = 49;\n";
    let inputs = constants("inputs", input::name);
    let outputs = constants("outputs", output::name) + view;
    for (file, wanted) in [("input.ts", inputs), ("output.ts", outputs)] {
        let path = folder.join(file);
        if std::env::var_os("TABMESH_WRITE").is_some() {
            std::fs::write(&path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap();
        assert!(found == wanted, "pkg/src/kinds/{file} is not what the table says: run `cargo xtask border`");
    }
}

fn flat(input: &Input<'_>) -> (u32, u32, Vec<u8>) {
    let mut bytes = Vec::new();
    let (kind, number) = input.flat(&mut |piece| bytes.extend_from_slice(piece));
    (kind, number, bytes)
}

#[test]
fn inputs_say_all_that_they_hold_in_their_flat_form() {
    let (op, link) = (OpId(7), LinkId::new(9).unwrap());
    let (one, two) = (NodeId([1; 32]), [BlockHash([2; 32]), BlockHash([3; 32])]);
    let ask = Command::Ask { op, to: &one, port: 6, within_ms: 5, length: 258, kind: 4 };
    let reply = Command::Reply { status: Status::Partial, bytes: b"ticket" };
    let asked = [&[1; 32][..], &[0, 0, 0, 6, 0, 0, 0, 5, 0, 0, 1, 2, 4]].concat();
    let drained = Input::LinkDrained { link, queued: 0x0102_0304 };
    let hashes = Input::JobDone { job: JobId(5), result: JobResult::Hashes(&two) };
    let refused = Input::JobDone { job: JobId(5), result: JobResult::Verified(false) };
    let publish = Command::Publish { op, topic: TopicId::of(&one.0), bytes: b"said" };
    assert_eq!(flat(&Input::Command(ask)), (input::ASK, 7, asked));
    assert_eq!(flat(&Input::Command(reply)), (input::REPLY, 104, b"ticket".to_vec()));
    assert_eq!(flat(&drained), (input::LINK_DRAINED, 9, vec![1, 2, 3, 4]));
    assert_eq!(flat(&hashes), (input::HASHES, 5, [[2; 32], [3; 32]].concat()));
    assert_eq!(flat(&refused), (input::VERIFIED, 5, vec![0]));
    assert_eq!(flat(&Input::Command(publish)), (input::PUBLISH, 7, [&[1; 32][..], b"said"].concat()));
    assert_eq!(flat(&Input::WallTime(1_800_000_000)), (input::WALL_TIME, 1_800_000_000, Vec::new()));
}

fn typed(kind: u32, number: u32, value: u32, id: &[u8], bytes: &[u8]) -> Option<Output> {
    Flat { kind, number, value, id: id.to_vec(), bytes: bytes.to_vec() }.typed()
}

#[test]
fn outputs_are_read_from_their_flat_form() {
    let link = LinkId::new(3).unwrap();
    let id = NodeId([4; 32]);
    let up = Event::PeerUp {
        link,
        id,
        kind: LinkKind::Socket,
        profile: Profile::Device,
        address: b"wss://a".to_vec(),
    };
    assert_eq!(typed(output::PEER_UP, 3, 0x201, &id.0, b"wss://a"), Some(Output::Event(up)));
    let ticket = [&id.0[..], &[0, 0, 1, 0, 9, 9]].concat();
    let asked = Event::Asked {
        port: 8,
        is_proven: true,
        kind: 2,
        from: id,
        within_ms: 256,
        ticket: ticket.clone(),
        bytes: b"what".to_vec(),
    };
    assert_eq!(typed(output::ASKED, 8, 0x102, &ticket, b"what"), Some(Output::Event(asked)));
    for (value, is_here, is_proven) in
        [(100, false, false), (100 | 1 << 17, false, true), (304 | 1 << 16, true, false)]
    {
        let status = Status::from_code(value as u16).unwrap();
        let replied = Event::Replied { op: OpId(3), status, is_proven, is_here, bytes: b"so".to_vec() };
        assert_eq!(typed(output::REPLIED, 3, value, &[], b"so"), Some(Output::Event(replied)));
    }
    let done = Event::Done { op: OpId(3), status: Status::Partial, holders: 5 };
    assert_eq!(typed(output::DONE, 3, 104 | 5 << 16, &[], &[]), Some(Output::Event(done)));
    let verify =
        Work::Verify { key: PublicKey([1; 64]), signature: Signature([2; 64]), bytes: b"over".to_vec() };
    let proof = [[1; 64], [2; 64]].concat();
    assert_eq!(
        typed(output::VERIFY, 8, 0, &proof, b"over"),
        Some(Output::Job { job: JobId(8), work: verify })
    );
    for (bytes, key) in [(&[][..], None), (&[6; 64][..], Some(PublicKey([6; 64])))] {
        let open = Output::Open { link, route: Route::Circuit(key) };
        assert_eq!(typed(output::OPEN_CIRCUIT, 3, 0, &[], bytes), Some(open));
    }
    let failed = Event::DialFailed { id: None, reason: Reason::Timeout };
    assert_eq!(typed(output::DIAL_FAILED, 0, Reason::Timeout as u32, &[], &[]), Some(Output::Event(failed)));
}

#[test]
fn an_output_that_cannot_be_read_is_none() {
    assert_eq!(typed(output::SEND, 0, 0, &[], b"to no link"), None);
    assert_eq!(typed(output::PEER_DOWN, 0, 0, &[1; 31], &[]), None);
    assert_eq!(typed(output::DONE, 1, 999, &[], &[]), None);
    assert_eq!(typed(output::RECALL, 1, 0, &[], &[0; 7]), None);
    assert_eq!(typed(63, 1, 0, &[], &[]), None);
}

#[test]
fn every_kind_has_one_name() {
    let mut names: Vec<&str> = (0..128).filter_map(input::name).collect();
    let inputs = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), inputs);
    assert_eq!((input::name(input::PUT), output::name(output::ACCEPT)), (Some("PUT"), Some("ACCEPT")));
    assert_eq!((input::name(63), output::name(63)), (None, None));
}

#[test]
fn an_unknown_input_does_nothing() {
    let mut node = Node::new(Config {
        key: PublicKey([1; 64]),
        seed: [1; 32],
        network: [0; 8],
        level: 0,
        profile: Profile::Browser,
        address: Vec::new(),
        addresses: 0,
        signalling: false,
        relay: false,
    });
    assert_eq!(node.handle_flat(Instant(1), 63, 1, &[]), None);
    assert_eq!(node.handle_flat(Instant(1), input::LINK_UP, 0, &[]), None);
    assert_eq!(node.handle_flat(Instant(1), input::PUT, 1, &[0; 31]), None);
    assert_eq!(node.handle_flat(Instant(1), input::FIND, 1, &[0; 32]), Some(()));
}
