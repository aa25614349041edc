//! What happens to a node: links, jobs, commands; the types, as the table has them.

use alloc::vec::Vec;

use super::field::Write;
use super::kinds::input;
use super::table::inputs;
#[cfg(doc)]
use super::{Event, LinkKind, Output, Route, Work};
use super::{JobId, LinkId, OpId};
use crate::id::{NodeId, Signature};

/// The type of one group of rows; an input also holds what the other groups are.
macro_rules! types {
    ( $(#[$attribute:meta])* Input $($rows:tt)* ) => {
        types! { @with [
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
        types! { @with [] $(#[$attribute])* $Group $($rows)* }
    };
    (
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
            /// Its kind, its number and its bytes.
            fn written(&self) -> Option<(u32, u32, Vec<u8>)> {
                match self {
                    $(
                        // A place in a pattern has to be named; what lies nowhere is nothing.
                        types!(@pattern $Variant $( (value $type) )? $( { $($field),* } )?) => {
                            #[allow(unused_mut)]
                            let mut flat = (input::$KIND, 0, Vec::new());
                            $( types!(@write value $place flat $type); )?
                            $( $( types!(@write $field $where flat $kind); )* )?
                            Some(flat)
                        }
                    )*
                    #[allow(unreachable_patterns)]
                    _ => None,
                }
            }
        }
    };
    ( @pattern $Variant:ident ) => { Self::$Variant };
    ( @pattern $Variant:ident ($value:ident $type:ty) ) => { Self::$Variant($value) };
    ( @pattern $Variant:ident { $($field:ident),* } ) => { Self::$Variant { $($field),* } };
    ( @write $value:ident number $flat:ident $type:ty ) => { $flat.1 = Write::to_number($value) };
    ( @write $value:ident bytes $flat:ident $type:ty ) => { $flat.2.extend(Write::to_bytes($value)) };
}

inputs!(types);

impl Input<'_> {
    /// The input in its flat form, to be written down or replayed: kind, number and bytes.
    pub fn flat(&self) -> (u32, u32, Vec<u8>) {
        let written = match self {
            Self::JobDone { job, result } => result.written().map(|(kind, _, bytes)| (kind, job.0, bytes)),
            Self::Command(command) => command.written(),
            other => other.written(),
        };
        written.unwrap_or_default()
    }
}

impl<'a> JobResult<'a> {
    /// Its number and its bytes; see [`kinds`](super::kinds::input).
    pub(crate) fn flat(&self) -> (u32, &'a [u8]) {
        match self {
            Self::Signature(signature) => (input::SIGNATURE, *signature),
            Self::Verified(holds) => (input::VERIFIED, if *holds { &[1] } else { &[0] }),
            Self::Loaded(bytes) => (input::LOADED, bytes),
            Self::Missing => (input::MISSING, &[]),
            Self::Stored => (input::STORED, &[]),
            Self::Mismatch => (input::MISMATCH, &[]),
            Self::Full => (input::FULL, &[]),
            Self::Hashes(hashes) => (input::HASHES, NodeId::list_bytes(hashes)),
            Self::Failed => (input::FAILED, &[]),
        }
    }
}
