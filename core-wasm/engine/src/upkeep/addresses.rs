//! The WebSocket addresses that the shell knows, by number: dialled while links are few.

use super::dialled::Dialled;
use super::overlay::Upkeep;
use crate::ground::Ground;
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind};
use crate::limits::{ADDRESSES_MAX, LINKS_ENOUGH};
use crate::time::Instant;

/// Addresses dialled at once.
const DIALS_MAX: usize = 2;

/// After an address failed first; doubles up to [`RETRY_MAX_DOUBLINGS`] times.
const RETRY_MS: u64 = 2_000;
const RETRY_MAX_DOUBLINGS: u8 = 5;

impl Upkeep {
    /// The shell knows this many addresses now.
    pub(crate) fn set_addresses(&mut self, ground: &mut Ground, count: u16) {
        let count = usize::from(count.min(ADDRESSES_MAX));
        while self.dialled.len() < count {
            self.dialled.push(Dialled::default());
        }
        ground.maintain_at = ground.now;
        ground.wake = ground.now;
    }

    /// Dials the next addresses, while there is room and links are few or an always-on peer is awaited.
    pub(crate) fn dial_addresses(&mut self, ground: &mut Ground) {
        if ground.links.ready_count() >= LINKS_ENOUGH && ground.now >= self.relay_awaited_until {
            return;
        }
        let under_way = |entry: &&Dialled| entry.link.is_some_and(|link| ground.links.ready(link).is_none());
        let mut free = DIALS_MAX.saturating_sub(self.dialled.iter().filter(under_way).count());
        for (number, entry) in self.dialled.iter_mut().enumerate() {
            if entry.link.is_some() || ground.now < entry.not_before || free == 0 || ground.is_full() {
                continue;
            }
            free -= 1;
            let link = ground.begin_link(LinkKind::Socket, None, true);
            entry.link = Some(link);
            ground.put_plain(output::OPEN_SOCKET, link.word(), number as u32, &[]);
        }
    }

    /// The peer behind an address proved itself.
    pub(crate) fn settle_address(&mut self, link: LinkId, dialled: bool) {
        if let Some(entry) = self.dialled.iter_mut().find(|entry| dialled && entry.link == Some(link)) {
            entry.failures = 0;
        }
    }

    /// The peer behind an address is reached by another link.
    pub(crate) fn redirect_address(&mut self, from: LinkId, to: LinkId) {
        for entry in self.dialled.iter_mut().filter(|entry| entry.link == Some(from)) {
            entry.link = Some(to);
        }
    }

    /// A link is gone; if an address led to it, that may be dialled again after a while.
    pub(crate) fn release_address(&mut self, ground: &mut Ground, link: LinkId, was_ready: bool) {
        let Some(entry) = self.dialled.iter_mut().find(|entry| entry.link == Some(link)) else { return };
        let failures = entry.failures.min(RETRY_MAX_DOUBLINGS);
        entry.link = None;
        entry.not_before = ground.about(RETRY_MS << failures);
        entry.failures = if was_ready { 0 } else { failures + 1 };
    }

    /// Old failures say nothing any more.
    pub(super) fn forgive_addresses(&mut self) {
        for entry in &mut self.dialled {
            entry.not_before = Instant(0);
            entry.failures = 0;
        }
    }
}
