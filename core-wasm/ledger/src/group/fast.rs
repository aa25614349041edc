//! The fast path at a voter (FastPay, arXiv 2003.11506): it locks an operation, and acknowledges its certificate.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, Reader, Status, Writer};

use crate::key::Key;
use crate::limits::OUTBOX_MAX;
use crate::operation::{Action, Operation};
use crate::refusal::Refusal;

use super::event::Event;
use super::machine::Member;
use super::pending::Then;
use super::pending::{Check, For};
use super::safety::{Entry, Spot};
use super::statement::{Certificate, Says, Statement};
use super::wire;
use crate::rule::Rule;

impl Member {
    /// Somebody submits an operation.
    pub(crate) fn on_submitted(&mut self, owner: &NodeId, bytes: &[u8]) {
        let Ok(operation) = Operation::read(bytes) else { return };
        let id = operation.id();
        if self.pool.get(&id).is_some() {
            return self.lock(owner, &operation);
        }
        if self.ground.waiting() > OUTBOX_MAX {
            return;
        }
        let spot = (operation.payer(), operation.sequence);
        match self.is_welcome(&operation) {
            Err(why) => self.refuse(owner, &id, why),
            Ok(()) if !self.pool.has_room(&spot) => {
                let has_rival = self.pool.rival(&spot, &id).is_some();
                self.refuse(owner, &id, if has_rival { Refusal::Rival } else { Refusal::Later });
            }
            Ok(()) if !self.may_check_of(owner) => self.refuse(owner, &id, Refusal::Later),
            Ok(()) => {
                let claim = operation.claim(self.ledger.id());
                let owner = Some(*owner);
                self.check(
                    &claim,
                    Check::Operation { operation: alloc::boxed::Box::new(operation), owner, is_named: false },
                );
            }
        }
    }

    /// Whether an operation could come in the next block, behind those of its account that wait.
    fn is_welcome(&mut self, operation: &Operation) -> Result<(), Refusal> {
        let (epoch, _) = self.clock().ok_or(Refusal::Later)?;
        let mut row = self.before(operation);
        row.push(*operation);
        if !self.safety.has(Rule::SetAside) {
            return Ok(());
        }
        self.ledger.rehearse(epoch.max(self.ledger.head().epoch), &row).map(|_| ())
    }

    /// The operations of the same account that wait and come before this one: of rivals the first.
    fn before(&self, operation: &Operation) -> Vec<Operation> {
        let account = operation.payer();
        let mut row: Vec<Operation> = Vec::new();
        for pooled in self.pool.list() {
            let is_new = row.last().is_none_or(|last| last.sequence < pooled.spot.1);
            let is_spent = Self::is_spent(&self.ledger, &pooled.spot);
            if pooled.spot.0 == account && pooled.spot.1 < operation.sequence && is_new && !is_spent {
                row.push(pooled.operation);
            }
        }
        row
    }

    /// An operation came whose signature was verified.
    pub(crate) fn on_operation(&mut self, operation: &Operation, owner: Option<NodeId>, is_named: bool) {
        if is_named && !self.is_named(&operation.id()) {
            return;
        }
        let is_in = self.pool.insert(operation, is_named);
        match owner {
            Some(owner) if is_in => self.lock(&owner, operation),
            Some(owner) => self.refuse(&owner, &operation.id(), Refusal::Later),
            None if is_in && is_named => self.press(),
            None => {}
        }
    }

    /// Locks an operation that is in the pool, if it may.
    fn lock(&mut self, owner: &NodeId, operation: &Operation) {
        let (spot, id) = ((operation.payer(), operation.sequence), operation.id());
        let known =
            self.safety.locks().iter().find(|lock| lock.spot == spot && lock.operation == id).copied();
        match self.may_lock(&spot, &id, operation) {
            // Its record is there. Of what was acknowledged there may be none of a lock.
            Ok(()) if known.is_some_and(|lock| !lock.is_acknowledged) => {
                self.repeat(self.statement(Says::Lock, id), For::Owner(*owner));
            }
            Ok(()) => self.sign_for(Says::Lock, spot, id, operation.emit(), For::Owner(*owner)),
            Err(why) => self.refuse(owner, &id, why),
        }
    }

