//! How long nodes stay.
//!
//! Exponential sessions are what Rhea et al. 2004 ("Handling Churn in a DHT") churn with; Weibull with shapes of 0.34 to
//! 0.59 is what Stutzbach and Rejaie 2006 ("Understanding Churn in Peer-to-Peer Networks") measured in Gnutella, Kad and
//! BitTorrent; shifted Pareto is the heavy tail of Yao et al. 2006 ("Modeling Heterogeneous User Churn"). Each is given
//! by its median, which is what a visitor of a page is known by.

use serde::Deserialize;

use super::SECOND;
use crate::dice::Dice;

/// The shape of the distribution.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Law {
    /// Who stayed long leaves as likely as who came now.
    Exponential,
    /// With a shape below 1: who stayed long stays longer.
    Weibull,
    /// Shifted Pareto (Lomax): some stay for ever.
    Pareto,
}

impl Law {
    /// The shape where the scenario names none: the middle of what was measured.
    pub(crate) fn usual_shape(self) -> f64 {
        match self {
            Self::Exponential => 1.0,
            Self::Weibull => 0.5,
            Self::Pareto => 3.0,
        }
    }

    /// A session in microseconds; between 0.1 s and 30 days.
    pub(crate) fn draw(self, median_s: f64, shape: f64, dice: &mut Dice) -> u64 {
        let left = dice.unit();
        let seconds = match self {
            Self::Exponential => median_s / core::f64::consts::LN_2 * -libm::log(left),
            Self::Weibull => median_s * libm::pow(-libm::log2(left), 1.0 / shape),
            Self::Pareto => {
                let scale = median_s / (libm::pow(2.0, 1.0 / shape) - 1.0);
                scale * (libm::pow(left, -1.0 / shape) - 1.0)
            }
        };
        (seconds.clamp(0.1, 2_592_000.0) * SECOND as f64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_sessions_are_shorter_than_the_median() {
        for law in [Law::Exponential, Law::Weibull, Law::Pareto] {
            let mut dice = Dice::new(5, 5);
            let short = (0..20_000).filter(|_| law.draw(600.0, law.usual_shape(), &mut dice) < 600 * SECOND);
            let short = short.count();
            assert!((9_700..10_300).contains(&short), "{law:?}: {short}");
        }
    }
}
