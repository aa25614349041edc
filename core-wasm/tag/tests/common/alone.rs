//! One tag whose shell is the test.

use tabmesh_port::{
    Attachment, Done, Input, Instant, Module, NodeId, Output, PublicKey, Room, Signature, Status, Told, Wish,
    Work,
};
use tabmesh_tag::{Command, Event, Message, Publication, Tag};

pub(crate) struct Alone {
    pub(crate) tag: Tag,
    key: PublicKey,
    pub(crate) now: Instant,
    views: u32,
    counts: Counts,
    /// What it gave out when it was told the clock.
    pub(crate) begun: Vec<Vec<u8>>,
}

/// What it gave out so far.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Counts {
    pub(crate) checks: usize,
    pub(crate) signs: usize,
    /// As said last.
    pub(crate) linked: usize,
    pub(crate) named: usize,
}

/// A made-up node.
pub(crate) fn id(number: u16) -> NodeId {
    let mut bytes = tabmesh_port::sha256(&number.to_be_bytes());
    bytes[30..].copy_from_slice(&number.to_be_bytes());
    NodeId(bytes)
}

/// A publication of its own bytes.
pub(crate) struct Owned {
    pub(crate) key: PublicKey,
    pub(crate) number: u32,
    pub(crate) sent_ms: u64,
    pub(crate) signature: Signature,
    pub(crate) bytes: Vec<u8>,
}

/// What a made-up sender published.
pub(crate) fn publication(sender: u16, number: u32, bytes: &[u8]) -> Owned {
    let [high, low] = sender.to_be_bytes();
    let mut key = [high; 64];
    key[1] = low;
    let sent_ms = 1_000_000 + u64::from(sender);
    Owned { key: PublicKey(key), number, sent_ms, signature: Signature([7; 64]), bytes: bytes.to_vec() }
}

impl Owned {
    pub(crate) fn message(&self) -> Message<'_> {
        let Self { key, number, sent_ms, signature, bytes } = self;
        Message::Publication(Publication {
            key,
            run: 1,
            number: *number,
            sent_ms: *sent_ms,
            signature,
            bytes,
        })
    }
}

impl Alone {
    pub(crate) fn new() -> Self {
        Self::with_key(1)
    }

    /// One of many that differ.
    pub(crate) fn with_key(key: u8) -> Self {
        let key = PublicKey([key; 64]);
        let attachment = Attachment { key, network: [2; 8], port: super::tag(), seed: [3; 32] };
        let (now, counts) = (Instant(1_000_000), Counts::default());
        let mut alone = Self { tag: Tag::new(attachment), key, now, views: 0, counts, begun: Vec::new() };
        alone.begun = alone.input(Input::Told(Told::Clock { wall_ms: 2_000_000, is_doubtful: false }));
        alone
    }

    /// One that sees these members.
    pub(crate) fn among(ids: &[NodeId]) -> Self {
        let mut alone = Self::new();
        alone.view(ids);
        alone
    }

    pub(crate) fn own(&self) -> NodeId {
        NodeId::of_key(&self.key)
    }

    pub(crate) fn input(&mut self, input: Input<'_>) -> Vec<Vec<u8>> {
        self.tag.handle(self.now, input);
        let outputs: Vec<Vec<u8>> = std::iter::from_fn(|| self.tag.poll(Room::ALL)).collect();
        for flat in &outputs {
            match Output::read(flat).expect("a tag gives outputs") {
                Output::Work(Work::Verify { .. }) => self.counts.checks += 1,
                Output::Work(Work::Sign { .. }) => self.counts.signs += 1,
                _ => {}
            }
        }
        outputs
    }

    pub(crate) fn view(&mut self, ids: &[NodeId]) -> Vec<Vec<u8>> {
        self.views += 1;
        self.input(Input::Told(Told::View { version: self.views, ids }))
    }

    /// A member says something over its own link.
    pub(crate) fn hear(&mut self, from: &NodeId, message: &Message<'_>) -> Vec<Vec<u8>> {
        self.hear_bytes(from, true, &message.emit())
    }

    pub(crate) fn hear_bytes(&mut self, from: &NodeId, is_proven: bool, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.input(Input::Told(Told::Said { from, is_proven, bytes }))
    }

    pub(crate) fn command(&mut self, command: &Command<'_>) -> Vec<Vec<u8>> {
        self.input(Input::Command(&command.emit()))
    }

    /// The list comes that was asked for to stand on, and then the one that was looked at.
    pub(crate) fn listed(&mut self, ids: &[NodeId]) -> Vec<Vec<u8>> {
        self.input(Input::Told(Told::Listed { op: 0, status: Status::Ok, ids: &[] }));
        self.input(Input::Told(Told::Listed { op: 1, status: Status::Ok, ids }))
    }

    pub(crate) fn pass_time(&mut self, ms: u64) -> Vec<Vec<u8>> {
        let until = Instant(self.now.0 + ms * 1_000);
        let mut outputs = Vec::new();
        while self.tag.wanted_at() <= until {
            self.now = self.now.max(self.tag.wanted_at());
            outputs.extend(self.input(Input::Time));
        }
        self.now = until;
        outputs
    }

    /// The signatures that these outputs want checked are all good; what follows.
    pub(crate) fn hold_true(&mut self, outputs: &[Vec<u8>]) -> Vec<Vec<u8>> {
        self.verdict(outputs, true)
    }

    pub(crate) fn verdict(&mut self, outputs: &[Vec<u8>], holds: bool) -> Vec<Vec<u8>> {
        let jobs = checks(outputs);
        jobs.iter().flat_map(|job| self.input(Input::Done(Done::Verified { job: *job, holds }))).collect()
    }

    pub(crate) fn take_counts(&mut self) -> Counts {
        let outputs = self.command(&Command::Members);
        for event in events(&outputs) {
            if let Some(Event::Members { linked, named }) = Event::read(&event) {
                (self.counts.linked, self.counts.named) = (linked.len(), named.len());
            }
        }
        self.counts
    }
}

/// The jobs that check signatures.
pub(crate) fn checks(outputs: &[Vec<u8>]) -> Vec<u32> {
    let job = |flat: &Vec<u8>| match Output::read(flat) {
        Ok(Output::Work(Work::Verify { job, .. })) => Some(job),
        _ => None,
    };
    outputs.iter().filter_map(job).collect()
}

/// What the face is told.
pub(crate) fn events(outputs: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let event = |flat: &Vec<u8>| match Output::read(flat) {
        Ok(Output::Event(bytes)) => Some(bytes.to_vec()),
        _ => None,
    };
    outputs.iter().filter_map(event).collect()
}

/// What is told to whom.
pub(crate) fn tells(outputs: &[Vec<u8>]) -> Vec<(Vec<NodeId>, Vec<u8>)> {
    let tell = |flat: &Vec<u8>| match Output::read(flat) {
        Ok(Output::Wish(Wish::Tell { to, bytes })) => Some((to.to_vec(), bytes.to_vec())),
        _ => None,
    };
    outputs.iter().filter_map(tell).collect()
}

/// To whom links are held, if that was said.
pub(crate) fn held(outputs: &[Vec<u8>]) -> Option<Vec<NodeId>> {
    let hold = |flat: &Vec<u8>| match Output::read(flat) {
        Ok(Output::Wish(Wish::Hold { ids })) => Some(ids.to_vec()),
        _ => None,
    };
    outputs.iter().rev().find_map(hold)
}
