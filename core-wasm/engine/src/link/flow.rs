//! What may be sent over one link, and what the peer may send.
//!
//! Three classes share a link. Control always goes. State (gossip) stays behind while much is queued. Bulk goes
//! while little is queued and the receiver has granted credit for it, so a slow peer slows only itself.

use crate::limits::{
    BROUGHT_A_SECOND, CARRY_A_MINUTE, CREDIT, CREDIT_STEP, FRAMES_A_SECOND, FRAMES_MOST, KEEP_A_MINUTE,
    PASSED_A_SECOND, QUEUE_BULK, QUEUE_STATE, QUEUE_STUCK,
};
use crate::time::Instant;

/// The accounts of one link, in bytes.
pub(crate) struct Flow {
    /// What waits in the shell: what was sent since it last told.
    queued: u32,
    /// Bulk that may still be sent.
    credit: u32,
    /// Bulk that came and was not granted again: at most [`CREDIT`].
    owed: u32,
    /// Frames that came, less what may come in the time that went by and in answer to bulk: at most [`FRAMES_MOST`].
    frames: u16,
    second: u16,
    /// Small frames that came in this second of the clock and were passed on.
    brought: u16,
    /// Others' frames that were passed on to the peer in it.
    passed: u16,
    /// What was carried for the peer in this minute of the clock, in [`CARRIED_UNIT`]s.
    carried: u16,
    /// What of its blocks was kept in this minute, in [`KEPT_UNIT`]s.
    kept: u16,
}

/// Frames that one of bulk brings back: an answer, and credit.
const ANSWERS_TO_BULK: u16 = 2;

/// What is carried is counted in so many bytes.
const CARRIED_UNIT: u32 = 256;

/// Blocks that are kept are counted in so many bytes.
const KEPT_UNIT: u32 = 2 * 1024;

/// Seconds of the clock: their lower half is enough to see that they pass.
fn seconds(now: Instant) -> u16 {
    (now.0 / 1_000_000) as u16
}

impl Flow {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            queued: 0,
            credit: CREDIT,
            owed: 0,
            frames: 0,
            second: seconds(now),
            brought: 0,
            passed: 0,
            carried: 0,
            kept: 0,
        }
    }

    /// Whether gossip may go.
    pub(crate) fn takes_state(&self) -> bool {
        self.queued < QUEUE_STATE
    }

    /// Whether `length` bytes of bulk may go: this node's own, or others' that pass through.
    pub(crate) fn takes_bulk(&self, length: usize, is_own: bool) -> bool {
        let most = if is_own { QUEUE_BULK } else { QUEUE_STATE };
        self.queued < most && self.affords(length)
    }

    /// Whether the peer has stopped reading.
    pub(crate) fn is_stuck(&self) -> bool {
        self.queued > QUEUE_STUCK
    }

    pub(crate) fn sent(&mut self, length: usize, is_bulk: bool) {
        self.queued = self.queued.saturating_add(length as u32);
        if is_bulk {
            self.credit = self.credit.saturating_sub(length as u32);
            self.frames = self.frames.saturating_sub(ANSWERS_TO_BULK);
        }
    }

    pub(crate) fn drained(&mut self, queued: u32) {
        self.queued = queued;
    }

    /// What waits in the shell, in bytes.
    pub(crate) fn queued(&self) -> usize {
        self.queued as usize
    }

    /// A relayed link: `length` bytes of what waits were sealed.
    pub(crate) fn sealed(&mut self, length: usize) {
        self.queued = self.queued.saturating_sub(length as u32);
    }

    /// Whether the receiver has granted credit for `length` bytes.
    pub(crate) fn affords(&self, length: usize) -> bool {
        length <= self.credit as usize
    }

    pub(crate) fn granted(&mut self, bytes: u32) {
        self.credit = self.credit.saturating_add(bytes).min(CREDIT);
    }

    /// Takes in a frame of `length` bytes; false if the peer sends more than it may.
    pub(crate) fn received(&mut self, now: Instant, length: usize, is_bulk: bool) -> bool {
        self.tick(now);
        if u32::from(self.frames) >= FRAMES_MOST {
            return false;
        }
        self.frames += 1;
        if is_bulk {
            let owed = self.owed + length as u32;
            if owed > CREDIT {
                return false;
            }
            self.owed = owed;
        }
        true
    }

    /// A new second of the clock.
    fn tick(&mut self, now: Instant) {
        let passed = u32::from(seconds(now).wrapping_sub(self.second));
        if passed == 0 {
            return;
        }
        if seconds(now) / 60 != self.second / 60 {
            self.carried = 0;
            self.kept = 0;
        }
        self.second = seconds(now);
        self.frames = u32::from(self.frames).saturating_sub(passed.saturating_mul(FRAMES_A_SECOND)) as u16;
        (self.brought, self.passed) = (0, 0);
    }

    /// Counts a small frame that the peer wants passed on; false beyond its share.
    pub(crate) fn brings(&mut self, now: Instant) -> bool {
        self.tick(now);
        self.brought = self.brought.saturating_add(1);
        self.brought <= BROUGHT_A_SECOND
    }

    /// Counts a frame that is passed on to the peer; false where it would be too many.
    pub(crate) fn passes(&mut self, now: Instant) -> bool {
        self.tick(now);
        self.passed = self.passed.saturating_add(1);
        self.passed <= PASSED_A_SECOND
    }

    /// Counts `length` bytes that are carried for the peer; false beyond its share.
    pub(crate) fn carry(&mut self, length: usize) -> bool {
        self.carried = self.carried.saturating_add((length as u32).div_ceil(CARRIED_UNIT) as u16);
        u32::from(self.carried) <= CARRY_A_MINUTE / CARRIED_UNIT
    }

    /// Counts `length` bytes of a block that the peer gave to keep; false beyond its share.
    pub(crate) fn keep(&mut self, length: usize) -> bool {
        let kept = u32::from(self.kept) + (length as u32).div_ceil(KEPT_UNIT);
        let has_room = kept <= KEEP_A_MINUTE / KEPT_UNIT;
        if has_room {
            self.kept = kept as u16;
        }
        has_room
    }

    /// Whether what is to be granted again is worth a frame.
    pub(crate) fn owes(&self) -> bool {
        self.owed >= CREDIT_STEP
    }

    /// What to grant the peer again.
    pub(crate) fn grant(&mut self) -> u32 {
        core::mem::take(&mut self.owed)
    }
}
