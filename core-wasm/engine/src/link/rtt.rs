//! Round-trip time of one link, smoothed as TCP does it (RFC 6298 §2), in integers.

use crate::time::Duration;

/// The estimate; all zero until the first sample.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Rtt {
    smoothed_us: u32,
    deviation_us: u32,
}

impl Rtt {
    /// Takes in one measured round trip; more than 60 s counts as 60 s.
    pub(crate) fn sample(&mut self, trip: Duration) {
        let trip_us = (trip.0.min(60_000_000) as u32).max(1);
        if self.smoothed_us == 0 {
            self.smoothed_us = trip_us;
            self.deviation_us = trip_us / 2;
            return;
        }
        let error_us = trip_us.abs_diff(self.smoothed_us);
        self.deviation_us = self.deviation_us - self.deviation_us / 4 + error_us / 4;
        self.smoothed_us = self.smoothed_us - self.smoothed_us / 8 + trip_us / 8;
    }

    /// The smoothed round trip in microseconds; 0 if unknown.
    pub(crate) fn smoothed_us(&self) -> u32 {
        self.smoothed_us
    }

    /// How long an answer may take: smoothed + 4 deviations, and at least `floor`.
    #[inline(never)]
    pub(crate) fn patience(&self, floor: Duration) -> Duration {
        Duration((self.smoothed_us + 4 * self.deviation_us).into()).max(floor)
    }
}
