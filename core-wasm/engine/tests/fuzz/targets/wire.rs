//! Bytes through every parser of the wire: whatever they are, nothing panics, and what is understood is written as it was read.

use tabmesh_engine::content::cid::Cid;
use tabmesh_engine::limits::{CIRCUIT_HEAD, FRAME_MAX};
use tabmesh_engine::wire::description::Description;
use tabmesh_engine::wire::envelope::{Envelope, Kind};
use tabmesh_engine::wire::frame::{Body, Frame, Routed, VERSION, split};
use tabmesh_engine::wire::signal::{FromServer, ToServer};
use tabmesh_engine::wire::topic::{self, Head};
use tabmesh_engine::wire::{Reader, Writer, named};
use tabmesh_engine::{NodeId, Reason};

use super::trees;

/// The first byte chooses the parser, the others are what it reads.
pub(crate) fn check(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    match which % 13 {
        0 => frame(bytes),
        1 => packet(bytes),
        2 => body(bytes),
        3 => envelope(bytes),
        4 => to_server(bytes),
        5 => from_server(bytes),
        6 => description(bytes),
        7 => message(bytes),
        8 => nodes(bytes),
        9 => cid_bytes(bytes),
        10 => cid_text(bytes),
        11 => trees::root(bytes),
        _ => trees::made_root(bytes),
    }
}

fn packet(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    let mut taken = 0;
    while let Some(Some(body)) = split(&mut reader) {
        assert_eq!(bytes.get(taken..taken + 2), Some(&(body.len() as u16).to_be_bytes()[..]));
        taken += 2 + body.len();
        frame(body);
    }
}

fn frame(bytes: &[u8]) {
    let Some(frame) = Frame::parse(bytes).filter(|_| bytes.len() <= FRAME_MAX + CIRCUIT_HEAD) else { return };
    let written = frame.emit();
    let (length, again) = written.split_at(2);
    assert_eq!(length, (again.len() as u16).to_be_bytes());
    assert_eq!(Frame::parse(again).as_ref(), Some(&frame));
    // Three fields are read leniently: a reason of the future, any number but 0 as true, and what a later version adds to its hello.
    match &frame {
        Frame::Bye(Reason::Lost) | Frame::OtherVersion => {}
        Frame::Keys { more, .. } => {
            assert_eq!((&again[..3], &again[4..]), (&bytes[..3], &bytes[4..]));
            assert_eq!(*more, bytes[3] != 0);
        }
        Frame::Hello(_) => {
            let (known, theirs) = (&again[3..], &bytes[3..]);
            assert!(theirs.starts_with(known) && (bytes[1] > VERSION || theirs == known));
        }
        _ => assert_eq!(again, bytes),
    }
    match frame {
        Frame::Routed(routed) => said(&routed),
        Frame::Topic { raw, .. } => message(raw),
        _ => {}
    }
}

fn said(routed: &Routed<'_>) {
    let Some(body) = routed.body() else { return };
    assert_eq!((body.kind(), &body.emit()[..]), (routed.kind, routed.payload));
    match body {
        Body::Envelope(bytes) => envelope(bytes),
        Body::Nodes { nodes: bytes, .. } => nodes(bytes),
        _ => {}
    }
}

fn body(bytes: &[u8]) {
    let Some((kind, payload)) = bytes.split_first() else { return };
    let (origin, target) = (&NodeId([1; 32]), &NodeId([2; 32]));
    let (hops, request, path) = (3, 7, &[][..]);
    let (reply, exact, how, kind) = (false, true, 0, *kind);
    said(&Routed { reply, exact, how, hops, origin, target, request, path, kind, payload });
}

fn envelope(bytes: &[u8]) {
    let Some(envelope) = Envelope::parse(bytes) else { return };
    assert_eq!(envelope.emit(), bytes);
    let mut signed = bytes.to_vec();
    Envelope::sign(&mut signed, envelope.signature);
    assert_eq!(signed, bytes, "the signature lies where it is put");
    let covered = envelope.signed_bytes(&[0; 8], &NodeId([1; 32]), &NodeId([2; 32]));
    assert!(covered.ends_with(envelope.body));
    if matches!(envelope.kind, Kind::Offer | Kind::Answer) {
        description(envelope.body);
    }
}

fn to_server(bytes: &[u8]) {
    let Some(message) = ToServer::parse(bytes) else { return };
    assert_eq!(message.emit(), bytes);
    assert_eq!(FromServer::parse(bytes), None, "no message means something in both directions");
    if let ToServer::Relay { envelope: carried, .. } = message {
        envelope(carried);
    }
}

fn from_server(bytes: &[u8]) {
    let Some(message) = FromServer::parse(bytes) else { return };
    assert_eq!(message.emit(), bytes);
    assert_eq!(ToServer::parse(bytes), None, "no message means something in both directions");
    if let FromServer::Deliver { envelope: carried, .. } = message {
        envelope(carried);
    }
}

fn description(bytes: &[u8]) {
    let Some(description) = Description::parse(bytes) else { return };
    assert_eq!(description.emit(), bytes);
}

/// A message of a topic.
fn message(bytes: &[u8]) {
    let place = topic::place(bytes).bytes();
    let proof = topic::proof(bytes);
    let covered = topic::signed_bytes(&[0; 8], bytes);
    let Some(head) = Head::parse(bytes) else { return };
    let (key, signature) = proof.expect("every message has them");
    assert_eq!(key, head.key);
    assert_eq!(place[8..], head.number.to_be_bytes());
    assert_eq!(covered.len(), 16 + 8 + bytes.len() - signature.0.len());
    assert_eq!(topic::signed(head.message(&bytes[topic::HEAD..]), signature), bytes);
}

fn nodes(bytes: &[u8]) {
    let mut writer = Writer::default();
    named::list(bytes).for_each(|(id, at)| named::emit(&mut writer, id, &at));
    let again = writer.finish();
    assert!(named::list(&again).eq(named::list(bytes)));
    // Who stands beyond all bounds is left out, and nobody else.
    if again.len() / named::NAMED == bytes.len() / named::NAMED {
        assert!(bytes.starts_with(&again));
    }
    assert_eq!(NodeId::list_bytes(NodeId::list(bytes)), &bytes[..bytes.len() / 32 * 32]);
}

fn cid_bytes(bytes: &[u8]) {
    let Ok(cid) = Cid::from_bytes(bytes) else { return };
    assert_eq!(cid.to_bytes(), bytes);
    let text = cid.to_string();
    assert_eq!(Cid::from_text(&text), Ok(cid));
}

fn cid_text(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(cid) = Cid::from_text(text) else { return };
    assert_eq!(cid.to_text(), bytes);
    cid_bytes(&cid.to_bytes());
}
