//! What lists of every type do, in few bytes: the library's own ways cost them again for each type.

use alloc::vec::Vec;

/// What every list of plain values can do beside what the library says.
pub(crate) trait List<T: Copy> {
    /// [`Vec::retain`], by moving what follows each item that goes: for short lists of which few go at once.
    fn keep(&mut self, is_kept: impl Fn(&T) -> bool);

    /// [`Vec::remove`] where nobody wants the item, which it would hand out through memory.
    fn drop_at(&mut self, place: usize);
}

impl<T: Copy> List<T> for Vec<T> {
    fn keep(&mut self, is_kept: impl Fn(&T) -> bool) {
        let mut place = 0;
        while let Some(item) = self.get(place) {
            if is_kept(item) {
                place += 1;
            } else {
                self.drop_at(place);
            }
        }
    }

    #[inline(never)]
    fn drop_at(&mut self, place: usize) {
        if place < self.len() {
            self.copy_within(place + 1.., place);
            self.truncate(self.len() - 1);
        }
    }
}

/// A copy, made by the code that every growing list of bytes needs; `to_vec` brings its own.
pub(crate) fn copied(bytes: &[u8]) -> Vec<u8> {
    let mut copy = Vec::new();
    copy.extend_from_slice(bytes);
    copy
}
