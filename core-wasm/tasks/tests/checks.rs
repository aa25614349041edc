//! What liars achieve, by the level of checks.

mod common;

use std::collections::BTreeSet;

use common::cartel::Cartel;
use common::running::Conduct;
use common::{SECOND, World};
use tabmesh_port::NodeId;
use tabmesh_tasks::{CHECKED_RARELY, FailedWhy};
use tabmesh_world::perfect::Weather;

/// So many executors, of which the first `liars` are so.
fn world(
    seed: u64,
    executors: usize,
    liars: usize,
    conduct: Conduct,
    asking: impl FnOnce(&mut common::asking::Asking),
) -> World {
    let conduct = move |number| if number < liars { conduct } else { Conduct::Honest };
    World::new(seed, Weather::FAIR, executors, conduct, asking)
}

/// How far a count of so many may lie from what is expected, 99 times in 100.
fn spread(count: f64, chance: f64) -> f64 {
    2.576 * (count * chance * (1.0 - chance)).sqrt()
}

#[test]
fn i11_wrong_answers_are_accepted_as_rarely_as_the_table_says() {
    for (liars, level) in [(1, 0), (10, 0), (10, 1), (10, 2), (30, 1), (30, 2), (30, 3), (30, 4)] {
        let came = Cartel { liars, level, jobs: 400 }.run();
        println!("{came}");
        assert!(came.likely.contains(&came.wrong), "{came}");
    }
}

#[test]
fn in_one_job_liars_are_set_aside() {
    let mut wrong = 0;
    for seed in 1..=4 {
        let mut world = world(seed, 40, 12, Conduct::Lies, |asking| asking.job(2, 3_000));
        world.begin();
        world.run_to_end(3_600 * SECOND);
        assert_eq!(world.asking().accepted(), 3_000);
        wrong += world.asking().wrong();
    }
    println!("twelve of forty lie, one job of level 2: {wrong} of 12000 wrong");
    // It would be 1,560 if nobody were.
    assert!(wrong <= 240, "{wrong}");
}

#[test]
fn who_lies_at_once_gains_little_by_it() {
    let mut world = world(2, 40, 4, Conduct::LiesAtOnce, |asking| {
        (0..1_000).for_each(|_| asking.job(2, 1));
        asking.side_by_side = 4;
    });
    world.begin();
    world.run_to_end(100_000 * SECOND);
    let asking = world.asking();
    assert_eq!(asking.accepted(), 1_000);
    let table = 1.0 / (1.0 + 9.0_f64.powi(2));
    println!("four of forty lie at once, level 2: {} of 1000 wrong", asking.wrong());
    assert!(asking.wrong() as f64 <= 1_000.0 * table + spread(1_000.0, table));
}

#[test]
fn only_an_own_run_names_a_liar() {
    let mut world = world(3, 12, 3, Conduct::Lies, |asking| {
        (2..=4).for_each(|level| asking.job(level, 200));
    });
    let liars: BTreeSet<NodeId> = (0..3).map(|number| world.net.id(world.executors[number])).collect();
    world.begin();
    world.run_to_end(3_600 * SECOND);
    let asking = world.asking();
    assert_eq!(asking.accepted(), 600);
    assert!(asking.disputes.iter().all(|(_, liar)| liars.contains(liar)));
}

#[test]
fn level_1_finds_who_always_lies_and_takes_all_back() {
    for seed in 0..4 {
        let mut world = world(seed, 20, 4, Conduct::Lies, |asking| asking.job(1, 2_000));
        let liars: BTreeSet<NodeId> = (0..4).map(|number| world.net.id(world.executors[number])).collect();
        world.begin();
        world.run_to_end(3_600 * SECOND);
        let asking = world.asking();
        assert_eq!((asking.accepted(), asking.jobs[0].ended), (2_000, Some(false)), "seed {seed}");
        let named: BTreeSet<NodeId> = asking.disputes.iter().map(|(_, liar)| *liar).collect();
        assert!(named.is_subset(&liars), "the honest are never named");
        println!(
            "level 1, 4 of 20 lie: {} wrong, {} named, {} run here, {} given out",
            asking.wrong(),
            named.len(),
            asking.ran_here,
            asking.jobs[0].issued
        );
        // Two liars may confirm each other before either is named.
        assert!(asking.wrong() <= 20, "{}", asking.wrong());
    }
}

#[test]
fn level_1_bounds_what_a_turncoat_gains() {
    let mut gained = 0;
    for seed in 0..6 {
        let mut world = world(seed, 10, 1, Conduct::Turns(200), |asking| asking.job(1, 6_000));
        let liar = world.net.id(world.executors[0]);
        world.begin();
        world.run_to_end(3_600 * SECOND);
        let asking = world.asking();
        assert_eq!(asking.accepted(), 6_000);
        assert!(asking.disputes.iter().all(|(_, by)| *by == liar));
        // What it alone said is taken back once it is named.
        assert!(asking.disputes.is_empty() || asking.wrong() == 0, "{}", asking.wrong());
        gained += asking.wrong();
    }
    println!("six turncoats after 200 right answers each: {gained} wrong in the end");
    assert!(gained as u32 <= 6 * CHECKED_RARELY);
}

