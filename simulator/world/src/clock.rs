//! The monotonic clock of one machine.

use crate::time::{MS, SECOND};

/// A clock that starts anywhere and runs a little too fast or too slow.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// What it showed when the world began, in microseconds.
    pub offset_us: u64,
    /// How much too fast it runs, in millionths.
    pub skew_ppm: i64,
}

impl Clock {
    /// What it shows at a time of the world. It gains or loses once a second.
    pub fn local(&self, at: u64) -> u64 {
        (self.offset_us + at).saturating_add_signed((at / SECOND) as i64 * self.skew_ppm)
    }

    /// A time of the world at which it shows `local`, up to a second's skew early.
    pub fn world(&self, local: u64) -> u64 {
        let ahead = local.saturating_sub(self.offset_us);
        ahead.saturating_add_signed(-(ahead as i64 / (SECOND as i64 + self.skew_ppm) * self.skew_ppm))
    }

    /// When a timer that is set at `now` for `deadline`, a time of this clock, fires: as in browsers on a whole millisecond, and on
    /// this clock's own, so that machines do not fall into step. It may be early by a second's skew, and is set anew then.
    pub fn fires_at(&self, deadline: u64, now: u64) -> u64 {
        let phase = self.offset_us % MS;
        let due = self.world(deadline).max(now + 1);
        (due + phase).div_ceil(MS) * MS - phase
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_start_anywhere_and_drift_but_agree_with_themselves() {
        for skew_ppm in [-500, 0, 500] {
            let clock = Clock { offset_us: 77 * SECOND, skew_ppm };
            for at in [0, 1, 999_999, 3_600 * SECOND] {
                let local = clock.local(at);
                let world = clock.world(local);
                assert!(world.abs_diff(at) <= 500, "{at} {world}");
                assert!(clock.local(world).abs_diff(local) <= 500, "{at} {local}");
            }
        }
        let fast = Clock { offset_us: 0, skew_ppm: 500 };
        assert_eq!(fast.local(3_600 * SECOND), 3_600 * SECOND + 1_800 * MS);
    }

    #[test]
    fn timers_fire_at_or_after_their_deadline_when_they_are_set_anew() {
        for skew_ppm in [-500, 0, 500] {
            let clock = Clock { offset_us: 77 * SECOND + 123, skew_ppm };
            for wait in [1, 5 * MS, 999 * MS, 100 * SECOND] {
                let deadline = clock.local(10 * SECOND) + wait;
                let mut fired = clock.fires_at(deadline, 10 * SECOND);
                if clock.local(fired) < deadline {
                    assert!(deadline - clock.local(fired) <= 500, "early by a second's skew at most");
                    fired = clock.fires_at(deadline, fired);
                }
                assert!((0..2 * MS).contains(&(clock.local(fired) - deadline)), "{skew_ppm} {wait}");
                assert_eq!((fired + 123) % MS, 0);
            }
        }
    }
}
