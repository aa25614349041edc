//! Operations of a light node's owner: they are given to the voters until the account is proven to be beyond them.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, Output, Reader, Signature, Wish, Work, Writer};

use crate::group::wire;
use crate::limits::{SUBMISSIONS_MAX, VALID_EPOCHS};
use crate::operation::{Action, Operation};
use crate::record::Account;
use crate::refusal::Refusal;

use super::face::LightEvent;
use super::follower::Follower;
use super::node::Light;

impl Light {
    pub(crate) fn on_submit(&mut self, bytes: &[u8]) {
        match Operation::read(bytes) {
            Ok(operation) if self.submitted.len() < SUBMISSIONS_MAX => {
                if self.submitted.iter().all(|other| other.id() != operation.id()) {
                    self.submitted.push(operation);
                    self.tell_submitted();
                }
            }
            read => {
                let operation = read.map_or([0; 32], |operation| operation.id());
                self.tell(&LightEvent::Over { operation, is_used: false });
            }
        }
    }

    /// Gives all that wait to all voters who are known.
    pub(crate) fn tell_submitted(&mut self) {
        self.told = self.now;
        let Some(belief) = self.follower.as_ref().map(Follower::belief) else { return };
        let mut ids = Vec::new();
        for voter in &belief.voters {
            ids.push(NodeId::of_key(&voter.key));
        }
        for operation in &self.submitted {
            let mut writer = Writer::default();
            writer.u8(wire::SUBMITTED).bytes(&operation.emit());
            self.outbox.put(&Output::Wish(Wish::Tell { to: &ids, bytes: &writer.finish() }));
        }
    }

    /// The account is proven to be so: operations are over.
    pub(crate) fn on_account(&mut self, account: Account, epoch: u32) {
        self.sequence = Some(account.sequence);
        for at in (0..self.submitted.len()).rev() {
            let Some(operation) = self.submitted.get(at) else { return };
            let is_used = operation.sequence < account.sequence;
            if operation.payer() == account.key && (is_used || operation.until <= epoch) {
                let operation = self.submitted.remove(at).id();
                self.tell(&LightEvent::Over { operation, is_used });
            }
        }
    }

    pub(crate) fn on_said(&mut self, from: &NodeId, bytes: &[u8]) {
        let mut reader = Reader::new(bytes);
        let (kind, operation, code) = (reader.u8(), *reader.array(), reader.u8());
        let belief = self.follower.as_ref().map(Follower::belief);
        let is_voter = belief
            .is_some_and(|belief| belief.voters.iter().any(|voter| NodeId::of_key(&voter.key) == *from));
        let is_own = self.submitted.iter().any(|other| other.id() == operation);
        if kind == wire::REFUSED && reader.finish().is_some() && is_voter && is_own {
            self.tell(&LightEvent::Refused { operation, code });
        }
    }

    /// Makes a transfer behind those on their way. Whether the account has so much the voters say.
    pub(crate) fn on_transfer(&mut self, ticket: u32, to: NodeId, amount: u64, until: u32) {
        let (Some(grounds), Some(epoch), Some(sequence)) = (&self.grounds, self.epoch(), self.sequence)
        else {
            return self.tell(&LightEvent::Unmade { ticket, code: Refusal::UnknownAccount.code() });
        };
        if amount == 0 {
            return self.tell(&LightEvent::Unmade { ticket, code: Refusal::Malformed.code() });
        }
        if self.making.is_some() || self.submitted.len() >= SUBMISSIONS_MAX {
            return self.tell(&LightEvent::Unmade { ticket, code: Refusal::Later.code() });
        }
        let until = if until == 0 { epoch.saturating_add(VALID_EPOCHS) } else { until };
        let key = self.key;
        let own = self.submitted.iter().filter(|other| other.key == key && other.sequence >= sequence);
        let sequence = own.map(|other| other.sequence.saturating_add(1)).max().unwrap_or(sequence);
        let (action, fee, signature) = (Action::Transfer { to, amount }, grounds.fee, Signature::BLANK);
        let operation = Operation { action, fee, sequence, until, key, signature };
        let (bytes, job) = (operation.covered(&grounds.id), self.number());
        self.outbox.put(&Output::Work(Work::Sign { job, bytes: &bytes }));
        self.making = Some((job, ticket, operation));
    }

    /// The node's key has signed a transfer, or could not.
    pub(crate) fn on_signed(&mut self, job: u32, signature: Option<&Signature>) {
        let Some((_, ticket, operation)) = self.making.take_if(|(number, ..)| *number == job) else { return };
        let Some(signature) = signature else {
            return self.tell(&LightEvent::Unmade { ticket, code: Refusal::BadSignature.code() });
        };
        let operation = Operation { signature: *signature, ..operation }.emit();
        self.tell(&LightEvent::Made { ticket, operation: &operation });
        self.on_submit(&operation);
    }
}
