//! What a run found, as numbers.

pub(crate) mod compare;
pub mod plots;
mod spread;
mod svg;
pub mod table;
mod topic;
mod twin;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::results::histogram::Histogram;
use crate::results::{self, Sample};
use crate::scenario::Scenario;
use crate::shard::words::KIND_NAMES;
use crate::shard::{Counts, Tally};
use spread::Spread;
use topic::Topic;
use twin::Twin;

/// What came of lookups, as shares of those that ended while their asker was there.
#[derive(Clone, Copy, Serialize, Debug, Default)]
pub struct Lookups {
    /// Ended, or still open at the end; those whose asker left are not among them.
    pub judged: u64,
    /// Named the true closest node first; with liars: named the true closest honest node.
    pub right: f64,
    /// Named it behind one that was not there.
    pub behind_absent: f64,
    /// Did not name it.
    pub wrong: f64,
    /// Ended without an answer.
    pub failed: f64,
    /// Of those asked within 20 s, the fewest that were right.
    pub right_worst: f64,
    /// Said that ids lie suspiciously close together there.
    pub crowded: f64,
    /// Still open.
    pub open: u64,
    /// Time to the answer, in milliseconds.
    pub ms: Spread,
    /// That over the direct round trip of the same two nodes.
    pub stretch: Spread,
}

/// Per node and second, in bytes.
#[derive(Clone, Copy, Serialize, Debug, Default)]
pub struct Traffic {
    /// What engines gave to their links.
    pub engine: f64,
    /// The same with the headers of SCTP, DTLS, UDP and IP, acknowledgements, and what was sent again.
    pub wire: f64,
    /// To and from the signalling server.
    pub signalling: f64,
    /// Packets.
    pub packets: f64,
    /// Node-seconds over which it was counted.
    pub node_seconds: f64,
}

/// What came of blocks.
#[derive(Clone, Copy, Serialize, Debug, Default)]
pub struct Blocks {
    /// Asked for.
    pub puts: u64,
    /// Held by all who should.
    pub put_whole: u64,
    /// Held by some.
    pub put_partly: u64,
    /// Held by nobody, as far as was told.
    pub put_failed: u64,
    /// Time to the answer, in milliseconds.
    pub put_ms: Spread,
    /// Of the puts that somebody holds: how many others their givers were told of, in the mean, and how many did hold.
    pub told: f64,
    /// See above.
    pub held: f64,
    /// Puts whose giver was told of more others than held it.
    pub overstated: u64,
    /// Puts that fewer others held than wanted, though more could.
    pub short: u64,
    /// Reads asked for.
    pub gets: u64,
    /// Reads that brought the block.
    pub got: u64,
    /// Reads that did not.
    pub get_failed: u64,
    /// Time to the block, in milliseconds.
    pub get_ms: Spread,
    /// Of the blocks that somebody held: those that nobody holds at the end, as a share.
    pub lost: f64,
}

/// One goal of the scenario.
#[derive(Clone, Serialize, Debug)]
pub struct Goal {
    /// What is measured.
    pub name: &'static str,
    /// What was to be reached.
    pub wanted: f64,
    /// What was; nothing where it never happened.
    pub reached: Option<f64>,
    /// Whether that is enough.
    pub is_met: bool,
}

