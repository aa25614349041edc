//! What voters say of the vote on a block: signatures are checked and counted.

use tabmesh_port::NodeId;

use crate::limits::view_of;

use super::machine::Member;
use super::pending::Check;
use super::statement::{Certificate, Says, Statement};
use super::wire::{Cast, Standing};

impl Member {
    pub(crate) fn on_standing(&mut self, voter: u8, from: &NodeId, standing: &Standing) {
        let height = self.height();
        if standing.height > height {
            self.is_behind();
            return self.ask_block(from);
        }
        if Some(voter) == self.seat {
            return;
        }
        if standing.height < height {
            return self.on_late(voter, standing);
        }
        let Some(row) = self.ballot.rows.get_mut(usize::from(voter)) else { return };
        if (standing.round, standing.gave_up) >= (row.round, row.gave_up) {
            (row.round, row.gave_up) = (standing.round, standing.gave_up);
        }
        row.notarised = row.notarised.max(standing.notarised);
        let known = [row.vote, row.finalisation];
        let told = [standing.vote, standing.finalisation];
        for (says, (told, known)) in
            [Says::Notarise, Says::Finalise].into_iter().zip(told.into_iter().zip(known))
        {
            let Some(cast) = told.filter(|told| known.is_none_or(|known| told.round > known.round)) else {
                continue;
            };
            self.check_cast(voter, height, says, cast);
        }
    }

    pub(crate) fn check_cast(&mut self, voter: u8, height: u32, says: Says, cast: Cast) {
        if self.checks.iter().any(|(_, check)| check.is_of(voter, says)) {
            return;
        }
        let Cast { round, block: subject, signature } = cast;
        let statement = Statement { says, view: view_of(height), height, round, subject };
        let mut certificate = Certificate::new(statement);
        certificate.add(voter, signature);
        let claims = certificate.claims(self.ledger.id(), &self.voters, 1);
        if let Some(claim) = claims.as_ref().and_then(|claims| claims.first()) {
            self.check(claim, Check::Cast { voter, height, says, cast });
        }
    }

    /// A voter's signature, which was checked.
    pub(crate) fn on_cast(&mut self, voter: u8, says: Says, cast: Cast) {
        let Some(row) = self.ballot.rows.get_mut(usize::from(voter)) else { return };
        if says == Says::Finalise {
            row.finalisation = Some(cast);
            return self.press();
        }
        row.vote = Some(cast);
        let height = self.height();
        let Cast { round, block: subject, .. } = cast;
        let certificate =
            self.ballot.certificate(Statement { says, view: view_of(height), height, round, subject });
        if certificate.len() >= self.quorum()
            && round.saturating_add(1) > self.ballot.notarised_round()
            && let Some(draft) = self.ballot.draft(&subject).cloned()
        {
            self.take_notarised(draft, certificate);
        }
    }

    /// Takes a block that Q have finalised.
    pub(crate) fn end(&mut self) {
        let height = self.height();
        for voter in 0..self.ballot.rows.len() {
            let Some(cast) = self.ballot.rows.get(voter).and_then(|row| row.finalisation) else { continue };
            let Cast { round, block: subject, .. } = cast;
            let says = Says::Finalise;
            let certificate =
                self.ballot.certificate(Statement { says, view: view_of(height), height, round, subject });
            if certificate.len() < self.quorum() {
                continue;
            }
            if let Some(block) = self.resolve(&subject, voter as u8) {
                let votes = self.votes();
                self.finish(&block, &certificate, Some(votes));
            }
            return;
        }
    }

    /// Tells all voters how far this one is.
    pub(crate) fn tell_standing(&mut self) {
        let Some(seat) = self.seat else { return };
        let row = self.ballot.rows.get(usize::from(seat)).copied().unwrap_or_default();
        let standing = Standing {
            height: self.height(),
            round: row.round,
            gave_up: row.gave_up,
            notarised: row.notarised,
            vote: row.vote,
            finalisation: row.finalisation,
        };
        self.ballot.told = self.ground.now;
        let others = self.others();
        self.ground.tell(&others, &standing.emit());
    }
}
