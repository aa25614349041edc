//! What the overlay tells a module.

use crate::id::NodeId;
use crate::number::Port;
use crate::status::{Reason, Status};
use crate::table::table;

table! {
    /// Overlay → module. `is_proven` is true where the sender's own sealed link brought it; anything else is hearsay, unless the module
    /// signed it.
    pub enum Told {
        /// A Tell of another node's module came.
        Said = 1 {
            /// Who says so.
            from: &'a NodeId,
            /// See [`Told`].
            is_proven: bool,
            /// What.
            bytes: &'a [u8],
        },
        /// An Ask of another node's module came; [`Wish::Reply`](crate::Wish::Reply) answers it.
        Asked = 2 {
            /// Who says so.
            from: &'a NodeId,
            /// See [`Told`].
            is_proven: bool,
            /// Names the question until it is answered.
            ticket: u32,
            /// How long an answer is waited for.
            within_ms: u32,
            /// What.
            bytes: &'a [u8],
        },
        /// An Ask of this module ended.
        Answered = 3 {
            /// Its number.
            op: u32,
            /// Who was asked.
            from: &'a NodeId,
            /// See [`Told`].
            is_proven: bool,
            /// The overlay of this node ended it, not who was asked.
            is_here: bool,
            /// How it went.
            status: Status,
            /// The answer.
            bytes: &'a [u8],
        },
        /// The link to a held node is there.
        Linked = 4 {
            /// Whom.
            id: &'a NodeId,
            /// The round trip as last measured.
            rtt_us: u32,
            /// It goes through a relay.
            is_relayed: bool,
        },
        /// The link to a held node is lost, or could not be made. It is tried again while it is held.
        Unlinked = 5 {
            /// Whom.
            id: &'a NodeId,
            /// Why.
            reason: Reason,
        },
        /// The nodes whose modules of this port can be reached at once, this node not among them: replaces the view before. Where there
        /// are more than it names, it says nothing of the others: who is not in it may be there.
        View = 6 {
            /// Counts up.
            version: u32,
            /// At most [`VIEW_MAX`](crate::limits::VIEW_MAX).
            ids: &'a [NodeId],
        },
        /// The wall clock; first of all, and again when it was set, forwards or backwards.
        Clock = 7 {
            /// Milliseconds since 1970, at the `now` of this input. A module counts on from there by its later `now`s.
            wall_ms: u64,
            /// It is not what the neighbours' clocks say: others may take what is dated by it for old, or for of the future.
            is_doubtful: bool,
        },
        /// A List of this module ended.
        Listed = 8 {
            /// Its number.
            op: u32,
            /// [`Ok`](Status::Ok); [`Partial`](Status::Partial) where the list is full and this node not on it; or why it did not come.
            status: Status,
            /// Who is on it, this node not among them; nobody where it was to stay on it: hearsay, until they were asked. At most [`LIST_MAX`](crate::limits::LIST_MAX).
            ids: &'a [NodeId],
        },
        /// An AskHere of another module of this node came; [`Wish::Reply`](crate::Wish::Reply) answers it. Nobody else can speak so: other
        /// nodes are heard by [`Told::Asked`], whatever they say.
        AskedHere = 9 {
            /// Which module asks.
            port: Port,
            /// Names the question until it is answered, among those of other nodes.
            ticket: u32,
            /// How long an answer is waited for.
            within_ms: u32,
            /// What.
            bytes: &'a [u8],
        },
    }
}
