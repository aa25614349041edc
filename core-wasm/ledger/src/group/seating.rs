//! A node whose owner has a bond keeps a seat: it asks for one, thaws it, and begins a new journal where it has none.

use tabmesh_port::Signature;

use crate::block::Block;
use crate::key::Key;
use crate::limits::{ERRAND_EPOCHS, SUBMISSIONS_MAX, view_of};
use crate::operation::{Action, Operation};
use crate::voters::place;

use super::machine::Member;
use super::pending::Errand;
use super::safety::Entry;
use crate::rule::Rule;

impl Member {
    /// Time has passed.
    pub(crate) fn keep_seat(&mut self) {
        let Some((epoch, _)) = self.clock() else { return };
        let head = self.ledger.head().epoch;
        // Until it is in a block, or can be in none any more: two of one number would be a conflict.
        if self.errand.as_ref().is_some_and(|errand| errand.operation.until > head) {
            return;
        }
        self.errand = None;
        let has_room = self.submissions.len() + self.making.len() < SUBMISSIONS_MAX;
        if epoch > head.saturating_add(ERRAND_EPOCHS) || !has_room {
            return;
        }
        let Some(action) = self.wanted() else { return };
        let account = Key::account(&self.ground.own);
        let Some(sequence) = self.sequence(&account, &self.waiting(&account)) else { return };
        let until = epoch.max(head).saturating_add(ERRAND_EPOCHS);
        let (fee, key, signature) = (self.ledger.state().terms.fee, self.key, Signature::BLANK);
        let operation = Operation { action, fee, sequence, until, key, signature };
        let job = self.ground.sign(&operation.covered(self.ledger.id()));
        self.errand = Some(Errand { job, operation, id: operation.id(), is_submitted: false });
    }

    /// What its seat needs.
    fn wanted(&self) -> Option<Action> {
        let state = self.ledger.state();
        let (own, voters, nonce) = (&self.ground.own, state.voters(), self.nonce);
        let account = state.units().account(&Key::account(own))?;
        if account.bond == 0 || account.unlock != 0 {
            return None;
        }
        let is_whole = self.safety.is_whole();
        if let Some(seat) = place(&voters.frozen, own).and_then(|at| voters.frozen.get(at)) {
            let is_done = seat.thaws && is_whole;
            return (!is_done).then_some(Action::Thaw { nonce, proof: seat.lot });
        }
        let is_there = place(&voters.seats, own).or(place(&voters.waiting, own)).is_some();
        (!is_there || !is_whole).then_some(Action::Join { nonce })
    }

    /// The node's key has signed something, or could not.
    pub(crate) fn on_errand(&mut self, job: u32, signature: Option<&Signature>) {
        let Some(errand) = self.errand.as_mut().filter(|errand| errand.job == job) else { return };
        match signature {
            Some(signature) => {
                errand.operation.signature = *signature;
                errand.is_submitted = true;
                let bytes = errand.operation.emit();
                self.on_own(&bytes);
            }
            None => self.errand = None,
        }
    }

    /// A block is final. If what this run has signed is in it, nothing that an earlier one has signed is of a later view: a journal that begins there is whole.
    pub(crate) fn on_ran(&mut self, block: &Block) {
        let is_own = |operation: &Operation| match &self.errand {
            Some(errand) if self.safety.has(Rule::OwnRun) => operation.id() == errand.id,
            _ => {
                let is_asking = matches!(operation.action, Action::Join { .. } | Action::Thaw { .. });
                is_asking && operation.key == self.key && !self.safety.has(Rule::OwnRun)
            }
        };
        if !block.operations.iter().any(is_own) {
            return;
        }
        self.errand = None;
        if !self.safety.is_whole() {
            let view = view_of(block.header.height) + u32::from(self.safety.has(Rule::NextView));
            let entry = Entry::Opened { view };
            self.safety.note(&entry);
            self.keep(&entry);
        }
    }
}
