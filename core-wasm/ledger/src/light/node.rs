//! The module of a light node: it asks one voter after the other, and believes none of them.

use alloc::vec::Vec;

use tabmesh_port::{
    Attachment, Done, Duration, Input, Instant, Module, NodeId, Outbox, Output, PublicKey, Room, Status,
    Told, Wish, Work, Writer,
};

use crate::genesis::Genesis;
use crate::group::wire;
use crate::key::Key;
use crate::limits::{
    IDLE_MS, LIGHT_ASK_MS, LIGHT_JOBS_MAX, LIGHT_LINKS, LIGHT_TICK_MS, STALE_MS, TERM_HEIGHTS, term_of,
};
use crate::operation::{LedgerId, Operation};
use crate::proof::{Found, Proof};
use crate::record::Record;

use super::belief::Belief;
use super::face::{LightCommand, LightEvent};
use super::follower::{Doubt, Follower, Taken};

/// What it knows of a ledger without having asked anybody.
pub(crate) struct Grounds {
    pub(crate) id: LedgerId,
    /// Of an operation, in grains.
    pub(crate) fee: u32,
    starts_ms: u64,
    epoch_ms: u64,
    /// Until the start.
    belief: Belief,
}

/// A question under way.
struct Asked {
    op: u32,
    of: NodeId,
    is_term: bool,
}

/// See the head of this file. It does nothing before [`LightCommand::Start`].
pub struct Light {
    pub(crate) own: NodeId,
    pub(crate) key: PublicKey,
    network: [u8; 8],
    pub(crate) grounds: Option<Grounds>,
    /// What was said to begin with, until the time is known.
    start: Option<(bool, Belief)>,
    pub(crate) follower: Option<Follower>,
    asked: Option<Asked>,
    /// Who gave what is being verified, and what was with it.
    shown: Option<(NodeId, Vec<u8>)>,
    /// Signatures that are being verified.
    jobs: Vec<u32>,
    /// Whether it looks for later terms, or at the newest block.
    seeks: bool,
    pub(crate) submitted: Vec<Operation>,
    /// The number of the job that signs it, that of the command, and a transfer.
    pub(crate) making: Option<(u32, u32, Operation)>,
    /// Of this node's account, as it was proven last.
    pub(crate) sequence: Option<u32>,
    /// Whom it asks: one voter after the other.
    turn: u64,
    numbers: u32,
    pub(crate) now: Instant,
    due: Instant,
    pub(crate) told: Instant,
    wall: Option<(u64, Instant)>,
    pub(crate) outbox: Outbox,
}

impl Light {
    /// Of no ledger yet.
    pub fn new(attachment: Attachment) -> Self {
        let own = NodeId::of_key(&attachment.key);
        Self {
            own,
            key: attachment.key,
            network: attachment.network,
            grounds: None,
            start: None,
            follower: None,
            asked: None,
            shown: None,
            jobs: Vec::new(),
            seeks: true,
            submitted: Vec::new(),
            making: None,
            sequence: None,
            turn: own.head(),
            numbers: 0,
            now: Instant(0),
            due: Instant(0),
            told: Instant(0),
            wall: None,
            outbox: Outbox::default(),
        }
    }

    /// What it believes; `None` before its start.
    pub fn belief(&self) -> Option<&Belief> {
        self.follower.as_ref().map(Follower::belief)
    }

    fn on_command(&mut self, bytes: &[u8]) {
        match LightCommand::read(bytes) {
            Some(LightCommand::Begin(bytes)) if self.grounds.is_none() => {
                match Genesis::read(bytes).ok().filter(|genesis| genesis.network == self.network) {
                    Some(genesis) => {
                        let (id, starts_ms, belief) =
                            (genesis.id(), genesis.starts_ms, Belief::new(&genesis));
                        let (fee, epoch_ms) = (genesis.terms.fee, genesis.terms.epoch_ms.into());
                        self.grounds = Some(Grounds { id, fee, starts_ms, epoch_ms, belief });
                    }
                    None => self.doubt(Doubt::Malformed, self.own),
                }
            }
            Some(LightCommand::Start { insists, belief }) if self.follower.is_none() => {
                let own = self.grounds.as_ref().map(|grounds| &grounds.belief);
                let Some(own) = own else { return };
                match if belief.is_empty() { Some(own.clone()) } else { Belief::read(belief) } {
                    Some(belief) if belief.genesis == own.genesis => self.start = Some((insists, belief)),
                    Some(_) => self.doubt(Doubt::OtherLedger, self.own),
                    None => self.doubt(Doubt::Malformed, self.own),
                }
            }
            Some(LightCommand::Submit(bytes)) => self.on_submit(bytes),
            Some(LightCommand::Transfer { ticket, to, amount, until }) => {
                self.on_transfer(ticket, to, amount, until);
            }
            _ => {}
        }
    }

