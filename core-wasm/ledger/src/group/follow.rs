//! Blocks that are final: taken, kept by the shell, given to who is behind, asked of who is ahead.

use tabmesh_port::{NodeId, Reader, Status, Writer};

use crate::block::Block;
use crate::limits::{AGAIN_MS, IDLE_MS, opens_term, view_of};
use crate::operation::Operation;

use super::ballot::{Ballot, Notarised};
use super::event::Event;
use super::machine::Member;
use super::pending::Then;
use super::pending::{Asked, Check};
use super::safety::Entry;
use super::statement::{Certificate, Says, Statement};
use super::wire::{self, Draft, short_of};

/// Where in an epoch who does not vote looks for its block, in thousandths.
const FOLLOWS: u64 = 850;

impl Member {
    /// A block from this node's own store.
    pub(crate) fn replay(&mut self, bytes: &[u8]) {
        if let Some((_, block)) = Certificate::with_block(bytes)
            && self.ledger.apply(&block).is_ok()
        {
            self.begin(&block, None);
        }
    }

    /// A record from this node's own journal: a notarised block may be all that there is of it.
    pub(crate) fn recall(&mut self, entry: &Entry) {
        let Entry::Signs { statement, shown, .. } = entry else { return };
        let height = self.height();
        if matches!(statement.says, Says::Lock | Says::Acknowledge) && statement.view == view_of(height) {
            if let Some(Ok(operation)) = shown.get(..Operation::BYTES).map(Operation::read)
                && self.pool.insert(&operation, true)
                && let Some(pooled) = self.pool.get_mut(&statement.subject)
            {
                pooled.is_certified |= statement.says == Says::Acknowledge;
            }
            return;
        }
        if statement.says != Says::Finalise || statement.height != height {
            return;
        }
        let Some((certificate, block)) = Certificate::with_block(shown) else { return };
        let hash = block.header.hash();
        let mut shorts = alloc::vec::Vec::new();
        for operation in &block.operations {
            self.pool.insert(operation, true);
            shorts.push(short_of(&hash, &operation.id()));
        }
        if let Some(row) = self.seat.and_then(|seat| self.ballot.rows.get_mut(usize::from(seat))) {
            row.notarised = certificate.statement.round.saturating_add(1);
        }
        self.ballot.notarised =
            Some(Notarised { draft: Draft { header: block.header, hash, shorts }, certificate });
    }

    /// Who does not vote asks for the block of each epoch. Who does asks where one is missing: it may vote no more, and nobody tells it.
    pub(crate) fn follow(&mut self, epoch: u32, part: u64) {
        let head = self.ledger.head().epoch;
        let is_due = epoch > head.saturating_add(1) || epoch > head && part >= FOLLOWS;
        let again = if self.seat.is_some() { IDLE_MS } else { AGAIN_MS };
        if is_due && !self.is_asking_block() && self.ground.is_past(self.ballot.looked, again) {
            self.ballot.looked = self.ground.now;
            self.turns = self.turns.wrapping_add(1);
            let voter = self.turns % self.voters.len().max(1) as u64;
            if let Some(id) = self.voters.get(voter as u8).map(|seat| seat.id) {
                self.ask_block(&id);
            }
        }
    }

    /// Asks for the block that is to come, one at a time.
    pub(crate) fn ask_block(&mut self, of: &NodeId) {
        if !self.is_asking_block() {
            let mut writer = Writer::default();
            writer.u8(wire::BLOCK).u32(self.height());
            self.ask(of, &writer.finish(), Asked::Block);
        }
    }

    fn is_asking_block(&self) -> bool {
        self.asked.iter().any(|(_, asked)| matches!(asked, Asked::Block))
    }

    pub(crate) fn on_asked_block(&mut self, ticket: u32, rest: &[u8]) -> Result<(), Status> {
        let mut reader = Reader::new(rest);
        let height = reader.u32();
        reader.finish().ok_or(Status::BadRequest)?;
        if height == 0 || height >= self.height() {
            return Err(Status::NotFound);
        }
        self.ground.emit(&Event::Fetch { ticket, height });
        Ok(())
    }

    pub(crate) fn on_block(&mut self, from: &NodeId, bytes: &[u8]) {
        let Some((certificate, block)) = Certificate::with_block(bytes) else { return };
        let height = self.height();
        let Statement { says, view, height: of, subject, .. } = certificate.statement;
        let is_next = says == Says::Finalise && of == height && view == view_of(height);
        if !is_next || block.header.height != height || subject != block.header.hash() {
            return;
        }
        if let Some(claims) = certificate.claims(self.ledger.id(), &self.voters, self.quorum()) {
            self.prove(&claims, certificate, Then::Final { block, from: *from });
        }
    }

    /// A block came with its certificate, which was checked. Who gave it may have the next one.
    pub(crate) fn take_final(&mut self, block: &Block, certificate: &Certificate, from: &NodeId) {
        if block.header.height == self.height() {
            self.is_behind();
            self.finish(block, certificate, None);
            self.ask_block(from);
        }
    }

    /// Takes a final block. `votes` are those who were seen to vote for it, if this node counted.
    pub(crate) fn finish(&mut self, block: &Block, certificate: &Certificate, votes: Option<u64>) {
        if self.ledger.apply(block).is_err() {
            return;
        }
        let mut writer = Writer::default();
        certificate.emit(&mut writer);
        let height = block.header.height;
        if opens_term(height) {
            self.ledger.state().voters().emit(&mut writer);
        }
        writer.bytes(&block.emit());
        self.ground.emit(&Event::Final { height, bytes: &writer.finish() });
        self.begin(block, votes);
        self.tell_head();
        self.tell_standing();
    }

    /// The vote on the next block begins.
    fn begin(&mut self, block: &Block, votes: Option<u64>) {
        let before = self.safety.view();
        let ledger = &self.ledger;
        self.safety.on_final(block.header.height, |spot| Self::is_spent(ledger, spot));
        let is_view = self.safety.view() != before;
        let due = block.header.epoch.saturating_add(1);
        let locks = self.safety.locks();
        self.pool.forget(is_view);
        self.pool.retain(|pooled| {
            let is_promised = locks.iter().any(|lock| lock.operation == pooled.id);
            let may_come = pooled.operation.until >= due && !Self::is_spent(ledger, &pooled.spot);
            may_come && (!pooled.is_named || is_promised)
        });
        self.attendance.next(votes);
        self.on_ran(block);
        let voters = core::mem::replace(&mut self.voters, self.ledger.state().voters().clone());
        self.seat = self.voters.find(&self.ground.own);
        if is_view {
            // What voters of the last view said has no number in this one.
            self.checks
                .retain(|(_, check)| !matches!(check, Check::Locked { .. } | Check::Acknowledged { .. }));
            let are_others =
                voters.seats().iter().zip(self.voters.seats()).any(|(one, other)| one.id != other.id);
            if self.has_started && (are_others || voters.len() != self.voters.len()) {
                self.hold_voters();
            }
        }
        self.ballot = Ballot::new(&self.ledger);
        self.operations = block.operations.len() as u16;
        self.on_included(&block.operations, block.header.height, is_view);
    }
}
