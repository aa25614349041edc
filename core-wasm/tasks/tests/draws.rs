//! Whom a requester takes first of those who offer: each is as likely. How lists of more are drawn from: the tests of the directory.

mod common;

use common::alone::{Alone, id};
use tabmesh_tasks::Command;

/// Fewer than make anybody look at longer lists.
const EXECUTORS: u32 = 20;

/// The value of chi-square with 19 degrees of freedom that is exceeded once in a thousand times.
const RARELY: f64 = 43.8;

#[test]
fn draws_are_even_over_seeds() {
    let mut drawn = [0_f64; EXECUTORS as usize];
    for seed in 0..2_000 {
        let mut alone = Alone::seeded(seed);
        alone.listed = (1..=EXECUTORS).map(id).collect();
        alone.say(&Command::Begin { job: 1, validation: 2, gas: 1, expected_ms: 0 });
        let first = alone.held.first().expect("somebody is drawn");
        let at = alone.listed.iter().position(|id| id == first).expect("one of those who offer");
        drawn[at] += 1.0;
    }
    let expected = 2_000.0 / f64::from(EXECUTORS);
    let chi: f64 = drawn.iter().map(|drawn| (drawn - expected).powi(2) / expected).sum();
    println!("chi-square of 2,000 first draws among {EXECUTORS}: {chi:.1}, {} expected", EXECUTORS - 1);
    assert!(chi < RARELY, "{chi}: {drawn:?}");
}
