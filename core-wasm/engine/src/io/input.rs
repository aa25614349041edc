//! What happens to a node: links, jobs, commands; the types, as the table has them.

use super::field::Write;
use super::kinds::input;
use super::table::inputs;
use super::{JobId, LinkId, OpId};
use crate::id::{BlockHash, NodeId, Signature, TopicId};
use crate::status::Status;

/// The type of one group of rows; an input also holds what the other groups are.
macro_rules! types {
    ( $(#[$attribute:meta])* Input $($rows:tt)* ) => {
        types! { @held [
            // What these hold says itself what it is.
            Self::JobDone { .. } | Self::Command(_) => (0, 0),
        ] @with [
            /// A job is finished.
            JobDone {
                /// Which.
                job: JobId,
                /// Its result.
                result: JobResult<'a>,
            },
            /// The application wants something.
            Command(Command<'a>),
        ] $(#[$attribute])* Input $($rows)* }
    };
    ( $(#[$attribute:meta])* $Group:ident $($rows:tt)* ) => {
        types! { @held [] @with [] $(#[$attribute])* $Group $($rows)* }
    };
    (
        @held [ $($held:tt)* ]
        @with [ $($more:tt)* ]
        $(#[$attribute:meta])* $Group:ident
        $(
            $(#[$doc:meta])* $KIND:ident = $number:literal => $Variant:ident
            $( ( $type:ty = $place:ident $($at:literal)? ) )?
            $( { $( $(#[$note:meta])* $field:ident: $kind:ty = $where:ident $($from:literal)? ),* $(,)? } )?
        ),* $(,)?
    ) => {
        $(#[$attribute])*
        pub enum $Group<'a> {
            $( $(#[$doc])* $Variant $( ($type) )? $( { $( $(#[$note])* $field: $kind ),* } )?, )*
            $($more)*
        }

        impl $Group<'_> {
            /// Its kind and its number; its bytes go into `sink`, piece by piece.
            fn written(&self, sink: &mut dyn FnMut(&[u8])) -> (u32, u32) {
                match self {
                    $(
                        // A place in a pattern has to be named; what lies nowhere is nothing.
                        types!(@pattern $Variant $( (value $type) )? $( { $($field),* } )?) => {
                            $( types!(@write value $place sink); )?
                            $( $( types!(@write $field $where sink); )* )?
                            (input::$KIND, 0 $( + types!(@number value $place) )? $( $( + types!(@number $field $where) )* )?)
                        }
                    )*
                    $($held)*
                }
            }
        }
    };
    ( @pattern $Variant:ident ) => { Self::$Variant };
    ( @pattern $Variant:ident ($value:ident $type:ty) ) => { Self::$Variant($value) };
    ( @pattern $Variant:ident { $($field:ident),* } ) => { Self::$Variant { $($field),* } };
    ( @number $value:ident number ) => { Write::to_number($value) };
    ( @number $value:ident bytes ) => { 0 };
    ( @write $value:ident number $sink:ident ) => {};
    ( @write $value:ident bytes $sink:ident ) => { Write::write($value, $sink) };
}

inputs!(types);

impl Input<'_> {
    /// The input in its flat form, to be written down, hashed or replayed: its kind and its number; its bytes go into `sink`,
    /// piece by piece.
    pub fn flat(&self, sink: &mut dyn FnMut(&[u8])) -> (u32, u32) {
        match self {
            Self::JobDone { job, result } => (result.written(sink).0, job.0),
            Self::Command(command) => command.written(sink),
            other => other.written(sink),
        }
    }
}

impl<'a> JobResult<'a> {
    /// Its number and its bytes; see [`kinds`](super::kinds::input).
    pub(crate) fn flat(&self) -> (u32, &'a [u8]) {
        match self {
            Self::Signature(signature) => (input::SIGNATURE, &signature.0),
            Self::Verified(holds) => (input::VERIFIED, if *holds { &[1] } else { &[0] }),
            Self::Loaded(bytes) => (input::LOADED, bytes),
            Self::Missing => (input::MISSING, &[]),
            Self::Stored => (input::STORED, &[]),
            Self::Mismatch => (input::MISMATCH, &[]),
            Self::Full => (input::FULL, &[]),
            Self::Hashes(hashes) => (input::HASHES, BlockHash::list_bytes(hashes)),
            Self::Failed => (input::FAILED, &[]),
        }
    }
}
