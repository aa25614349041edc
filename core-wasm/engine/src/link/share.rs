//! Shares of a bound: a link has all that is idle, and never keeps others from theirs.

use crate::io::LinkId;

/// The place of the entry that makes room for one more by `link`: the last one by the link that has most, where that is more than
/// `link` has then.
pub(crate) fn crowded_out(entries: &[Option<LinkId>], link: Option<LinkId>) -> Option<usize> {
    let count = |link: Option<LinkId>| entries.iter().filter(|entry| **entry == link).count();
    let (mut most, mut last) = (count(link) + 1, None);
    for (place, entry) in entries.iter().enumerate() {
        if count(*entry) >= most + usize::from(last.is_none()) {
            (most, last) = (count(*entry), Some(place));
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn links(numbers: &[u16]) -> Vec<Option<LinkId>> {
        numbers.iter().map(|number| LinkId::new(*number)).collect()
    }

    #[test]
    fn whoever_has_most_makes_room_for_who_has_fewer() {
        assert_eq!(crowded_out(&links(&[1, 2, 1, 2, 2]), LinkId::new(3)), Some(4));
        assert_eq!(crowded_out(&links(&[1, 1, 1, 2]), LinkId::new(2)), Some(2));
    }

    #[test]
    fn equals_make_no_room() {
        assert_eq!(crowded_out(&links(&[1, 1, 2]), LinkId::new(2)), None);
        assert_eq!(crowded_out(&links(&[1, 1, 2, 2, 2]), LinkId::new(2)), None);
    }
}