    fn may_lock(&mut self, spot: &Spot, id: &[u8; 32], operation: &Operation) -> Result<(), Refusal> {
        if Self::is_spent(&self.ledger, spot) {
            return Err(Refusal::SequenceUsed);
        }
        let lock = self.safety.locks().iter().find(|lock| lock.spot == *spot);
        let is_locked = lock.is_some_and(|lock| lock.operation == *id);
        let has_rival = self.pool.rival(spot, id).is_some() && self.safety.has(Rule::OneLock);
        if !is_locked && (has_rival || lock.is_some() && self.safety.has(Rule::OneLock)) {
            return Err(Refusal::Rival);
        }
        if !self.safety.may_lock(spot, id) || !self.can_promise() {
            return Err(Refusal::Later);
        }
        if is_locked || !self.safety.has(Rule::SetAside) { Ok(()) } else { self.set_aside(operation) }
    }

    /// Whether an operation can be done in the next block whatever else is in it, as far as this voter has promised more: its account has enough for what
    /// stands before it and stays open, and half of the free units are enough for all new receivers. (All that can be settled together takes at most twice
    /// what one voter has promised, while fewer than a third lie.)
    fn set_aside(&mut self, operation: &Operation) -> Result<(), Refusal> {
        let (epoch, _) = self.clock().ok_or(Refusal::Later)?;
        let Action::Transfer { to, .. } = operation.action else { return Err(Refusal::Slow) };
        let mut row: Vec<Operation> = Vec::new();
        let mut units = usize::from(self.is_new(&Key::account(&to)));
        for lock in self.safety.locks() {
            let promised = self.pool.get(&lock.operation).ok_or(Refusal::Later)?;
            let is_before = lock.spot.0 == operation.payer() && lock.spot.1 < operation.sequence;
            if is_before && !lock.is_acknowledged {
                return Err(Refusal::Later);
            }
            if is_before {
                let at = row.partition_point(|other| other.sequence < lock.spot.1);
                row.insert(at, promised.operation);
            }
            if let Action::Transfer { to, .. } = promised.operation.action {
                units += usize::from(self.is_new(&Key::account(&to)));
            }
        }
        row.push(*operation);
        let state = self.ledger.state();
        if !state.prefix().covers(&Key::account(&to)) {
            return Err(Refusal::Slow);
        }
        if units * 2 > state.units().most() - state.units().len() {
            return Err(Refusal::TableFull);
        }
        let epoch = epoch.max(self.ledger.head().epoch);
        if self.ledger.rehearse(epoch, &row)? { Ok(()) } else { Err(Refusal::Slow) }
    }

    /// Of the operations that this voter acknowledged, those that cannot be done in the next block, though all before them of their accounts were.
    pub(crate) fn overdue(&mut self) -> Vec<[u8; 32]> {
        let epoch = self.ledger.head().epoch.saturating_add(1);
        let mut overdue = Vec::new();
        for lock in self.safety.locks().iter().filter(|lock| lock.is_acknowledged) {
            let mut row: Vec<Operation> = Vec::new();
            for other in self.safety.locks() {
                let is_before =
                    other.is_acknowledged && other.spot.0 == lock.spot.0 && other.spot.1 <= lock.spot.1;
                if let Some(pooled) = self.pool.get(&other.operation).filter(|_| is_before) {
                    let at = row.partition_point(|other| other.sequence < pooled.spot.1);
                    row.insert(at, pooled.operation);
                }
            }
            if self.ledger.rehearse(epoch, &row).is_err() {
                overdue.push(lock.operation);
            }
        }
        overdue
    }

    fn is_new(&self, account: &Key) -> bool {
        self.ledger.state().units().account(account).is_none()
    }

    fn sign_for(&mut self, says: Says, spot: Spot, subject: [u8; 32], shown: Vec<u8>, to: For) {
        self.promise(self.statement(says, subject), spot, shown, to);
    }

    fn statement(&self, says: Says, subject: [u8; 32]) -> Statement {
        Statement { says, view: self.safety.view(), height: 0, round: 0, subject }
    }

    pub(crate) fn refuse(&mut self, owner: &NodeId, id: &[u8; 32], why: Refusal) {
        let mut writer = Writer::default();
        writer.u8(wire::REFUSED).bytes(id).u8(why.code());
        self.deliver(owner, &writer.finish());
    }

    /// Somebody shows a certificate.
    pub(crate) fn on_asked_certified(
        &mut self,
        from: &NodeId,
        ticket: u32,
        rest: &[u8],
    ) -> Result<(), Status> {
        if !self.may_prove_for(from) {
            return Err(Status::TooManyRequests);
        }
        self.read_certified(rest, Some((ticket, *from)))
    }

