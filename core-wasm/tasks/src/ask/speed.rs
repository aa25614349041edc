//! How long a task takes, as measured: one answer that came late, or at once, says little.

use alloc::vec::Vec;

/// So many of the last answers count.
const LAST: usize = 5;

#[derive(Default)]
pub(crate) struct Speed {
    /// Microseconds a task, the oldest first.
    last: Vec<u64>,
}

impl Speed {
    pub(crate) fn measure(&mut self, us: u64) {
        if self.last.len() >= LAST {
            self.last.remove(0);
        }
        self.last.push(us);
    }

    /// The median, the lower one of two; `None` as long as nothing was measured.
    pub(crate) fn us_a_task(&self) -> Option<u64> {
        let below = |us: u64| self.last.iter().filter(|other| **other < us).count();
        let upto = |us: u64| self.last.iter().filter(|other| **other <= us).count();
        let middle = self.last.len().saturating_sub(1) / 2;
        self.last.iter().copied().find(|us| below(*us) <= middle && middle < upto(*us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_answer_among_others_says_little() {
        let mut speed = Speed::default();
        assert_eq!(speed.us_a_task(), None);
        let after = |speed: &mut Speed, us| {
            speed.measure(us);
            speed.us_a_task()
        };
        assert_eq!(after(&mut speed, 900), Some(900));
        assert_eq!(after(&mut speed, 5), Some(5));
        assert_eq!(after(&mut speed, 7), Some(7));
        assert_eq!(after(&mut speed, 1), Some(5));
        assert_eq!(after(&mut speed, 800), Some(7));
        // It is slow by now.
        assert_eq!((0..3).map(|_| after(&mut speed, 800)).last(), Some(Some(800)));
    }
}
