//! The ledger as a module of a shell: its genesis comes over the face.

use alloc::vec::Vec;

use tabmesh_port::{Attachment, Input, Instant, Module, Room};

use crate::genesis::Genesis;

use super::machine::Member;

/// A node of a ledger, once its face has said which: the first command is 0 and the genesis. Before that, and with a genesis that is none, it does nothing.
pub struct Group {
    attachment: Attachment,
    member: Option<Member>,
    /// What the wall clock showed when, as was told before the genesis came.
    clock: Option<(Instant, Vec<u8>)>,
}

impl Group {
    /// Of no ledger yet.
    pub fn new(attachment: Attachment) -> Self {
        Self { attachment, member: None, clock: None }
    }

    fn begin(&mut self, bytes: &[u8]) {
        let genesis = bytes.split_first().filter(|(kind, _)| **kind == 0);
        let Some(Ok(genesis)) = genesis.map(|(_, bytes)| Genesis::read(bytes)) else { return };
        let mut member = Member::new(&self.attachment, &genesis);
        if let Some((at, flat)) = &self.clock
            && let Ok(input) = Input::read(flat)
        {
            member.handle(*at, input);
        }
        self.member = Some(member);
    }
}

impl Module for Group {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        match (&mut self.member, input) {
            (Some(member), input) => member.handle(now, input),
            (None, Input::Command(bytes)) => self.begin(bytes),
            (None, Input::Told(told @ tabmesh_port::Told::Clock { .. })) => {
                self.clock = Some((now, Input::Told(told).emit()));
            }
            _ => {}
        }
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.member.as_mut()?.poll(room)
    }

    fn wanted_at(&self) -> Instant {
        self.member.as_ref().map_or(Instant::NEVER, Member::wanted_at)
    }
}
