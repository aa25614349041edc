//! What this node's owner wants: what accounts have, transfers, where the chain is, test credits.

use alloc::vec::Vec;

use tabmesh_port::limits::HELD_MAX;
use tabmesh_port::{NodeId, Reader, Signature, Status, Writer};

use crate::key::Key;
use crate::limits::{
    CREDIT, EVENTUAL_EPOCHS, FOLLOWING_MS, OCCUPANCY, SUBMISSIONS_MAX, VALID_EPOCHS, VIEW_HEIGHTS,
};
use crate::operation::{Action, Operation};
use crate::record::Record;
use crate::refusal::Refusal;

use super::event::{Event, Mode};
use super::machine::Member;
use super::pending::{Asked, Making};
use super::wire;

/// What an operation takes of its account besides its fee, as far as it says so.
fn amount_of(action: &Action) -> u64 {
    match *action {
        Action::Transfer { amount, .. } | Action::Renew { amount, .. } => amount,
        Action::Bond { credits } => u64::from(credits) * CREDIT,
        Action::Leave | Action::Join { .. } | Action::Thaw { .. } | Action::Set { .. } => 0,
    }
}

impl Member {
    /// Operations of an account that are on their way from here, by their numbers.
    pub(crate) fn waiting(&self, account: &Key) -> Vec<Operation> {
        let mut waiting: Vec<Operation> = Vec::new();
        let submitted = self.submissions.iter().map(|submission| &submission.operation);
        let errand = self.errand.iter().filter(|errand| !errand.is_submitted).map(|errand| &errand.operation);
        for operation in submitted.chain(self.making.iter().map(|making| &making.operation)).chain(errand) {
            if operation.payer() == *account && !Self::is_spent(&self.ledger, &(*account, operation.sequence))
            {
                let at = waiting.partition_point(|other| other.sequence < operation.sequence);
                waiting.insert(at, *operation);
            }
        }
        waiting
    }

    /// The number that an account's next operation takes: the first one that none on its way has.
    pub(crate) fn sequence(&self, account: &Key, waiting: &[Operation]) -> Option<u32> {
        let mut sequence = self.ledger.state().units().account(account)?.sequence;
        for operation in waiting {
            sequence += u32::from(operation.sequence == sequence);
        }
        Some(sequence)
    }

    pub(crate) fn on_account(&mut self, ticket: u32, id: &NodeId) {
        let key = Key::account(id);
        let waiting = self.waiting(&key);
        let (mut promised, sequence) = (0_u64, self.sequence(&key, &waiting).unwrap_or(0));
        for operation in &waiting {
            let takes = amount_of(&operation.action).saturating_add(operation.fee.into());
            promised = promised.saturating_add(takes);
        }
        let head = *self.ledger.head();
        let account = self.ledger.state().units().account(&key);
        let record = account.map_or(Vec::new(), |account| Record::Account(account).emit());
        let (height, epoch) = (head.height, head.epoch);
        self.ground.emit(&Event::Account { ticket, height, epoch, promised, sequence, record: &record });
    }

    /// Makes a transfer, if it can be done behind what is on its way.
    pub(crate) fn on_transfer(&mut self, ticket: u32, to: NodeId, amount: u64, until: u32) {
        match self.transfer(to, amount, until) {
            Ok(operation) => {
                let job = self.ground.sign(&operation.covered(self.ledger.id()));
                self.making.push(Making { job, ticket, operation });
            }
            Err(why) => self.ground.emit(&Event::Unmade { ticket, code: why.code() }),
        }
    }

    fn transfer(&mut self, to: NodeId, amount: u64, until: u32) -> Result<Operation, Refusal> {
        let (epoch, _) = self.clock().filter(|_| self.has_started).ok_or(Refusal::Later)?;
        if self.submissions.len() + self.making.len() >= SUBMISSIONS_MAX {
            return Err(Refusal::Later);
        }
        if amount == 0 {
            return Err(Refusal::Malformed);
        }
        let epoch = epoch.max(self.ledger.head().epoch);
        let until = if until == 0 { epoch.saturating_add(VALID_EPOCHS) } else { until };
        let account = Key::account(&self.ground.own);
        let mut row = self.waiting(&account);
        let sequence = self.sequence(&account, &row).ok_or(Refusal::UnknownAccount)?;
        let fee = self.fee(&to);
        let (action, key, signature) = (Action::Transfer { to, amount }, self.key, Signature::BLANK);
        let operation = Operation { action, fee, sequence, until, key, signature };
        let at = row.partition_point(|other| other.sequence < sequence);
        // Those behind it need it to be there.
        row.insert(at, operation);
        self.ledger.rehearse(epoch, &row)?;
        Ok(operation)
    }

