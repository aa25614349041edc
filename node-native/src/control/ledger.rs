//! The ledger at a node: what a command wants of it, and what it is told. Amounts are decimal numbers of credits, as text.

use serde::{Deserialize, Serialize};

/// What is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LedgerWish {
    /// What an account has: [`LedgerDone::Balance`].
    Balance {
        /// 64 hexadecimal digits; without, this node's.
        id: Option<String>,
    },
    /// Send credits; [`super::Answer::Ledger`] tells what becomes of it, and then comes [`LedgerDone::Ended`].
    Send {
        /// 64 hexadecimal digits.
        to: String,
        /// Credits.
        amount: String,
        /// The last epoch in which it may be done; without, 18 epochs from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<u32>,
    },
    /// Ask for test credits; it is told the same way.
    Faucet {
        /// Which voter, 64 hexadecimal digits; without, all in turn.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
    },
    /// Operations in final blocks: [`LedgerDone::History`].
    History {
        /// Whose, 64 hexadecimal digits; without, this node's.
        id: Option<String>,
        /// From this block on.
        since: u32,
    },
    /// How the voters do: [`LedgerDone::Voters`].
    Voters {},
    /// How the node is: [`LedgerDone::Status`].
    Status {},
}

/// What came of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerDone {
    /// What an account has.
    Balance(BalanceLine),
    /// Nothing more is told of the operation.
    Ended {},
    /// Operations, the oldest first.
    History {
        /// Those.
        operations: Vec<PastLine>,
        /// There may be more from this block on.
        next: u32,
    },
    /// The voters, in their order.
    Voters(Vec<VoterLine>),
    /// How the node is.
    Status(StatusLine),
}

/// Where the chain is, as far as the node knows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HeadLine {
    /// Of the newest final block; 0 is the genesis.
    pub height: u32,
    /// Of that block.
    pub epoch: u32,
    /// Of the block that is to come.
    pub view: u32,
    /// `following`, `strong` or `eventual`.
    pub mode: String,
}

/// What an account has in the newest final block.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BalanceLine {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Whether there is an account.
    pub exists: bool,
    /// What is left when all that is on its way from here is done.
    pub spendable: String,
    /// What the account has.
    pub balance: String,
    /// What operations on their way from here take.
    pub promised: String,
    /// Bonded.
    pub bond: String,
    /// The epoch from which on the bond is free, if it leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlock: Option<u32>,
    /// Of its next operation.
    pub sequence: u32,
    /// In which block this is so.
    #[serde(flatten)]
    pub head: HeadLine,
}

/// What becomes of an operation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum NewsLine {
    /// It was made, and is on its way.
    Made(OperationLine),
    /// A voter's faucet gave it.
    Given {
        /// Which: 64 hexadecimal digits.
        voter: String,
        /// What it is.
        #[serde(flatten)]
        operation: OperationLine,
    },
    /// No other one takes its place in this view.
    Certified {},
    /// It comes in a block of this view.
    Settled {},
    /// It is in a final block.
    Included {
        /// Which.
        height: u32,
    },
    /// A voter refuses it for now; it is asked again.
    Refused {
        /// The number of the refusal.
        code: u8,
        /// In words.
        why: String,
    },
}

/// A transfer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OperationLine {
    /// Its id: 64 hexadecimal digits.
    pub operation: String,
    /// `transfer`, `bond`, `leave`, `set` or `renew`.
    pub kind: String,
    /// Whose: the id of its key, 64 hexadecimal digits.
    pub from: String,
    /// To whom, of a transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Credits, where there is an amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Credits.
    pub fee: String,
    /// Its number among the account's.
    pub sequence: u32,
    /// The last epoch in which it may be done.
    pub until: u32,
}

/// An operation in a final block.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PastLine {
    /// Which block.
    pub height: u32,
    /// Of it.
    pub epoch: u32,
    /// Its account had signed two of this number: both paid, and did nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conflict: bool,
    /// What it is.
    #[serde(flatten)]
    pub operation: OperationLine,
}

/// One voter.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct VoterLine {
    /// 64 hexadecimal digits.
    pub id: String,
    /// It is this node.
    pub own: bool,
    /// This node has a link to it.
    pub linked: bool,
    /// Of that link, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_ms: Option<f64>,
    /// Certificates of the last blocks with its signature: those that came first, so many as a certificate needs.
    pub signed: usize,
    /// How many certificates were looked at, at most 100.
    pub of: usize,
    /// The newest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u32>,
}

/// How a node of the ledger is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatusLine {
    /// The ledger's name: 64 hexadecimal digits.
    pub ledger: String,
    /// Credits are worth nothing here.
    pub test: bool,
    /// Where the chain is.
    #[serde(flatten)]
    pub head: HeadLine,
    /// The epoch by this node's clock; missing before the ledger begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch_now: Option<u64>,
    /// Milliseconds of an epoch.
    pub epoch_ms: u32,
    /// `votes`, `follows`, or `no journal`: a voter that does not vote.
    pub role: String,
    /// How many voters there are.
    pub voters: usize,
    /// Neighbours have other times.
    pub clock_doubtful: bool,
    /// Operations on their way from here.
    pub waiting: usize,
    /// Final blocks that are kept.
    pub blocks: u32,
    /// Records in the journal.
    pub records: u64,
    /// Bytes of the store's file.
    pub bytes: u64,
    /// Why nothing can be written now; missing while it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// What the faucet here gives, in credits; missing where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faucet: Option<String>,
}
