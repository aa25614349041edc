//! One cartel among a hundred executors, whose members give the same wrong answer, and jobs of one task each: so nobody is set aside
//! for what it said of another task. Four jobs are asked at once; then the requester forgets all, and draws forty executors anew. After
//! fifty draws all begin anew.

use std::fmt;
use std::ops::RangeInclusive;

use super::given::SECOND;
use super::node::Node;
use super::running::Conduct;
use super::world::World;
use tabmesh_port::Attachment;
use tabmesh_world::perfect::Weather;

pub(crate) const EXECUTORS: usize = 100;
const JOBS_A_DRAW: u32 = 4;
const DRAWS_A_WORLD: u32 = 50;

pub(crate) struct Cartel {
    pub(crate) liars: usize,
    pub(crate) level: u8,
    pub(crate) jobs: u32,
}

/// What came of it.
pub(crate) struct Came {
    cartel: Cartel,
    pub(crate) wrong: usize,
    votes: f64,
    /// The chance of a wrong answer, and how many come 99 times in 100.
    chance: f64,
    pub(crate) likely: RangeInclusive<usize>,
}

impl Cartel {
    pub(crate) fn run(self) -> Came {
        let draws = self.jobs / JOBS_A_DRAW;
        let (mut wrong, mut issued) = (0, 0);
        for first in (0..draws).step_by(DRAWS_A_WORLD as usize) {
            let mut world = self.world(first.into());
            for _ in first..draws.min(first + DRAWS_A_WORLD) {
                let asked = self.ask(&mut world);
                wrong += asked.0;
                issued += asked.1;
                world.net.restart(world.requester, |attachment| self.requester(attachment));
            }
        }
        let chance = self.chance();
        let votes = f64::from(issued) / f64::from(self.jobs);
        Came { wrong, votes, chance, likely: likely(self.jobs, chance), cartel: self }
    }

    fn world(&self, seed: u64) -> World {
        let conduct = |number| if number < self.liars { Conduct::Lies } else { Conduct::Honest };
        let mut world = World::new(seed, Weather::FAIR, EXECUTORS, conduct, |_| {});
        world.net.restart(world.requester, |attachment| self.requester(attachment));
        world
    }

    fn requester(&self, attachment: Attachment) -> Node {
        let mut node = Node::new(attachment);
        (0..JOBS_A_DRAW).for_each(|_| node.asking.job(self.level, 1));
        node.asking.side_by_side = JOBS_A_DRAW as usize;
        // Nobody is named a liar for what it said either.
        node.asking.runs = false;
        node
    }

    /// Jobs of one draw: how many answers are wrong, and how often tasks were given out.
    fn ask(&self, world: &mut World) -> (usize, u32) {
        world.begin();
        world.run_to_end(100_000 * SECOND);
        let asking = world.asking();
        let failed: usize = asking.jobs.iter().map(|job| job.failed.len()).sum();
        assert_eq!(asking.accepted() + failed, JOBS_A_DRAW as usize);
        (asking.wrong(), asking.jobs.iter().map(|job| job.issued).sum())
    }

    /// The chance of a wrong answer: with one vote; with two that are alike, of executors that are new; or with a margin.
    fn chance(&self) -> f64 {
        let (margin, most) = match self.level {
            0 => (1, 1),
            1 => (2, 2),
            level => (i32::from(level), 2 * u32::from(level) + 3),
        };
        chance_of_wrong(margin, most, self.liars as f64, EXECUTORS as f64)
    }
}

impl fmt::Display for Came {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cartel { liars, level, jobs } = self.cartel;
        let part = |count: usize| count as f64 / f64::from(jobs);
        let (wrong, chance, votes) = (part(self.wrong), self.chance, self.votes);
        let (least, most) = (part(*self.likely.start()), part(*self.likely.end()));
        let is_likely = if self.likely.contains(&self.wrong) { "yes" } else { "**no**" };
        write!(
            formatter,
            "| {liars} % | {level} | {wrong:.1e} | {chance:.1e} | {least:.1e} to {most:.1e} | {is_likely} | {votes:.2} |"
        )
    }
}

/// The chance that a wrong answer leads by `margin` first, drawing executors without putting them back, `liars` of `all`: what is
/// left undecided after `most` votes is decided by the requester, rightly.
fn chance_of_wrong(margin: i32, most: u32, liars: f64, all: f64) -> f64 {
    fn walk(lead: i32, votes: u32, (liars, honest): (f64, f64), margin: i32, most: u32) -> f64 {
        if lead == margin {
            return 1.0;
        }
        if lead == -margin || votes == most || liars < 1.0 && lead < 1 {
            return 0.0;
        }
        let f = liars / (liars + honest);
        f * walk(lead + 1, votes + 1, ((liars - 1.0).max(0.0), honest), margin, most)
            + (1.0 - f) * walk(lead - 1, votes + 1, (liars, honest - 1.0), margin, most)
    }
    walk(0, 0, (liars, all - liars), margin, most)
}

/// How many of so many come, each by this chance, 99 times in 100: below lies one in 200, and above too (binomial).
fn likely(count: u32, chance: f64) -> RangeInclusive<usize> {
    let mut below = 0.0;
    let (mut least, mut most) = (None, count as usize);
    // By logarithms: the first terms of large counts are smaller than any number.
    let mut term_ln = f64::from(count) * (-chance).ln_1p();
    for wrong in 0..=count {
        below += term_ln.exp();
        if below > 0.005 && least.is_none() {
            least = Some(wrong as usize);
        }
        if below >= 0.995 || chance == 0.0 {
            most = wrong as usize;
            break;
        }
        term_ln += (f64::from(count - wrong) / f64::from(wrong + 1) * chance / (1.0 - chance)).ln();
    }
    least.unwrap_or(0)..=most
}