#[test]
fn checks_grow_rare_with_what_was_right() {
    let mut world = world(5, 4, 0, Conduct::Honest, |asking| asking.job(1, 8_000));
    world.begin();
    world.run_to_end(3_600 * SECOND);
    let asking = world.asking();
    assert_eq!((asking.accepted(), asking.wrong()), (8_000, 0));
    // Four executors: ten times each always, then once in c, then once in fifty. Up to half of it by canaries,
    // and one task in 25 at most is run here for nothing.
    let more = asking.jobs[0].issued + asking.ran_here - 8_000;
    println!(
        "8,000 tasks of level 1 at four: {} run here, {} given out twice, records {:?}",
        asking.ran_here,
        asking.jobs[0].issued + asking.ran_here - 8_000,
        asking.records.values()
    );
    assert!((160..=680).contains(&more), "{more}");
    assert!((40..=400).contains(&asking.ran_here), "{}", asking.ran_here);
    assert!(asking.records.values().all(|confirmed| *confirmed >= 40));
}

#[test]
fn checks_of_a_thousand_tasks_an_executor_cost_a_twentieth_of_them_at_most() {
    let mut world = world(8, 20, 0, Conduct::Honest, |asking| asking.job(1, 20_000));
    world.begin();
    world.run_to_end(3_600 * SECOND);
    let asking = world.asking();
    assert_eq!((asking.accepted(), asking.wrong()), (20_000, 0));
    let (issued, here) = (asking.jobs[0].issued, asking.ran_here);
    let more = f64::from(issued + here - 20_000) / 20_000.0;
    println!(
        "20,000 tasks of level 1 at twenty: {issued} given out, {here} run here, {more:.3} more than one each"
    );
    assert!((0.02..=0.05).contains(&more), "{more}");
}

#[test]
fn level_1_without_own_runs_checks_by_others() {
    let mut world = world(6, 10, 2, Conduct::Lies, |asking| {
        asking.job(1, 500);
        asking.runs = false;
    });
    world.begin();
    world.run_to_end(3_600 * SECOND);
    let asking = world.asking();
    let job = &asking.jobs[0];
    assert_eq!((job.ended, job.accepted.len() + job.failed.len()), (Some(false), 500));
    assert!(asking.disputes.is_empty(), "nothing is proven without an own run");
    assert!(job.failed.iter().all(|(_, why)| *why == FailedWhy::NoMargin));
}

#[test]
fn i24_few_are_doubled_and_what_is_late_does_not_hold_up_the_end() {
    let conduct = |number| if number == 0 { Conduct::Slow(200) } else { Conduct::Honest };
    let mut world = World::new(7, Weather::FAIR, 20, conduct, |asking| asking.job(0, 1_000));
    world.begin();
    let took = world.run_to_end(3_600 * SECOND);
    let asking = world.asking();
    assert_eq!((asking.accepted(), asking.wrong()), (1_000, 0));
    let more = asking.jobs[0].issued - 1_000;
    println!("one of twenty takes 10 s a task: {} s, {more} given out more than once", took / SECOND);
    assert!(took < 14 * SECOND, "{took}");
    assert!((1..=50).contains(&more), "{more}");
}

/// Six jobs with two liars and three slow ones among twenty: how many of 6,000 tasks are wrong, and given out beside two each.
fn wrong_with_doubles(liar: Conduct) -> (usize, u32) {
    let (mut wrong, mut more) = (0, 0);
    for seed in 0..6 {
        let conduct = |number| match number {
            0..2 => liar,
            2..5 => Conduct::Slow(150),
            _ => Conduct::Honest,
        };
        let mut world = World::new(seed, Weather::FAIR, 20, conduct, |asking| asking.job(2, 1_000));
        world.begin();
        world.run_to_end(3_600 * SECOND);
        let asking = world.asking();
        assert_eq!(asking.accepted(), 1_000);
        wrong += asking.wrong();
        more += asking.jobs[0].issued - 2_000;
    }
    (wrong, more)
}

#[test]
fn i24_liars_gain_nothing_where_tasks_are_doubled() {
    // Whoever is quick has twice the votes of others at most.
    for (liar, f) in [(Conduct::Lies, 0.1_f64), (Conduct::LiesAtOnce, 0.2)] {
        let (wrong, more) = wrong_with_doubles(liar);
        let table = 1.0 / (1.0 + ((1.0 - f) / f).powi(2));
        println!("{liar:?}: {wrong} of 6000 wrong, {more} given out beside two each");
        assert!(wrong as f64 <= 6_000.0 * table + spread(6_000.0, table));
    }
}

#[test]
fn i16_no_claim_changes_how_often_an_executor_is_drawn() {
    // Half of them claim 64 cores, and no limits; there is nothing on the wire that could tell.
    let mut counts = [0_u32; 2];
    for seed in 0..20 {
        let mut world = world(seed, 60, 0, Conduct::Honest, |asking| asking.job(0, 60));
        for number in (0..60).step_by(2) {
            let place = world.executors[number];
            let offer = common::offer(64, u64::MAX).emit();
            world.net.command(place, &offer);
        }
        world.begin();
        world.run_to_end(60 * SECOND);
        let packed: BTreeSet<NodeId> = world.asking().packed.iter().copied().collect();
        for number in 0..60 {
            counts[number % 2] += u32::from(packed.contains(&world.net.id(world.executors[number])));
        }
    }
    let (all, one) = (f64::from(counts[0] + counts[1]), f64::from(counts[0]));
    println!("drawn: {counts:?}");
    assert!((one - all / 2.0).abs() <= spread(all, 0.5), "{counts:?}");
}
