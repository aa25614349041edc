//! What happens to messages under way.

use crate::dice::Dice;

/// Delay, loss and repeats of a perfect port. Delays are drawn for each message, so that messages overtake each other.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// The shortest delay, in microseconds.
    pub delay_us_min: u64,
    /// The longest.
    pub delay_us_max: u64,
    /// How many of a million messages are lost.
    pub loss_ppm: u32,
    /// How many of a million Tells are sent twice.
    pub twice_ppm: u32,
    /// How long a job takes, in microseconds.
    pub job_us: u64,
}

impl Weather {
    /// 20 to 80 ms, and nothing is lost or comes twice.
    pub const FAIR: Self =
        Self { delay_us_min: 20_000, delay_us_max: 80_000, loss_ppm: 0, twice_ppm: 0, job_us: 300 };

    /// 20 to 400 ms, every tenth message is lost, and every tenth Tell sent twice.
    pub const FOUL: Self = Self {
        delay_us_min: 20_000,
        delay_us_max: 400_000,
        loss_ppm: 100_000,
        twice_ppm: 100_000,
        job_us: 300,
    };

    pub(super) fn loses(&self, dice: &mut Dice) -> bool {
        self.loss_ppm > 0 && dice.below(1_000_000) < self.loss_ppm.into()
    }

    pub(super) fn repeats(&self, dice: &mut Dice) -> bool {
        self.twice_ppm > 0 && dice.below(1_000_000) < self.twice_ppm.into()
    }

    pub(super) fn delay_us(&self, dice: &mut Dice) -> u64 {
        self.delay_us_min + dice.below(self.delay_us_max.saturating_sub(self.delay_us_min) + 1)
    }
}
