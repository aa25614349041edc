//! What a run found, counted while it runs: the conductor adds to it, the report reads it.

pub(crate) mod histogram;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::SECOND;
use histogram::Histogram;

/// Lookups are also judged span by span.
pub(crate) const SPAN_US: u64 = 20 * SECOND;

/// The state of the world at one moment.
#[derive(Clone, Copy, Serialize, Debug)]
pub struct Sample {
    pub(crate) at_s: f64,
    pub(crate) alive: usize,
    pub(crate) joined: usize,
    pub(crate) present_at_server: usize,
    /// Parts that the overlay falls into, and nodes outside the largest.
    pub(crate) parts: usize,
    pub(crate) outside: usize,
    /// Of the twelve closest nodes, the share that a node knows: mean and least.
    pub(crate) known: f64,
    pub(crate) known_least: f64,
    /// Of the buckets with anybody in them, the share with a link.
    pub(crate) buckets: f64,
    pub(crate) links: f64,
    pub(crate) links_to_liars: f64,
    pub(crate) links_most: usize,
    pub(crate) over_bound: usize,
    pub(crate) one_sided: f64,
    /// Lookups so far.
    pub(crate) lookups_right: u64,
    pub(crate) lookups_ended: u64,
    pub(crate) engine_bytes_mean: f64,
    pub(crate) resident_bytes: u64,
    pub(crate) blocks: u64,
    pub(crate) blocks_lost: u64,
    pub(crate) copies_mean: f64,
    /// Blocks that nobody will read, in the mean of honest stores.
    pub(crate) junk_mean: f64,
    pub(crate) copies_rightful: f64,
    pub(crate) blocks_short: u64,
    pub(crate) events: u64,
}

/// What came of lookups.
#[derive(Clone, Default)]
pub(crate) struct Lookups {
    pub(crate) asked: u64,
    /// Named the true closest node first.
    pub(crate) right: u64,
    /// Named it behind one that had gone or never was.
    pub(crate) named: u64,
    /// Did not name it.
    pub(crate) wrong: u64,
    /// Ended without an answer.
    pub(crate) failed: u64,
    /// Said that ids lie suspiciously close together there.
    pub(crate) crowded: u64,
    /// Who asked left, or froze, before the answer.
    pub(crate) moot: u64,
    /// Of those asked within each span of [`SPAN_US`]: judged, and right.
    pub(crate) spans: BTreeMap<u64, (u64, u64)>,
    /// Microseconds.
    pub(crate) times: Histogram,
    /// Thousandths of the direct round trip between who asked and whom it found.
    pub(crate) stretches: Histogram,
}

/// What came of blocks.
#[derive(Clone, Default)]
pub(crate) struct Blocks {
    pub(crate) puts: u64,
    /// Stored by all who should, by some, by none.
    pub(crate) put_whole: u64,
    pub(crate) put_partly: u64,
    pub(crate) put_failed: u64,
    pub(crate) put_times: Histogram,
    /// Of the puts that somebody holds: how many others their givers were told of, and how many others did hold.
    pub(crate) told: u64,
    pub(crate) held: u64,
    /// Puts whose giver was told of more others than held it.
    pub(crate) overstated: u64,
    /// Puts that fewer others held than wanted, though more could.
    pub(crate) short: u64,
    pub(crate) gets: u64,
    pub(crate) got: u64,
    pub(crate) get_failed: u64,
    pub(crate) get_times: Histogram,
}

/// What came of the topic.
#[derive(Clone, Default)]
pub(crate) struct Topic {
    /// Subscriptions that engines took.
    pub(crate) subscriptions: u64,
    /// Subscriptions and messages that engines refused.
    pub(crate) refused: u64,
    pub(crate) messages: u64,
    /// Over all messages: the other subscribers that were there when it was published.
    pub(crate) reach: u64,
    pub(crate) pairs: u64,
    /// Pairs of which one end's wall clock is wrong, and those of them that did not get it in time.
    pub(crate) wrong_pairs: u64,
    pub(crate) wrong_lost: u64,
    /// Pairs that got it within the time that is due, later, and never.
    pub(crate) delivered: u64,
    pub(crate) late: u64,
    pub(crate) never: u64,
    /// Times an application heard what it had heard before.
    pub(crate) twice: u64,
    /// Times an application heard what nobody published, or under another's name, or after [`KEPT_US`].
    pub(crate) false_ones: u64,
    /// From the command to the event, in microseconds.
    pub(crate) times: Histogram,
}
