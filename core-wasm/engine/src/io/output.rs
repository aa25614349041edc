//! What a node wants done, and tells; the types, as the table has them.

use alloc::vec::Vec;

use super::field::{Bytes, Number, Owned};
use super::table::outputs;
use super::{Flat, JobId, LinkId, LinkKind, OpId, Profile};
use crate::id::{BlockHash, NodeId, PublicKey, Signature};
use crate::status::{Reason, Status};
use crate::time::Instant;

/// The type of one group of rows, and how it is read; an output also holds what the other groups are.
macro_rules! types {
    ( $(#[$attribute:meta])* Output $($rows:tt)* ) => {
        types! { @with [
            /// Nothing more for now; come back with the next input, or with [`Input::Timeout`](crate::Input::Timeout) at this time.
            Timeout(Instant),
            /// Begin a link; ends in `LinkUp` or `LinkDown`.
            Open {
                /// Its number.
                link: LinkId,
                /// How.
                route: Route,
            },
            /// Do this, and answer with [`Input::JobDone`](crate::Input::JobDone) of the same number.
            Job {
                /// Its number.
                job: JobId,
                /// What to do.
                work: Work,
            },
            /// Something for the application.
            Event(Event),
            /// The engine wants something that the table cannot read, of this kind: a bug. It is to be told, and the shell goes on.
            Unreadable(u32),
        ] $(#[$attribute])* Output $($rows)* }
    };
    ( $(#[$attribute:meta])* Shown $($rows:tt)* ) => {};
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
        pub enum $Group {
            $( $(#[$doc])* $Variant $( ($type) )? $( { $( $(#[$note])* $field: $kind ),* } )?, )*
            $($more)*
        }

        impl $Group {
            /// Takes it out of its flat form; `None` where that is of another group, or its fields are none.
            fn take(flat: &mut Flat) -> Option<Self> {
                Some(match flat.kind {
                    $( $number => Self::$Variant
                        $( (types!(@read flat $place $($at)?; $type)) )?
                        $( { $( $field: types!(@read flat $where $($from)?; $kind) ),* } )?,
                    )*
                    _ => return None,
                })
            }
        }
    };
    ( @read $flat:ident number; $type:ty ) => { <$type as Number>::read($flat.number)? };
    ( @read $flat:ident value; $type:ty ) => { <$type as Number>::read($flat.value)? };
    ( @read $flat:ident value $from:literal; $type:ty ) => { <$type as Number>::read($flat.value >> $from)? };
    ( @read $flat:ident id; $type:ty ) => { <$type as Bytes>::read(&$flat.id)? };
    ( @read $flat:ident id $from:literal; $type:ty ) => { <$type as Bytes>::read($flat.id.get($from..)?)? };
    ( @read $flat:ident bytes; $type:ty ) => { <$type as Owned>::take(&mut $flat.bytes)? };
}

outputs!(types);

impl Flat {
    /// The output again; `None` where the fields are none.
    pub fn typed(mut self) -> Option<Output> {
        if let Some(output) = Output::take(&mut self) {
            return Some(output);
        }
        if let Some(route) = Route::take(&mut self) {
            return Some(Output::Open { link: LinkId::new(self.number as u16)?, route });
        }
        if let Some(work) = Work::take(&mut self) {
            return Some(Output::Job { job: JobId(self.number), work });
        }
        Event::take(&mut self).map(Output::Event)
    }
}
