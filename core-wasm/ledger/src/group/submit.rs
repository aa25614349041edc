//! Operations of this node's owner: they are given to the voters until they are in a block.

use tabmesh_port::{NodeId, Signature, Writer};

use crate::hash::Hash;
use crate::limits::{AGAIN_MS, ASKING_MAX, SUBMISSIONS_MAX};
use crate::operation::Operation;
use crate::refusal::Refusal;

use super::event::Event;
use super::machine::Member;
use super::pending::{Asked, Check, Submission};
use super::statement::{Certificate, Says, Statement};
use super::wire;
use crate::rule::Rule;

fn bit(voter: u8) -> u64 {
    1_u64.checked_shl(voter.into()).unwrap_or(0)
}

impl Member {
    /// The owner wants something done.
    pub(crate) fn on_own(&mut self, bytes: &[u8]) {
        let operation = match Operation::read(bytes) {
            Ok(operation) => operation,
            Err(why) => return self.ground.emit(&Event::Dropped { operation: [0; 32], code: why.code() }),
        };
        let id = operation.id();
        if self.submissions.iter().any(|other| other.id == id) {
            return;
        }
        if self.submissions.len() >= SUBMISSIONS_MAX {
            let code = Refusal::Later.code();
            return self.ground.emit(&Event::Dropped { operation: id, code });
        }
        let locks = Certificate::new(self.locking(id));
        self.submissions.push(Submission {
            operation,
            id,
            locks,
            is_certified: false,
            acknowledged: 0,
            asking: 0,
            is_settled: false,
            refusers: 0,
            told_code: 0,
            told: self.ground.now,
        });
        self.submit(self.submissions.len() - 1);
    }

    fn locking(&self, subject: Hash) -> Statement {
        Statement { says: Says::Lock, view: self.safety.view(), height: 0, round: 0, subject }
    }

    /// Gives an operation to those who have not locked it, or its certificate to those who have not acknowledged it.
    fn submit(&mut self, at: usize) {
        let now = self.ground.now;
        let Some(submission) = self.submissions.get_mut(at) else { return };
        submission.told = now;
        if submission.is_certified {
            return self.show(at);
        }
        let mut writer = Writer::default();
        writer.u8(wire::SUBMITTED).bytes(&submission.operation.emit());
        let signers = submission.locks.signers;
        let bytes = writer.finish();
        let mut to: alloc::vec::Vec<NodeId> = alloc::vec::Vec::new();
        let mut is_own = false;
        for (voter, seat) in self.voters.seats().iter().enumerate() {
            if signers & bit(voter as u8) != 0 {
                continue;
            }
            if seat.id == self.ground.own {
                is_own = true;
            } else {
                to.push(seat.id);
            }
        }
        self.ground.tell(&to, &bytes);
        if is_own {
            let own = self.ground.own;
            self.deliver(&own, &bytes);
        }
    }

    fn show(&mut self, at: usize) {
        for voter in 0..self.voters.len() as u8 {
            let Some(submission) = self.submissions.get_mut(at) else { return };
            let Submission { operation, id, locks, acknowledged, asking, .. } = submission;
            let Some(seat) = self.voters.get(voter) else { return };
            if (*acknowledged | *asking) & bit(voter) != 0 || self.asked.len() >= ASKING_MAX {
                continue;
            }
            *asking |= bit(voter);
            let (to, operation_id) = (seat.id, *id);
            if to == self.ground.own {
                let (operation, certificate) = (*operation, locks.clone());
                if !self.acknowledge(super::pending::For::Own, &operation, &certificate) {
                    self.on_unanswered(&operation_id, voter);
                }
                continue;
            }
            let mut writer = Writer::default();
            writer.u8(wire::CERTIFIED).bytes(&operation.emit());
            locks.emit(&mut writer);
            self.ask(&to, &writer.finish(), Asked::Certified { operation: operation_id, voter });
        }
    }

    pub(crate) fn tell_submissions(&mut self) {
        for at in 0..self.submissions.len() {
            let Some(submission) = self.submissions.get_mut(at) else { return };
            if self.ground.is_past(submission.told, AGAIN_MS) {
                self.submit(at);
            }
        }
    }

    /// A voter says that it has locked an operation.
    pub(crate) fn on_locked(&mut self, voter: u8, view: u32, operation: Hash, signature: Signature) {
        let is_wanted = self.submissions.iter().any(|submission| {
            submission.id == operation
                && !submission.is_certified
                && submission.locks.signers & bit(voter) == 0
        });
        let statement = self.locking(operation);
        if !is_wanted || view != statement.view {
            return;
        }
        let mut certificate = Certificate::new(statement);
        certificate.add(voter, signature);
        let claims = certificate.claims(self.ledger.id(), &self.voters, 1);
        if let Some(claim) = claims.as_ref().and_then(|claims| claims.first()) {
            self.check(claim, Check::Locked { operation, voter, signature });
        }
    }

