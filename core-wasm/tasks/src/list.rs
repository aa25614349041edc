//! What lists of every type do, in few bytes: the library's own ways cost them again for each type.

use alloc::vec::Vec;

pub(crate) trait Gather: Iterator + Sized {
    /// [`Iterator::collect`] into a list, which grows as items come.
    fn gather(self) -> Vec<Self::Item> {
        let mut list = Vec::new();
        for item in self {
            list.push(item);
        }
        list
    }
}

impl<I: Iterator> Gather for I {}

pub(crate) trait List<T> {
    /// The first such item, taken out.
    fn take_first(&mut self, is_it: impl Fn(&T) -> bool) -> Option<T>;
}

impl<T> List<T> for Vec<T> {
    fn take_first(&mut self, is_it: impl Fn(&T) -> bool) -> Option<T> {
        let at = self.iter().position(is_it)?;
        Some(self.remove(at))
    }
}
