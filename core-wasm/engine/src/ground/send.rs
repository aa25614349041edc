//! Frames onto links: what has room, who is still there, what may be sent again.

use alloc::vec::Vec;

use super::shared::Ground;
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind};
use crate::limits::{BLOCK_MAX, CIRCUIT_HEAD, FRAME_MAX, STORES_MAX};
use crate::link::{Link, Stage};
use crate::status::Reason;
use crate::time::{Duration, Instant, Stamp};
use crate::wire::frame::{BULK_MIN, Frame};

/// A block with its headers.
pub(crate) const BLOCK_FRAME: usize = BLOCK_MAX + 256;

/// A link on which nothing was heard for so long is probed.
pub(crate) const PROBE_AFTER: Duration = Duration::from_ms(10_000);

/// The same where a request is sent on by it.
const PROBE_IN_USE: Duration = Duration::from_ms(2_500);

/// A probe is waited for at least so long.
const PROBE_PATIENCE: Duration = Duration::from_ms(1_000);

/// Probes missed at which the link closes.
const PROBES_MAX: u8 = 3;

impl Ground {
    /// Sends a frame that is always let through.
    pub(crate) fn send(&mut self, id: LinkId, frame: &Frame<'_>) {
        self.send_bytes(id, frame.emit());
    }

    /// Sends an emitted frame; nothing happens if the link is gone.
    #[inline(never)]
    pub(crate) fn send_bytes(&mut self, id: LinkId, bytes: Vec<u8>) {
        let Some(link) = self.links.get_mut(id) else { return };
        if matches!(link.stage, Stage::Opening) {
            return;
        }
        // Both ends count a frame without its length.
        let length = bytes.len() - 2;
        link.flow.sent(length, length > BULK_MIN);
        if link.flow.is_stuck() {
            return self.end(id, Reason::Stuck);
        }
        self.put(output::SEND, id.word(), 0, &[], bytes);
    }

    /// Gives peers their credit back while the store keeps up.
    pub(crate) fn grant_credit(&mut self) {
        if self.stores_under_way() >= STORES_MAX {
            return;
        }
        for id in self.links.numbers(&|link| link.flow.owes()) {
            if let Some(link) = self.links.get_mut(id) {
                let grant = link.flow.grant();
                self.send(id, &Frame::Credit(grant));
            }
        }
    }

    /// Something is sent on over a link that was quiet: is anybody there?
    pub(crate) fn check(&mut self, id: LinkId) {
        if self.links.get(id).is_some_and(|link| link.probe == 0) {
            self.probe(id, PROBE_IN_USE);
        }
    }

    /// Probes a link if nothing was heard for `quiet`; one that missed too many probes ends.
    pub(crate) fn probe(&mut self, id: LinkId, quiet: Duration) {
        let (now, number) = (self.now, self.keystream.number() as u32 | 1);
        let Some(link) = self.links.get_mut(id) else { return };
        if link.probe != 0 && link.missed + 1 >= PROBES_MAX {
            return self.end(id, Reason::Silent);
        }
        let silence = link.heard.age(now);
        if link.probe == 0 && link.rtt.smoothed_us() != 0 && silence < quiet {
            link.due = Stamp::of(now + Duration(PROBE_AFTER.0 - silence.0));
            return;
        }
        let is_missed = link.probe != 0;
        let is_first = is_missed && link.missed == 0;
        link.missed += u8::from(is_missed);
        let due = now + link.rtt.patience(PROBE_PATIENCE);
        self.ping(id, number, due);
        // Who leaves without a word seldom leaves alone.
        if is_first {
            for id in self.links.numbers(&|link| link.stage == Stage::Ready) {
                self.check(id);
            }
        }
    }

    /// Probes a link that may be dead: one missed answer closes it.
    pub(crate) fn probe_hard(&mut self, id: LinkId) {
        let (now, number) = (self.now, self.keystream.number() as u32 | 1);
        let due = now + PROBE_PATIENCE + PROBE_PATIENCE;
        if let Some(link) = self.links.get_mut(id) {
            link.missed = PROBES_MAX - 1;
        }
        self.ping(id, number, due);
    }

    /// Sends a probe that is to be answered by `due`.
    #[inline(never)]
    fn ping(&mut self, id: LinkId, number: u32, due: Instant) {
        let Some(link) = self.links.get_mut(id) else { return };
        (link.probe, link.heard, link.due) = (number, Stamp::of(self.now), Stamp::of(due));
        self.arm(due);
        self.send(id, &Frame::Ping(number));
    }

    /// A link has just become ready.
    pub(crate) fn first_probe(link: &mut Link, now: Instant) {
        link.set_since(now);
        link.due = Stamp::of(now);
        link.probe = 0;
    }

    /// The link to a circuit's relay, if it stands.
    pub(crate) fn relay_link(&self, via: Option<LinkId>) -> Option<&Link> {
        self.links.ready(via?)
    }

    /// Whether `length` bytes of bulk may go out on a link: this node's own, or others' that pass through.
    pub(crate) fn has_room(&self, link: &Link, length: usize, is_own: bool) -> bool {
        if link.kind != LinkKind::Relayed {
            return link.flow.takes_bulk(length, is_own);
        }
        let is_fellow = |other: &&Link| other.via == link.via && other.kind == LinkKind::Relayed;
        let sealing: usize = self.links.iter().filter(is_fellow).map(|other| other.flow.queued()).sum();
        let carried = (length + sealing) * 17 / 16 + CIRCUIT_HEAD;
        link.flow.takes_bulk(length, is_own)
            && self.relay_link(link.via).is_some_and(|relay| relay.flow.takes_bulk(carried, is_own))
    }

    /// Whether a link has room for so much beside the bulk that is being read for it, each of which may be a whole frame; what is no bulk
    /// needs none, nor does what is for a link that is gone. What `is_read` goes wherever others' bulk would.
    #[inline(never)]
    pub(crate) fn takes_bulk(&self, link: LinkId, room: usize, is_read: bool) -> bool {
        let read = || self.count_jobs(&|job| job.reads_for == Some(link)) * FRAME_MAX;
        room <= BULK_MIN
            || self.links.ready(link).is_none_or(|link| self.has_room(link, read() + room, !is_read))
    }
}
