//! A greeting that no answer came to yet.

use crate::time::Stamp;

/// A node that was asked whether it is there.
#[derive(Clone, Copy)]
pub(super) struct Greeting {
    pub(super) number: u32,
    /// How its id begins.
    pub(super) id: [u8; 8],
    pub(super) sent: Stamp,
}
