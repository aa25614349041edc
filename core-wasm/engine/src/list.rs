//! What lists of every type do, in few bytes: the library's own ways cost them again for each type.

use alloc::vec::Vec;

/// What every list can do beside what the library says.
pub(crate) trait List<T> {
    /// [`Vec::retain`], by moving what follows each item that goes: for short lists of which few go at once.
    fn keep(&mut self, is_kept: impl Fn(&T) -> bool);
}

impl<T> List<T> for Vec<T> {
    fn keep(&mut self, is_kept: impl Fn(&T) -> bool) {
        let mut place = 0;
        while let Some(item) = self.get(place) {
            if is_kept(item) {
                place += 1;
            } else {
                self.remove(place);
            }
        }
    }
}
