//! The two clocks: one that only goes on, which the engine lives by, and the wall's, which may jump.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tabmesh_engine::Instant;

/// A wall clock that differs by more than this from what was expected has jumped, and the engine is told.
const JUMP: Duration = Duration::from_secs(2);

/// One that jumped ahead by more than this did so because the host slept: links may have died meanwhile.
const SLEPT: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(super) struct Clock {
    start: tokio::time::Instant,
    /// The wall clock at `start`, as far as is known.
    wall_at_start: Duration,
}

/// What looking at the wall clock brought up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wall {
    Steady,
    Jumped,
    Slept,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { start: tokio::time::Instant::now(), wall_at_start: wall() }
    }

    pub(super) fn now(&self) -> Instant {
        Instant(u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    pub(super) fn uptime(&self) -> Duration {
        self.start.elapsed()
    }

    /// When the engine's `at` is on tokio's clock; far off for [`Instant::NEVER`].
    pub(super) fn deadline(&self, at: Instant) -> tokio::time::Instant {
        const FAR_US: u64 = 3_600_000_000;
        self.start + Duration::from_micros(at.0.min(self.now().0.saturating_add(FAR_US)))
    }

    /// Seconds since 1970.
    pub(super) fn wall_s(&self) -> u64 {
        wall().as_secs()
    }

    /// Milliseconds since 1970.
    pub(super) fn wall_ms(&self) -> u64 {
        u64::try_from(wall().as_millis()).unwrap_or(u64::MAX)
    }

    /// Compares the clocks.
    pub(super) fn look_at_wall(&mut self) -> Wall {
        self.compare(wall())
    }

    fn compare(&mut self, wall: Duration) -> Wall {
        let expected = self.wall_at_start + self.start.elapsed();
        if wall.abs_diff(expected) <= JUMP {
            return Wall::Steady;
        }
        self.wall_at_start = wall.saturating_sub(self.start.elapsed());
        if wall.saturating_sub(expected) > SLEPT { Wall::Slept } else { Wall::Jumped }
    }
}

fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    //! A jump of the wall clock is told once; a jump ahead by as much as a nap is a nap.

    use super::*;

    #[test]
    fn jumps_are_told_once() {
        let mut clock = Clock::new();
        let start = clock.wall_at_start;
        assert_eq!(clock.compare(start), Wall::Steady);
        assert_eq!(clock.compare(start + Duration::from_secs(10)), Wall::Jumped);
        assert_eq!(clock.compare(start + Duration::from_secs(10)), Wall::Steady);
        assert_eq!(clock.compare(start + Duration::from_secs(100)), Wall::Slept);
        assert_eq!(clock.compare(start), Wall::Jumped);
    }

    #[test]
    fn a_deadline_is_never_out_of_range() {
        let clock = Clock::new();
        assert!(clock.deadline(Instant::NEVER) > tokio::time::Instant::now());
        assert!(clock.deadline(Instant(0)) <= tokio::time::Instant::now());
    }
}
