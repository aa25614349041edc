//! The module of a voter: what comes in goes to its part.

use alloc::sync::Arc;
use alloc::vec::Vec;

use tabmesh_port::{
    Attachment, Done, Duration, Input, Instant, Module, NodeId, PublicKey, Reader, Room, Status, Told,
};

use crate::genesis::Genesis;
use crate::key::Key;
use crate::ledger::Ledger;
use crate::limits::{
    CHECKS_MAX, OUTBOX_MAX, SIGNING_MAX, SUBMISSIONS_MAX, TICK_MS, locks_max, operations_max,
};
use crate::operation::Claim;

use super::ballot::{Attendance, Ballot};
use super::event::{Event, Mode};
use super::ground::Ground;
use super::pending::{Asked, Check, Errand, Making, Proof, Serving, Signing, Submission};
use super::pool::Pool;
use super::safety::Safety;
use super::statement::Says;
use super::wire::{self, Standing};
use crate::voters::Voters;

/// One node of the ledger: it follows, submits, and votes if it is a voter.
pub struct Member {
    pub(crate) ground: Ground,
    pub(crate) starts_ms: u64,
    pub(crate) epoch_ms: u64,
    pub(crate) ledger: Ledger,
    /// As the state has them, for the block that is to come.
    pub(crate) voters: Arc<Voters>,
    /// Which voter this node is, if it is one.
    pub(crate) seat: Option<u8>,
    pub(crate) safety: Safety,
    pub(crate) pool: Pool,
    pub(crate) ballot: Ballot,
    pub(crate) attendance: Attendance,
    pub(crate) signing: Vec<Signing>,
    pub(crate) checks: Vec<(u32, Check)>,
    pub(crate) proofs: Vec<Proof>,
    pub(crate) asked: Vec<(u32, Asked)>,
    pub(crate) submissions: Vec<Submission>,
    pub(crate) making: Vec<Making>,
    pub(crate) errand: Option<Errand>,
    /// Of this run.
    pub(crate) nonce: [u8; 8],
    /// Whom it asks for blocks, where it does not vote: one voter after the other, each begins elsewhere.
    pub(crate) turns: u64,
    ticked: Instant,
    pub(crate) has_started: bool,
    /// Of this node.
    pub(crate) key: PublicKey,
    pub(crate) is_test: bool,
    /// As was told last.
    pub(crate) mode: Mode,
    /// When this node knew that it is behind.
    pub(crate) behind: Instant,
    /// In the newest final block.
    pub(crate) operations: u16,
    /// Light nodes that wait for a block.
    pub(crate) serving: Vec<Serving>,
}

impl Member {
    /// A node of a ledger whose genesis was checked. It does nothing before [`Command::Start`](super::Command::Start).
    pub fn new(attachment: &Attachment, genesis: &Genesis) -> Self {
        let own = NodeId::of_key(&attachment.key);
        let ledger = Ledger::new(genesis);
        let voters = ledger.state().voters().clone();
        let units = genesis.terms.units;
        Self {
            ground: Ground::new(own),
            starts_ms: genesis.starts_ms,
            epoch_ms: genesis.terms.epoch_ms.into(),
            seat: voters.find(&own),
            ballot: Ballot::new(&ledger),
            attendance: Attendance::default(),
            voters,
            ledger,
            safety: Safety::new(locks_max(units) as usize),
            pool: Pool::new(operations_max(units).min(crate::limits::PROPOSED_MAX as u32) as usize),
            signing: Vec::new(),
            checks: Vec::new(),
            proofs: Vec::new(),
            asked: Vec::new(),
            submissions: Vec::new(),
            making: Vec::new(),
            errand: None,
            nonce: crate::voters::head(&attachment.seed),
            turns: own.head(),
            ticked: Instant(0),
            has_started: false,
            key: attachment.key,
            is_test: genesis.is_test,
            mode: Mode::Following,
            behind: Instant(0),
            operations: 0,
            serving: Vec::new(),
        }
    }

    /// The ledger as far as this node has followed it.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What this voter has signed that still binds it.
    pub fn safety(&self) -> &Safety {
        &self.safety
    }

    /// Switches a rule off.
    #[cfg(feature = "mutants")]
    pub fn switch_off(&mut self, rule: crate::Rule) {
        self.safety.switch_off(rule);
        self.ledger.switch_off(rule);
        self.voters = self.ledger.state().voters().clone();
    }

    /// The epoch by this node's clock, and how much of it is over, in thousandths.
    pub(crate) fn clock(&self) -> Option<(u32, u64)> {
        let since = self.ground.wall_ms()?.checked_sub(self.starts_ms)?;
        let epoch = (since / self.epoch_ms).min(u64::from(u32::MAX)) as u32;
        Some((epoch, since % self.epoch_ms * 1_000 / self.epoch_ms))
    }

