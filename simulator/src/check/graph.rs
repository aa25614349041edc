//! How many parts the overlay falls into, by union-find over the links that both ends list.

/// Parts of a set of numbers.
pub(crate) struct Parts {
    parent: Vec<u32>,
}

impl Parts {
    /// Every number below `count` on its own.
    pub(crate) fn new(count: usize) -> Self {
        Self { parent: (0..count as u32).collect() }
    }

    fn root(&mut self, mut one: u32) -> u32 {
        while self.parent[one as usize] != one {
            // Halving: every second step points two further.
            let above = self.parent[self.parent[one as usize] as usize];
            self.parent[one as usize] = above;
            one = above;
        }
        one
    }

    /// Makes one part of the two numbers' parts.
    pub(crate) fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        self.parent[one.max(other) as usize] = one.min(other);
    }

    /// How many parts these numbers fall into, and how many are in the largest.
    pub(crate) fn count(&mut self, numbers: impl Iterator<Item = u32>) -> (usize, usize) {
        let mut sizes = std::collections::BTreeMap::new();
        for number in numbers {
            *sizes.entry(self.root(number)).or_insert(0_usize) += 1;
        }
        (sizes.len(), sizes.values().copied().max().unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::Parts;

    #[test]
    fn joined_numbers_are_one_part() {
        let mut parts = Parts::new(10);
        for (one, other) in [(0, 1), (2, 3), (1, 3), (7, 8)] {
            parts.join(one, other);
        }
        assert_eq!(parts.count(0..10), (6, 4));
        assert_eq!(parts.count([0, 3].into_iter()), (1, 2));
    }
}
