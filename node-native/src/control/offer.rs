//! Tasks of others at a node: what a command wants of that, and what it is told.

use serde::{Deserialize, Serialize};

/// Whether to run tasks of others, or how that goes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OfferWish {
    /// Run them, so many at a time; without a number as the node's settings say.
    On {
        /// 1 to 255.
        cores: Option<u8>,
        /// Whose this node is: 1 to 32 bytes; without, as the node's settings say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// What a giga of gas costs at least: nothing is paid for tasks yet, so 0.
        #[serde(default)]
        least_price: u64,
    },
    /// Run none, and stop those that run.
    Off {},
    /// Tell how it goes.
    Status {},
}

/// What is offered, and what is done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OfferLines {
    /// What tasks are given; missing where nothing is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferLine>,
    /// Whether others know of it: a node that has yet to join the network tells nobody.
    pub announced: bool,
    /// Tasks that were run since the node began, by the name of their status.
    pub done: Vec<(String, u64)>,
    /// Gas of those that came to a result.
    pub gas: u64,
    /// For whom, who was served latest first: at most 64.
    pub served: Vec<ServedLine>,
    /// The batches that are run now.
    pub now: Vec<BatchLine>,
}

/// What tasks of others are given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OfferLine {
    /// Tasks at a time.
    pub cores: u8,
    /// Whose this node is: the hash of a name, 64 hexadecimal digits; missing where it is by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The highest limit of gas.
    pub gas: u64,
    /// The most memory of one, in bytes.
    pub memory_bytes: u64,
    /// The longest input.
    pub input_bytes: u32,
    /// How long one may take.
    pub seconds: u64,
}

/// What was done for one requester.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ServedLine {
    /// 64 hexadecimal digits.
    pub requester: String,
    /// Tasks that were run.
    pub tasks: u64,
    /// Their gas.
    pub gas: u64,
}

/// A batch that is run now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BatchLine {
    /// For whom: 64 hexadecimal digits.
    pub requester: String,
    /// Its tasks.
    pub tasks: u16,
    /// Those that were run.
    pub done: u16,
}
