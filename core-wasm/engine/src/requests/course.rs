//! How one request goes: its attempts, whom they took, and how long an answer may take.

use alloc::vec::Vec;

use crate::ground::Ground;
use crate::io::LinkId;
use crate::link::Rtt;
use crate::routing::Nearest;
use crate::status::Status;
use crate::time::{Duration, Instant, Stamp};

/// The own store, and the room on links, are waited for so long.
pub(super) const LOCAL_PATIENCE: Duration = Duration::from_ms(30_000);

/// A busy holder is asked again after this; twice as long each time, up to sixteen times as long, and so often.
const BUSY: Duration = Duration::from_ms(150);
const BUSY_DOUBLINGS: u8 = 4;
const BUSY_MOST: u8 = 12;

/// Attempts told apart; the numbers of one request differ in so many.
pub(super) const ATTEMPTS_TOLD: usize = 4;

/// How a request goes.
pub(super) struct Course {
    /// Where it goes; of a lookup also the nearest of all that answered or were named, of a fetch who may hold the block.
    pub(super) found: Nearest,
    /// The lowest of its [`ATTEMPTS_TOLD`] numbers.
    pub(super) number: u32,
    /// When the attempt with each of them went out last.
    pub(super) sent: [Stamp; ATTEMPTS_TOLD],
    /// First hops that were taken.
    pub(super) tried: Vec<LinkId>,
    pub(super) attempts: u8,
    /// How often the last to be asked was busy.
    pub(super) busy: u8,
    pub(super) deadline: Instant,
}

impl Course {
    /// Begins one more attempt; its number.
    pub(super) fn set_out(&mut self, now: Instant) -> u32 {
        self.attempts += 1;
        let attempt = usize::from(self.attempts) % ATTEMPTS_TOLD;
        if let Some(sent) = self.sent.get_mut(attempt) {
            *sent = Stamp::of(now);
        }
        self.number + attempt as u32
    }

    /// Since when an answer to this number was awaited; `None` if it is another request's.
    pub(super) fn sent(&self, number: u32) -> Option<Stamp> {
        self.sent.get(number.wrapping_sub(self.number) as usize).copied()
    }

    /// Waits for the answer to an attempt as answers take, times 2 to the power of `doublings`.
    pub(super) fn await_answer(&mut self, ground: &mut Ground, trips: &Rtt, least: Duration, doublings: u8) {
        let span = Duration(trips.patience(least).0 << doublings);
        self.wait(ground, span.min(LOCAL_PATIENCE));
    }

    /// Whoever was asked is there but busy: the same way once more, a little later. False if it was so often enough.
    pub(super) fn try_later(&mut self, ground: &mut Ground) -> bool {
        if self.busy >= BUSY_MOST {
            return false;
        }
        self.wait(ground, Duration(BUSY.0 << self.busy.min(BUSY_DOUBLINGS)));
        self.busy += 1;
        self.attempts = self.attempts.saturating_sub(1);
        self.tried.pop();
        true
    }

    #[inline(never)]
    pub(super) fn wait(&mut self, ground: &mut Ground, span: Duration) {
        self.deadline = ground.due_in(span);
    }
}

/// How long answers take: to lookups, with blocks, to blocks that were placed.
#[derive(Default)]
pub(super) struct Trips {
    pub(super) lookups: Rtt,
    pub(super) fetches: Rtt,
    pub(super) puts: Rtt,
}

/// What becomes of a request to which no answer came in time.
pub(super) enum Late {
    /// It is given more time.
    Waits,
    /// It asks the next ones.
    Again,
    Ends(Status),
}