    /// Of the block that is to come.
    pub(crate) fn height(&self) -> u32 {
        self.ledger.head().height.saturating_add(1)
    }

    /// All voters but this one.
    pub(crate) fn others(&self) -> Vec<NodeId> {
        let mut ids = Vec::new();
        for seat in self.voters.seats() {
            if seat.id != self.ground.own {
                ids.push(seat.id);
            }
        }
        ids
    }

    /// Whether a vote or a finalisation is on its way.
    pub(crate) fn is_promised(&self, says: Says, height: u32, round: u32) -> bool {
        self.signing.iter().any(|signing| {
            let statement = &signing.statement;
            statement.says == says && statement.height == height && statement.round == round
        })
    }

    /// Whether a lock or an acknowledgement may wait to be signed.
    pub(crate) fn can_promise(&self) -> bool {
        self.signing.len() < SIGNING_MAX
    }

    /// Has a signature checked; what it is for is dropped where too many wait. Two of each voter are under way at most, and always find room.
    pub(crate) fn check(&mut self, claim: &Claim, check: Check) {
        let is_other = |(_, check): &&(u32, Check)| !matches!(check, Check::Cast { .. } | Check::Proof);
        let room = CHECKS_MAX.saturating_sub(2 * self.voters.len());
        if matches!(check, Check::Cast { .. }) || self.checks.iter().filter(is_other).count() < room {
            let job = self.ground.verify(claim);
            self.checks.push((job, check));
        }
    }

    /// Whether the signature of an operation may be checked that this node submits: of one as many are as it may have on their way, and of all together
    /// a quarter of what there may be.
    pub(crate) fn may_check_of(&self, owner: &NodeId) -> bool {
        let (mut all, mut own) = (0, 0);
        for (_, check) in &self.checks {
            if let Check::Operation { owner: Some(id), .. } = check {
                all += 1;
                own += usize::from(id == owner);
            }
        }
        all < CHECKS_MAX / 4 && own < SUBMISSIONS_MAX
    }

    pub(crate) fn ask(&mut self, to: &NodeId, bytes: &[u8], asked: Asked) {
        let op = self.ground.ask(to, bytes);
        self.asked.push((op, asked));
    }

    /// Tells a node something, be it this one.
    pub(crate) fn deliver(&mut self, to: &NodeId, bytes: &[u8]) {
        if *to == self.ground.own {
            let own = self.ground.own;
            self.on_said(&own, bytes);
        } else {
            self.ground.tell(&[*to], bytes);
        }
    }

    fn on_checked(&mut self, job: u32, holds: bool) {
        let Some(at) = self.checks.iter().position(|(number, _)| *number == job) else { return };
        let (_, check) = self.checks.remove(at);
        if self.checks.is_empty() {
            // A burst does not stay in memory.
            self.checks = Vec::new();
        }
        match check {
            Check::Proof => self.on_proof(job, holds),
            Check::Operation { operation, owner, is_named } if holds => {
                self.on_operation(&operation, owner, is_named);
            }
            Check::Operation { operation, owner: Some(owner), .. } => {
                self.refuse(&owner, &operation.id(), crate::Refusal::BadSignature);
            }
            Check::Cast { voter, height, says, cast } if holds && height == self.height() => {
                self.on_cast(voter, says, cast);
            }
            Check::Cast { voter, height, .. } if holds => self.on_seen(voter, height),
            Check::Locked { operation, voter, signature } if holds => {
                self.on_lock(&operation, voter, signature);
            }
            Check::Acknowledged { operation, voter } if holds => self.on_acknowledged(&operation, voter),
            _ => {}
        }
    }

    fn on_said(&mut self, from: &NodeId, bytes: &[u8]) {
        let Some((kind, rest)) = bytes.split_first() else { return };
        let mut reader = Reader::new(rest);
        let voter = self.voters.find(from);
        match (*kind, voter) {
            (wire::STANDING, Some(voter)) => {
                if let Some(standing) = Standing::read(reader) {
                    self.on_standing(voter, from, &standing);
                }
            }
            (wire::PROPOSAL, Some(voter)) => {
                let round = reader.u32();
                if let Some(draft) = wire::Draft::read(reader) {
                    self.on_proposal(voter, round, draft);
                }
            }
            (wire::HAVE, Some(voter)) => self.on_have(voter, from, reader),
            (wire::LOCKED, Some(voter)) => {
                let (view, operation, signature) = (reader.u32(), *reader.array(), *reader.signature());
                if reader.finish().is_some() {
                    self.on_locked(voter, view, operation, signature);
                }
            }
            (wire::REFUSED, Some(voter)) => {
                let (operation, code) = (*reader.array(), reader.u8());
                if reader.finish().is_some() {
                    self.on_refused(voter, &operation, code);
                }
            }
            // A voter of a later view, perhaps: it has the blocks up to there.
            (wire::STANDING, None) if reader.u32() > self.height() => self.ask_block(from),
            (wire::SUBMITTED, _) if self.seat.is_some() => self.on_submitted(from, rest),
            _ => {}
        }
    }

