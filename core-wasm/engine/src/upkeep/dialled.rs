//! What is known of an address that is dialled.

use crate::io::LinkId;
use crate::time::Instant;

/// One of the shell's WebSocket addresses.
#[derive(Default)]
pub(super) struct Dialled {
    pub(super) link: Option<LinkId>,
    pub(super) not_before: Instant,
    pub(super) failures: u8,
}
