//! How the package tries again what an engine refused for a reason that passes (`pkg/src/operations.ts`).

use tabmesh_engine::Status;

use super::MS;
use crate::dice::Dice;

/// How often in all.
const TRIES_MAX: u32 = 5;

/// The first wait; every further one is twice as long, each between three and five quarters of it.
const WAIT_US: u64 = 250 * MS;

/// How long until the next try, in microseconds, after `before` refusals before this answer; `None` where there is none.
pub(crate) fn wait_us(status: Status, before: u32, dice: &mut Dice) -> Option<u64> {
    let passes = matches!(status, Status::TooManyRequests | Status::Unavailable | Status::TimedOut);
    let wait = WAIT_US << before.min(TRIES_MAX);
    (passes && before + 1 < TRIES_MAX).then(|| wait * 3 / 4 + dice.below(wait / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_tried_five_times_and_each_wait_is_longer() {
        let mut dice = Dice::new(1, 1);
        let waits: Vec<Option<u64>> =
            (0..5).map(|before| wait_us(Status::TooManyRequests, before, &mut dice)).collect();
        for (before, wait) in waits.iter().take(4).enumerate() {
            let middle = WAIT_US << before;
            assert!(wait.is_some_and(|wait| wait >= middle * 3 / 4 && wait <= middle * 5 / 4), "{waits:?}");
        }
        assert_eq!(waits[4], None);
        assert_eq!(wait_us(Status::Ok, 0, &mut dice), None);
        assert_eq!(wait_us(Status::InsufficientStorage, 0, &mut dice), None);
    }
}
