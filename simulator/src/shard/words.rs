//! Inputs, outputs and frames in words, for what `--trace` follows.

use tabmesh_engine::wire::Reader;
use tabmesh_engine::wire::frame::{Body, ENTRY, Frame, Routed, split};
use tabmesh_engine::wire::named::NAMED;
use tabmesh_engine::{Command, Input, Output, Route, TopicId, Work};

use super::Shard;
use crate::crypto::Crypto;
use crate::event::NodeNumber;
use crate::ground::Ground;

/// Kinds of frames, the later ones as one; bodies are counted behind them.
const BODIES: usize = 19;

/// What a frame is counted as: its own kind, or [`BODIES`] more than the kind of what a routed one carries.
pub(super) fn kind(frame: &[u8]) -> usize {
    match frame.get(2).copied().unwrap_or(0) {
        // Behind the kind come flags, hops, two ids, a number, and the path's length; then the body's kind.
        9 => {
            let path = usize::from(frame.get(73).copied().unwrap_or(0));
            let body = frame.get(74 + ENTRY * path).copied().unwrap_or(0);
            usize::from(body.min((super::KINDS - BODIES) as u8 - 1)) + BODIES
        }
        kind => usize::from(kind.min(BODIES as u8 - 1)),
    }
}

/// What a frame says about the topic, by the numbers of `wire::topic`; `None` where it is about something else. What
/// goes over a relayed link is sealed with nothing but a tag behind it, so a relay's copy is counted too.
pub(super) fn about(frame: &[u8], topic: &TopicId) -> Option<u8> {
    let mut frame = frame;
    while matches!(frame.get(2)?, 13 | 14) {
        // Behind the kind comes the other end's id, then the sealed frame.
        frame = frame.get(35..)?;
    }
    let (says, rest) = frame.get(3..)?.split_first()?;
    (frame.get(2) == Some(&15) && rest.starts_with(&topic.0)).then_some(*says)
}

/// The names of what [`about`] tells, by their numbers.
pub(crate) const TOPIC_NAMES: [&str; super::TOPIC_KINDS] =
    ["nothing known", "graft", "prune", "publish", "have", "want"];

/// The names of what [`kind`] counts, by its numbers.
pub(crate) const KIND_NAMES: [&str; super::KINDS] = [
    "garbage",
    "hello",
    "proof",
    "welcome",
    "bye",
    "ping",
    "pong",
    "credit",
    "gossip",
    "routed",
    "digest",
    "differ",
    "keys",
    "carry",
    "carried",
    "topic",
    "ports",
    "ports again",
    "frame 18",
    "routed",
    "find",
    "envelope",
    "get",
    "put",
    "body 5",
    "answer",
    "body 7",
    "meet",
    "nodes",
    "greet",
    "port",
    "body 12",
];

fn frames(packet: &[u8]) -> String {
    let mut words = Vec::new();
    let mut reader = Reader::new(packet);
    while let Some(Some(frame)) = split(&mut reader) {
        words.push(match Frame::parse(frame) {
            Some(Frame::Hello(hello)) => format!("hello, profile {}", hello.profile),
            Some(Frame::Gossip { ties, joined, left }) => {
                format!("gossip, ties {ties:#x}, +{} -{}", joined.len() / 32, left.len() / 8)
            }
            Some(Frame::Routed(message)) => routed(&message),
            Some(Frame::Topic { kind, raw }) => {
                let says = TOPIC_NAMES.get(usize::from(kind)).unwrap_or(&TOPIC_NAMES[0]);
                format!("topic, {says} of {} bytes", raw.len())
            }
            Some(Frame::Digest(_)) => "digest".into(),
            Some(Frame::Proof(_)) => "proof".into(),
            Some(Frame::Keys { keys, more, .. }) => format!("{} keys, more {more}", keys.len() / 32),
            Some(other) => format!("{other:?}"),
            None => format!("{} bytes that are no frame", frame.len()),
        });
    }
    words.join("; ")
}

fn routed(message: &Routed<'_>) -> String {
    let what = match message.body() {
        Some(Body::Find) => "find".into(),
        Some(Body::Greet) => "greet".into(),
        Some(Body::Envelope(bytes)) => format!("envelope of kind {}", bytes.first().copied().unwrap_or(0)),
        Some(Body::Get(_)) => "get".into(),
        Some(Body::Put { block, .. }) => format!("put of {} bytes", block.len()),
        Some(Body::Nodes { status, nodes }) => format!("answer {status:?} of {} nodes", nodes.len() / NAMED),
        Some(Body::Answer { status, bytes }) => format!("answer {status:?} of {} bytes", bytes.len()),
        _ => format!(
            "{} of {} bytes",
            KIND_NAMES[usize::from(message.kind.min(15)) + 16],
            message.payload.len()
        ),
    };
    let Routed { hops, origin, target, request, .. } = message;
    let way = if message.reply { "reply" } else { "request" };
    format!("{way} {request:08x} {origin:?}->{target:?} hop {hops}: {what}")
}