    /// The epoch by this node's clock.
    pub(crate) fn epoch(&self) -> Option<u32> {
        let (grounds, (wall_ms, at)) = (self.grounds.as_ref()?, self.wall?);
        let since = wall_ms.saturating_add(self.now.since(at).ms()).checked_sub(grounds.starts_ms)?;
        Some((since / grounds.epoch_ms).min(u64::from(u32::MAX)) as u32)
    }

    /// Begins, once it knows the time.
    fn begin(&mut self) {
        let (Some(epoch), Some(grounds)) = (self.epoch(), &self.grounds) else { return };
        let (id, epoch_ms) = (grounds.id, grounds.epoch_ms);
        let Some((insists, belief)) = self.start.take() else { return };
        let age = u64::from(epoch.saturating_sub(belief.epoch));
        if age.saturating_mul(epoch_ms) > STALE_MS && !insists {
            return self.doubt(Doubt::Stale, self.own);
        }
        self.follower = Some(Follower::new(id, belief));
        self.hold();
        self.tell_progress();
    }

    /// Holds links to a few voters: what it asks and gives goes that way.
    fn hold(&mut self) {
        let Some(belief) = self.follower.as_ref().map(Follower::belief) else { return };
        let count = belief.voters.len();
        let mut ids = Vec::new();
        for at in 0..count.min(LIGHT_LINKS) {
            let voter = (self.own.head() % count.max(1) as u64) as usize + at;
            if let Some(voter) = belief.voters.get(voter % count) {
                ids.push(NodeId::of_key(&voter.key));
            }
        }
        ids.retain(|id| *id != self.own);
        self.outbox.put(&Output::Wish(Wish::Hold { ids: &ids }));
    }

    /// Time has passed: asks what is to be asked.
    fn go_on(&mut self) {
        self.begin();
        let Some(follower) = &self.follower else { return };
        if follower.fork().is_some() {
            return;
        }
        let belief = follower.belief();
        if self.asked.is_none() && !follower.is_verifying() && self.now >= self.due {
            let mut writer = Writer::default();
            if self.seeks {
                writer.u8(wire::TERM).u32(belief.height);
            } else {
                writer.u8(wire::NEWEST).u32(belief.view).bytes(&Key::account(&self.own).0);
            }
            let voter = self.turn % belief.voters.len().max(1) as u64;
            let of = belief.voters.get(voter as usize).map(|voter| NodeId::of_key(&voter.key));
            // Who always shows the same would keep it from what is newer.
            self.turn = self.turn.wrapping_add(1);
            self.due = self.now + Duration::from_ms(IDLE_MS);
            if let Some(of) = of.filter(|of| *of != self.own) {
                let (op, is_term, bytes) = (self.number(), self.seeks, writer.finish());
                let ask = Wish::Ask { op, to: &of, within_ms: LIGHT_ASK_MS, bytes: &bytes };
                self.outbox.put(&Output::Wish(ask));
                self.asked = Some(Asked { op, of, is_term });
            }
        }
        if self.now.since(self.told) >= Duration::from_ms(IDLE_MS) {
            self.tell_submitted();
        }
    }

    pub(crate) fn number(&mut self) -> u32 {
        self.numbers = self.numbers.wrapping_add(1);
        self.numbers
    }

    fn on_answered(&mut self, op: u32, status: Status, bytes: &[u8]) {
        let Some(Asked { of, is_term, .. }) = self.asked.take_if(|asked| asked.op == op) else { return };
        let Some(follower) = &mut self.follower else { return };
        if status != Status::Ok {
            // There is no later term, or it says so: the newest block shows which.
            self.seeks &= !(is_term && status == Status::NotFound);
            return;
        }
        match follower.offer(bytes) {
            Ok(rest) => {
                self.shown = Some((of, rest.to_vec()));
                self.verify();
            }
            Err((Doubt::Known, rest)) => {
                let rest = rest.to_vec();
                self.on_proof(&of, &rest);
            }
            Err((Doubt::TooFar, _)) if !self.seeks => self.seeks = true,
            Err((doubt, _)) => self.doubt(doubt, of),
        }
    }

    /// Has some more signatures verified.
    fn verify(&mut self) {
        while self.jobs.len() < LIGHT_JOBS_MAX
            && let Some(claim) = self.follower.as_mut().and_then(Follower::claim)
        {
            let job = self.number();
            let (key, signature, bytes) = (&claim.key, &claim.signature, &claim.bytes[..]);
            self.outbox.put(&Output::Work(Work::Verify { job, key, signature, bytes }));
            self.jobs.push(job);
        }
    }

