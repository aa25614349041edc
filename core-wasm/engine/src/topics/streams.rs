//! Which messages came here, so that each is delivered once and others can be told of them.
//!
//! A sender numbers the messages of a run. Of each such stream a node remembers the last 64 numbers; what is older came, or is missed for
//! good. At the bound the stream goes whose last message was sent first, and from then on whoever is not remembered is believed only
//! what was sent later than that. So what came once never comes again, however many senders there are and whatever the clock says.

use alloc::vec::Vec;

use crate::limits::{STREAMS_MAX, STREAMS_TOLD_MAX};
use crate::time::{Duration, Instant, Stamp};
use crate::wire::topic::Place;
use crate::wire::{Reader, Writer};

/// Numbers of a stream that are remembered one by one.
pub(super) const WINDOW: u32 = 64;

/// A gap is missed for good once its stream was quiet for so long: longer than it takes to ask for it several times.
const GIVEN_UP: Duration = Duration::from_ms(20_000);

/// A stream in which nothing came for so long takes no share of what a node can check.
const LIVELY: Duration = Duration::from_ms(2_000);

/// The messages of one run of one sender.
struct Stream {
    name: [u8; 8],
    topic: u32,
    /// The highest number that came, and which of those before it: bit i stands for the one i below it.
    last: u32,
    came: u64,
    /// The lowest number that came: what is missing above it was missed.
    first: u32,
    /// When the latest of them was sent, by its sender's word, in milliseconds since 1970.
    sent_ms: u64,
    came_at: Stamp,
    /// The highest number at the last mark, and at the one before: what came since then is told of.
    marks: [u32; 2],
}

/// See the module.
#[derive(Default)]
pub(super) struct Streams {
    list: Vec<Stream>,
    /// What is not remembered and was sent before this may have come here.
    floor_ms: u64,
}

/// The messages of a stream that somebody has: those after `after`, up to `last`.
pub(super) struct Told {
    pub(super) stream: [u8; 8],
    pub(super) after: u32,
    pub(super) last: u32,
}

impl Told {
    /// What a list of streams says.
    pub(super) fn list(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.as_chunks::<16>().0.iter().take(STREAMS_TOLD_MAX).map(|row| {
            let mut reader = Reader::new(row);
            Self { stream: *reader.array(), after: reader.u32(), last: reader.u32() }
        })
    }
}

impl Stream {
    fn age(&self, now: Instant) -> Duration {
        self.came_at.age(now)
    }

    fn is_missing(&self, number: u32) -> bool {
        let below = self.last.wrapping_sub(number);
        number <= self.last && below < WINDOW && self.came & 1 << below == 0
    }

    /// How many numbers above the first one and up to `to` are missing.
    fn missed(&self, to: u32) -> u32 {
        let from = self.first.max(self.last.saturating_sub(WINDOW - 1));
        (from..=to.min(self.last)).filter(|number| self.is_missing(*number)).count() as u32
    }

    /// Takes in a number above all others; says how many are missed for good.
    fn advance(&mut self, number: u32) -> u32 {
        let step = number - self.last;
        let edge = number.saturating_sub(WINDOW);
        let passed_over = edge.saturating_sub(self.last);
        let missed = self.missed(edge) + passed_over;
        self.came = self.came.checked_shl(step).unwrap_or(0) | 1;
        self.last = number;
        missed
    }
}

impl Streams {
    fn find(&self, name: &[u8; 8]) -> Option<&Stream> {
        self.list.iter().find(|stream| stream.name == *name)
    }

    /// Whether the message of this place did not come yet, if it was sent then.
    pub(super) fn is_news(&self, place: &Place, sent_ms: u64) -> bool {
        let is_later = sent_ms >= self.floor_ms;
        match self.find(&place.stream) {
            None => is_later,
            Some(stream) if place.number > stream.last => true,
            Some(stream) => stream.is_missing(place.number) && (place.number > stream.first || is_later),
        }
    }

    /// Whether the message of this place came here, as far as remembered.
    pub(super) fn has(&self, place: &Place) -> bool {
        self.find(&place.stream).is_some_and(|stream| {
            stream.last.checked_sub(place.number).is_some_and(|below| below < WINDOW)
                && !stream.is_missing(place.number)
        })
    }

    /// Of what somebody has, the numbers that did not come here; at most [`WINDOW`].
    pub(super) fn missing(&self, told: &Told) -> Vec<u32> {
        let stream = self.find(&told.stream);
        let from = told.after.saturating_add(1).max(told.last.saturating_sub(WINDOW - 1));
        let mut numbers = Vec::new();
        for number in from..=told.last {
            if stream.is_none_or(|stream| number > stream.last || stream.is_missing(number)) {
                numbers.push(number);
            }
        }
        numbers
    }

    /// Takes in a message that is news; says how many of its stream are missed for good.
    pub(super) fn take(&mut self, place: &Place, sent_ms: u64, topic: u32, now: Instant) -> u32 {
        let number = place.number;
        let Some(stream) = self.list.iter_mut().find(|stream| stream.name == place.stream) else {
            self.make_room();
            self.list.push(Stream {
                name: place.stream,
                topic,
                last: number,
                came: 1,
                first: number,
                sent_ms,
                came_at: Stamp::of(now),
                marks: [number.saturating_sub(1); 2],
            });
            return 0;
        };
        stream.sent_ms = stream.sent_ms.max(sent_ms);
        stream.came_at = Stamp::of(now);
        if number > stream.last {
            return stream.advance(number);
        }
        stream.came |= 1 << (stream.last - number);
        stream.first = stream.first.min(number);
        0
    }

