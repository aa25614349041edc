//! Which publications came here, so that each is delivered once.
//!
//! A member numbers the publications of a run. Of each such stream the last 64 numbers are remembered; what is older came, or is
//! missed for good. Of a stream that is not known, only what was sent after all streams that were given up is believed: what came once
//! never comes again, however many members there are. Exceptions are what was dated ahead of this node's clock and, where more than
//! [`STREAMS_MAX`] new runs come in [`FLOOD_MS`], what was sent that short a time ago: else a flood would keep newcomers from being heard.

use alloc::vec::Vec;

use crate::limits::{FLOOD_MS, STREAMS_MAX};

/// Numbers of a stream that are remembered one by one.
const WINDOW: u32 = 64;

/// Of a stream that was not heard before, only the last publications are asked for.
const NEW: u32 = 32;

struct Stream {
    name: [u8; 8],
    /// The head of the id whose link brought the first of it.
    by: u64,
    /// The highest number that came, and which of those before it: bit i stands for the one i below it.
    last: u32,
    came: u64,
    /// When the latest was sent, by its sender's word.
    sent_ms: u64,
    /// What was sent before this may have come before the stream was known.
    floor_ms: u64,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Streams {
    list: Vec<Stream>,
    /// What was sent before this, of a stream that is not known, may have come here.
    floor_ms: u64,
}

impl Streams {
    fn find(&mut self, name: &[u8; 8]) -> Option<&mut Stream> {
        self.list.iter_mut().find(|stream| stream.name == *name)
    }

    /// Whether this publication is not known to have come, whenever it was sent.
    pub(crate) fn lacks(&self, name: &[u8; 8], number: u32) -> bool {
        let Some(stream) = self.list.iter().find(|stream| stream.name == *name) else { return number > 0 };
        let below = stream.last.wrapping_sub(number);
        number > stream.last || below < WINDOW && stream.came >> below & 1 == 0
    }

    /// Whether it did not come yet, if it was sent then.
    pub(crate) fn is_news(&self, name: &[u8; 8], number: u32, sent_ms: u64, wall_ms: u64) -> bool {
        let stream = self.list.iter().find(|stream| stream.name == *name);
        let floor_ms = stream.map_or(self.floor_ms, |stream| stream.floor_ms);
        // The clock may have been set back since.
        sent_ms >= floor_ms.min(wall_ms.saturating_sub(FLOOD_MS)) && self.lacks(name, number)
    }

    /// Takes in a publication that [is news](Self::is_news), brought by the link of that head.
    pub(crate) fn take(&mut self, name: &[u8; 8], number: u32, sent_ms: u64, by: u64, wall_ms: u64) {
        if self.find(name).is_none() {
            self.make_room(wall_ms);
            // Older ones are not asked for, and there is none below 1.
            let came = u64::MAX << number.min(NEW);
            let floor_ms = self.floor_ms;
            self.list.push(Stream { name: *name, by, last: number, came, sent_ms, floor_ms });
        }
        let Some(stream) = self.find(name) else { return };
        let step = number.saturating_sub(stream.last);
        stream.last += step;
        let below = stream.last.saturating_sub(number);
        stream.came = stream.came.checked_shl(step).unwrap_or(0) | 1_u64.checked_shl(below).unwrap_or(0);
        stream.sent_ms = stream.sent_ms.max(sent_ms);
    }

    /// At the bound, the link that brought most gives up the stream whose last publication was sent first.
    fn make_room(&mut self, wall_ms: u64) {
        if self.list.len() < STREAMS_MAX {
            self.list.reserve_exact(STREAMS_MAX - self.list.len());
            return;
        }
        let brought = |by: u64| self.list.iter().filter(|stream| stream.by == by).count();
        let most = self.list.iter().map(|stream| brought(stream.by)).max().unwrap_or(0);
        let of_it = self.list.iter().enumerate().filter(|(_, stream)| brought(stream.by) == most);
        if let Some((at, _)) = of_it.min_by_key(|(_, stream)| stream.sent_ms) {
            let gone = self.list.swap_remove(at);
            // Whoever floods, or dates ahead, keeps nobody else from being heard.
            let floor_ms = gone.sent_ms.saturating_add(1).min(wall_ms.saturating_sub(FLOOD_MS));
            self.floor_ms = self.floor_ms.max(floor_ms);
        }
    }
}

#[cfg(test)]
mod tests;
