//! How far the vote on the block that is to come has got.

use alloc::vec::Vec;

use tabmesh_port::Instant;

use crate::hash::Hash;
use crate::ledger::Ledger;
use crate::limits::SHOWN_HEIGHTS;

use super::statement::{Certificate, Says, Statement};
use super::wire::{Cast, Draft};

/// What one voter said.
#[derive(Clone, Copy, Default)]
pub(crate) struct Row {
    pub(crate) round: u32,
    pub(crate) gave_up: bool,
    /// One more than the latest round in which it saw a block notarised.
    pub(crate) notarised: u32,
    pub(crate) vote: Option<Cast>,
    pub(crate) finalisation: Option<Cast>,
}

/// A block that was notarised.
pub(crate) struct Notarised {
    pub(crate) draft: Draft,
    pub(crate) certificate: Certificate,
}

/// A block that was proposed.
pub(crate) struct Proposed {
    pub(crate) round: u32,
    pub(crate) draft: Draft,
    pub(crate) leader: u8,
    /// It follows from the last block.
    pub(crate) is_checked: bool,
    /// It does not, or its time is wrong.
    pub(crate) is_refused: bool,
}

/// The vote on one block.
pub(crate) struct Ballot {
    pub(crate) round: u32,
    pub(crate) entered: Instant,
    pub(crate) is_open: bool,
    pub(crate) has_cut: bool,
    pub(crate) has_proposed: bool,
    pub(crate) rows: Vec<Row>,
    /// Who leads which round.
    pub(crate) order: Vec<u8>,
    /// Voters who told what they have, bit by bit.
    pub(crate) reported: u64,
    pub(crate) proposed: Option<Proposed>,
    pub(crate) notarised: Option<Notarised>,
    pub(crate) told: Instant,
    pub(crate) looked: Instant,
    pub(crate) fetched: Instant,
}

impl Ballot {
    /// On the block that comes next.
    pub(crate) fn new(ledger: &Ledger) -> Self {
        let voters = ledger.state().voters();
        let order = voters.order(&ledger.id().genesis, ledger.head().height.saturating_add(1));
        let mut rows = Vec::with_capacity(voters.len());
        rows.resize(voters.len(), Row::default());
        Self {
            round: 0,
            entered: Instant(0),
            is_open: false,
            has_cut: false,
            has_proposed: false,
            rows,
            order,
            reported: 0,
            proposed: None,
            notarised: None,
            told: Instant(0),
            looked: Instant(0),
            fetched: Instant(0),
        }
    }

    /// How many voters have given up rounds below this one, or this node as its own row says.
    pub(crate) fn beyond(&self, round: u32) -> usize {
        let progress = |row: &&Row| row.round.saturating_add(row.gave_up.into()) >= round;
        self.rows.iter().filter(progress).count()
    }

    /// The latest round in which this node saw a block notarised, and one more.
    pub(crate) fn notarised_round(&self) -> u32 {
        self.notarised.as_ref().map_or(0, |notarised| notarised.certificate.statement.round.saturating_add(1))
    }

    /// The proposal or notarised block with this hash.
    pub(crate) fn draft(&self, block: &Hash) -> Option<&Draft> {
        let proposed = self.proposed.as_ref().map(|proposed| &proposed.draft);
        let notarised = self.notarised.as_ref().map(|notarised| &notarised.draft);
        proposed.into_iter().chain(notarised).find(|draft| draft.hash == *block)
    }

    /// Signatures under the same statement as this one of a voter.
    pub(crate) fn certificate(&self, statement: Statement) -> Certificate {
        let mut certificate = Certificate::new(statement);
        for (voter, row) in self.rows.iter().enumerate() {
            let cast = if statement.says == Says::Notarise { row.vote } else { row.finalisation };
            if let Some(cast) =
                cast.filter(|cast| cast.round == statement.round && cast.block == statement.subject)
            {
                certificate.add(voter as u8, cast.signature);
            }
        }
        certificate
    }
}

/// Bit by bit the voters who were seen to vote for each of the last blocks, the newest first.
#[derive(Clone, Copy, Default)]
pub(crate) struct Attendance {
    pub(crate) seen: [u64; SHOWN_HEIGHTS as usize],
    /// This node itself counted the votes on so many of them.
    pub(crate) watched: u32,
}

impl Attendance {
    /// A block is final. `votes` are those who were seen to vote for it, if this node counted.
    pub(crate) fn next(&mut self, votes: Option<u64>) {
        self.seen.rotate_right(1);
        if let Some(newest) = self.seen.first_mut() {
            *newest = votes.unwrap_or(0);
        }
        self.watched = if votes.is_some() { self.watched.saturating_add(1) } else { 0 };
    }

    /// Those who were seen at all.
    pub(crate) fn held(&self) -> u64 {
        self.seen.iter().fold(0, |all, seen| all | seen)
    }
}
