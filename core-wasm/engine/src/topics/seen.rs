//! Messages of topics that came here, so that none is passed on twice and others can be told of them.

use alloc::vec::Vec;

use crate::limits::{SEEN_BEFORE_MAX, SEEN_MAX};
use crate::time::Instant;

/// Messages sent within this time are told of.
const RECENT_MS: u32 = 12_000;

/// A message, by the first 8 bytes of its name.
struct Message {
    id: u64,
    /// The first half of its name.
    topic: u32,
    /// When it was sent, in milliseconds of the node's clock, of which only so many bits are needed.
    at_ms: u32,
}

/// The last ones.
#[derive(Default)]
pub(super) struct Seen {
    /// The oldest first.
    messages: Vec<Message>,
    /// Half the names of those before them: what is forgotten altogether would be new again.
    before: Vec<u32>,
    /// Which of these makes room next.
    oldest: usize,
}

fn milliseconds(at: Instant) -> u32 {
    (at.0 / 1_000) as u32
}

impl Seen {
    #[expect(
        clippy::manual_contains,
        reason = "for numbers that looks at many at once, in 100 bytes more of Wasm"
    )]
    pub(super) fn has(&self, id: u64) -> bool {
        self.messages.iter().any(|seen| seen.id == id)
            || self.before.iter().any(|before| *before == id as u32)
    }

    /// Notes a message that was sent `at`.
    pub(super) fn note(&mut self, id: u64, topic: u64, at: Instant) {
        if self.messages.len() >= SEEN_MAX {
            let id = self.messages.remove(0).id as u32;
            match self.before.get_mut(self.oldest) {
                Some(oldest) => *oldest = id,
                None => self.before.push(id),
            }
            self.oldest = (self.oldest + 1) % SEEN_BEFORE_MAX;
        }
        self.messages.push(Message { id, topic: topic as u32, at_ms: milliseconds(at) });
    }

    /// What was sent to a topic not long ago: 8 bytes each.
    #[inline(never)]
    pub(super) fn recent(&self, topic: u64, now: Instant) -> Vec<u8> {
        let mut ids = Vec::new();
        for seen in &self.messages {
            let age_ms = milliseconds(now).wrapping_sub(seen.at_ms);
            if seen.topic == topic as u32 && age_ms < RECENT_MS {
                ids.extend_from_slice(&seen.id.to_ne_bytes());
            }
        }
        ids
    }
}
