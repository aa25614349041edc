//! What executors can tell of checks: nothing, however they put together what they see.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::alone::{id, right};
use common::staff::{Seen, Staff};
use tabmesh_tasks::{CHECKED_RARELY, Command, Outcome, TaskId};

const EXECUTORS: u32 = 20;
const FEATURES: usize = 12;

/// What is known of a place in a batch, and whether it is a check.
struct Row {
    features: [f64; FEATURES],
    is_check: bool,
}

/// All that twenty executors see of a job, each checked once in fifty tasks: those places whose task none of them saw before.
fn rows(seed: u16) -> Vec<Row> {
    let mut staff = Staff::new(seed, EXECUTORS, right, |_, task| right(task));
    for executor in 1..=EXECUTORS {
        staff.alone.say(&Command::Know { executor: &id(executor), confirmed: CHECKED_RARELY });
    }
    staff.begin();
    staff.run_for(150);
    assert!(staff.disputes.is_empty());
    let mut times: BTreeMap<u32, u32> = BTreeMap::new();
    staff.seen.iter().for_each(|seen| *times.entry(seen.task).or_default() += 1);
    let (mut known, mut rows, mut before) = (BTreeSet::new(), Vec::new(), BTreeMap::new());
    let last = staff.seen.last().map_or(0, |seen| seen.at);
    for seen in &staff.seen {
        let since = seen.at - before.insert(seen.by, seen.at).unwrap_or(seen.at);
        // The second executor of a check comes within a few seconds.
        if known.insert(seen.task) && seen.at + 20_000_000 < last {
            let is_check = staff.ran_here.contains(&seen.task) || times[&seen.task] > 1;
            rows.push(Row { features: features(seen, since, &staff), is_check });
        }
    }
    rows
}

/// Numbers of about one: size, place, what is out, when, terms of the batch, and bytes of the task's id.
fn features(seen: &Seen, since: u64, staff: &Staff) -> [f64; FEATURES] {
    let id = common::task_id(1, seen.task).0;
    let (place, count) = (seen.place as f64, seen.count as f64);
    [
        count / 20.0,
        place / count,
        f64::from(seen.place == 0),
        f64::from(seen.place + 1 == seen.count),
        seen.beside as f64,
        since as f64 / 1e6,
        (seen.at % 1_000_000) as f64 / 1e6,
        seen.at as f64 / 1e8,
        f64::from(seen.lease_ms) / 1e4,
        seen.gas as f64 / f64::from(1 << 30),
        f64::from(id[0]) / 256.0,
        f64::from(seen.task) / staff.accepted.len() as f64,
    ]
}

/// Logistic regression, each class with half the weight, by gradient descent.
struct Classifier {
    mean: [f64; FEATURES],
    scale: [f64; FEATURES],
    weights: [f64; FEATURES],
}

impl Classifier {
    fn trained(rows: &[Row]) -> Self {
        let count = rows.len() as f64;
        let (mut mean, mut scale) = ([0.0; FEATURES], [0.0; FEATURES]);
        for at in 0..FEATURES {
            mean[at] = rows.iter().map(|row| row.features[at]).sum::<f64>() / count;
            let squares = rows.iter().map(|row| (row.features[at] - mean[at]).powi(2)).sum::<f64>();
            scale[at] = (squares / count).sqrt().max(1e-9);
        }
        let mut trained = Self { mean, scale, weights: [0.0; FEATURES] };
        let checks = rows.iter().filter(|row| row.is_check).count() as f64;
        for _ in 0..200 {
            let mut step = [0.0; FEATURES];
            for row in rows {
                let chance = 1.0 / (1.0 + (-trained.score(row)).exp());
                let error = f64::from(row.is_check) - chance;
                let weight = if row.is_check { 0.5 / checks } else { 0.5 / (count - checks) };
                (0..FEATURES).for_each(|at| step[at] += error * weight * trained.normal(row, at));
            }
            (0..FEATURES).for_each(|at| trained.weights[at] += step[at]);
        }
        trained
    }

    fn normal(&self, row: &Row, at: usize) -> f64 {
        (row.features[at] - self.mean[at]) / self.scale[at]
    }

    fn score(&self, row: &Row) -> f64 {
        (0..FEATURES).map(|at| self.weights[at] * self.normal(row, at)).sum()
    }

