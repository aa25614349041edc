//! Inputs, outputs and frames in words, for what `--trace` follows.

use tabmesh_engine::wire::Reader;
use tabmesh_engine::wire::frame::{ENTRY, Frame, split};
use tabmesh_engine::{Input, NodeId, Output, TopicId};
use tabmesh_world::words;

use super::Shard;
use crate::crypto::Crypto;
use crate::event::NodeNumber;
use crate::ground::Ground;

/// Kinds of frames, the later ones as one; bodies are counted behind them.
const BODIES: usize = 19;

/// The kind of a body that is for a module.
const PORT_BODY: u8 = 11;

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

/// The port of a frame for a module, be it told, asked or answered on the way there.
pub(super) fn port(frame: &[u8]) -> Option<u32> {
    let path = usize::from(*frame.get(73)?);
    let (body, said) = frame.get(74 + ENTRY * path..)?.split_first()?;
    (kind(frame) == BODIES + usize::from(*body) && *body == PORT_BODY).then_some(())?;
    said.first_chunk().map(|port| u32::from_be_bytes(*port))
}

/// From whom a routed frame comes and to whom it goes, or the other way round.
pub(super) fn ends(frame: &[u8]) -> [Option<NodeId>; 2] {
    [5, 37].map(|at| Some(NodeId(*frame.get(at..)?.first_chunk()?)))
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

/// One input in words.
pub(super) fn input(input: &Input<'_>) -> String {
    match input {
        Input::Timeout => "<- time-out".into(),
        Input::LinkBytes { link, bytes } => {
            format!("<- link {}: {}", link.number(), words::packet(bytes, bytes.len()))
        }
        Input::Described { link, .. } => format!("<- link {}: own description", link.number()),
        Input::SignalBytes(bytes) => {
            format!("<- signalling: {}", words::from_server(bytes, bytes.len()))
        }
        Input::JobDone { job, .. } => format!("<- job {} done", job.0),
        Input::Command(command) => format!("<- {}", words::command(command)),
        other => format!("<- {other:?}"),
    }
}

/// One output in words.
pub(super) fn output(output: &Output) -> String {
    match output {
        Output::Send { link, bytes } => {
            format!("-> link {}: {}", link.number(), words::packet(bytes, bytes.len()))
        }
        Output::Open { link, route } => {
            format!("-> open link {} by {}", link.number(), words::route(route))
        }
        Output::Answered { link, .. } => format!("-> link {}: answered", link.number()),
        Output::Signal(bytes) => {
            format!("-> signalling: {}", words::to_server(bytes, bytes.len()))
        }
        Output::Job { job, work } => format!("-> job {}: {}", job.0, words::work(work)),
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
                let line = format!(
                    "{way} {} ({bits} bits shared with the target)",
                    words::routed(&message, frame.len())
                );
                self.words.push((self.now, node, line));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tabmesh_engine::NodeId;
    use tabmesh_engine::wire::frame::{Body, Routed, Said};
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
