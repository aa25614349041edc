//! The end of a run: what was counted is handed to the report.

use super::Conductor;
use crate::crypto::Crypto;
use crate::event::NodeNumber;
use crate::report::{self, Report};
use crate::results::histogram::Histogram;
use crate::shard::Tally;

impl<C: Crypto> Conductor<'_, C> {
    /// What honest nodes and liars sent; and what the honest node that heard most heard, over the mean of all honest ones.
    fn by_honesty(&self) -> ((u64, u64), f64) {
        let ground = &self.world.ground;
        let (mut most, mut sum, mut count) = (0, 0, 0_u64);
        let (mut by_honest, mut by_liars) = (0, 0);
        for (number, shard) in self.world.shards.iter().enumerate() {
            for (at, tally) in shard.tallies.iter().enumerate() {
                let node = at as NodeNumber * ground.shards + number as NodeNumber;
                if ground.lie(node).is_none() {
                    most = most.max(tally.received);
                    sum += tally.received;
                    count += 1;
                    by_honest += tally.sent;
                } else {
                    by_liars += tally.sent;
                }
            }
        }
        ((by_honest, by_liars), most as f64 * count as f64 / sum.max(1) as f64)
    }

    pub(super) fn report(mut self) -> Report {
        let now = self.world.now;
        for shard in &mut self.world.shards {
            shard.settle_lives(now);
        }
        let mut words: Vec<(u64, u32, String)> = Vec::new();
        let mut tally = Tally::default();
        for shard in &mut self.world.shards {
            words.append(&mut shard.words);
            for one in &shard.tallies {
                tally.sent += one.sent;
                tally.received += one.received;
                tally.packets += one.packets;
                tally.extra += one.extra;
                tally.signal += one.signal;
                tally.lived_us += one.lived_us;
            }
        }
        words.sort();
        let (sent_by, heard_most) = self.by_honesty();
        let lines = words
            .into_iter()
            .map(|(at, node, line)| format!("{:>12.3} ms  node {node:<7} {line}", at as f64 / 1e3));
        let mut joins = Histogram::default();
        self.census.joins_us.iter().for_each(|join| joins.add(*join));
        report::gather(report::Gathered {
            scenario: self.scenario,
            seed: self.options.seed,
            threads: self.options.threads,
            seconds_taken: self.started.elapsed().as_secs_f64(),
            trace_hash: self.world.trace_hash(),
            counts: self.world.shards.iter().map(|shard| shard.counts.clone()).collect(),
            relayed: self.world.shards[0].server.as_ref().map_or(0, |server| server.relayed),
            engine_bytes_most: self
                .world
                .shards
                .iter()
                .map(|shard| shard.engine_bytes().1)
                .max()
                .unwrap_or(0),
            resident_most: self.resident_most,
            joined_all_s: self.joined_all_at.map(|at| at as f64 / 1e6),
            whole_after_s: self.whole_after.map(|after| after as f64 / 1e6),
            lookups_open: self.lookups.open() as u64,
            lookups: self.lookups.results,
            blocks: self.blocks.results,
            topic: self.topic.results,
            joins,
            heard_most,
            sent_by,
            tally,
            samples: self.samples,
            words: lines.collect(),
        })
    }
}
