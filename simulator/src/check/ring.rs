//! The true closest nodes, by a sorted list of all ids.

/// An id as bytes.
pub(crate) type Id = [u8; 32];

/// Ids in order, each with a number of its owner's.
#[derive(Default)]
pub(crate) struct Ring {
    ids: Vec<(Id, u32)>,
}

fn bit(id: &Id, at: usize) -> bool {
    id[at / 8] & (0x80 >> (at % 8)) != 0
}

impl Ring {
    /// The ring of these ids.
    pub(crate) fn new(ids: impl Iterator<Item = (Id, u32)>) -> Self {
        let mut ids: Vec<_> = ids.collect();
        ids.sort_unstable();
        Self { ids }
    }

    /// How many ids there are.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// All ids and their owners, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Id, u32)> {
        self.ids.iter().map(|(id, owner)| (id, *owner))
    }

    /// Calls `see` with ids and owners from the nearest to `target` on, by XOR, until it answers false.
    ///
    /// A list in order is a binary tree: of those that share a prefix, the ones with the target's next bit come first.
    pub(crate) fn walk(&self, target: &Id, mut see: impl FnMut(&Id, u32) -> bool) {
        descend(&self.ids, target, 0, &mut see);
    }

    /// The `count` owners nearest to `target`.
    pub(crate) fn nearest(&self, target: &Id, count: usize) -> Vec<u32> {
        let mut found = Vec::with_capacity(count);
        self.walk(target, |_, owner| {
            found.push(owner);
            found.len() < count
        });
        found
    }

    /// Whether anybody shares exactly `bits` leading bits with `id`.
    pub(crate) fn has_bucket(&self, id: &Id, bits: usize) -> bool {
        let mut low = [0; 32];
        let mut high = [0xff; 32];
        for at in 0..bits.min(256) {
            let mask = 0x80 >> (at % 8);
            if bit(id, at) { low[at / 8] |= mask } else { high[at / 8] &= !mask }
        }
        let mask = 0x80 >> (bits % 8);
        if bit(id, bits) {
            high[bits / 8] &= !mask
        } else {
            low[bits / 8] |= mask
        }
        let first = self.ids.partition_point(|(other, _)| *other < low);
        self.ids.get(first).is_some_and(|(other, _)| *other <= high)
    }
}

fn descend(ids: &[(Id, u32)], target: &Id, at: usize, see: &mut impl FnMut(&Id, u32) -> bool) -> bool {
    match ids {
        [] => true,
        [(id, owner)] => see(id, *owner),
        _ if at >= 256 => ids.iter().all(|(id, owner)| see(id, *owner)),
        _ => {
            let split = ids.partition_point(|(id, _)| !bit(id, at));
            let (zeros, ones) = ids.split_at(split);
            let (near, far) = if bit(target, at) { (ones, zeros) } else { (zeros, ones) };
            descend(near, target, at + 1, see) && descend(far, target, at + 1, see)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    fn distance(one: &Id, other: &Id) -> Id {
        std::array::from_fn(|at| one[at] ^ other[at])
    }

    fn shared(one: &Id, other: &Id) -> usize {
        (0..256).find(|at| bit(one, *at) != bit(other, *at)).unwrap_or(256)
    }

    #[test]
    fn the_nearest_are_those_that_brute_force_finds() {
        let mut dice = Dice::new(4, 4);
        let mut ids: Vec<(Id, u32)> = (0..300).map(|owner| (dice.bytes(), owner)).collect();
        // Some that share many bits.
        for owner in 300..330 {
            let mut id = ids[7].0;
            id[20] = owner as u8;
            ids.push((id, owner));
        }
        let ring = Ring::new(ids.iter().copied());
        for round in 0..50 {
            let target = if round % 2 == 0 { dice.bytes() } else { ids[round].0 };
            let mut truth = ids.clone();
            truth.sort_by_key(|(id, _)| distance(id, &target));
            let truth: Vec<u32> = truth.iter().take(20).map(|(_, owner)| *owner).collect();
            assert_eq!(ring.nearest(&target, 20), truth);
        }
    }

    #[test]
    fn a_bucket_is_empty_where_brute_force_finds_nobody() {
        let mut dice = Dice::new(5, 5);
        let ids: Vec<(Id, u32)> = (0..100).map(|owner| (dice.bytes(), owner)).collect();
        let ring = Ring::new(ids.iter().copied());
        for (own, _) in &ids {
            for bits in 0..20 {
                let truth = ids.iter().any(|(id, _)| shared(id, own) == bits);
                assert_eq!(ring.has_bucket(own, bits), truth, "{bits} bits");
            }
        }
        assert_eq!(ring.len(), 100);
    }
}
