//! What came of a topic.

use serde::Serialize;
use tabmesh_world::words::TOPIC_NAMES;

use super::spread::Spread;
use crate::results;
use crate::shard::{Counts, TOPIC_KINDS};

/// What came of a topic. A pair is a message and another subscriber that took part from 15 s before it was published
/// until it was due.
#[derive(Clone, Serialize, Debug, Default)]
pub struct Topic {
    /// Subscriptions that engines took.
    pub subscriptions: u64,
    /// Subscriptions and messages that engines refused.
    pub refused: u64,
    /// Messages that went out.
    pub messages: u64,
    /// Other subscribers that were there when a message was published, in the mean.
    pub subscribers: f64,
    /// See above.
    pub pairs: u64,
    /// Of the pairs, those that got the message in time (within 20 s, if the scenario says nothing else).
    pub delivered: f64,
    /// Those that did not.
    pub lost: f64,
    /// The same of the pairs of which one end's wall clock is wrong.
    pub lost_by_wrong_clocks: f64,
    /// Of those that are lost, those that got it later after all.
    pub late: f64,
    /// Times an application heard what it had heard before.
    pub twice: u64,
    /// Times an application heard what nobody published, or under another's name, or after 150 s.
    pub false_ones: u64,
    /// From the command to publish to the event, in milliseconds, over the pairs that got it in time.
    pub ms: Spread,
    /// Ninety-eight of a hundred are below.
    pub p98_ms: f64,
    /// Frames that hand a message on, hop by hop, by message and subscriber.
    pub copies: f64,
    /// Their bytes, likewise.
    pub copy_bytes: f64,
    /// By what frames about the topic say: bytes and frames per node and second.
    pub says: Vec<(String, f64, f64)>,
}

pub(super) fn judge(results: &results::Topic, counts: &[Counts], node_seconds: f64) -> Topic {
    let share = |count: u64| count as f64 / results.pairs.max(1) as f64;
    let by_pair =
        |of: fn(&Counts) -> u64| counts.iter().map(of).sum::<u64>() as f64 / results.reach.max(1) as f64;
    let each = |amount: u64| amount as f64 / node_seconds.max(1.0);
    let says = (0..TOPIC_KINDS).filter_map(|kind| {
        let frames = counts.iter().map(|counts| counts.topic[kind].0).sum::<u64>();
        let bytes = counts.iter().map(|counts| counts.topic[kind].1).sum::<u64>();
        (frames > 0).then(|| (TOPIC_NAMES[kind].to_owned(), each(bytes), each(frames)))
    });
    Topic {
        subscriptions: results.subscriptions,
        refused: results.refused,
        messages: results.messages,
        subscribers: results.reach as f64 / results.messages.max(1) as f64,
        pairs: results.pairs,
        delivered: share(results.delivered),
        lost: share(results.late + results.never),
        lost_by_wrong_clocks: results.wrong_lost as f64 / results.wrong_pairs.max(1) as f64,
        late: share(results.late),
        twice: results.twice,
        false_ones: results.false_ones,
        ms: Spread::new(&results.times, 1e3),
        p98_ms: results.times.quantile(0.98) as f64 / 1e3,
        copies: by_pair(|counts| counts.copies.0),
        copy_bytes: by_pair(|counts| counts.copies.1),
        says: says.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_pairs_and_copies_of_everybody_that_was_there() {
        let mut results = results::Topic {
            messages: 4,
            reach: 400,
            pairs: 200,
            delivered: 196,
            ..results::Topic::default()
        };
        (results.late, results.never) = (1, 3);
        (1..=100).for_each(|ms| results.times.add(ms * 1_000));
        let mut counts = Counts { copies: (500, 60_000), ..Counts::default() };
        counts.topic[3] = (100, 12_000);
        let topic = judge(&results, &[counts.clone(), counts], 50.0);
        assert_eq!((topic.delivered, topic.lost, topic.late), (0.98, 0.02, 0.005));
        assert_eq!((topic.subscribers, topic.copies, topic.copy_bytes), (100.0, 2.5, 300.0));
        assert_eq!(topic.says, [("publish".to_owned(), 480.0, 4.0)]);
        assert!((topic.p98_ms / 98.0 - 1.0).abs() < 0.02, "{}", topic.p98_ms);
        assert_eq!(judge(&results::Topic::default(), &[], 0.0).lost, 0.0);
    }
}
