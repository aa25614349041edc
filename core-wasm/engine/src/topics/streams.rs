//! Which messages came here, so that each is delivered once and others can be told of them.
//!
//! A sender numbers the messages of a run. Of each such stream a node remembers the last 64 numbers; what is older came, or is missed for
//! good. At the bound the stream goes whose last message was sent first, and from then on only what was sent later than that is believed.
//! So what came once never comes again, however many senders there are and whatever the clock says.

use alloc::vec::Vec;

use crate::limits::STREAMS_MAX;
use crate::time::{Duration, Instant, Stamp};
use crate::wire::topic::Place;
use crate::wire::{Reader, Writer};

/// Numbers of a stream that are remembered one by one.
const WINDOW: u32 = 64;

/// Of a stream that was not heard before, only the last messages are asked for.
const NEW: u32 = 32;

/// A stream is told of for so long after a message came.
const RECENT: Duration = Duration::from_ms(10_000);

/// The messages of one run of one sender.
struct Stream {
    name: [u8; 8],
    topic: u32,
    /// The highest number that came, and which of those before it: bit i stands for the one i below it.
    last: u32,
    came: u64,
    /// When the latest of them was sent, by its sender's word, in milliseconds since 1970.
    sent_ms: u64,
    came_at: Stamp,
}

/// See the module.
#[derive(Default)]
pub(super) struct Streams {
    list: Vec<Stream>,
    /// What was sent before this may have come here.
    floor_ms: u64,
}

/// What somebody has of a stream.
pub(super) struct Told {
    pub(super) stream: [u8; 8],
    last: u32,
    came: u64,
}

impl Told {
    /// What a list of streams says.
    pub(super) fn list(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.as_chunks::<20>().0.iter().map(|row| {
            let mut reader = Reader::new(row);
            Self { stream: *reader.array(), last: reader.u32(), came: reader.u64() }
        })
    }

    /// How many messages of the stream came there.
    pub(super) fn count(&self) -> u32 {
        self.last.saturating_sub(self.came.count_zeros())
    }
}

impl Stream {
    fn lacks(&self, number: u32) -> bool {
        let below = self.last.wrapping_sub(number);
        number > self.last || below < WINDOW && self.came >> below & 1 == 0
    }
}

impl Streams {
    fn find(&self, name: &[u8; 8]) -> Option<&Stream> {
        self.list.iter().find(|stream| stream.name == *name)
    }

    /// Whether the message of this place did not come yet, if it was sent then.
    pub(super) fn is_news(&self, place: &Place, sent_ms: u64) -> bool {
        sent_ms >= self.floor_ms && self.find(&place.stream).is_none_or(|stream| stream.lacks(place.number))
    }

    /// Of what somebody has, what did not come here, the oldest first.
    pub(super) fn missing(&self, told: &Told) -> impl Iterator<Item = Place> {
        let known = self.find(&told.stream);
        let reach = if known.is_some() { WINDOW } else { NEW };
        (0..reach.min(told.last)).rev().filter_map(move |below| {
            let number = told.last - below;
            let is_missing = told.came >> below & 1 == 1 && known.is_none_or(|stream| stream.lacks(number));
            is_missing.then_some(Place { stream: told.stream, number })
        })
    }

    /// Takes in a message; whether it is news.
    pub(super) fn take(&mut self, place: &Place, sent_ms: u64, topic: u32, now: Instant) -> bool {
        let is_news = self.is_news(place, sent_ms);
        if is_news {
            let number = place.number;
            if self.find(&place.stream).is_none() {
                self.make_room();
                self.list.push(Stream {
                    name: place.stream,
                    topic,
                    last: number,
                    // Older ones are not asked for, and there is none below 1.
                    came: u64::MAX << number.min(NEW),
                    sent_ms,
                    came_at: Stamp::of(now),
                });
            }
            if let Some(stream) = self.list.iter_mut().find(|stream| stream.name == place.stream) {
                let step = number.saturating_sub(stream.last);
                stream.last += step;
                stream.came = stream.came.checked_shl(step).unwrap_or(0) | 1 << (stream.last - number);
                stream.sent_ms = stream.sent_ms.max(sent_ms);
                stream.came_at = Stamp::of(now);
            }
        }
        is_news
    }

    fn make_room(&mut self) {
        if self.list.len() >= STREAMS_MAX {
            let mut oldest = 0;
            for (at, stream) in self.list.iter().enumerate() {
                if self.list.get(oldest).is_some_and(|other| stream.sent_ms < other.sent_ms) {
                    oldest = at;
                }
            }
            let gone = self.list.swap_remove(oldest);
            self.floor_ms = self.floor_ms.max(gone.sent_ms.saturating_add(1));
        }
    }