    fn make_room(&mut self) {
        if self.list.len() < STREAMS_MAX {
            return;
        }
        let mut oldest = 0;
        for (at, stream) in self.list.iter().enumerate() {
            if self.list.get(oldest).is_some_and(|other| stream.sent_ms < other.sent_ms) {
                oldest = at;
            }
        }
        let gone = self.list.swap_remove(oldest);
        self.floor_ms = self.floor_ms.max(gone.sent_ms.saturating_add(1));
    }

    /// What came before two marks ago is told of no more.
    pub(super) fn mark(&mut self) {
        for stream in &mut self.list {
            stream.marks = [stream.last, stream.marks[0]];
        }
    }

    /// Gives up gaps in streams of a topic that are quiet; says how many messages are missed.
    pub(super) fn give_up(&mut self, topic: u32, now: Instant) -> u32 {
        let mut missed = 0;
        for stream in self.list.iter_mut().filter(|stream| stream.topic == topic) {
            if stream.age(now) >= GIVEN_UP && stream.came != u64::MAX {
                missed += stream.missed(stream.last);
                stream.came = u64::MAX;
            }
        }
        missed
    }

    /// How many streams something came in just now.
    pub(super) fn lively(&self, now: Instant) -> usize {
        self.list.iter().filter(|stream| stream.age(now) < LIVELY).count()
    }

    /// What came to a topic not long ago, as a list of streams.
    pub(super) fn recent(&self, topic: u32) -> Vec<u8> {
        let mut writer = Writer::default();
        let is_recent = |stream: &&Stream| stream.topic == topic && stream.last > stream.marks[1];
        for stream in self.list.iter().rev().filter(is_recent).take(STREAMS_TOLD_MAX) {
            let after = stream.marks[1].max(stream.last.saturating_sub(WINDOW));
            writer.bytes(&stream.name).u32(after).u32(stream.last);
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

    /// Takes a message if it is news; whether it was.
    fn hear(streams: &mut Streams, place: &Place, sent_ms: u64) -> bool {
        let is_news = streams.is_news(place, sent_ms);
        if is_news {
            streams.take(place, sent_ms, 1, NOW);
        }
        is_news
    }

    #[test]
    fn a_burst_out_of_order_comes_whole_and_once() {
        let mut rng = Rng::new(1);
        let mut streams = Streams::default();
        let mut times = vec![0; 5_000];
        for round in 0..60_000_u32 {
            let number = (round / 12).saturating_sub(rng.below(60) as u32);
            if number > 0 && hear(&mut streams, &place(1, number), u64::from(round)) {
                times[number as usize] += 1;
            }
        }
        assert!(times.iter().all(|times| *times <= 1));
        assert!(times[1..4_900].iter().filter(|times| **times == 1).count() > 4_850);
    }

    #[test]
    fn what_falls_out_of_the_window_is_missed_and_counted_once() {
        let mut streams = Streams::default();
        let mut missed = 0;
        for number in (1..=400).filter(|number| number % 10 != 5) {
            missed += streams.take(&place(1, number), 0, 1, NOW);
        }
        assert_eq!(missed, 34, "of 40 those that are more than 64 back");
        missed += streams.give_up(1, NOW + GIVEN_UP);
        missed += streams.give_up(1, NOW + GIVEN_UP);
        assert_eq!(missed, 40);
        assert!(!streams.is_news(&place(1, 395), 0), "it is missed for good");
        assert_eq!(streams.take(&place(1, 1_000), 0, 1, NOW), 1_000 - 64 - 400);
    }

    #[test]
    fn x7_what_came_is_never_news_again_however_many_senders_flush_the_memory() {
        let mut rng = Rng::new(2);
        let mut streams = Streams::default();
        let mut heard: Vec<(Place, u64)> = Vec::new();
        for round in 0..20_000_u64 {
            let sent_ms = 1_000_000 + round;
            let place = place(rng.below(600) as u32, 1 + (round / 600) as u32);
            if hear(&mut streams, &place, sent_ms) {
                heard.push((place, sent_ms));
            }
            let (old, sent_ms) = heard[rng.below(heard.len() as u64) as usize];
            assert!(!streams.is_news(&old, sent_ms), "round {round}");
        }
        assert!(heard.len() > 10_000, "and most of what is new comes: {}", heard.len());
        assert!(heard.iter().all(|(place, sent_ms)| !streams.is_news(place, *sent_ms)));
        assert_eq!(streams.list.len(), STREAMS_MAX);
    }

    #[test]
    fn others_are_told_of_what_came_of_late() {
        let mut streams = Streams::default();
        streams.take(&place(1, 7), 0, 1, NOW);
        streams.take(&place(2, 1), 0, 9, NOW);
        let told = |streams: &Streams| -> Vec<(u32, u32)> {
            Told::list(&streams.recent(1)).map(|told| (told.after, told.last)).collect()
        };
        assert_eq!(told(&streams), [(6, 7)]);
        streams.mark();
        streams.take(&place(1, 8), 0, 1, NOW);
        assert_eq!(told(&streams), [(6, 8)]);
        streams.mark();
        assert_eq!(told(&streams), [(7, 8)]);
        streams.mark();
        assert_eq!(told(&streams), []);
    }
}