    /// Has an operation and its certificate checked: 184 bytes, and the certificate. Who asked with which ticket wants an acknowledgement.
    fn read_certified(&mut self, bytes: &[u8], asked: Option<(u32, NodeId)>) -> Result<(), Status> {
        let (bytes, rest) = bytes.split_at_checked(Operation::BYTES).ok_or(Status::BadRequest)?;
        let mut reader = Reader::new(rest);
        let certificate = Certificate::read(&mut reader).ok_or(Status::BadRequest)?;
        reader.finish().ok_or(Status::BadRequest)?;
        let operation = Operation::read(bytes).map_err(|_| Status::BadRequest)?;
        let Statement { says, view, height, round, subject } = certificate.statement;
        let is_lock = says == Says::Lock && height == 0 && round == 0 && subject == operation.id();
        if !is_lock || view != self.safety.view() {
            return Err(Status::BadRequest);
        }
        let needed = if self.safety.has(Rule::Quorum) { self.voters.fast() } else { 1 };
        let claims = certificate.claims(self.ledger.id(), &self.voters, needed);
        let mut claims = claims.ok_or(Status::BadRequest)?;
        if self.pool.get(&operation.id()).is_none() {
            claims.push(operation.claim(self.ledger.id()));
        }
        let is_taken = self.prove(&claims, certificate, Then::Certified { asked, operation });
        if is_taken { Ok(()) } else { Err(Status::TooManyRequests) }
    }

    /// A certificate was checked.
    pub(crate) fn on_certified(
        &mut self,
        ticket: Option<u32>,
        operation: &Operation,
        certificate: &Certificate,
        holds: bool,
    ) {
        let Some(ticket) = ticket else {
            if holds && self.take_certified(operation, certificate) {
                self.press();
            }
            return;
        };
        let status = match holds {
            false => Status::BadRequest,
            true if self.acknowledge(For::Ticket(ticket), operation, certificate) => return,
            true => Status::TooManyRequests,
        };
        self.ground.reply(ticket, status, &[]);
    }

    /// Notes that an operation is certified in this view; `false` if there is no room for it, or it is too late.
    fn take_certified(&mut self, operation: &Operation, certificate: &Certificate) -> bool {
        let spot = (operation.payer(), operation.sequence);
        let is_late = certificate.statement.view != self.safety.view() || Self::is_spent(&self.ledger, &spot);
        if is_late || !self.pool.insert(operation, true) {
            return false;
        }
        if let Some(pooled) = self.pool.get_mut(&operation.id()) {
            pooled.is_certified = true;
        }
        true
    }

    /// A voter that acknowledged an operation shows why: its record of that.
    pub(crate) fn on_record(&mut self, bytes: &[u8]) {
        if let Some(Entry::Signs { shown, .. }) = Entry::read(bytes) {
            _ = self.read_certified(&shown, None);
        }
    }

    pub(crate) fn on_asked_record(&mut self, ticket: u32, rest: &[u8]) -> Result<(), Status> {
        let operation = rest.try_into().map_err(|_| Status::BadRequest)?;
        let mut locks = self.safety.locks().iter();
        if !locks.any(|lock| lock.operation == operation && lock.is_acknowledged) {
            return Err(Status::NotFound);
        }
        self.ground.emit(&Event::Look { ticket, operation });
        Ok(())
    }

    /// Acknowledges an operation whose certificate was checked, if it may.
    pub(crate) fn acknowledge(&mut self, to: For, operation: &Operation, certificate: &Certificate) -> bool {
        let (spot, id) = ((operation.payer(), operation.sequence), operation.id());
        if !self.take_certified(operation, certificate) {
            return false;
        }
        let is_known = self.safety.locks().iter().any(|lock| lock.operation == id && lock.is_acknowledged);
        if !self.safety.may_acknowledge(&spot, &id) || !self.can_promise() {
            return false;
        }
        if is_known {
            return self.repeat(self.statement(Says::Acknowledge, id), to);
        }
        if self.safety.has(Rule::SetAside) && self.set_aside(operation).is_err() {
            return false;
        }
        let mut writer = Writer::default();
        writer.bytes(&operation.emit());
        certificate.emit(&mut writer);
        self.sign_for(Says::Acknowledge, spot, id, writer.finish(), to);
        true
    }
}
