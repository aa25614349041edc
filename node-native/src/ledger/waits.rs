//! Who waits for what the module does.

use std::collections::HashMap;

use tabmesh_engine::NodeId;
use tokio::sync::mpsc;

use super::view::{News, NoGift};

/// A face that follows an operation.
pub(super) type Told = mpsc::UnboundedSender<News>;

/// For whom a transfer is made.
pub(super) enum For {
    Owner(Told),
    /// A question to the faucet, and whose.
    Gift(u32, NodeId),
}

/// Questions to faucets that are under way.
#[derive(Default)]
pub(super) struct Gifts {
    pub(super) asked: HashMap<u32, Asking>,
}

/// One question: it goes to one voter after the other, until one gives something.
pub(super) struct Asking {
    pub(super) voter: NodeId,
    pub(super) left: Vec<NodeId>,
    /// The best reason so far why nothing was given.
    pub(super) why: NoGift,
    pub(super) news: Told,
}