/// One input in words.
pub(super) fn input(input: &Input<'_>) -> String {
    match input {
        Input::Timeout => "<- time-out".into(),
        Input::LinkBytes { link, bytes } => format!("<- link {}: {}", link.number(), frames(bytes)),
        Input::Described { link, .. } => format!("<- link {}: own description", link.number()),
        Input::SignalBytes(bytes) => {
            format!("<- signalling: message {:02x}", bytes.first().copied().unwrap_or(0))
        }
        Input::JobDone { job, .. } => format!("<- job {} done", job.0),
        Input::Command(command) => match command {
            Command::Find { op, target } => format!("<- find {target:?}, op {}", op.0),
            Command::Get { op, hash } => format!("<- get {hash:?}, op {}", op.0),
            Command::Put { op, hash } => format!("<- put {hash:?}, op {}", op.0),
            Command::Subscribe { op, .. } => format!("<- subscribe, op {}", op.0),
            Command::Publish { op, bytes, .. } => format!("<- publish {} bytes, op {}", bytes.len(), op.0),
            Command::Leave => "<- leave".into(),
            Command::Wake => "<- wake".into(),
            _ => "<- command".into(),
        },
        other => format!("<- {other:?}"),
    }
}

/// One output in words.
pub(super) fn output(output: &Output) -> String {
    match output {
        Output::Send { link, bytes } => format!("-> link {}: {}", link.number(), frames(bytes)),
        Output::Open { link, route } => {
            let how = match route {
                Route::Socket(number) => format!("WebSocket to address {number}"),
                Route::Offer => "offer".into(),
                Route::Answer(_) => "answer".into(),
                Route::Circuit(_) => "circuit".into(),
            };
            format!("-> open link {} by {how}", link.number())
        }
        Output::Answered { link, .. } => format!("-> link {}: answered", link.number()),
        Output::Signal(bytes) => {
            format!("-> signalling: message {:02x}", bytes.first().copied().unwrap_or(0))
        }
        Output::Job { job, work } => {
            let what = match work {
                Work::Sign(_) => "sign",
                Work::Verify { .. } => "verify",
                Work::Load(_) => "load",
                Work::Store { .. } => "store",
                Work::Absent(_) => "absent",
                Work::Scan { .. } => "scan",
                Work::SignMessage(_) => "sign a message",
                Work::CheckMessage(_) => "check a message",
                Work::Recall(_) => "recall a message",
                _ => "something kept",
            };
            format!("-> job {}: {what}", job.0)
        }
        other => format!("-> {other:?}"),
    }
}

impl<C: Crypto> Shard<C> {
    /// Writes down where the followed lookup is.
    pub(super) fn follow(&mut self, ground: &Ground, node: NodeNumber, packet: &[u8], is_out: bool) {
        let Some((origin, target)) = ground.followed_lookup else { return };
        let mut reader = Reader::new(packet);
        while let Some(Some(frame)) = split(&mut reader) {
            let Some(Frame::Routed(message)) = Frame::parse(frame) else { continue };
            let is_request = !message.reply && *message.origin == origin && *message.target == target;
            let is_reply =
                message.reply && *message.target == origin && self.followed_request == Some(message.request);
            if is_request {
                self.followed_request = Some(message.request);
            }
            if is_request || is_reply {
                let way = if is_out { "sends" } else { "gets" };
                let bits = self.engine(node).map_or(0, |engine| engine.id().shared_bits(&target));
                let line = format!("{way} {} ({bits} bits shared with the target)", routed(&message));
                self.words.push((self.now, node, line));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tabmesh_engine::NodeId;
    use tabmesh_engine::wire::frame::Said;
    use tabmesh_engine::wire::topic::{GRAFT, PUBLISH};

    use super::*;

    fn frame(body: &Body<'_>, path: &[u8]) -> Vec<u8> {
        let (origin, target, payload) = (NodeId([1; 32]), NodeId([2; 32]), body.emit());
        Frame::Routed(Routed {
            reply: false,
            exact: true,
            how: 0,
            hops: 1,
            origin: &origin,
            target: &target,
            request: 7,
            path,
            kind: body.kind(),
            payload: &payload,
        })
        .emit()
    }

    #[test]
    fn what_is_said_about_a_topic_is_read_from_frames_plain_and_sealed() {
        let topic = TopicId([9; 32]);
        for says in [GRAFT, PUBLISH] {
            let plain = Frame::Topic { kind: says, raw: &[&topic.0[..], b"rest"].concat() }.emit();
            assert_eq!((KIND_NAMES[kind(&plain)], about(&plain, &topic)), ("topic", Some(says)));
            assert_eq!(about(&plain, &TopicId([8; 32])), None, "another topic");
            let sealed = [&plain[..], &[0; 16]].concat();
            let carried = Frame::Carry { carried: true, peer: &NodeId([3; 32]), sealed: &sealed }.emit();
            assert_eq!((kind(&carried), about(&carried, &topic)), (14, Some(says)));
        }
        let said = [&[PUBLISH], &topic.0[..], b"rest"].concat();
        for path in [&[][..], &[0; 2 * ENTRY]] {
            assert_eq!(
                about(
                    &frame(
                        &Body::Port(Said { port: 0, version: 1, kind: 0, within_ms: 1_000, bytes: &said }),
                        path
                    ),
                    &topic
                ),
                None
            );
        }
        assert_eq!(about(&[0, 34, 13, 0], &topic), None);
        assert_eq!(KIND_NAMES[kind(&frame(&Body::Meet, &[]))], "meet");
    }
}
