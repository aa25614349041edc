//! The module: its two halves on one port.

use alloc::vec::Vec;

use tabmesh_directory::likely_depth;
use tabmesh_port::limits::HELD_MAX;
use tabmesh_port::{Attachment, Done, Input, Instant, Module, NodeId, Room, Status, Told, Wish};

use crate::ask::{FIRST_LIST, Requester};
use crate::face::{Command, Event};
use crate::ground::Ground;
use crate::offer::{Executor, Gives};
use crate::wire::{Question, Word};

/// The coordination of jobs, at one node.
pub struct Tasks {
    ground: Ground,
    ask: Requester,
    offer: Executor,
    held: Vec<NodeId>,
    linked: Vec<NodeId>,
    depth: u8,
}

impl Tasks {
    /// With no job, and offering nothing.
    pub fn new(attachment: Attachment) -> Self {
        Self {
            ground: Ground::new(attachment),
            ask: Requester::new(),
            offer: Executor::default(),
            held: Vec::new(),
            linked: Vec::new(),
            depth: 0,
        }
    }

    fn on_command(&mut self, bytes: &[u8]) {
        let Self { ground, ask, offer, depth, .. } = self;
        let done = match Command::read(bytes) {
            Some(Command::Offer { cores, gas, turn_ms, bytes_an_hour }) => {
                let gives = Gives::new(cores, gas, turn_ms, bytes_an_hour);
                offer.offer(ground, gives, *depth);
                Ok(())
            }
            Some(Command::Withdraw) => {
                offer.withdraw(ground);
                Ok(())
            }
            Some(Command::Ran { assignment, index, task, outcome, output }) => {
                offer.on_ran(ground, (assignment, index), (task, outcome), output)
            }
            Some(Command::Give { ticket, status, bytes }) => offer.wanted.give(ground, ticket, status, bytes),
            Some(Command::FetchInput { fetch, assignment, index, offset }) => {
                offer.begin_fetch(ground, fetch, assignment, (index, offset))
            }
            Some(Command::Decline { assignment, why }) => offer.decline(ground, assignment, why),
            Some(Command::Prefer(ids)) => {
                offer.turns.prefer(ids);
                Ok(())
            }
            Some(Command::Address { address, ids }) => {
                offer.turns.place(address, ids);
                Ok(())
            }
            Some(Command::Owner(owner)) if [0, 32].contains(&owner.len()) => {
                offer.owner = owner.to_vec();
                Ok(())
            }
            Some(command) => ask.on_command(ground, &command),
            None => Err(Status::BadRequest),
        };
        if let Err(status) = done {
            let command = bytes.first().copied().unwrap_or_default();
            let of = bytes.get(1..).and_then(<[u8]>::first_chunk).map_or(0, |four| u32::from_be_bytes(*four));
            ground.emit(&Event::Refused { command, of, status });
        }
    }

    fn on_told(&mut self, told: Told<'_>) {
        let Self { ground, ask, offer, .. } = self;
        match told {
            Told::Asked { from, is_proven, ticket, bytes, .. } => {
                let answer =
                    if is_proven { self.on_asked(from, ticket, bytes) } else { Err(Status::Unauthorized) };
                if let Err(status) = answer {
                    self.ground.reply(ticket, status, &[]);
                }
            }
            Told::Said { from, is_proven: true, bytes } => {
                if let Some((nonce, word)) = Word::read(bytes) {
                    ask.on_word(ground, from, &nonce, word);
                }
            }
            Told::Answered { op, from, is_proven, is_here, status, bytes } => {
                // An answer that came through others may be anybody's: it is none.
                let (status, bytes) =
                    if is_proven || is_here { (status, bytes) } else { (Status::TimedOut, &[][..]) };
                // Who is gone did not let anybody wait.
                let is_gone = status == Status::TimedOut && !self.linked.contains(from);
                let status = if is_gone { Status::Unavailable } else { status };
                let is_offers = offer.on_answered(ground, op, from, status)
                    || offer.on_fetched(ground, op, from, status, bytes);
                if !is_offers {
                    ask.on_answered(ground, op, from, status, bytes);
                }
            }
            Told::Listed { op, status, .. } if op < FIRST_LIST => offer.on_listed(ground.now, status),
            Told::Listed { op, status, ids } => {
                let executors = &ask.executors;
                ask.finding.on_listed(ground, op, status, ids, |id| !executors.has(id));
            }
            Told::Linked { id, .. } => {
                ask.on_linked(id);
                if !self.linked.contains(id) && self.held.contains(id) {
                    self.linked.push(*id);
                }
            }
            Told::Unlinked { id, .. } => {
                self.linked.retain(|other| other != id);
                ask.let_go(ground, id);
                offer.on_unlinked(ground, id);
            }
            Told::View { ids, .. } => {
                self.depth = likely_depth(&ground.own, ids);
                ask.finding.depth = ask.finding.depth.max(self.depth);
            }
            Told::Clock { .. } | Told::Said { .. } | Told::AskedHere { .. } => {}
        }
    }