    /// What a transfer to there costs.
    fn fee(&self, to: &NodeId) -> u32 {
        let state = self.ledger.state();
        let fee = state.terms.fee;
        if state.prefix().covers(&Key::account(to)) { fee } else { fee.saturating_mul(2) }
    }

    /// The node's key has signed a transfer, or could not.
    pub(crate) fn on_made(&mut self, job: u32, signature: Option<&Signature>) {
        let Some(at) = self.making.iter().position(|making| making.job == job) else { return };
        let Making { ticket, mut operation, .. } = self.making.remove(at);
        let Some(signature) = signature else {
            return self.ground.emit(&Event::Unmade { ticket, code: Refusal::BadSignature.code() });
        };
        operation.signature = *signature;
        let bytes = operation.emit();
        self.ground.emit(&Event::Made { ticket, operation: &bytes });
        self.on_own(&bytes);
    }

    /// This node knows that it is behind.
    pub(crate) fn is_behind(&mut self) {
        self.behind = self.ground.now;
    }

    fn mode(&self) -> Mode {
        let Some((epoch, _)) = self.clock() else { return Mode::Following };
        if epoch <= self.ledger.head().epoch.saturating_add(EVENTUAL_EPOCHS) {
            Mode::Strong
        } else if self.ground.is_past(self.behind, FOLLOWING_MS) {
            Mode::Eventual
        } else {
            Mode::Following
        }
    }

    /// Says where this node is.
    pub(crate) fn tell_head(&mut self) {
        let (head, view) = (*self.ledger.head(), self.safety.view());
        self.mode = self.mode();
        self.ground.emit(&Event::Head {
            height: head.height,
            epoch: head.epoch,
            view,
            hash: head.hash(),
            operations: self.operations,
            mode: self.mode,
        });
    }

    /// Says it again if the mode is another one.
    pub(crate) fn watch_mode(&mut self) {
        if self.mode() != self.mode {
            self.tell_head();
        }
    }

    /// Says who votes, and wants links to them: only what a voter's own link brings counts. Of more voters than may be held each node begins elsewhere; voters begin at themselves,
    /// so that of two one holds the other.
    pub(crate) fn hold_voters(&mut self) {
        let seats = self.voters.seats();
        let first = self.seat.map_or(self.ground.own.head() as usize % seats.len().max(1), usize::from);
        let mut ids = Vec::new();
        for seat in seats.iter().cycle().skip(first).take(seats.len()) {
            if seat.id != self.ground.own && ids.len() < HELD_MAX {
                ids.push(seat.id);
            }
        }
        self.ground.hold(&ids);
        let mut writer = Writer::default();
        for seat in self.voters.seats() {
            writer.bytes(&seat.id.0);
        }
        let height = self.safety.view() * VIEW_HEIGHTS + 1;
        self.ground.emit(&Event::Voters { height, ids: &writer.finish() });
    }

    /// Asks a voter for test credits.
    pub(crate) fn on_request(&mut self, ticket: u32, of: &NodeId) {
        if *of == self.ground.own || self.voters.find(of).is_none() {
            return self.ground.emit(&Event::Dripped { ticket, status: Status::BadRequest, bytes: &[] });
        }
        let mut writer = Writer::default();
        writer.u8(wire::FAUCET).bytes(&self.ground.own.0);
        self.ask(of, &writer.finish(), Asked::Faucet { ticket });
    }

    /// Somebody asks the faucet here.
    pub(crate) fn on_asked_faucet(&mut self, from: &NodeId, ticket: u32, rest: &[u8]) -> Result<(), Status> {
        let mut reader = Reader::new(rest);
        let id = *reader.id();
        reader.finish().ok_or(Status::BadRequest)?;
        if id != *from {
            return Err(Status::Forbidden);
        }
        if !self.is_test {
            return Err(Status::NotImplemented);
        }
        // Ids cost little: as many new accounts as are wanted would fill the table, and raise the rent of all.
        let units = self.ledger.state().units();
        let is_new = units.account(&Key::account(&id)).is_none();
        if is_new && units.len() as u64 * 100 >= units.most() as u64 * OCCUPANCY {
            return Err(Status::TooManyRequests);
        }
        self.ground.emit(&Event::Requested { ticket, id });
        Ok(())
    }
}
