//! One cartel among forty executors, whose members give the same wrong answer, and jobs of one task each: so nobody is set aside
//! for what it said of another task.

use std::fmt;

use super::given::SECOND;
use super::running::Conduct;
use super::world::World;
use tabmesh_world::perfect::Weather;

const EXECUTORS: usize = 40;

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
    /// The chance of a wrong answer, exactly; and where votes go on until there is a margin, and executors are put back.
    pub(crate) chance: f64,
    pub(crate) table: f64,
}

impl Cartel {
    pub(crate) fn run(self) -> Came {
        let Self { liars, level, jobs } = self;
        let conduct = |number| if number < liars { Conduct::Lies } else { Conduct::Honest };
        let mut world = World::new(level.into(), Weather::FAIR, EXECUTORS, conduct, |asking| {
            (0..jobs).for_each(|_| asking.job(level, 1));
            asking.side_by_side = 4;
            // Nobody is named a liar for what it said either.
            asking.runs = false;
        });
        world.begin();
        world.run_to_end(100_000 * SECOND);
        let asking = world.asking();
        let failed: usize = asking.jobs.iter().map(|job| job.failed.len()).sum();
        assert_eq!(asking.accepted() + failed, jobs as usize);
        let issued: u32 = asking.jobs.iter().map(|job| job.issued).sum();
        let (f, margin) = (liars as f64 / EXECUTORS as f64, i32::from(level));
        Came {
            wrong: asking.wrong(),
            votes: f64::from(issued) / f64::from(jobs),
            chance: chance_of_wrong(margin, 2 * u32::from(level) + 3, liars as f64, EXECUTORS as f64),
            table: 1.0 / (1.0 + ((1.0 - f) / f).powi(margin)),
            cartel: self,
        }
    }
}

impl fmt::Display for Came {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cartel { liars, level, jobs } = self.cartel;
        let (wrong, chance, table, votes) =
            (self.wrong as f64 / f64::from(jobs), self.chance, self.table, self.votes);
        write!(
            formatter,
            "| {liars} of {EXECUTORS} | {level} | {wrong:.2e} | {chance:.2e} | {table:.2e} | {votes:.2} |"
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
        if lead == -margin || votes == most {
            return 0.0;
        }
        let f = liars / (liars + honest);
        f * walk(lead + 1, votes + 1, (liars - 1.0, honest), margin, most)
            + (1.0 - f) * walk(lead - 1, votes + 1, (liars, honest - 1.0), margin, most)
    }
    walk(0, 0, (liars, all - liars), margin, most)
}
