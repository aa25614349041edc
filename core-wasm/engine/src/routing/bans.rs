//! Keys that broke the protocol, and until when nothing of theirs is taken.

use alloc::vec::Vec;

use crate::id::NodeId;
use crate::limits::BANS_MAX;
use crate::list::List;
use crate::time::{Duration, Instant};

/// How long a key that broke the protocol is kept away.
const BAN: Duration = Duration::from_ms(600_000);

/// At most [`BANS_MAX`] of them by the first 8 bytes of their ids, the oldest first. Only what a key did itself, proved by its signature or on its own sealed
/// link, puts it here.
#[derive(Default)]
pub(crate) struct Bans(Vec<([u8; 8], Instant)>);

impl Bans {
    /// The key of this id broke the protocol. At the bound the oldest ban is lifted.
    pub(crate) fn add(&mut self, id: &NodeId, now: Instant) {
        self.0.keep(|(banned, until)| !id.0.starts_with(banned) && now < *until);
        if self.0.len() >= BANS_MAX {
            self.0.drop_at(0);
        }
        self.0.push((*id.0.first_chunk().unwrap_or(&[0; 8]), now + BAN));
    }

    /// Whether the key of this id broke the protocol not long ago.
    #[inline(never)]
    pub(crate) fn hold(&self, id: &NodeId, now: Instant) -> bool {
        self.0.iter().any(|(banned, until)| id.0.starts_with(banned) && now < *until)
    }
}
