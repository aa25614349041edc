//! Once means once, whatever comes in which order and however many senders there are; and nobody keeps others from being heard.

use alloc::vec::Vec;

use super::*;

/// A small seeded generator (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// Later than anything honest is sent in these tests.
const WALL_MS: u64 = 2_000_000;

fn name(sender: u64) -> [u8; 8] {
    sender.to_be_bytes()
}

fn take(streams: &mut Streams, sender: u64, number: u32, sent_ms: u64, by: u64) -> bool {
    let is_news = streams.is_news(&name(sender), number, sent_ms, WALL_MS);
    if is_news {
        streams.take(&name(sender), number, sent_ms, by, WALL_MS);
    }
    is_news
}

#[test]
fn the_first_numbers_of_a_run_come_whichever_is_first() {
    let mut streams = Streams::default();
    for number in [NEW, 1, 7, NEW - 1, 90] {
        assert!(take(&mut streams, 1, number, 0, 1), "{number}");
        assert!(!take(&mut streams, 1, number, 0, 1), "{number}");
    }
    assert!(!take(&mut streams, 1, 0, 0, 1), "there is none");
    assert!(!take(&mut streams, 1, 26, 0, 1), "too old to know");
    assert!(take(&mut streams, 1, 27, 0, 1));
}

#[test]
fn what_came_never_comes_again_however_many_senders_there_are() {
    let mut chance = Chance(2);
    let mut streams = Streams::default();
    let mut heard: Vec<(u64, u32, u64)> = Vec::new();
    for round in 0..20_000_u64 {
        let sent_ms = 1_000_000 + round - chance.below(300);
        let (sender, number) = (chance.below(600), 1 + (round / 600) as u32);
        if take(&mut streams, sender, number, sent_ms, chance.below(8)) {
            heard.push((sender, number, sent_ms));
        }
        let mut last = heard.iter().rev().take(50);
        assert!(last.all(|(sender, number, sent_ms)| !streams.is_news(
            &name(*sender),
            *number,
            *sent_ms,
            WALL_MS
        )));
    }
    assert!(heard.len() > 2_000, "and much of what is new comes: {}", heard.len());
    assert!(heard.iter().all(|(sender, number, sent_ms)| !streams.is_news(
        &name(*sender),
        *number,
        *sent_ms,
        WALL_MS
    )));
    assert_eq!(streams.list.len(), STREAMS_MAX);
}

#[test]
fn whoever_floods_with_senders_dated_ahead_gives_up_its_own() {
    let mut streams = Streams::default();
    for sender in 0..10 {
        assert!(take(&mut streams, sender, 1, 1_000_000, 1));
    }
    let wall_ms = 1_000_100;
    for sender in 100..1_000 {
        assert!(streams.is_news(&name(sender), 1, u64::MAX, wall_ms));
        streams.take(&name(sender), 1, u64::MAX, 66, wall_ms);
    }
    for sender in 0..10 {
        assert!(take(&mut streams, sender, 2, 1_000_050, 1), "those that were known are heard");
    }
    assert!(streams.is_news(&name(50), 1, wall_ms, wall_ms), "and so are newcomers");
}

#[test]
fn the_last_number_is_the_end() {
    let mut streams = Streams::default();
    assert!(take(&mut streams, 1, 1, 0, 1));
    assert!(take(&mut streams, 1, u32::MAX, 0, 1));
    assert!(!take(&mut streams, 1, 5, 0, 1));
    assert!(take(&mut streams, 1, u32::MAX - 63, 0, 1));
    assert!(!take(&mut streams, 1, u32::MAX - 64, 0, 1));
}
