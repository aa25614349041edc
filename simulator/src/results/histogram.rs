//! Counts by size, with 64 steps an octave: quantiles to 1.1 %.

/// Steps an octave.
const STEPS: u64 = 64;

/// See the module's documentation.
#[derive(Clone, Default, Debug)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    len: u64,
    sum: u128,
    most: u64,
}

fn slot(value: u64) -> usize {
    if value < STEPS {
        return value as usize;
    }
    let octave = u64::from(63 - value.leading_zeros()) - STEPS.ilog2() as u64;
    ((octave + 1) * STEPS + (value >> octave) - STEPS) as usize
}

/// The least value of a slot.
fn least(slot: usize) -> u64 {
    let slot = slot as u64;
    if slot < STEPS {
        return slot;
    }
    (STEPS + slot % STEPS) << (slot / STEPS - 1)
}

impl Histogram {
    pub(crate) fn add(&mut self, value: u64) {
        let slot = slot(value);
        if slot >= self.counts.len() {
            self.counts.resize(slot + 1, 0);
        }
        self.counts[slot] += 1;
        self.len += 1;
        self.sum += u128::from(value);
        self.most = self.most.max(value);
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn mean(&self) -> f64 {
        self.sum as f64 / self.len.max(1) as f64
    }

    /// The value that a share `q` of all values does not exceed; 0 where there is none.
    pub(crate) fn quantile(&self, q: f64) -> u64 {
        let wanted = ((self.len as f64 * q).ceil() as u64).max(1);
        let mut seen = 0;
        for (slot, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return least(slot + 1).saturating_sub(1).min(self.most);
            }
        }
        self.most
    }

    /// Points (value, share of values up to it), for a drawing.
    pub(crate) fn distribution(&self) -> Vec<(f64, f64)> {
        let mut seen = 0;
        let mut points = Vec::new();
        for (slot, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            seen += count;
            points.push((least(slot + 1) as f64, seen as f64 / self.len as f64));
        }
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_follow_each_other_without_gaps() {
        for value in 0..100_000 {
            let slot = slot(value);
            assert!(least(slot) <= value && value < least(slot + 1), "{value} in {slot}");
        }
    }

    #[test]
    fn quantiles_are_right_to_a_hundredth() {
        let mut histogram = Histogram::default();
        (1..=100_000).for_each(|value| histogram.add(value));
        for q in [0.01, 0.5, 0.9, 0.99] {
            let (truth, told) = (q * 100_000.0, histogram.quantile(q) as f64);
            assert!((told / truth - 1.0).abs() < 0.02, "{q}: {told}");
        }
        assert_eq!((histogram.quantile(1.0), histogram.len()), (100_000, 100_000));
        assert_eq!(Histogram::default().quantile(0.5), 0);
    }
}
