//! Shares of a bound: a link has all that is idle, and never keeps others from theirs.

use crate::io::LinkId;

/// The place, of `count` entries, of the one that makes room for one more by `link`: the last one by the link that has most, where
/// that is more than `link` has then. Entries without a link are the node's own and stay.
pub(super) fn crowded_out(
    count: usize,
    by: &dyn Fn(usize) -> Option<LinkId>,
    link: Option<LinkId>,
) -> Option<usize> {
    let share = |link: Option<LinkId>| (0..count).filter(|place| by(*place) == link).count();
    let (mut most, mut found) = (share(link) + 2, None);
    for place in 0..count {
        let share = share(by(place));
        if share >= most && by(place).is_some() {
            (most, found) = (share, Some(place));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For one more by `link`, where the links of the entries have these numbers.
    fn place(numbers: &[u16], link: u16) -> Option<usize> {
        crowded_out(numbers.len(), &|place| LinkId::new(numbers[place]), LinkId::new(link))
    }

    #[test]
    fn whoever_has_most_makes_room_for_who_has_fewer() {
        assert_eq!(place(&[1, 2, 1, 2, 2], 3), Some(4));
        assert_eq!(place(&[1, 1, 1, 2], 2), Some(2));
    }

    #[test]
    fn equals_make_no_room_and_the_nodes_own_stay() {
        assert_eq!(place(&[1, 1, 2], 2), None);
        assert_eq!(place(&[0, 0, 0, 1], 2), None);
        assert_eq!(place(&[0, 0, 1, 1], 2), Some(3));
    }
}
