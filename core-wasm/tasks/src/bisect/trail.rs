//! The steps of a task as whoever ran it keeps them: at most [`RUNS_MAX`] hashes, however many steps there were.

use alloc::vec::Vec;

use tabmesh_port::Writer;

use super::ask::{Ask, LEVELS, Placed, height};
use super::step::{Step, steps_root};
use crate::list::Gather;
use crate::outcome::{node, root};

/// Hashes over equal runs of steps; of one more the runs become twice as long.
const RUNS_MAX: usize = 4_096;

/// Steps, of which those between kept hashes are run again where they are asked for.
#[derive(Clone, Default)]
pub struct Trail {
    count: u32,
    /// A run has 2 to the power of this steps.
    level: u32,
    runs: Vec<[u8; 32]>,
    /// Nodes over what is no whole run yet, each of a lower level than the one before.
    tail: Vec<(u32, [u8; 32])>,
    last: Option<Step>,
}

/// Runs steps again: the first one's number and how many, all of which it gives.
type Again<'a> = dyn FnMut(u32, u32) -> Vec<Step> + 'a;

impl Trail {
    /// A step was run. Of more than 2³² - 1 the last ones are left out.
    pub fn push(&mut self, step: &Step) {
        let Some(count) = self.count.checked_add(1) else { return };
        (self.count, self.last) = (count, Some(*step));
        let (mut level, mut hash) = (0, step.leaf());
        while let Some((_, left)) = self.tail.pop_if(|(of, _)| *of == level) {
            (level, hash) = (level + 1, node(&left, &hash));
        }
        if level < self.level {
            return self.tail.push((level, hash));
        }
        self.runs.push(hash);
        if self.runs.len() > RUNS_MAX {
            // One is left over: the first half of a longer run.
            let odd = self.runs.pop_if(|_| true);
            self.tail.extend(odd.map(|odd| (self.level, odd)));
            self.level += 1;
            self.runs = self.runs.as_chunks().0.iter().map(|[left, right]| node(left, right)).gather();
        }
    }

    /// How many steps there were.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Hashes are kept over 2 to the power of this steps each.
    pub fn level(&self) -> u32 {
        self.level
    }

    /// How many hashes are kept.
    pub fn kept(&self) -> usize {
        self.runs.len() + self.tail.len()
    }

    /// The root that an executor signs.
    pub fn root(&self) -> [u8; 32] {
        steps_root(self.count, &self.over_runs(0, self.runs.len() + 1).unwrap_or_default())
    }

    /// Answers a question of a [`Dispute`](super::Dispute); `None` where it is about something else, or `again` gives other steps than were run.
    pub fn answer(&self, ask: Ask, again: &mut Again<'_>) -> Option<Vec<u8>> {
        let mut writer = Writer::default();
        match ask {
            Ask::Open => {
                writer.u32(self.count);
                self.placed(self.count.checked_sub(1)?, again)?.emit(&mut writer);
                self.nodes(height(self.count), 0, again, &mut writer)?;
            }
            Ask::Nodes { level, number } => self.nodes(level, number, again, &mut writer)?,
            Ask::Step(number) => self.placed(number, again)?.emit(&mut writer),
            // The shell knows it.
            Ask::Left { .. } => return None,
        }
        Some(writer.finish())
    }

    fn nodes(&self, level: u32, number: u32, again: &mut Again<'_>, writer: &mut Writer) -> Option<()> {
        let below = level.saturating_sub(LEVELS);
        let first = u64::from(number) << (level - below);
        for at in first..first + (1 << (level - below)) {
            match self.node(below, at, again)? {
                Some(hash) => writer.bytes(&hash),
                None => break,
            };
        }
        Some(())
    }

    fn placed(&self, number: u32, again: &mut Again<'_>) -> Option<Placed> {
        if number >= self.count {
            return None;
        }
        let (mut at, mut path) = (u64::from(number), Vec::new());
        let step = match self.last.filter(|last| last.number == number && number + 1 == self.count) {
            Some(last) => last,
            None => again(number, 1).first().copied()?,
        };
        for level in 0..height(self.count) {
            path.extend(self.node(level, at ^ 1, again)?);
            at /= 2;
        }
        Some(Placed { step, path })
    }

    /// The node of that level and number; nothing in it where there are no such leaves. `None` where steps came out otherwise.
    #[expect(clippy::option_option, reason = "what cannot be said differs from what is not there")]
    fn node(&self, level: u32, number: u64, again: &mut Again<'_>) -> Option<Option<[u8; 32]>> {
        let first = number << level;
        if first >= u64::from(self.count) {
            return Some(None);
        }
        if level >= self.level {
            let runs = level - self.level;
            let (from, to) = (number << runs, (number + 1) << runs);
            return Some(self.over_runs(from as usize, to.min(u64::from(self.count) + 1) as usize));
        }
        let end = (first + (1 << level)).min(u64::from(self.count));
        let steps = again(first as u32, (end - first) as u32);
        let leaves: Vec<[u8; 32]> = steps.iter().map(Step::leaf).gather();
        (leaves.len() as u64 == end - first).then(|| Some(root(leaves)))
    }

    /// The node over these runs; what is no whole run is behind the last.
    fn over_runs(&self, from: usize, to: usize) -> Option<[u8; 32]> {
        let mut all = self.runs.get(from..to.min(self.runs.len())).unwrap_or_default().to_vec();
        if to > self.runs.len() {
            all.extend(
                self.tail.iter().rev().map(|(_, hash)| *hash).reduce(|right, left| node(&left, &right)),
            );
        }
        (!all.is_empty()).then(|| root(all))
    }
}
