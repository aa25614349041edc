//! A histogram in six numbers.

use serde::Serialize;

use crate::results::histogram::Histogram;

/// Quantiles of a measure, and its mean.
#[derive(Clone, Copy, Serialize, Debug, Default)]
pub struct Spread {
    /// How many were measured.
    pub count: u64,
    /// The mean.
    pub mean: f64,
    /// Half are below.
    pub p50: f64,
    /// Nine of ten are below.
    pub p90: f64,
    /// Ninety-nine of a hundred are below.
    pub p99: f64,
    /// The largest.
    pub most: f64,
}

impl Spread {
    pub(super) fn new(histogram: &Histogram, unit: f64) -> Self {
        let at = |q: f64| histogram.quantile(q) as f64 / unit;
        Self {
            count: histogram.len(),
            mean: histogram.mean() / unit,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            most: at(1.0),
        }
    }
}
