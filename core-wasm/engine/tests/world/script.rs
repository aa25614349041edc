//! A puppet in an engine's place: it remembers what it hears and does what a test says. It plays peers that lie, and
//! proves the world itself by hand.

use std::collections::VecDeque;

use tabmesh_engine::{Input, LinkId, Output};

/// What a puppet heard, in order.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Heard {
    Incoming,
    Described(LinkId, Vec<u8>),
    Up(LinkId),
    Down(LinkId),
    Bytes(LinkId, Vec<u8>),
    Drained(LinkId, u32),
    Sealed(LinkId, Vec<u8>),
    SignalUp,
    SignalDown,
    SignalBytes(Vec<u8>),
    JobDone(u32, String),
}

/// What a puppet does with a packet from a link.
pub(crate) type Answers = fn(LinkId, &[u8]) -> Vec<Output>;

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Script {
    /// Everything it heard, oldest first.
    pub(crate) heard: Vec<Heard>,
    /// The numbers under which it accepts the next sockets; it refuses the others.
    pub(crate) accepts: VecDeque<LinkId>,
    /// What it does with every packet.
    pub(crate) answers: Option<Answers>,
    outputs: Vec<Output>,
}

impl Script {
    /// Takes in one thing that happened.
    pub(crate) fn hear(&mut self, input: &Input<'_>) {
        let heard = match input {
            Input::Incoming => {
                let answer = self.accepts.pop_front().map_or(Output::Refuse, Output::Accept);
                self.outputs.push(answer);
                Heard::Incoming
            }
            Input::Described { link, description } => Heard::Described(*link, description.to_vec()),
            Input::LinkUp(link) => Heard::Up(*link),
            Input::LinkDown(link) => Heard::Down(*link),
            Input::LinkBytes { link, bytes } => {
                self.outputs.extend(self.answers.map_or_else(Vec::new, |answers| answers(*link, bytes)));
                Heard::Bytes(*link, bytes.to_vec())
            }
            Input::LinkDrained { link, queued } => Heard::Drained(*link, *queued),
            Input::SignalUp(_) => Heard::SignalUp,
            Input::SignalDown => Heard::SignalDown,
            Input::SignalBytes(bytes) => Heard::SignalBytes(bytes.to_vec()),
            Input::JobDone { job, result } => Heard::JobDone(job.0, format!("{result:?}")),
            Input::Sealed { link, bytes } => Heard::Sealed(*link, bytes.to_vec()),
            Input::Timeout | Input::WallTime(_) | Input::Command(_) => return,
        };
        self.heard.push(heard);
    }

    /// What it does in answer.
    pub(crate) fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// The packets that came over a link, oldest first.
    pub(crate) fn packets(&self, link: LinkId) -> Vec<&[u8]> {
        let packet = |heard| match heard {
            &Heard::Bytes(from, ref bytes) if from == link => Some(bytes.as_slice()),
            _ => None,
        };
        self.heard.iter().filter_map(packet).collect()
    }

    /// The last description that came for a link.
    pub(crate) fn description(&self, link: LinkId) -> Option<Vec<u8>> {
        self.heard.iter().rev().find_map(|heard| match heard {
            Heard::Described(of, description) if *of == link => Some(description.clone()),
            _ => None,
        })
    }

    /// Whether it heard this.
    pub(crate) fn has_heard(&self, what: &Heard) -> bool {
        self.heard.contains(what)
    }
}
