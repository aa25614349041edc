//! What a module wants of the overlay and of its shell.

use crate::id::NodeId;
use crate::number::Port;
use crate::status::Status;
use crate::table::table;

table! {
    /// Module → overlay. The shell puts on the sender's port: nobody speaks on another's.
    pub enum Wish {
        /// Unanswered and at most once: who gets it, and whether, nobody says.
        Tell = 1 {
            /// At most [`RECEIVERS_MAX`](crate::limits::RECEIVERS_MAX).
            to: &'a [NodeId],
            /// At most [`TELL_MAX`](crate::limits::TELL_MAX).
            bytes: &'a [u8],
        },
        /// To be answered. It ends once, by [`Told::Answered`](crate::Told::Answered).
        Ask = 2 {
            /// The module's own number for it. An Ask with the number of one that is under way is not sent and has no end of its own.
            op: u32,
            /// Who is asked.
            to: &'a NodeId,
            /// How long the answer is waited for, at most [`WITHIN_MS_MAX`](crate::limits::WITHIN_MS_MAX).
            within_ms: u32,
            /// At most [`MESSAGE_MAX`](crate::limits::MESSAGE_MAX).
            bytes: &'a [u8],
        },
        /// The answer to [`Told::Asked`](crate::Told::Asked) or [`Told::AskedHere`](crate::Told::AskedHere); one that comes too late, or a second one, goes nowhere.
        Reply = 3 {
            /// From the question.
            ticket: u32,
            /// How it went.
            status: Status,
            /// At most [`MESSAGE_MAX`](crate::limits::MESSAGE_MAX).
            bytes: &'a [u8],
        },
        /// An Ask, here too, or a List ends now, as [`TimedOut`](Status::TimedOut): it may have happened. Unknown operations are left alone.
        Cancel = 4 {
            /// Which.
            op: u32,
        },
        /// Keep links to these; replaces what was held before.
        Hold = 5 {
            /// At most [`HELD_MAX`](crate::limits::HELD_MAX).
            ids: &'a [NodeId],
        },
        /// Who is on the list of a place: the ids that its closest node keeps there. It ends once, by
        /// [`Told::Listed`](crate::Told::Listed).
        List = 6 {
            /// The module's own number for it, among those of its questions.
            op: u32,
            /// Any place of the id space.
            place: &'a NodeId,
            /// This node shall be on it from now on, for two minutes, if there is room; who else is, is not told then.
            stays: bool,
            /// How long it is waited for, at most [`WITHIN_MS_MAX`](crate::limits::WITHIN_MS_MAX).
            within_ms: u32,
        },
        /// To be answered by another module of this node. It ends once, by [`Told::Answered`](crate::Told::Answered), which is proven
        /// and from this node where that module answered. Nobody there: [`NotImplemented`](Status::NotImplemented); it went, or the
        /// node stops: [`Unavailable`](Status::Unavailable).
        AskHere = 7 {
            /// The module's own number for it, among those of its questions.
            op: u32,
            /// Which.
            port: Port,
            /// How long the answer is waited for, at most [`WITHIN_MS_MAX`](crate::limits::WITHIN_MS_MAX).
            within_ms: u32,
            /// At most [`MESSAGE_MAX`](crate::limits::MESSAGE_MAX).
            bytes: &'a [u8],
        },
    }
}
