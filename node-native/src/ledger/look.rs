//! What faces see of the ledger: how this node is, and how its voters do.

use std::sync::atomic::Ordering;

use tabmesh_port::NodeId;

use super::faucet::Faucet;
use super::hub::Hub;
use super::view::{StatusView, VoterView};

impl Hub {
    pub(super) fn status(&self) -> StatusView {
        StatusView {
            ledger: self.ledger,
            is_test: self.genesis.is_test,
            terms: self.genesis.terms,
            starts_ms: self.genesis.starts_ms,
            head: self.head,
            seat: self.seat(),
            voters: self.voters.len(),
            votes: self.votes && self.seat().is_some(),
            is_clock_doubtful: self.is_doubtful.load(Ordering::Relaxed),
            waiting: self.own_waiting.len(),
            blocks: self.height_kept,
            records: self.store.records().unwrap_or(0),
            bytes: self.store.bytes(),
            trouble: self.trouble.clone(),
            faucet: self.faucet.as_ref().map(Faucet::amount),
        }
    }

    /// The number of this node among the voters.
    fn seat(&self) -> Option<u8> {
        self.voters.iter().position(|id| *id == self.own).map(|voter| voter as u8)
    }

    /// Others vote from this block on: what is known of earlier ones has other numbers.
    pub(super) fn on_voters(&mut self, height: u32, ids: &[u8]) {
        let voters: Vec<NodeId> = ids.as_chunks().0.iter().map(|id| NodeId(*id)).collect();
        if voters != self.voters {
            self.voters = voters;
            self.signers.retain(|(of, _)| *of >= height);
        }
    }

    pub(super) fn voter_views(&self) -> Vec<VoterView> {
        let view = |(voter, id): (usize, &NodeId)| {
            let signed = self.signers.iter().filter(|(_, signers)| signers >> voter & 1 == 1);
            let last = signed.clone().next_back().map(|(height, _)| *height);
            let is_own = *id == self.own;
            VoterView { id: *id, is_own, signed: signed.count(), of: self.signers.len(), last }
        };
        self.voters.iter().enumerate().map(view).collect()
    }
}
