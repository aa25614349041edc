//! Inputs in their flat form, handed on as the table has them.

use super::Node;
use crate::io::field::{Bytes, Number};
use crate::io::kinds::input;
use crate::io::{Command, Input, JobId, inputs};
use crate::time::Instant;

/// One group of rows: where the kind is of it, the node takes what that is. Each row makes its own input, so that of what
/// an input does only its own part is left.
macro_rules! take {
    ( ($node:ident, $kind:ident, $number:ident, $bytes:ident) $(#[$attribute:meta])* JobResult $($rows:tt)* ) => {
        if let input::SIGNATURE..=input::FAILED = $kind {
            $node.on_job_done(JobId($number), $kind, $bytes);
            return Some(());
        }
    };
    (
        ($node:ident, $kind:ident, $number:ident, $bytes:ident)
        $(#[$attribute:meta])* $Group:ident
        $(
            $(#[$doc:meta])* $KIND:ident = $code:literal => $Variant:ident
            $( ( $type:ty = $place:ident $($at:literal)? ) )?
            $( { $( $(#[$note:meta])* $field:ident: $fields:ty = $where:ident $($from:literal)? ),* $(,)? } )?
        ),* $(,)?
    ) => {
        match $kind {
            $( input::$KIND => {
                let it = $Group::$Variant
                    $( (take!(@read $number $bytes $place $($at)?)) )?
                    $( { $( $field: take!(@read $number $bytes $where $($from)?) ),* } )?;
                $node.take(take!(@input $Group it));
                return Some(());
            } )*
            _ => {}
        }
    };
    ( @input Input $it:ident ) => { $it };
    ( @input Command $it:ident ) => { Input::Command($it) };
    ( @read $number:ident $bytes:ident number ) => { Number::read($number)? };
    ( @read $number:ident $bytes:ident bytes ) => { Bytes::read($bytes)? };
    ( @read $number:ident $bytes:ident bytes $from:literal ) => { Bytes::read($bytes.get($from..)?)? };
}

impl Node {
    /// [`Node::handle_input`] for an input in its flat form; see [`kinds`](crate::io::kinds::input). `None` if the kind is
    /// unknown, the link's number 0 or the bytes too few, and then nothing happened.
    pub fn handle_flat(&mut self, now: Instant, kind: u32, number: u32, bytes: &[u8]) -> Option<()> {
        if self.enter(now) {
            self.take_flat(kind, number, bytes)?;
            self.settle();
        }
        Some(())
    }

    /// What such an input does.
    fn take_flat(&mut self, kind: u32, number: u32, bytes: &[u8]) -> Option<()> {
        macro_rules! take_group {
            ($($rows:tt)*) => { take! { (self, kind, number, bytes) $($rows)* } };
        }
        inputs!(take_group);
        None
    }
}
