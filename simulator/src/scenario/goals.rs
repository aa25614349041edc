//! What a scenario wants to be reached.

use serde::Deserialize;

/// What the run must reach; a goal that is missed is marked in the report.
#[derive(Clone, Copy, PartialEq, Default, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Goals {
    /// Lookups that name the true closest node first (with liars: name the true closest honest one), of all.
    pub(crate) lookups_right: Option<f64>,
    /// The same for those that were asked within any 20 s.
    pub(crate) lookups_right_worst: Option<f64>,
    /// Lookups that said that ids lie suspiciously close together, of all: at least, and at most.
    pub(crate) alarms_least: Option<f64>,
    pub(crate) alarms_most: Option<f64>,
    pub(crate) lookup_p50_ms: Option<f64>,
    pub(crate) lookup_p99_ms: Option<f64>,
    /// Median of lookup time over the direct round trip of the same two nodes.
    pub(crate) lookup_stretch: Option<f64>,
    /// Everybody joined by then.
    pub(crate) joined_by_s: Option<f64>,
    /// Engine bytes a node sends a second.
    pub(crate) node_bytes_per_s: Option<f64>,
    /// Engine state of a node at its fullest.
    pub(crate) engine_bytes: Option<f64>,
    /// Resident memory of the whole run.
    pub(crate) memory_gb: Option<f64>,
    /// Puts that somebody holds afterwards, of all.
    pub(crate) puts_held: Option<f64>,
    /// Puts that fewer others hold than wanted, though more could, of all.
    pub(crate) puts_short: Option<f64>,
    /// Puts whose giver was told of more holders than there are others that hold it.
    pub(crate) puts_overstated: Option<f64>,
    /// Blocks with no holder left at the end, of all that were put.
    pub(crate) blocks_lost: Option<f64>,
    /// From the command to publish to the event at a subscriber, of 98 % of those that hear it.
    pub(crate) topic_p98_ms: Option<f64>,
    /// Frames that hand a message on, hop by hop, by message and subscriber.
    pub(crate) topic_copies: Option<f64>,
    /// Subscribers that did not hear a message in time, of all that should have.
    pub(crate) topic_lost: Option<f64>,
    /// Messages that an engine refused until their publisher gave up.
    pub(crate) topic_refused: Option<f64>,
    /// Times an application heard a message again.
    pub(crate) topic_twice: Option<f64>,
    /// Links between honest nodes that an honest end closed with blame, or for another in the same name, more than in the twin.
    pub(crate) blamed: Option<f64>,
    /// Messages that an application heard and nobody sent.
    pub(crate) forged: Option<f64>,
    /// What a node hears is at most so many times the mean.
    pub(crate) heard_most: Option<f64>,
    /// While liars lie: the share of links that lead to them, in times the twin's.
    pub(crate) links_to_liars: Option<f64>,
    /// Bytes that honest nodes sent beyond the twin's, for each that liars sent beyond it.
    pub(crate) amplification: Option<f64>,
    /// From a minute after the liars stopped: the largest difference from the twin, as a share.
    pub(crate) twin_difference: Option<f64>,
    /// The overlay is one part so soon after a heal.
    pub(crate) whole_after_heal_s: Option<f64>,
}