    /// A question of another node; an error answers it.
    fn on_asked(&mut self, from: &NodeId, ticket: u32, flat: &[u8]) -> Result<(), Status> {
        let Self { ground, ask, offer, .. } = self;
        let (nonce, question) = Question::read(flat).ok_or(Status::BadRequest)?;
        match question {
            Question::Assign { lease_ms, gas, count, bytes } => {
                let taken = offer.on_assign(ground, from, &nonce, (lease_ms, gas, count), bytes);
                match taken {
                    Ok(()) => ground.reply(ticket, Status::Ok, &offer.owner),
                    Err(refusal) => ground.reply(ticket, Status::Forbidden, &[refusal as u8]),
                }
                Ok(())
            }
            Question::Outcomes(batch) => ask.on_outcomes(ground, (from, ticket), &nonce, &batch, flat),
            // Each knows its own batches: one that neither has is not found.
            Question::Fetch { index, offset } => {
                match ask.on_fetch(ground, (from, ticket), &nonce, (index, offset)) {
                    Err(Status::NotFound) => offer.on_fetch(ground, (from, ticket), &nonce, (index, offset)),
                    done => done,
                }
            }
            Question::Steps { index, ask } => offer.on_steps(ground, (from, ticket), &nonce, (index, ask)),
            Question::Revoke => {
                offer.on_revoke(ground, from, &nonce);
                ground.reply(ticket, Status::Ok, &[]);
                Ok(())
            }
        }
    }

    fn on_done(&mut self, done: Done<'_>) {
        let Self { ground, ask, offer, .. } = self;
        match done {
            Done::Signed { job, signature } => offer.on_signed(ground, job, signature),
            Done::Verified { job, holds } => ask.on_verified(ground, job, Some(holds)),
            Done::Failed { job } => {
                offer.on_unsigned(ground, job);
                ask.on_verified(ground, job, None);
            }
        }
    }

    /// Keeps links to those for whom this node works, and to those who work for it.
    fn hold(&mut self) {
        let mut ids = self.offer.requesters();
        let executors = self.ask.executors.list.iter().map(|executor| executor.id);
        // Those of whom an output is still to come, too.
        for id in executors.chain(self.ask.fetches.iter().map(|fetch| fetch.executor)) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids.truncate(HELD_MAX);
        if ids == self.held {
            return;
        }
        self.ground.wish(Wish::Hold { ids: &ids });
        self.linked.retain(|id| ids.contains(id));
        // Who was held all along is not told of again.
        self.linked.iter().for_each(|id| self.ask.on_linked(id));
        self.held = ids;
    }

    fn go_on(&mut self) {
        let Self { ground, ask, offer, .. } = self;
        offer.go_on(ground);
        ask.go_on(ground, offer.is_offering());
        self.hold();
    }
}

impl Module for Tasks {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.ground.now = now;
        match input {
            Input::Time => {}
            Input::Command(bytes) => self.on_command(bytes),
            Input::Done(done) => self.on_done(done),
            Input::Told(told) => self.on_told(told),
        }
        self.go_on();
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.ground.poll(room)
    }

    fn wanted_at(&self) -> Instant {
        let offer = self.offer.wanted_at(self.ground.now).min(self.offer.tells_at(self.ground.now));
        offer.min(self.ask.tick_at)
    }
}
