//! What may be sent over one link, and what the peer may send.
//!
//! Three classes share a link. Control always goes. State (gossip) stays behind while much is queued. Bulk goes
//! while little is queued and the receiver has granted credit for it, so a slow peer slows only itself.

use crate::limits::{
    AHEAD_MS, BROUGHT_A_SECOND, CARRY_A_MINUTE, CIRCUIT_HEAD, CREDIT, CREDIT_STEP, DRAINED_STEP, FRAME_MAX,
    FRAMES_A_SECOND, FRAMES_MOST, KEEP_A_MINUTE, PASSED_A_SECOND, QUEUE_BULK, QUEUE_STATE, QUEUE_STUCK,
};
use crate::time::Instant;

/// The accounts of one link, in bytes.
pub(crate) struct Flow {
    /// What waits in the shell: what did when it last told, and what was sent since.
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
    /// What leaves in [`AHEAD_MS`], by what left lately, in [`PACE_UNIT`]s.
    pace: u16,
    /// When the shell told last, in milliseconds of the clock.
    told_ms: u16,
}

/// Frames that one of bulk brings back: an answer, and credit.
const ANSWERS_TO_BULK: u16 = 2;

/// What is carried is counted in so many bytes.
const CARRIED_UNIT: u32 = 256;

/// Blocks that are kept are counted in so many bytes.
const KEPT_UNIT: u32 = 2 * 1024;

/// The pace is counted in so many bytes.
const PACE_UNIT: u32 = 16;

/// One frame, sealed and with a circuit's head, always may wait. What waits is known but for one step.
const ONE_FRAME: u32 = (FRAME_MAX * 17 / 16 + CIRCUIT_HEAD) as u32 + DRAINED_STEP;

/// Seconds of the clock: their lower half is enough to see that they pass.
fn seconds(now: Instant) -> u16 {
    (now.0 / 1_000_000) as u16
}

/// Milliseconds of the clock, nearly: their lower half is enough to tell short times apart.
fn milliseconds(now: Instant) -> u16 {
    (now.0 >> 10) as u16
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
            pace: 0,
            told_ms: 0,
        }
    }

    /// Whether gossip may go.
    pub(crate) fn takes_state(&self) -> bool {
        self.queued < QUEUE_STATE
    }

    /// Whether `length` bytes of bulk may go: this node's own, where what waits leaves soon with it, or others' that pass through.
    pub(crate) fn takes_bulk(&self, length: usize, is_own: bool) -> bool {
        let has_room = if is_own {
            self.queued + length as u32 <= (u32::from(self.pace) * PACE_UNIT).max(ONE_FRAME)
        } else {
            self.queued < QUEUE_STATE
        };
        has_room && self.affords(length)
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

    /// The shell tells what waits. What left since it told last counts less the longer ago it is: with `left` bytes in `span` the
    /// pace p becomes (p + left) × T / (T + span), T being [`AHEAD_MS`]; at a steady rate that is what leaves in T.
    pub(crate) fn drained(&mut self, now: Instant, queued: u32) {
        let (told_ms, queued) = (milliseconds(now), queued.min(2 * QUEUE_STUCK));
        // After a rest nothing is known of the time in between.
        let span_ms = u32::from(told_ms.wrapping_sub(self.told_ms)).min(AHEAD_MS);
        let left = self.queued.saturating_sub(queued) / PACE_UNIT;
        let pace = (u32::from(self.pace) + left) * AHEAD_MS / (AHEAD_MS + span_ms);
        self.pace = pace.min(QUEUE_BULK / PACE_UNIT) as u16;
        (self.queued, self.told_ms) = (queued, told_ms);
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