    /// That was so.
    pub(crate) fn on_lock(&mut self, operation: &Hash, voter: u8, signature: Signature) {
        let fast = if self.safety.has(Rule::Quorum) { self.voters.fast() } else { 1 };
        let view = self.safety.view();
        let Some(at) = self.submissions.iter().position(|submission| submission.id == *operation) else {
            return;
        };
        let Some(submission) = self.submissions.get_mut(at) else { return };
        if submission.is_certified || submission.locks.statement.view != view {
            return;
        }
        submission.locks.add(voter, signature);
        if submission.locks.len() >= fast {
            submission.is_certified = true;
            self.ground.emit(&Event::Certified { operation: *operation });
            self.submit(at);
        }
    }

    /// A voter answered a certificate.
    pub(crate) fn on_acknowledgement(&mut self, operation: &Hash, voter: u8, bytes: &[u8]) {
        let Some(signature) = bytes.first_chunk().filter(|_| bytes.len() == 64) else { return };
        let statement = Statement { says: Says::Acknowledge, ..self.locking(*operation) };
        let mut certificate = Certificate::new(statement);
        certificate.add(voter, Signature(*signature));
        let claims = certificate.claims(self.ledger.id(), &self.voters, 1);
        if let Some(claim) = claims.as_ref().and_then(|claims| claims.first()) {
            self.check(claim, Check::Acknowledged { operation: *operation, voter });
        }
    }

    pub(crate) fn on_acknowledged(&mut self, operation: &Hash, voter: u8) {
        let quorum = self.quorum();
        let Some(submission) = self.submissions.iter_mut().find(|submission| submission.id == *operation)
        else {
            return;
        };
        submission.acknowledged |= bit(voter);
        if !submission.is_settled && submission.acknowledged.count_ones() as usize >= quorum {
            submission.is_settled = true;
            self.ground.emit(&Event::Settled { operation: *operation });
        }
    }

    /// A question about a certificate ended without an answer that counts: it may be asked again.
    pub(crate) fn on_unanswered(&mut self, operation: &Hash, voter: u8) {
        for submission in self.submissions.iter_mut().filter(|submission| submission.id == *operation) {
            submission.asking &= !bit(voter);
        }
    }

    /// A voter refuses an operation. It is asked again, unless so many say that it can never be done that one of them is honest.
    pub(crate) fn on_refused(&mut self, voter: u8, operation: &Hash, code: u8) {
        let weak = self.weak();
        if Refusal::is_lasting(code)
            && let Some(at) = self.submissions.iter().position(|submission| submission.id == *operation)
            && let Some(submission) = self.submissions.get_mut(at)
        {
            submission.refusers |= bit(voter);
            if submission.refusers.count_ones() as usize >= weak {
                self.submissions.remove(at);
                return self.ground.emit(&Event::Dropped { operation: *operation, code });
            }
        }
        for submission in self.submissions.iter_mut().filter(|submission| submission.id == *operation) {
            if submission.told_code != code && code != Refusal::Later.code() {
                submission.told_code = code;
                self.ground.emit(&Event::Refused { operation: *operation, code });
            }
        }
    }

    /// A block is final: what is in it has arrived, and in a new view locks are collected anew.
    pub(crate) fn on_included(&mut self, operations: &[Operation], height: u32, is_view: bool) {
        let view = self.safety.view();
        let due = self.ledger.head().epoch.saturating_add(1);
        for at in (0..self.submissions.len()).rev() {
            let Some(submission) = self.submissions.get_mut(at) else { return };
            let (id, until) = (submission.id, submission.operation.until);
            let spot = (submission.operation.payer(), submission.operation.sequence);
            if is_view {
                submission.locks = Certificate::new(Statement { view, ..submission.locks.statement });
                (submission.is_certified, submission.is_settled) = (false, false);
                (submission.acknowledged, submission.asking, submission.refusers) = (0, 0, 0);
            }
            let mut there = operations.iter().filter(|other| (other.payer(), other.sequence) == spot);
            let (one, another) = (there.next(), there.next());
            if one.is_some_and(|one| one.id() == id) && another.is_none() {
                self.ground.emit(&Event::Included { operation: id, height });
                self.submissions.remove(at);
            } else if Self::is_spent(&self.ledger, &spot) {
                let code = if one.is_some() { Refusal::Rival } else { Refusal::SequenceUsed }.code();
                self.ground.emit(&Event::Dropped { operation: id, code });
                self.submissions.remove(at);
            } else if until < due {
                self.ground.emit(&Event::Dropped { operation: id, code: Refusal::Expired.code() });
                self.submissions.remove(at);
            }
        }
    }
}
