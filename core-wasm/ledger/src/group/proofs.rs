//! Certificates that are being checked: each is many signatures, and one that fails fails it.

use alloc::vec::Vec;

use tabmesh_port::NodeId;

use crate::limits::{PROOFS_MAX, PROOFS_OF_ONE_MAX, PROOFS_OF_OTHERS_MAX};
use crate::operation::Claim;

use super::machine::Member;
use super::pending::{Check, Proof, Then};
use super::statement::Certificate;

impl Member {
    /// Whether somebody's certificate may be checked: others leave room for what voters decide on, and nobody takes all of theirs.
    pub(crate) fn may_prove_for(&self, asker: &NodeId) -> bool {
        let (mut all, mut own) = (0, 0);
        for proof in &self.proofs {
            if let Then::Certified { asked: Some((_, id)), .. } = &proof.then {
                all += 1;
                own += usize::from(id == asker);
            }
        }
        all < PROOFS_OF_OTHERS_MAX && own < PROOFS_OF_ONE_MAX
    }

    /// Has all signatures checked; `false` where too many certificates wait.
    pub(crate) fn prove(&mut self, claims: &[Claim], certificate: Certificate, then: Then) -> bool {
        if self.proofs.len() >= PROOFS_MAX {
            return false;
        }
        let mut jobs = Vec::with_capacity(claims.len());
        for claim in claims {
            let job = self.ground.verify(claim);
            self.checks.push((job, Check::Proof));
            jobs.push(job);
        }
        self.proofs.push(Proof { jobs, certificate, then });
        true
    }

    pub(crate) fn on_proof(&mut self, job: u32, holds: bool) {
        let Some(at) = self.proofs.iter().position(|proof| proof.jobs.contains(&job)) else { return };
        let Some(proof) = self.proofs.get_mut(at) else { return };
        proof.jobs.retain(|other| *other != job);
        if holds && !proof.jobs.is_empty() {
            return;
        }
        let Proof { jobs, certificate, then } = self.proofs.remove(at);
        if self.proofs.is_empty() {
            self.proofs = Vec::new();
        }
        // Those that are still out say nothing any more.
        self.checks.retain(|(number, _)| !jobs.contains(number));
        match then {
            Then::Certified { asked, operation } => {
                let ticket = asked.map(|(ticket, _)| ticket);
                self.on_certified(ticket, &operation, &certificate, holds)
            }
            Then::Notarised { draft } if holds => self.take_notarised(draft, certificate),
            Then::Final { block, from } if holds => self.take_final(&block, &certificate, &from),
            _ => {}
        }
    }
}
