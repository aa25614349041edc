//! What a client and the node say while the client is attached at a port: it is a module of the node then, and the node's peers
//! reach it by the port's number.
//!
//! ```text
//! client                                          node
//! header {"version":1,"request":{"attach":{"port":1952805748,"version":1}}}
//!                                                 header {"attached":{}}
//!                                                 header {"heard":{"peer":{"id":"9f…","version":1}}}
//! header {"ask":{"op":1,"to":"9f…","within_ms":5000}}
//! data   hello        end
//!                                                 header {"heard":{"replied":{"op":1,"code":100,…}}}
//!                                                 data   hello yourself        end
//! ```
//!
//! Both sides go on at once, in any order; what one of them says comes at the other in its order. A `tell`, `ask`, `ask_here`, `reply`, `said`, `asked`
//! or `replied` is followed by its bytes, as data frames where there are any, and by an end. When the connection closes, the port is
//! closed, the client's asks are cancelled, and its open questions answered `Unavailable` (303). A client that is 256 headers
//! behind is detached; before, what is told is lost and what is asked refused. The client never names its port again: the node
//! puts it on, so nobody speaks on another's.

use serde::{Deserialize, Serialize};

/// What an attached client wants.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// Tell a module of another node the data that follow, at most 1 KiB, once: whether it comes nobody says.
    Tell {
        /// 64 hexadecimal digits.
        to: String,
    },
    /// Ask a module of another node the data that follow, at most 32 KiB; ends once, by [`News::Replied`].
    Ask {
        /// The client's own number for it. An ask with the number of one that is under way is not sent, and has no end of its own.
        op: u32,
        /// 64 hexadecimal digits.
        to: String,
        /// How long the answer is waited for: at most 120,000.
        within_ms: u32,
    },
    /// Ask whoever is at another port of this node, a module or a program, the data that follow, at most 32 KiB; ends once, by
    /// [`News::Replied`]. The application at port 0 is nobody.
    AskHere {
        /// As of an ask, and among its numbers.
        op: u32,
        /// Which.
        port: u32,
        /// How long the answer is waited for: at most 120,000.
        within_ms: u32,
    },
    /// Answer [`News::Asked`] by the data that follow, at most 32 KiB. One that comes too late, or a second one, goes nowhere.
    Reply {
        /// From the question.
        ticket: u32,
        /// How it went: a status code, 100 if well.
        code: u16,
    },
    /// Keep links to these, the first 40; replaces what was held before.
    Hold {
        /// 64 hexadecimal digits each.
        ids: Vec<String>,
    },
    /// Forget an ask: it has no end then.
    Cancel {
        /// Its number.
        op: u32,
    },
}

/// What an attached client hears.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// Another node's module of this port tells the data that follow.
    Said {
        /// Who says so: 64 hexadecimal digits.
        from: String,
        /// Its own link brought it; anything else is hearsay.
        proven: bool,
    },
    /// Another node's module of this port, or whoever is at another port of this node, asks the data that follow; [`Order::Reply`] answers. Of 64 that wait for answers the next is
    /// refused.
    Asked {
        /// Names the question until it is answered.
        ticket: u32,
        /// Who says so: 64 hexadecimal digits.
        from: String,
        /// The port of this node that asks; missing where another node does, whatever that one says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        here: Option<u32>,
        /// Its own link brought it; anything else is hearsay.
        proven: bool,
        /// How long an answer is waited for.
        within_ms: u32,
    },
    /// An [`Order::Ask`] or [`Order::AskHere`] ended; the answer follows as data.
    Replied {
        /// Its number.
        op: u32,
        /// How: a status code, 100 if well.
        code: u16,
        /// Whoever was asked answered over its own link.
        proven: bool,
        /// This node ended it, not who was asked.
        here: bool,
    },
    /// At a linked peer this port is open, or no longer.
    Peer {
        /// 64 hexadecimal digits.
        id: String,
        /// The version that is spoken there; missing if the port is not open there, or the peer no longer linked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<u8>,
    },
    /// The link to a held node is there.
    Up {
        /// 64 hexadecimal digits.
        id: String,
        /// The round trip in microseconds as last measured; 0 until then.
        rtt_us: u32,
        /// It goes through a relay.
        relayed: bool,
    },
    /// The link to a held node is lost, or could not be made. It is tried again while the node is held.
    Down {
        /// 64 hexadecimal digits.
        id: String,
        /// Why: the number of a `Reason`.
        reason: u8,
    },
}

impl Order {
    /// Whether data and an end follow.
    pub fn has_data(&self) -> bool {
        matches!(self, Self::Tell { .. } | Self::Ask { .. } | Self::AskHere { .. } | Self::Reply { .. })
    }
}

impl News {
    /// Whether data and an end follow.
    pub fn has_data(&self) -> bool {
        matches!(self, Self::Said { .. } | Self::Asked { .. } | Self::Replied { .. })
    }
}
