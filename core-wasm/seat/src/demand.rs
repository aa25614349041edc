//! What the seats want of their shell.

use alloc::vec::Vec;

use tabmesh_engine::OpId;
use tabmesh_port::{NodeId, Port, PublicKey, Signature, Status};

/// One thing for the shell to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Demand {
    /// [`Command::Open`](tabmesh_engine::Command::Open).
    Open(Vec<u8>),
    /// [`Command::Hold`](tabmesh_engine::Command::Hold).
    Hold(Vec<NodeId>),
    /// [`Command::Tell`](tabmesh_engine::Command::Tell).
    Tell {
        /// Whose.
        port: Port,
        /// For whom.
        to: NodeId,
        /// What.
        bytes: Vec<u8>,
    },
    /// [`Command::Ask`](tabmesh_engine::Command::Ask): the shell keeps the bytes until they are wanted or the operation ends.
    Ask {
        /// Its highest bit is set: the shell's own operations leave it clear.
        op: OpId,
        /// Whose.
        port: Port,
        /// Who is asked.
        to: NodeId,
        /// How long the answer is waited for.
        within_ms: u32,
        /// What.
        bytes: Vec<u8>,
    },
    /// [`Command::Ask`](tabmesh_engine::Command::Ask) of [`LISTS`](tabmesh_engine::io::LISTS), without bytes.
    List {
        /// As of a question.
        op: OpId,
        /// Whose list.
        place: NodeId,
        /// Whether this node shall be on it.
        stays: bool,
        /// How long it is waited for.
        within_ms: u32,
    },
    /// [`Command::Cancel`](tabmesh_engine::Command::Cancel).
    Cancel(OpId),
    /// [`Command::Reply`](tabmesh_engine::Command::Reply).
    Reply {
        /// How it went.
        status: Status,
        /// From [`Event::Asked`](tabmesh_engine::Event::Asked).
        ticket: Vec<u8>,
        /// The answer.
        bytes: Vec<u8>,
    },
    /// A module asks whoever is at a port where no module sits: somebody of the shell's, or nobody.
    /// [`Seats::answered_here`](crate::Seats::answered_here) ends it.
    AskHere {
        /// Names the question.
        ticket: u32,
        /// Whose.
        from: Port,
        /// Who is asked.
        to: Port,
        /// How long the answer is waited for.
        within_ms: u32,
        /// What.
        bytes: Vec<u8>,
    },
    /// What somebody of the shell's asked with [`Seats::ask_here`](crate::Seats::ask_here) ended.
    AnsweredHere {
        /// Who asked.
        port: Port,
        /// The asker's number for it.
        op: u32,
        /// This node ended it, not who was asked.
        is_here: bool,
        /// How it went.
        status: Status,
        /// The answer.
        bytes: Vec<u8>,
    },
    /// Sign with the node's key; [`Seats::signed`](crate::Seats::signed) or [`Seats::failed`](crate::Seats::failed) ends it.
    Sign {
        /// Whose.
        port: Port,
        /// Its number.
        job: u32,
        /// What is signed, all of it.
        bytes: Vec<u8>,
    },
    /// Check a signature; [`Seats::verified`](crate::Seats::verified) or [`Seats::failed`](crate::Seats::failed) ends it.
    Verify {
        /// Whose.
        port: Port,
        /// Its number.
        job: u32,
        /// By whom it should be.
        key: PublicKey,
        /// The signature.
        signature: Signature,
        /// What it should cover.
        bytes: Vec<u8>,
    },
    /// Something for the face of a module.
    Event {
        /// Whose.
        port: Port,
        /// What.
        bytes: Vec<u8>,
    },
}
