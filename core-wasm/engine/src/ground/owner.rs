//! What a job at the shell is for.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::id::NodeId;
use crate::io::LinkId;
use crate::link::ReplyTo;

/// What waits for a job, and what its number is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
pub(crate) enum What {
    /// The proof for the signalling server.
    Prove,
    /// A proof or an envelope of a link's handshake.
    SignLink,
    VerifyLink,
    SignEnvelope,
    /// An envelope that arrived, for a link that is being made or for a new one.
    VerifyEnvelope,
    /// A refusal, by the link that brought the offer. Up to here [linking](What::is_linking).
    SignRefusal,
    /// The block or message of a request that shall leave.
    Load,
    /// A serve's block.
    LoadServe,
    /// A placement's block.
    LoadPlacement,
    /// A neighbour's keys, by its link.
    Absent,
    /// For a neighbour's list, or for this node's own walk.
    Scan,
    /// A request's block that came. From here on [stores](What::is_store).
    Store,
    /// A placement's block.
    StorePlacement,
    /// A replica that another node places here, by the link it came by; without a parcel one that is released.
    StoreHeld,
    /// A topic's message, by its operation. From here on [topics](What::is_topic).
    SignMessage,
    CheckMessage,
    Recall,
}

impl What {
    pub(crate) fn is_linking(self) -> bool {
        self <= Self::SignRefusal
    }

    pub(crate) fn is_store(self) -> bool {
        (Self::Store..=Self::StoreHeld).contains(&self)
    }

    pub(crate) fn is_topic(self) -> bool {
        self >= Self::SignMessage
    }
}

/// What of a job is more than a number.
pub(crate) struct Parcel {
    /// Whom it is about.
    pub(crate) peer: NodeId,
    pub(crate) bytes: Vec<u8>,
    /// The link that brought it; `None` for the signalling server.
    pub(crate) by: Option<LinkId>,
    pub(crate) reply: Option<ReplyTo>,
}

/// One job at the shell.
pub(crate) struct Job {
    pub(super) id: u32,
    pub(crate) what: What,
    pub(crate) number: u32,
    /// The link that bulk is read for.
    pub(super) reads_for: Option<LinkId>,
    pub(crate) parcel: Option<Box<Parcel>>,
}

impl Job {
    /// The link that its number names.
    pub(crate) fn link(&self) -> Option<LinkId> {
        LinkId::new(self.number as u16)
    }

    /// The way back to whom it is about.
    pub(crate) fn reply(&self) -> Option<&ReplyTo> {
        self.parcel.as_ref()?.reply.as_ref()
    }
}
