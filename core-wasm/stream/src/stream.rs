//! One stream, as one of its ends has it.

use alloc::vec::Vec;

use tabmesh_port::{Instant, NodeId};

use crate::limits::{OPENING, PAUSE, QUIET, SILENCE, UNLINKED, UNUSED};
use crate::receiving::Receiving;
use crate::sending::Sending;
use crate::wire::Key;

/// How far a stream has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// The link to the other end is awaited.
    Dialling,
    /// The other end shall be asked, once there is room for the question.
    Asks,
    /// It was.
    Asked,
    Open,
}

/// See the module.
pub(crate) struct Stream {
    /// Its number at the face.
    pub(crate) number: u32,
    pub(crate) peer: NodeId,
    pub(crate) key: Key,
    pub(crate) name: Vec<u8>,
    pub(crate) stage: Stage,
    pub(crate) sending: Sending,
    pub(crate) receiving: Receiving,
    /// The other end shall hear how far it may send, or that somebody is there.
    pub(crate) grant_due: bool,
    pub(crate) is_granting: bool,
    /// The face heard that the other end has written all.
    pub(crate) has_finished: bool,
    /// When this node's application read or wrote last, or when the stream began.
    pub(crate) used_at: Instant,
    is_used: bool,
    /// Nothing is asked before this: an answer did not come.
    resumes_at: Instant,
    heard: Instant,
    /// It ends then, if nothing is heard before.
    deadline: Instant,
}

impl Stream {
    pub(crate) fn new(
        number: u32,
        peer: NodeId,
        key: Key,
        name: Vec<u8>,
        stage: Stage,
        now: Instant,
    ) -> Self {
        let patience = if stage == Stage::Open { SILENCE } else { OPENING };
        Self {
            number,
            peer,
            key,
            name,
            stage,
            sending: Sending::new(),
            receiving: Receiving::default(),
            grant_due: false,
            is_granting: false,
            has_finished: false,
            used_at: now,
            is_used: false,
            resumes_at: Instant(0),
            heard: now,
            deadline: now + patience,
        }
    }

    /// The other end says something. It has so long to take the stream, whatever else it says.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.heard = now;
        if self.stage == Stage::Open {
            self.deadline = now + SILENCE;
        }
    }

    /// This node's application reads or writes.
    pub(crate) fn touch(&mut self, now: Instant) {
        (self.used_at, self.is_used) = (now, true);
    }

    /// Whether this node's application has left it alone for too long since it began.
    pub(crate) fn is_unused(&self, now: Instant) -> bool {
        !self.is_used && now >= self.used_at + UNUSED
    }

    /// The link to the other end is there again.
    pub(crate) fn link(&mut self) {
        if self.stage == Stage::Open {
            self.deadline = self.heard + SILENCE;
        }
    }

    /// The link to the other end is lost; perhaps another one takes its place.
    pub(crate) fn lose(&mut self, now: Instant) {
        self.deadline = self.deadline.min(now + UNLINKED);
    }

    /// A question got no answer.
    pub(crate) fn pause(&mut self, now: Instant) {
        self.resumes_at = now + PAUSE;
    }

    pub(crate) fn may_ask(&self, now: Instant) -> bool {
        now >= self.resumes_at
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        now >= self.deadline
    }

    /// Whether it has been quiet for so long that the other end is to be asked whether it is there.
    pub(crate) fn is_quiet(&self, now: Instant) -> bool {
        self.stage == Stage::Open && now >= self.heard + QUIET
    }

    /// Both ways are done.
    pub(crate) fn is_done(&self) -> bool {
        self.sending.is_done() && self.receiving.is_done()
    }

    /// When something is due.
    pub(crate) fn wanted_at(&self, now: Instant) -> Instant {
        let pause = if self.may_ask(now) { Instant::NEVER } else { self.resumes_at };
        let quiet = if self.stage == Stage::Open && !self.is_quiet(now) {
            self.heard + QUIET
        } else {
            Instant::NEVER
        };
        self.deadline.min(pause).min(quiet)
    }
}
