//! One way of a stream, at its reader.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use tabmesh_port::Status;

use crate::limits::{EARLY_MAX, UNREAD_MAX, WINDOW};

/// What came, until it was read.
#[derive(Default)]
pub(crate) struct Receiving {
    /// Pieces that came before what stands before them, with their places.
    early: Vec<(u64, Vec<u8>)>,
    /// How far all came and was handed on, and how far it was read.
    came: u64,
    read: u64,
    /// Where each piece ends that was handed on and not read: [`UNREAD_MAX`], and as many early ones as one more lets follow.
    unread: VecDeque<u64>,
    /// How far the other end knows that it may go, less the window.
    told: u64,
    /// Where this way ends.
    end: Option<u64>,
}

impl Receiving {
    /// Bytes at a place came: what can be handed on now, in order.
    ///
    /// # Errors
    /// What the other end did wrong; [`Status::TooManyRequests`] where it shall send that again.
    pub(crate) fn take(&mut self, place: u64, bytes: &[u8], is_last: bool) -> Result<Vec<Vec<u8>>, Status> {
        let end = place.checked_add(bytes.len() as u64).ok_or(Status::BadRequest)?;
        let is_beyond = end > self.limit() || self.end.is_some_and(|last| end > last);
        let ends_elsewhere = is_last && self.end.is_some_and(|last| end != last);
        let ends_too_soon = is_last && self.furthest() > end;
        if is_beyond || ends_elsewhere || ends_too_soon {
            return Err(Status::BadRequest);
        }
        if place <= self.came && end > self.came && self.unread.len() >= UNREAD_MAX {
            return Err(Status::TooManyRequests);
        }
        if place > self.came && !bytes.is_empty() && self.early.iter().all(|(other, _)| *other != place) {
            if self.early.len() >= EARLY_MAX {
                return Err(Status::TooManyRequests);
            }
            self.early.push((place, bytes.to_vec()));
        }
        if is_last {
            self.end = Some(end);
        }
        let mut ready = Vec::new();
        if place <= self.came {
            self.advance(place, bytes, &mut ready);
            while let Some(next) = self.early.iter().position(|(place, _)| *place <= self.came) {
                let (place, bytes) = self.early.swap_remove(next);
                self.advance(place, &bytes, &mut ready);
            }
        }
        Ok(ready)
    }

    /// Adds what is new of bytes that stand at or before the place that was reached.
    fn advance(&mut self, place: u64, bytes: &[u8], ready: &mut Vec<Vec<u8>>) {
        let known = usize::try_from(self.came - place).unwrap_or(usize::MAX);
        if let Some(fresh) = bytes.get(known..).filter(|fresh| !fresh.is_empty()) {
            self.came += fresh.len() as u64;
            self.unread.push_back(self.came);
            ready.push(fresh.to_vec());
        }
    }

    /// The end of what came, early pieces included.
    fn furthest(&self) -> u64 {
        let early = self.early.iter().map(|(place, bytes)| place + bytes.len() as u64).max();
        self.came.max(early.unwrap_or(0))
    }

    /// So many bytes were read; false if they never came.
    pub(crate) fn read(&mut self, count: u64) -> bool {
        let is_sound = count <= self.came - self.read;
        if is_sound {
            self.read += count;
            while self.unread.front().is_some_and(|end| *end <= self.read) {
                self.unread.pop_front();
            }
        }
        is_sound
    }

    /// How far the other end may send.
    pub(crate) fn limit(&self) -> u64 {
        self.read + WINDOW
    }

    /// The other end hears of the limit, by an answer or a grant.
    pub(crate) fn tell_limit(&mut self) -> u64 {
        self.told = self.read;
        self.limit()
    }

    /// Whether the other end waits, or soon will, for a limit that it has not heard of.
    pub(crate) fn owes_grant(&self) -> bool {
        self.end.is_none() && self.read - self.told >= WINDOW / 2
    }

    /// All came, and nothing follows.
    pub(crate) fn is_done(&self) -> bool {
        self.end == Some(self.came)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(way: &mut Receiving, place: u64, bytes: &[u8], is_last: bool) -> Result<Vec<u8>, Status> {
        way.take(place, bytes, is_last).map(|ready| ready.concat())
    }

    #[test]
    fn pieces_in_any_order_and_twice_come_in_order_and_once() {
        let mut way = Receiving::default();
        assert_eq!(take(&mut way, 3, b"def", false), Ok(b"".to_vec()));
        assert_eq!(take(&mut way, 3, b"def", false), Ok(b"".to_vec()));
        assert_eq!(take(&mut way, 6, b"gh", true), Ok(b"".to_vec()));
        assert!(!way.is_done());
        assert_eq!(take(&mut way, 0, b"abcd", false), Ok(b"abcdefgh".to_vec()));
        assert_eq!(take(&mut way, 0, b"abc", false), Ok(b"".to_vec()));
        assert_eq!(take(&mut way, 6, b"gh", true), Ok(b"".to_vec()));
        assert!(way.is_done());
    }

    #[test]
    fn nothing_stands_behind_the_end_nor_beyond_the_window() {
        let mut way = Receiving::default();
        assert_eq!(take(&mut way, WINDOW, b"a", false), Err(Status::BadRequest));
        assert_eq!(take(&mut way, u64::MAX, b"a", false), Err(Status::BadRequest));
        assert_eq!(take(&mut way, WINDOW - 1, b"a", false), Ok(b"".to_vec()));
        assert_eq!(take(&mut way, 5, b"", true), Err(Status::BadRequest), "more came");
        let mut way = Receiving::default();
        assert_eq!(take(&mut way, 5, b"", true), Ok(b"".to_vec()));
        assert_eq!(take(&mut way, 5, b"a", false), Err(Status::BadRequest));
        assert_eq!(take(&mut way, 4, b"", true), Err(Status::BadRequest), "it ends once");
        assert_eq!(take(&mut way, 0, b"abcde", false), Ok(b"abcde".to_vec()));
        assert!(way.is_done());
    }

    #[test]
    fn early_pieces_are_bounded_and_overlap_does_no_harm() {
        let mut way = Receiving::default();
        for piece in 0..EARLY_MAX as u64 {
            assert_eq!(take(&mut way, 10 + piece, b"ab", false), Ok(b"".to_vec()));
        }
        assert_eq!(take(&mut way, 9, b"a", false), Err(Status::TooManyRequests));
        let all = take(&mut way, 0, b"0123456789", false).unwrap();
        assert_eq!(all.len(), 10 + EARLY_MAX + 1);
        assert!(way.early.is_empty());
    }

    #[test]
    fn reading_moves_the_window_and_is_told_once_half_of_it_is_free() {
        let mut way = Receiving::default();
        let half = vec![0; WINDOW as usize / 2];
        for place in [0, WINDOW / 2] {
            assert!(take(&mut way, place, &half, false).is_ok());
        }
        assert!(!way.read(WINDOW + 1), "that never came");
        assert!(way.read(WINDOW / 2 - 1) && !way.owes_grant());
        assert!(way.read(1) && way.owes_grant());
        assert_eq!(way.tell_limit(), WINDOW + WINDOW / 2);
        assert!(!way.owes_grant());
    }

    extern crate std;
    use std::vec;
}
