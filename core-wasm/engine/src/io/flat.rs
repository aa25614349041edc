//! Outputs as numbers and bytes: the form in which they wait for the shell, and cross a border that knows no types.
//!
//! Whatever wants something done puts it into this form itself, which costs a call. A queue of [`Output`](super::Output)s would be
//! made, moved, matched and dropped variant by variant.

use alloc::vec::Vec;

/// One output; [`kinds`](super::kinds) says what the fields are.
#[derive(Default)]
pub struct Flat {
    /// Which output.
    pub kind: u32,
    /// A link, a job or an operation.
    pub number: u32,
    /// What else is a number.
    pub value: u32,
    /// Ids; a key and a signature.
    pub id: Vec<u8>,
    /// What else is bytes.
    pub bytes: Vec<u8>,
}