/// Everything a run found.
#[derive(Clone, Serialize, Debug)]
pub struct Report {
    /// What the scenario shows.
    pub about: String,
    /// How many nodes there are room for.
    pub nodes: u32,
    /// Where all chance came from.
    pub seed: u64,
    /// On how many threads it ran.
    pub threads: u32,
    /// Virtual seconds.
    pub seconds: f64,
    /// Real seconds.
    pub seconds_taken: f64,
    /// Things that happened to nodes.
    pub events: u64,
    /// The same, per real second.
    pub events_per_s: f64,
    /// Hash over every input of every engine, in hexadecimal.
    pub trace_hash: String,
    /// When everybody had joined, in virtual seconds.
    pub joined_all_s: Option<f64>,
    /// From birth to joined, in milliseconds.
    pub join_ms: Spread,
    /// How long after the last heal the overlay was one and everybody knew its neighbours, in seconds.
    pub whole_after_heal_s: Option<f64>,
    /// What came of lookups.
    pub lookups: Lookups,
    /// What came of blocks.
    pub blocks: Blocks,
    /// What came of the topic.
    pub topic: Topic,
    /// What was sent.
    pub traffic: Traffic,
    /// What the honest node that heard most heard, over the mean.
    pub heard_most: f64,
    /// Times an honest node blamed another honest one, or took another link in its name.
    pub blamed: u64,
    /// Messages that applications heard and nobody sent.
    pub forged: u64,
    /// How the world differs from one in which nobody lied.
    pub twin: Option<Twin>,
    /// WebRTC links begun.
    pub dials: u64,
    /// Opened.
    pub links_opened: u64,
    /// Kept apart by NATs.
    pub links_apart: u64,
    /// Relayed links begun, each end counted.
    pub circuit_ends: u64,
    /// WebSockets opened.
    pub sockets: u64,
    /// Envelopes that the signalling server carried.
    pub envelopes_relayed: u64,
    /// Engine bytes by kind of frame, per node and second, and frames likewise.
    pub kinds: Vec<(String, f64, f64)>,
    /// Engine state at its fullest, in bytes.
    pub engine_bytes_most: i64,
    /// Memory of the whole process at its fullest, in bytes.
    pub resident_most: u64,
    /// Broken rules of the engine's contract.
    pub broken: u64,
    /// The first of them.
    pub first_broken: Option<String>,
    /// What the scenario wanted.
    pub goals: Vec<Goal>,
    /// The world from time to time.
    pub samples: Vec<Sample>,
    /// What was followed, line by line.
    #[serde(skip)]
    pub words: Vec<String>,
    #[serde(skip)]
    pub(crate) sent_by: (u64, u64),
    #[serde(skip)]
    pub(crate) spans: BTreeMap<u64, (u64, u64)>,
    #[serde(skip)]
    pub(crate) times: Histogram,
    #[serde(skip)]
    pub(crate) stretches: Histogram,
}

impl Report {
    /// Whether every goal was reached and no rule of the engine's contract was broken.
    pub fn is_good(&self) -> bool {
        self.broken == 0 && self.goals.iter().all(|goal| goal.is_met)
    }

    /// Takes in how it differs from its twin, and looks at the goals anew.
    pub(crate) fn add_twin(&mut self, scenario: &Scenario, twin: Twin) {
        self.twin = Some(twin);
        self.goals = goals(scenario, self);
    }

    /// The report as JSON.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// What the conductor hands over at the end.
pub(crate) struct Gathered<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) seed: u64,
    pub(crate) threads: u32,
    pub(crate) seconds_taken: f64,
    pub(crate) trace_hash: u64,
    pub(crate) counts: Vec<Counts>,
    pub(crate) relayed: u64,
    pub(crate) engine_bytes_most: i64,
    pub(crate) resident_most: u64,
    pub(crate) joined_all_s: Option<f64>,
    pub(crate) whole_after_s: Option<f64>,
    pub(crate) lookups_open: u64,
    pub(crate) lookups: results::Lookups,
    pub(crate) blocks: results::Blocks,
    pub(crate) topic: results::Topic,
    pub(crate) joins: Histogram,
    pub(crate) heard_most: f64,
    /// Bytes by honest nodes and by liars.
    pub(crate) sent_by: (u64, u64),
    pub(crate) tally: Tally,
    pub(crate) samples: Vec<Sample>,
    pub(crate) words: Vec<String>,
}

