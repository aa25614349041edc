//! Inputs, outputs and frames in words, for what `--trace` follows.

use tabmesh_engine::wire::Reader;
use tabmesh_engine::wire::frame::{Body, Frame, Routed, split};
use tabmesh_engine::{Command, Input, Output, Route, Work};

use super::Shard;
use crate::crypto::Crypto;
use crate::event::NodeNumber;
use crate::ground::Ground;

/// What a frame is counted as: its own kind, or 16 more than the kind of what a routed one carries.
pub(super) fn kind(frame: &[u8]) -> usize {
    match frame.get(2).copied().unwrap_or(0) {
        // Behind the kind come flags, hops, two ids, a number, and the path's length; then the body's kind.
        9 => {
            let path = usize::from(frame.get(73).copied().unwrap_or(0));
            let body = frame.get(74 + 2 * path).copied().unwrap_or(0);
            usize::from(body.min(15)) + 16
        }
        kind => usize::from(kind.min(15)),
    }
}

/// The names of what [`kind`] counts, by its numbers.
pub(crate) const KIND_NAMES: [&str; super::KINDS] = [
    "garbage", "hello", "proof", "welcome", "bye", "ping", "pong", "credit", "gossip", "routed", "digest",
    "differ", "keys", "carry", "carried", "kind 15", "routed", "find", "envelope", "get", "put", "data",
    "answer", "body 7", "body 8", "body 9", "body 10", "body 11", "body 12", "body 13", "body 14", "body 15",
];

fn frames(packet: &[u8]) -> String {
    let mut words = Vec::new();
    let mut reader = Reader::new(packet);
    while let Some(Some(frame)) = split(&mut reader) {
        words.push(match Frame::parse(frame) {
            Some(Frame::Hello(hello)) => format!("hello, profile {}", hello.profile),
            Some(Frame::Gossip { close, joined, left }) => {
                format!("gossip, close {close}, +{} -{}", joined.len() / 32, left.len() / 8)
            }
            Some(Frame::Routed(message)) => routed(&message),
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
        Some(Body::Envelope(bytes)) => format!("envelope of kind {}", bytes.first().copied().unwrap_or(0)),
        Some(Body::Get(_)) => "get".into(),
        Some(Body::Put { block, .. }) => format!("put of {} bytes", block.len()),
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
        Input::LinkBytes { link, bytes } => format!("<- link {}: {}", link.0, frames(bytes)),
        Input::Described { link, .. } => format!("<- link {}: own description", link.0),
        Input::SignalBytes(bytes) => {
            format!("<- signalling: message {:02x}", bytes.first().copied().unwrap_or(0))
        }
        Input::JobDone { job, .. } => format!("<- job {} done", job.0),
        Input::Command(command) => match command {
            Command::Find { op, target } => format!("<- find {target:?}, op {}", op.0),
            Command::Get { op, hash } => format!("<- get {hash:?}, op {}", op.0),
            Command::Put { op, hash } => format!("<- put {hash:?}, op {}", op.0),
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
        Output::Send { link, bytes } => format!("-> link {}: {}", link.0, frames(bytes)),
        Output::Open { link, route } => {
            let how = match route {
                Route::Socket(number) => format!("WebSocket to address {number}"),
                Route::Offer => "offer".into(),
                Route::Answer(_) => "answer".into(),
                Route::Circuit | Route::CircuitAnswer(_) => "circuit".into(),
            };
            format!("-> open link {} by {how}", link.0)
        }
        Output::Answered { link, .. } => format!("-> link {}: answered", link.0),
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
