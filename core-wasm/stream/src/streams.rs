//! All streams of a node: a module on a port of its own.

use alloc::vec::Vec;

use tabmesh_port::{
    Attachment, Input, Instant, Module, NodeId, Outbox, Output, Port, Reason, Room, Status, Told, Wish,
};

use crate::asking::Asks;
use crate::ends::Ends;
use crate::face::Event;
use crate::limits::STREAMS_MAX;
use crate::stream::{Stage, Stream};
use crate::wire::Key;

/// Where streams of this version are attached.
pub fn port() -> Port {
    Port::named("tabmesh stream v1")
}

/// Streams that others opened have numbers from here on.
pub(crate) const INCOMING: u32 = 1 << 31;

/// Goodbyes that wait to be said; more are left unsaid, and the other end finds out when it asks.
const GOODBYES_MAX: usize = STREAMS_MAX;

/// The kind of a question.
const ASK: u8 = Wish::Ask { op: 0, to: &NodeId([0; 32]), within_ms: 0, bytes: &[] }.kind();

/// The streams of one node.
pub struct Streams {
    pub(crate) own: NodeId,
    pub(crate) now: Instant,
    /// Names this run among those of the same key.
    pub(crate) run: u32,
    pub(crate) opened: u32,
    pub(crate) taken: u32,
    pub(crate) names: Vec<Vec<u8>>,
    pub(crate) streams: Vec<Stream>,
    /// Whose turn it is to send.
    pub(crate) turn: usize,
    pub(crate) asks: Asks,
    /// Streams that were reset, whose other ends are to be told why.
    pub(crate) goodbyes: Vec<(NodeId, Key, Status)>,
    pub(crate) ends: Ends,
    pub(crate) held: Vec<NodeId>,
    pub(crate) linked: Vec<NodeId>,
    pub(crate) outbox: Outbox,
}

impl Streams {
    /// Without streams, and listening for nothing.
    pub fn new(attachment: Attachment) -> Self {
        Self {
            own: NodeId::of_key(&attachment.key),
            now: Instant(0),
            run: attachment.seed.last_chunk().map_or(0, |end| u32::from_be_bytes(*end)),
            opened: 0,
            taken: 0,
            names: Vec::new(),
            streams: Vec::new(),
            turn: 0,
            asks: Asks::default(),
            goodbyes: Vec::new(),
            ends: Ends::default(),
            held: Vec::new(),
            linked: Vec::new(),
            outbox: Outbox::default(),
        }
    }

    pub(crate) fn emit(&mut self, event: Event<'_>) {
        self.outbox.put(&Output::Event(&event.emit()));
    }

    pub(crate) fn stream(&mut self, number: u32) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|stream| stream.number == number)
    }

    /// Keeps links to the other ends of all streams.
    pub(crate) fn hold(&mut self) {
        let mut ids: Vec<NodeId> = Vec::new();
        for stream in &self.streams {
            if !ids.contains(&stream.peer) {
                ids.push(stream.peer);
            }
        }
        if ids != self.held {
            self.outbox.put(&Output::Wish(Wish::Hold { ids: &ids }));
            self.linked.retain(|id| ids.contains(id));
            self.held = ids;
        }
    }

    /// A stream ends by this node's will, or for what the other end did; that one is told.
    pub(crate) fn reset(&mut self, number: u32, status: Status) {
        let Some(stream) = self.stream(number) else { return };
        let (peer, key) = (stream.peer, stream.key);
        if stream.stage != Stage::Dialling && self.goodbyes.len() < GOODBYES_MAX {
            self.goodbyes.push((peer, key, status));
        }
        self.end(number, status);
    }

    /// A stream is over.
    pub(crate) fn end(&mut self, number: u32, status: Status) {
        let Some(at) = self.streams.iter().position(|stream| stream.number == number) else { return };
        let stream = self.streams.remove(at);
        self.asks.forget(number);
        self.ends.add(stream.peer, stream.key, status);
        self.emit(Event::Ended { stream: number, status });
        self.hold();
    }

    fn on_linked(&mut self, id: &NodeId) {
        if !self.linked.contains(id) {
            self.linked.push(*id);
        }
        for stream in self.streams.iter_mut().filter(|stream| stream.peer == *id) {
            if stream.stage == Stage::Dialling {
                stream.stage = Stage::Asks;
            }
            stream.link();
        }
    }

    fn on_unlinked(&mut self, id: &NodeId, reason: Reason) {
        self.linked.retain(|linked| linked != id);
        let mut unreachable = Vec::new();
        for stream in self.streams.iter_mut().filter(|stream| stream.peer == *id) {
            match stream.stage {
                Stage::Dialling => unreachable.push(stream.number),
                // It said goodbye: what comes back is another run.
                _ if reason == Reason::Leaving => unreachable.push(stream.number),
                _ => stream.lose(self.now),
            }
        }
        for number in unreachable {
            self.end(number, Status::Unavailable);
        }
    }

    /// Deadlines, and signs of life.
    fn on_time(&mut self) {
        let now = self.now;
        for number in self.streams.iter().map(|stream| stream.number).collect::<Vec<_>>() {
            let is_asked = self.asks.has(number);
            let Some(stream) = self.stream(number) else { continue };
            if stream.is_over(now) {
                let status = if stream.stage == Stage::Open { Status::TimedOut } else { Status::Unavailable };
                self.reset(number, status);
            } else if stream.receiving.owes_grant() || stream.is_quiet(now) && !is_asked {
                stream.grant_due = true;
            }
        }
    }
}

impl Module for Streams {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.now = now;
        match input {
            Input::Command(bytes) => self.on_command(bytes),
            Input::Told(Told::Asked { from, is_proven, ticket, bytes, .. }) => {
                self.on_asked(from, is_proven, ticket, bytes);
            }
            Input::Told(Told::Answered { op, from, is_proven, is_here, status, bytes }) => {
                self.on_answered(op, from, is_proven, is_here, status, bytes);
            }
            Input::Told(Told::Linked { id, .. }) => self.on_linked(id),
            Input::Told(Told::Unlinked { id, reason }) => self.on_unlinked(id, reason),
            Input::Time | Input::Done(_) | Input::Told(_) => {}
        }
        self.on_time();
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        let flat = self.outbox.poll(room);
        if flat.is_some() || !room.has(ASK) {
            return flat;
        }
        self.next_ask()
    }

    fn wanted_at(&self) -> Instant {
        self.streams.iter().map(|stream| stream.wanted_at(self.now)).min().unwrap_or(Instant::NEVER)
    }
}