    fn on_checked(&mut self, job: u32, holds: bool) {
        let Some(at) = self.jobs.iter().position(|number| *number == job) else { return };
        self.jobs.remove(at);
        let Some(follower) = &mut self.follower else { return };
        let before = follower.belief().view;
        match follower.checked(holds) {
            Ok(Taken::Not) => self.verify(),
            Ok(Taken::Header) => self.on_taken(before),
            Ok(Taken::Fork(fork)) => self.tell(&LightEvent::Fork(fork)),
            Err(doubt) => {
                // Those that are still out say nothing any more.
                self.jobs = Vec::new();
                if let Some((of, _)) = self.shown.take() {
                    self.doubt(doubt, of);
                }
            }
        }
    }

    /// A header is believed.
    fn on_taken(&mut self, before: u32) {
        let Some(belief) = self.follower.as_ref().map(Follower::belief) else { return };
        let (height, epoch, hash, view) = (belief.height, belief.epoch, belief.hash, belief.view);
        let kept = (view != before).then(|| belief.emit());
        let age = self.epoch().map_or(u32::MAX, |now| now.saturating_sub(epoch));
        self.tell(&LightEvent::Head { height, epoch, hash, age });
        if let Some(kept) = kept {
            self.tell(&LightEvent::Keep(&kept));
            self.hold();
        }
        if self.seeks {
            self.due = self.now;
        }
        self.tell_progress();
        if let Some((of, proof)) = self.shown.take() {
            self.on_proof(&of, &proof);
        }
    }

    /// What came with the newest header: what is under this node's key.
    fn on_proof(&mut self, of: &NodeId, bytes: &[u8]) {
        let Some((belief, grounds)) = self.follower.as_ref().map(Follower::belief).zip(self.grounds.as_ref())
        else {
            return;
        };
        if bytes.is_empty() {
            return;
        }
        let proof = Proof::read(bytes);
        let found = proof.as_ref().and_then(|proof| proof.verify(&belief.state, &Key::account(&self.own).0));
        let (height, epoch, wait) = (belief.height, belief.epoch, grounds.epoch_ms / 2);
        let record = match found {
            Some(Found::Present(leaf)) => leaf,
            Some(Found::Absent) => &[],
            None => return self.doubt(Doubt::BadProof, *of),
        };
        self.due = self.now + Duration::from_ms(wait);
        self.tell(&LightEvent::Account { height, epoch, record });
        match Record::read(record) {
            Some(Record::Account(account)) => self.on_account(account, epoch),
            _ => self.sequence = None,
        }
    }

    fn doubt(&mut self, doubt: Doubt, of: NodeId) {
        self.tell(&LightEvent::Doubted { code: doubt as u8, of });
    }

    fn tell_progress(&mut self) {
        let Some(follower) = &self.follower else { return };
        let (term, verified) = (term_of(follower.belief().height), follower.verified());
        let of = self.epoch().map_or(term, |epoch| (epoch / TERM_HEIGHTS).max(term));
        self.tell(&LightEvent::Progress { term, of, verified });
    }

    pub(crate) fn tell(&mut self, event: &LightEvent<'_>) {
        self.outbox.put(&Output::Event(&event.emit()));
    }
}

impl Module for Light {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.now = now;
        match input {
            Input::Command(bytes) => self.on_command(bytes),
            Input::Done(Done::Verified { job, holds }) => self.on_checked(job, holds),
            Input::Done(Done::Signed { job, signature }) => self.on_signed(job, Some(signature)),
            Input::Done(Done::Failed { job }) => {
                self.on_checked(job, false);
                self.on_signed(job, None);
            }
            Input::Told(Told::Clock { wall_ms, .. }) => self.wall = Some((wall_ms, now)),
            Input::Told(Told::Answered { op, status, bytes, .. }) => self.on_answered(op, status, bytes),
            Input::Told(Told::Said { from, is_proven: true, bytes }) => self.on_said(from, bytes),
            Input::Told(Told::Asked { ticket, .. }) => {
                let reply = Wish::Reply { ticket, status: Status::NotImplemented, bytes: &[] };
                self.outbox.put(&Output::Wish(reply));
            }
            _ => {}
        }
        self.go_on();
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.outbox.poll(room)
    }

    fn wanted_at(&self) -> Instant {
        let is_begun = self.follower.as_ref().is_some_and(|follower| follower.fork().is_none());
        if is_begun { self.now + Duration::from_ms(LIGHT_TICK_MS) } else { Instant::NEVER }
    }
}