/// Makes the report.
pub(crate) fn gather(gathered: Gathered<'_>) -> Report {
    let Gathered { scenario, counts, lookups, blocks, samples, .. } = &gathered;
    let sum = |of: fn(&Counts) -> u64| counts.iter().map(of).sum::<u64>();
    let node_seconds = gathered.tally.lived_us as f64 / 1e6;
    let each = |amount: u64| amount as f64 / node_seconds.max(1.0);
    let kinds = (0..KIND_NAMES.len()).filter_map(|kind| {
        let bytes = counts.iter().map(|counts| counts.kinds[kind]).sum::<u64>();
        let frames = counts.iter().map(|counts| counts.frames[kind]).sum::<u64>();
        (frames > 0).then(|| (KIND_NAMES[kind].to_owned(), each(bytes), each(frames)))
    });
    let events = sum(|counts| counts.events);
    let mut report = Report {
        about: scenario.about.clone(),
        nodes: scenario.nodes,
        seed: gathered.seed,
        threads: gathered.threads,
        seconds: scenario.seconds,
        seconds_taken: gathered.seconds_taken,
        events,
        events_per_s: events as f64 / gathered.seconds_taken,
        trace_hash: format!("{:016x}", gathered.trace_hash),
        joined_all_s: gathered.joined_all_s,
        join_ms: Spread::new(&gathered.joins, 1e3),
        whole_after_heal_s: gathered.whole_after_s,
        lookups: judge_lookups(lookups, gathered.lookups_open),
        blocks: judge_blocks(blocks, samples.last()),
        topic: topic::judge(&gathered.topic, counts, node_seconds),
        traffic: Traffic {
            engine: each(gathered.tally.sent),
            wire: each(gathered.tally.sent + gathered.tally.extra),
            signalling: each(gathered.tally.signal),
            packets: each(gathered.tally.packets),
            node_seconds,
        },
        heard_most: gathered.heard_most,
        blamed: sum(|counts| counts.blamed),
        forged: sum(|counts| counts.forged),
        twin: None,
        dials: sum(|counts| counts.dials),
        links_opened: sum(|counts| counts.opened),
        links_apart: sum(|counts| counts.apart),
        circuit_ends: sum(|counts| counts.circuits),
        sockets: sum(|counts| counts.sockets),
        envelopes_relayed: gathered.relayed,
        kinds: kinds.collect(),
        engine_bytes_most: gathered.engine_bytes_most,
        resident_most: gathered.resident_most,
        broken: sum(|counts| counts.broken),
        first_broken: counts.iter().find_map(|counts| counts.first_broken.clone()),
        goals: Vec::new(),
        samples: samples.clone(),
        sent_by: gathered.sent_by,
        spans: lookups.spans.clone(),
        times: lookups.times.clone(),
        stretches: lookups.stretches.clone(),
        words: gathered.words,
    };
    report.goals = goals(gathered.scenario, &report);
    report
}

fn judge_lookups(results: &results::Lookups, open: u64) -> Lookups {
    let judged = results.right + results.named + results.wrong + results.failed;
    let share = |count: u64| count as f64 / judged.max(1) as f64;
    Lookups {
        judged,
        right: share(results.right),
        behind_absent: share(results.named),
        wrong: share(results.wrong),
        failed: share(results.failed),
        right_worst: worst(&results.spans),
        crowded: share(results.crowded),
        open,
        ms: Spread::new(&results.times, 1e3),
        stretch: Spread::new(&results.stretches, 1e3),
    }
}

/// The least share of any span in which enough were asked.
fn worst(spans: &BTreeMap<u64, (u64, u64)>) -> f64 {
    let enough = spans.values().filter(|(judged, _)| *judged >= 20);
    enough.map(|(judged, right)| *right as f64 / *judged as f64).fold(1.0, f64::min)
}

fn judge_blocks(results: &results::Blocks, last: Option<&Sample>) -> Blocks {
    let held = results.put_whole + results.put_partly;
    Blocks {
        puts: results.puts,
        put_whole: results.put_whole,
        put_partly: results.put_partly,
        put_failed: results.put_failed,
        put_ms: Spread::new(&results.put_times, 1e3),
        told: results.told as f64 / held.max(1) as f64,
        held: results.held as f64 / held.max(1) as f64,
        overstated: results.overstated,
        short: results.short,
        gets: results.gets,
        got: results.got,
        get_failed: results.get_failed,
        get_ms: Spread::new(&results.get_times, 1e3),
        lost: last.map_or(0.0, |last| last.blocks_lost as f64 / last.blocks.max(1) as f64),
    }
}

