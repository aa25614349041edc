//! What faces of a ledger are told.

use tabmesh_engine::NodeId;
use tabmesh_ledger::{Account, Hash, Mode, Operation, Terms};

/// Where the chain is, as far as this node knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Of the newest final block; 0 is the genesis.
    pub height: u32,
    /// Of that block.
    pub epoch: u32,
    /// Of the block that is to come.
    pub view: u32,
    /// That block's.
    pub hash: Hash,
    /// Operations in it.
    pub operations: u16,
    /// How it goes on.
    pub mode: Mode,
}

/// What an account has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountView {
    /// Whose.
    pub id: NodeId,
    /// `None` if there is none.
    pub account: Option<Account>,
    /// Grains that operations on their way from here take of it.
    pub promised: u64,
    /// Of its next operation.
    pub sequence: u32,
    /// In which block this is so.
    pub head: Head,
}

/// How a node of a ledger is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusView {
    /// The ledger's name.
    pub ledger: Hash,
    /// A test network.
    pub is_test: bool,
    /// What is in force.
    pub terms: Terms,
    /// Milliseconds since 1970 at which epoch 0 begins.
    pub starts_ms: u64,
    /// Where the chain is.
    pub head: Head,
    /// The number of this node among the voters, if it is one.
    pub seat: Option<u8>,
    /// The voters.
    pub voters: usize,
    /// It votes: its journal is whole from some view on.
    pub votes: bool,
    /// The wall clock is in doubt: its neighbours have other times.
    pub is_clock_doubtful: bool,
    /// Operations of its owner on their way.
    pub waiting: usize,
    /// Final blocks in its store.
    pub blocks: u32,
    /// Records in its journal.
    pub records: u64,
    /// Bytes of the store's file.
    pub bytes: u64,
    /// Why nothing can be written now: nothing is signed meanwhile.
    pub trouble: Option<String>,
    /// Grains that its faucet gives.
    pub faucet: Option<u64>,
}

/// How a voter does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VoterView {
    /// Its node.
    pub id: NodeId,
    /// It is this node.
    pub is_own: bool,
    /// Certificates of the last blocks that have its signature. A certificate has those that came first, so many as it needs.
    pub signed: usize,
    /// How many certificates were looked at.
    pub of: usize,
    /// The newest block among them that it signed.
    pub last: Option<u32>,
}

/// What becomes of an operation that somebody waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum News {
    /// It was made, and is on its way.
    Made(Box<Operation>),
    /// A faucet gave it.
    Given {
        /// Which voter's.
        voter: NodeId,
        /// What it is.
        operation: Box<Operation>,
    },
    /// No other one takes its place in this view, unless more lie than may.
    Certified,
    /// It comes in a block of this view, unless more lie than may.
    Settled,
    /// It is in a final block.
    Included {
        /// Which.
        height: u32,
    },
    /// A voter refuses it; it is asked again.
    Refused(u8),
    /// The wait is over, and it is in no block.
    Dropped(u8),
    /// It was not made.
    Unmade(u8),
    /// No faucet gave anything.
    NoGift(NoGift),
}

/// Why no faucet gave anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoGift {
    /// No voter has one, or the network is no test.
    Nobody,
    /// This id had something a while ago.
    Had,
    /// The epoch's gifts are given.
    Later,
    /// No voter answered.
    Unreachable,
    /// Whoever was named is no voter, or this node itself.
    NoVoter,
    /// What came is no gift.
    Wrong,
}

/// An operation in a final block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Past {
    /// Which block.
    pub height: u32,
    /// Of it.
    pub epoch: u32,
    /// What it is.
    pub operation: Operation,
    /// Its account has signed another one of this number: both paid their fee, and did nothing.
    pub is_conflict: bool,
}
