//! Token buckets: so many at once, so many a second after that.

use std::time::{Duration, Instant};

/// How often something may happen.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rate {
    /// How many a second, in the long run. Above 0.
    pub per_second: f64,
    /// How many at once after a quiet time. At least 1.
    pub burst: u32,
}

/// What is left of a [`Rate`]; starts full.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    tokens: f64,
    filled: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub fn full(rate: &Rate, now: Instant) -> Self {
        Self { tokens: f64::from(rate.burst), filled: now }
    }

    /// Takes one token; `false` if there is none, and then nothing changes but the time.
    pub fn take(&mut self, rate: &Rate, now: Instant) -> bool {
        self.fill(rate, now);
        let granted = self.tokens >= 1.0;
        if granted {
            self.tokens -= 1.0;
        }
        granted
    }

    /// How long until a bucket that was just found empty holds a quarter of its burst, and at least one token.
    pub fn recovery(&self, rate: &Rate) -> Duration {
        let missing = (f64::from(rate.burst) / 4.0).max(1.0) - self.tokens;
        Duration::try_from_secs_f64(missing / rate.per_second).unwrap_or(Duration::MAX)
    }

    /// Whether nothing of the rate is used up: forgetting such a bucket forgets nothing.
    pub fn is_full(&mut self, rate: &Rate, now: Instant) -> bool {
        self.fill(rate, now);
        self.tokens >= f64::from(rate.burst)
    }

    fn fill(&mut self, rate: &Rate, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed * rate.per_second).min(f64::from(rate.burst));
        self.filled = self.filled.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 2.0, burst: 4 };

    #[test]
    fn a_burst_passes_and_the_next_waits_for_its_token() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(&RATE, start);
        for _ in 0..4 {
            assert!(bucket.take(&RATE, start));
        }
        assert!(!bucket.take(&RATE, start));
        assert_eq!(bucket.recovery(&RATE), Duration::from_millis(500));
        assert!(!bucket.take(&RATE, start + Duration::from_millis(499)));
        assert!(bucket.take(&RATE, start + Duration::from_millis(500)));
        assert!(!bucket.take(&RATE, start + Duration::from_millis(500)));
    }

    #[test]
    fn a_long_quiet_time_saves_no_more_than_one_burst() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(&RATE, start);
        assert!(bucket.take(&RATE, start));
        let later = start + Duration::from_secs(3600);
        assert!(bucket.is_full(&RATE, later));
        assert_eq!((0..10).filter(|_| bucket.take(&RATE, later)).count(), 4);
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_away() {
        let start = Instant::now() + Duration::from_secs(10);
        let mut bucket = TokenBucket::full(&RATE, start);
        while bucket.take(&RATE, start) {}
        assert!(!bucket.take(&RATE, start - Duration::from_secs(5)));
        assert!(!bucket.take(&RATE, start));
    }
}