fn goals(scenario: &Scenario, report: &Report) -> Vec<Goal> {
    let wanted = &scenario.goals;
    let mut goals = Vec::new();
    let mut add = |name, wanted: Option<f64>, reached: Option<f64>, is_least: bool| {
        let Some(wanted) = wanted else { return };
        let is_enough = |reached: f64| if is_least { reached >= wanted } else { reached <= wanted };
        goals.push(Goal { name, wanted, reached, is_met: reached.is_some_and(is_enough) });
    };
    let lookups = &report.lookups;
    let measured = (lookups.ms.count > 0).then_some(lookups);
    add("lookups right, at least", wanted.lookups_right, measured.map(|lookups| lookups.right), true);
    let worst = measured.map(|lookups| lookups.right_worst);
    add("lookups right in any 20 s, at least", wanted.lookups_right_worst, worst, true);
    add("alarms, at least", wanted.alarms_least, measured.map(|lookups| lookups.crowded), true);
    add("alarms, at most", wanted.alarms_most, measured.map(|lookups| lookups.crowded), false);
    add("lookup p50, ms", wanted.lookup_p50_ms, measured.map(|lookups| lookups.ms.p50), false);
    add("lookup p99, ms", wanted.lookup_p99_ms, measured.map(|lookups| lookups.ms.p99), false);
    add("lookup stretch, median", wanted.lookup_stretch, measured.map(|lookups| lookups.stretch.p50), false);
    add("everybody joined by, s", wanted.joined_by_s, report.joined_all_s, false);
    add("engine bytes a node and second", wanted.node_bytes_per_s, Some(report.traffic.engine), false);
    add("engine state, bytes", wanted.engine_bytes, Some(report.engine_bytes_most as f64), false);
    add("resident memory, GB", wanted.memory_gb, Some(report.resident_most as f64 / 1e9), false);
    let blocks = (report.blocks.puts > 0).then_some(&report.blocks);
    let of_puts = |count: u64| count as f64 / report.blocks.puts as f64;
    let held = |blocks: &Blocks| of_puts(blocks.put_whole + blocks.put_partly);
    add("puts held, share, at least", wanted.puts_held, blocks.map(held), true);
    add("puts short, share", wanted.puts_short, blocks.map(|blocks| of_puts(blocks.short)), false);
    add("puts overstated", wanted.puts_overstated, blocks.map(|blocks| blocks.overstated as f64), false);
    add("blocks lost, share", wanted.blocks_lost, Some(report.blocks.lost), false);
    let topic = (report.topic.pairs > 0).then_some(&report.topic);
    add("topic p98, ms", wanted.topic_p98_ms, topic.map(|topic| topic.p98_ms), false);
    add("topic copies", wanted.topic_copies, topic.map(|topic| topic.copies), false);
    add("topic lost, share", wanted.topic_lost, topic.map(|topic| topic.lost), false);
    add("topic refused", wanted.topic_refused, topic.map(|topic| topic.refused as f64), false);
    add("topic twice", wanted.topic_twice, topic.map(|topic| topic.twice as f64), false);
    let twin = report.twin.as_ref();
    add("honest links blamed", wanted.blamed, twin.map(|twin| twin.blamed_more as f64), false);
    add("messages forged", wanted.forged, Some(report.forged as f64), false);
    add("heard by one, times the mean", wanted.heard_most, Some(report.heard_most), false);
    add(
        "links to liars, times the twin's",
        wanted.links_to_liars,
        twin.map(|twin| twin.links_to_liars),
        false,
    );
    add("bytes by the honest for a liar's", wanted.amplification, twin.map(|twin| twin.amplification), false);
    add("difference from the twin", wanted.twin_difference, twin.map(|twin| twin.difference), false);
    add("whole after heal, s", wanted.whole_after_heal_s, report.whole_after_heal_s, false);
    goals
}
