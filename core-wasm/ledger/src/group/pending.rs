//! What a node waits for: signatures of its own, checks, certificates, answers, operations of its owner on their way, and light nodes that wait for it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use tabmesh_port::{Instant, NodeId, Signature};

use crate::block::Block;
use crate::hash::Hash;
use crate::key::Key;
use crate::operation::Operation;

use super::statement::{Certificate, Says, Statement};
use super::wire::{Cast, Draft};

/// Who waits for a signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// All voters: a vote or a finalisation.
    Ballot,
    /// Who submitted an operation.
    Owner(NodeId),
    /// Who showed a certificate.
    Ticket(u32),
    /// This node's own owner, whose operation is certified.
    Own,
}

/// A statement on its way: it is written first, then signed.
pub(crate) struct Signing {
    /// Of its record; once that is kept, of the job that signs it.
    pub(crate) number: u32,
    pub(crate) is_kept: bool,
    pub(crate) statement: Statement,
    pub(crate) to: For,
}

/// A signature of somebody that is being checked.
pub(crate) enum Check {
    Operation { operation: Box<Operation>, owner: Option<NodeId>, is_named: bool },
    Cast { voter: u8, height: u32, says: Says, cast: Cast },
    Locked { operation: [u8; 32], voter: u8, signature: Signature },
    Acknowledged { operation: [u8; 32], voter: u8 },
    Proof,
}

impl Check {
    /// Whether it is of what this voter says.
    pub(crate) fn is_of(&self, of: u8, said: Says) -> bool {
        matches!(self, Self::Cast { voter, says, .. } if *voter == of && *says == said)
    }
}

/// A question under way, and what is done with its answer.
#[derive(Clone, Copy)]
pub(crate) enum Asked {
    Block,
    Notarised,
    Operations { is_named: bool },
    Certified { operation: [u8; 32], voter: u8 },
    Record,
    Faucet { ticket: u32 },
}

/// What a certificate is for.
pub(crate) enum Then {
    Certified { asked: Option<(u32, NodeId)>, operation: Operation },
    Notarised { draft: Draft },
    Final { block: Block, from: NodeId },
}

/// A certificate that is being checked.
pub(crate) struct Proof {
    /// Those of its jobs that have not ended.
    pub(crate) jobs: Vec<u32>,
    pub(crate) certificate: Certificate,
    pub(crate) then: Then,
}

/// A transfer that is being signed.
pub(crate) struct Making {
    pub(crate) job: u32,
    /// Of the command.
    pub(crate) ticket: u32,
    pub(crate) operation: Operation,
}

/// An operation on its way.
pub(crate) struct Submission {
    pub(crate) operation: Operation,
    pub(crate) id: Hash,
    /// Of those who locked it in this view.
    pub(crate) locks: Certificate,
    pub(crate) is_certified: bool,
    /// Those who acknowledged it, and those who are being asked.
    pub(crate) acknowledged: u64,
    pub(crate) asking: u64,
    pub(crate) is_settled: bool,
    /// Those who say that it can never be done.
    pub(crate) refusers: u64,
    /// Why it was refused, as was told last.
    pub(crate) told_code: u8,
    pub(crate) told: Instant,
}

/// An operation that this node itself has made, for its seat.
pub(crate) struct Errand {
    /// That signs it.
    pub(crate) job: u32,
    pub(crate) operation: Operation,
    pub(crate) id: Hash,
    /// It is on its way, like those of the owner.
    pub(crate) is_submitted: bool,
}

/// A light node that waits for a block.
pub(crate) struct Serving {
    pub(crate) ticket: u32,
    pub(crate) from: NodeId,
    pub(crate) height: u32,
    pub(crate) wants: Wants,
}

#[derive(Clone, Copy)]
pub(crate) enum Wants {
    /// Where a term opens.
    Term,
    /// The newest block; with the voters of its view or without, and what is under this key.
    Newest { lists: bool, key: Option<Key> },
}
