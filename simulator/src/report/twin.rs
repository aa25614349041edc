//! How a world differs from its twin, in which nobody lied, once the liars have stopped.

use serde::Serialize;

/// One measure of both.
#[derive(Clone, Serialize, Debug)]
pub struct Measure {
    /// What is measured.
    pub name: &'static str,
    /// In the world, and in its twin.
    pub own: f64,
    /// See above.
    pub twin: f64,
}

impl Measure {
    /// The difference as a share of the twin's.
    pub(super) fn difference(&self) -> f64 {
        (self.own - self.twin).abs() / self.twin.abs().max(1e-9)
    }
}

/// See the module's documentation.
#[derive(Clone, Serialize, Debug)]
pub struct Twin {
    /// From a minute after the liars stopped.
    pub measures: Vec<Measure>,
    /// The largest difference of any, as a share.
    pub difference: f64,
    /// Over the whole run: how much more often honest nodes blamed each other.
    pub blamed_more: u64,
    /// Bytes that engines gave to their links, in times the twin's.
    pub traffic: f64,
    /// While they lied: the largest share of honest nodes' links that led to liars, in times the twin's at that time.
    pub links_to_liars: f64,
    /// Bytes that honest nodes sent beyond the twin's, for each that liars did.
    pub amplification: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_a_share_of_what_the_twin_has() {
        let measure = |own, twin| Measure { name: "", own, twin }.difference();
        assert!((measure(19.0, 20.0) - 0.05).abs() < 1e-9 && (measure(21.0, 20.0) - 0.05).abs() < 1e-9);
        assert_eq!(measure(0.0, 0.0), 0.0);
        assert!(measure(1.0, 0.0) > 1e6, "what the twin has none of");
    }
}
