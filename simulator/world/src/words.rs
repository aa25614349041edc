//! Messages in words, one line each, for whoever follows a run or is told of its failure.

use tabmesh_engine::wire::envelope::Envelope;
use tabmesh_engine::wire::frame::{Body, Frame, Routed};
use tabmesh_engine::wire::signal::{FromServer, ToServer};
use tabmesh_engine::{Command, NodeId, Route, Work};

/// What is said of a topic, by the numbers of `wire::topic`.
pub const TOPIC_NAMES: [&str; 6] = ["nothing known", "graft", "prune", "publish", "have", "want"];

/// The frames of a packet of `total` bytes, of which only `head` was kept.
pub fn packet(head: &[u8], total: usize) -> String {
    let mut words = Vec::new();
    let mut rest = head;
    while let Some((length, body)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        let kept = body.len().min(length);
        words.push(frame(&body[..kept], length));
        rest = &body[kept..];
    }
    if !rest.is_empty() || head.is_empty() {
        words.push(format!("{} stray bytes", rest.len()));
    }
    if total > head.len() {
        words.push(format!("… {} bytes in all", total));
    }
    words.join("; ")
}

/// A message to the signalling server of `total` bytes.
pub fn to_server(head: &[u8], total: usize) -> String {
    match ToServer::parse(head) {
        Some(ToServer::Prove { flags, .. }) => format!("proof, flags {flags}"),
        Some(ToServer::Relay { to, envelope: bytes }) => format!("relay to {to:?}: {}", envelope(bytes)),
        Some(ToServer::Introduce) => "introduce".into(),
        None => format!("{total} bytes that are no message"),
    }
}

/// A message from the signalling server of `total` bytes.
pub fn from_server(head: &[u8], total: usize) -> String {
    match FromServer::parse(head) {
        Some(FromServer::Challenge { level, .. }) => format!("challenge, level {level}"),
        Some(FromServer::Welcome { peers }) => format!("welcome {peers:?}"),
        Some(FromServer::Deliver { from, envelope: bytes }) => format!("from {from:?}: {}", envelope(bytes)),
        Some(FromServer::Refused { refusal, about }) => format!("refused {refusal:?} about {about:?}"),
        None => format!("{total} bytes that are no message"),
    }
}

/// A command, without its bytes.
pub fn command(command: &Command<'_>) -> String {
    match command {
        Command::Ask { op, to, length, .. } => format!("ask {to:?} with {length} bytes, op {}", op.0),
        Command::Reply { status, .. } => format!("reply {status:?}"),
        Command::Publish { op, topic, bytes } => {
            format!("publish {} bytes in {topic:?}, op {}", bytes.len(), op.0)
        }
        other => format!("{other:?}"),
    }
}

/// How a link begins.
pub fn route(route: &Route) -> String {
    match route {
        Route::Socket(number) => format!("WebSocket to address {number}"),
        Route::Offer => "offer".into(),
        Route::Answer(_) => "answer".into(),
        Route::Circuit(None) => "circuit".into(),
        Route::Circuit(Some(_)) => "circuit answer".into(),
    }
}

/// What a job is for.
pub fn work(work: &Work) -> &'static str {
    match work {
        Work::Sign(_) => "sign",
        Work::Verify { .. } => "verify",
        Work::Load(_) => "load",
        Work::Message(_) => "message",
        Work::Recall(_) => "recall",
        Work::SignMessage(_) => "sign message",
        Work::CheckMessage(_) => "check message",
        Work::Store { .. } => "store",
        Work::Absent(_) => "absent",
        Work::Scan { .. } => "scan",
    }
}

fn frame(head: &[u8], length: usize) -> String {
    match Frame::parse(head) {
        Some(Frame::Hello(hello)) => {
            format!("hello of {:?}, profile {}", NodeId::of_key(hello.key), hello.profile)
        }
        Some(Frame::Proof(_)) => "proof".into(),
        Some(Frame::Gossip { ties, joined, left }) => {
            format!("gossip, ties {ties:#x}, +{} -{}", joined.len() / 32, left.len() / 8)
        }
        Some(Frame::Routed(message)) => routed(&message, length),
        Some(Frame::Topic { kind, .. }) => {
            format!("topic, {}", TOPIC_NAMES.get(usize::from(kind)).unwrap_or(&TOPIC_NAMES[0]))
        }
        Some(Frame::Digest(_)) => "digest".into(),
        Some(Frame::Keys { mask, more, keys }) => {
            format!("{} keys in {mask:04x}, more {more}", keys.len() / 32)
        }
        Some(other) => format!("{other:?}"),
        None => format!("frame of kind {:?} and {length} bytes", head.first()),
    }
}

/// What a routed frame of `length` bytes carries, from whom to whom.
pub fn routed(message: &Routed<'_>, length: usize) -> String {
    let what = match message.body() {
        Some(Body::Find) => "find".into(),
        Some(Body::Envelope(bytes)) => envelope(bytes),
        Some(Body::Get(hash)) => format!("get {hash:?}"),
        Some(Body::Put { hash, .. }) => format!("put {hash:?}"),
        Some(Body::Meet) => "meet".into(),
        Some(Body::List) => "list".into(),
        Some(Body::Enlist) => "enlist".into(),
        Some(Body::Greet) => "greet".into(),
        Some(Body::Port(said)) => format!("for port {}", said.port),
        Some(Body::Nodes { status, .. }) => format!("answer {status:?}, nodes"),
        Some(Body::Answer { status, .. }) => format!("answer {status:?}"),
        None => format!("body of kind {}", message.kind),
    };
    let Routed { hops, origin, target, request, .. } = message;
    let way = if message.reply { "reply" } else { "request" };
    format!("{way} {request:x} {origin:?}→{target:?} hop {hops}: {what} ({length} bytes)")
}

fn envelope(bytes: &[u8]) -> String {
    Envelope::parse(bytes).map_or_else(
        || format!("{} bytes that are no envelope", bytes.len()),
        |envelope| {
            format!(
                "{:?} of session {:x} by {:?}",
                envelope.kind,
                envelope.session,
                NodeId::of_key(envelope.key)
            )
        },
    )
}