    /// What came to a topic not long ago, as a list of streams; of each stream's last 64 messages those in `mask`.
    #[inline(never)]
    pub(super) fn recent(&self, topic: u32, now: Instant, mask: u64) -> Vec<u8> {
        let mut writer = Writer::default();
        let is_recent = |stream: &&Stream| stream.topic == topic && stream.came_at.age(now) < RECENT;
        for stream in self.list.iter().filter(is_recent) {
            writer.bytes(&stream.name).u32(stream.last).u64(stream.came & mask);
        }
        writer.finish()
    }
}

#[cfg(test)]
mod tests {
    //! Once means once, whatever comes in which order, however often, and however many senders there are.

    use alloc::vec;

    use super::*;
    use crate::rng::Rng;

    const NOW: Instant = Instant(1_000_000);

    fn place(sender: u32, number: u32) -> Place {
        let mut stream = [0; 8];
        stream[..4].copy_from_slice(&sender.to_be_bytes());
        Place { stream, number }
    }

    #[test]
    fn a_burst_out_of_order_comes_whole_and_once() {
        let mut rng = Rng::new(1);
        let mut streams = Streams::default();
        let mut times = vec![0; 5_000];
        for round in 0..60_000_u32 {
            let number = (round / 12).saturating_sub(rng.below(60) as u32);
            if number > 0 && streams.take(&place(1, number), round.into(), 1, NOW) {
                times[number as usize] += 1;
            }
        }
        assert!(times.iter().all(|times| *times <= 1));
        assert!(times[1..4_900].iter().filter(|times| **times == 1).count() > 4_850);
    }

    #[test]
    fn the_first_messages_of_a_run_come_whichever_is_first() {
        let mut streams = Streams::default();
        for number in [NEW, 1, 7, NEW - 1] {
            assert!(streams.take(&place(1, number), 0, 1, NOW), "{number}");
            assert!(!streams.take(&place(1, number), 0, 1, NOW), "{number}");
        }
        assert!(!streams.take(&place(1, 0), 0, 1, NOW), "there is none");
    }

    #[test]
    fn x7_what_came_is_never_news_again_however_many_senders_flush_the_memory() {
        let mut rng = Rng::new(2);
        let mut streams = Streams::default();
        let mut heard: Vec<(Place, u64)> = Vec::new();
        for round in 0..20_000_u64 {
            // Clocks differ, and some messages take long.
            let sent_ms = 1_000_000 + round - rng.below(300);
            let place = place(rng.below(600) as u32, 1 + (round / 600) as u32);
            if streams.take(&place, sent_ms, 1, NOW) {
                heard.push((place, sent_ms));
            }
            let mut last = heard.iter().rev().take(100);
            assert!(last.all(|(old, sent_ms)| !streams.is_news(old, *sent_ms)), "round {round}");
        }
        assert!(heard.len() > 2_000, "and much of what is new comes: {}", heard.len());
        assert!(heard.iter().all(|(place, sent_ms)| !streams.is_news(place, *sent_ms)));
        assert_eq!(streams.list.len(), STREAMS_MAX);
    }

    #[test]
    fn what_others_have_is_missing_here_unless_it_came_or_is_long_past() {
        let mut streams = Streams::default();
        let told = |last, came| Told { stream: place(1, 0).stream, last, came };
        let missing = |streams: &Streams, told: &Told| -> Vec<u32> {
            streams.missing(told).map(|place| place.number).collect()
        };
        let new = missing(&streams, &told(100, u64::MAX));
        assert_eq!((new[0], new.len()), (101 - NEW, NEW as usize));
        for number in [70, 100] {
            streams.take(&place(1, number), 0, 1, NOW);
        }
        let known = missing(&streams, &told(102, u64::MAX << 1));
        assert_eq!((known[0], known.len()), (71 - NEW, 61));
        assert!(!known.contains(&70) && !known.contains(&100) && known.ends_with(&[99, 101]));
    }

    #[test]
    fn others_are_told_of_what_came_of_late() {
        let mut streams = Streams::default();
        streams.take(&place(1, 7), 0, 1, NOW);
        streams.take(&place(2, 1), 0, 9, NOW);
        let rows = streams.recent(1, NOW, u64::MAX);
        let told: Vec<Told> = Told::list(&rows).collect();
        assert_eq!((told.len(), told[0].last, told[0].count()), (1, 7, 1));
        assert!(streams.recent(1, NOW + RECENT, u64::MAX).is_empty());
    }
}