    fn on_asked(&mut self, from: &NodeId, ticket: u32, bytes: &[u8]) -> Result<(), Status> {
        if self.ground.waiting() > OUTBOX_MAX {
            return Err(Status::TooManyRequests);
        }
        let (kind, rest) = bytes.split_first().ok_or(Status::BadRequest)?;
        match *kind {
            wire::BLOCK => self.on_asked_block(ticket, rest),
            wire::TERM => self.on_asked_term(from, ticket, rest),
            wire::NEWEST => self.on_asked_newest(from, ticket, rest),
            wire::NOTARISED if self.voters.find(from).is_some() => self.on_asked_notarised(ticket, rest),
            wire::OPERATIONS if self.voters.find(from).is_some() => self.on_asked_operations(ticket, rest),
            wire::CERTIFIED if self.seat.is_some() => self.on_asked_certified(from, ticket, rest),
            wire::FAUCET if self.seat.is_some() => self.on_asked_faucet(from, ticket, rest),
            wire::RECORD if self.voters.find(from).is_some() => self.on_asked_record(ticket, rest),
            _ => Err(Status::BadRequest),
        }
    }

    fn on_answered(&mut self, op: u32, from: &NodeId, status: Status, bytes: &[u8]) {
        let Some(at) = self.asked.iter().position(|(number, _)| *number == op) else { return };
        let (_, asked) = self.asked.remove(at);
        if let Asked::Certified { operation, voter } = asked {
            self.on_unanswered(&operation, voter);
        }
        if let Asked::Faucet { ticket } = asked {
            return self.ground.emit(&Event::Dripped { ticket, status, bytes });
        }
        if status != Status::Ok {
            return;
        }
        match asked {
            Asked::Faucet { .. } => {}
            Asked::Block => self.on_block(from, bytes),
            Asked::Notarised => self.on_notarised(bytes),
            Asked::Operations { is_named } => self.on_operations(bytes, is_named),
            Asked::Record => self.on_record(bytes),
            Asked::Certified { operation, voter } => self.on_acknowledgement(&operation, voter, bytes),
        }
    }

    fn on_told(&mut self, told: Told<'_>) {
        match told {
            Told::Clock { wall_ms, .. } => self.ground.set_clock(wall_ms),
            Told::Said { from, is_proven: true, bytes } if self.has_started => self.on_said(from, bytes),
            Told::Asked { from, is_proven, ticket, bytes, .. } => {
                let is_heard = is_proven && self.has_started;
                let done =
                    if is_heard { self.on_asked(from, ticket, bytes) } else { Err(Status::Unauthorized) };
                if let Err(status) = done {
                    self.ground.reply(ticket, status, &[]);
                }
            }
            Told::Answered { op, from, is_proven, is_here, status, bytes } => {
                let is_heard = is_proven && !is_here;
                self.on_answered(op, from, if is_heard { status } else { Status::TimedOut }, bytes);
            }
            _ => {}
        }
    }

    /// Whether an account is another one now, or at another number, so that an operation of this place comes no more.
    pub(crate) fn is_spent(ledger: &Ledger, spot: &(Key, u32)) -> bool {
        ledger.state().units().account(&spot.0).is_none_or(|account| account.sequence > spot.1)
    }
}

impl Module for Member {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.ground.now = now;
        match input {
            Input::Time => {}
            Input::Command(bytes) => self.on_command(bytes),
            Input::Done(Done::Signed { job, signature }) => {
                self.on_signed(job, Some(signature));
                self.on_made(job, Some(signature));
                self.on_errand(job, Some(signature));
            }
            Input::Done(Done::Verified { job, holds }) => self.on_checked(job, holds),
            Input::Done(Done::Failed { job }) => {
                self.on_signed(job, None);
                self.on_made(job, None);
                self.on_errand(job, None);
                self.on_checked(job, false);
            }
            Input::Told(told) => self.on_told(told),
        }
        if self.has_started && self.ground.is_past(self.ticked, TICK_MS) {
            self.ticked = now;
            self.go_on();
            self.tell_submissions();
            self.keep_seat();
            self.watch_mode();
        }
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.ground.poll(room)
    }

    fn wanted_at(&self) -> Instant {
        if self.has_started { self.ticked + Duration::from_ms(TICK_MS) } else { Instant::NEVER }
    }
}