    /// How likely a check has a higher score than what is none (the area under the curve), and by how many of its own standard
    /// deviations that differs from one half.
    fn tells(&self, rows: &[Row]) -> (f64, f64) {
        let mut scores: Vec<(f64, bool)> = rows.iter().map(|row| (self.score(row), row.is_check)).collect();
        scores.sort_by(|one, other| one.0.total_cmp(&other.0));
        let ranks = scores.iter().enumerate().filter(|(_, (_, is_check))| *is_check);
        let sum: f64 = ranks.map(|(rank, _)| rank as f64 + 1.0).sum();
        let checks = rows.iter().filter(|row| row.is_check).count() as f64;
        let others = rows.len() as f64 - checks;
        let area = (sum - checks * (checks + 1.0) / 2.0) / (checks * others);
        let deviation = ((checks + others + 1.0) / (12.0 * checks * others)).sqrt();
        (area, (area - 0.5) / deviation)
    }
}

#[test]
fn i18_all_executors_together_tell_checks_no_better_than_chance() {
    let known: Vec<Row> = (1..=3).flat_map(rows).collect();
    let fresh: Vec<Row> = (4..=6).flat_map(rows).collect();
    let checks = |rows: &[Row]| rows.iter().filter(|row| row.is_check).count();
    let (area, deviations) = Classifier::trained(&known).tells(&fresh);
    println!(
        "{} places with {} checks taught, {} with {} asked: area {area:.3}, {deviations:.1} deviations from 0.5",
        known.len(),
        checks(&known),
        fresh.len(),
        checks(&fresh)
    );
    assert!(checks(&fresh) > 500 && checks(&known) > 500, "there are enough to tell by");
    let share = checks(&fresh) as f64 / fresh.len() as f64;
    assert!((0.01..0.04).contains(&share), "one in fifty: {share}");
    assert!(deviations.abs() < 3.0, "{area}");
}

#[test]
fn the_classifier_tells_what_can_be_told() {
    // Were checks first in their batch but one time in ten, it would find out.
    let marked = |seeds: std::ops::RangeInclusive<u16>| -> Vec<Row> {
        let mark = |(at, row): (usize, Row)| Row { is_check: row.features[2] > 0.0 && at % 10 > 0, ..row };
        seeds.flat_map(rows).enumerate().map(mark).collect()
    };
    let (area, deviations) = Classifier::trained(&marked(1..=1)).tells(&marked(2..=2));
    assert!(area > 0.9 && deviations > 10.0, "{area}");
}

/// What one task in fifty does not come to.
fn dull() -> Outcome {
    Outcome::whole(0, 1_000, 1, [0; 32])
}

fn is_rare(task: &TaskId) -> bool {
    task.0[5] < 5
}

fn mostly_dull(task: &TaskId) -> Outcome {
    if is_rare(task) { right(task) } else { dull() }
}

#[test]
fn i26_who_always_gives_the_commonest_output_is_found() {
    // Five of twenty guess; all were right fifty times before.
    let says = |by, task: &TaskId| if by <= 5 { dull() } else { mostly_dull(task) };
    let (mut canaries, mut rare, mut given, mut found) = (0, 0, Vec::new(), 0);
    for seed in 1..=4 {
        let mut staff = Staff::new(seed, EXECUTORS, mostly_dull, says);
        for executor in 1..=EXECUTORS {
            staff.alone.say(&Command::Know { executor: &id(executor), confirmed: CHECKED_RARELY });
        }
        staff.begin();
        staff.run_for(400);
        assert!(staff.disputes.iter().all(|(liar, _)| *liar <= 5), "{:?}", staff.disputes);
        found += staff.disputes.len();
        given.extend(staff.disputes.iter().map(|(_, given)| *given));
        for seen in staff.seen.iter().filter(|seen| staff.ran_here.contains(&seen.task)) {
            canaries += 1;
            rare += u32::from(is_rare(&common::task_id(1, seen.task)));
        }
        // What it costs: one in 25 beside the canaries themselves.
        let share = staff.ran_here.len() as f64 / staff.accepted.len() as f64;
        assert!(share < 0.06, "{share} are run here");
    }
    given.sort_unstable();
    println!(
        "{found} of 20 found, after {given:?} tasks; {rare} of {canaries} canaries came to something rare"
    );
    assert!(found >= 19, "{found}");
    // One in fifty would be, if they were not preferred.
    assert!(canaries > 300 && rare * 20 > canaries, "{rare} of {canaries}");
}
