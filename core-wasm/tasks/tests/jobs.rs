//! Jobs on a perfect port: whoever vanishes, stalls or is slow, all that was asked for comes, and each job ends once.

mod common;

use common::running::Conduct;
use common::{MS, SECOND, World, honest, task_id};
use tabmesh_tasks::{BATCH_MAX, BATCHES_MAX, EXECUTORS_MAX, FailedWhy, StalledWhy, TURN};
use tabmesh_world::perfect::Weather;

/// One job of so many tasks among honest executors.
fn world(seed: u64, executors: usize, validation: u8, tasks: u32) -> World {
    World::new(seed, Weather::FAIR, executors, |_| Conduct::Honest, |asking| asking.job(validation, tasks))
}

/// All was accepted and is right.
fn expect_all(world: &World) {
    let asking = world.asking();
    for job in &asking.jobs {
        assert_eq!(job.ended, Some(false), "job {} of level {}", job.number, job.validation);
        let right = |number: u32| {
            job.accepted.get(&number).map(|row| row.0) == Some(honest(&task_id(job.number, number)).0)
        };
        assert!((0..job.tasks).all(right));
    }
    assert_eq!(asking.refused, []);
}

#[test]
fn what_is_asked_for_comes() {
    let mut world = world(1, 10, 0, 2_000);
    world.begin();
    let took = world.run_to_end(600 * SECOND);
    expect_all(&world);
    assert!(world.asking().fetched > 5, "outputs that are too long to come with their outcomes are fetched");
    println!("2,000 tasks of 50 ms at ten executors: {} ms", took / MS);
}

#[test]
fn i13_killing_executors_at_any_time_changes_nothing() {
    for seed in 0..6 {
        let mut world = world(seed, 16, (seed % 5) as u8, 600);
        world.begin();
        // One goes each 700 ms, and comes back with another memory, until all were gone once.
        for number in 0..16 {
            world.net.run_for(700 * MS);
            world.net.detach(world.executors[number]);
            if number % 2 == 0 {
                world.net.run_for(100 * MS);
                world.net.restart(world.executors[number], common::Node::new);
                world.net.command(world.executors[number], &[2]);
            }
        }
        world.run_to_end(900 * SECOND);
        expect_all(&world);
    }
}

#[test]
fn all_levels_end_in_foul_weather() {
    for seed in 0..3 {
        let mut world = World::new(
            seed,
            Weather::FOUL,
            20,
            |_| Conduct::Honest,
            |asking| {
                (0..5).for_each(|level| asking.job(level, 150));
                asking.side_by_side = 4;
            },
        );
        world.begin();
        world.run_to_end(1_800 * SECOND);
        expect_all(&world);
    }
}

#[test]
fn who_takes_tasks_and_says_nothing_holds_up_nothing_for_good() {
    let conduct = |number| if number % 2 == 0 { Conduct::Stalls } else { Conduct::Honest };
    let mut world = World::new(3, Weather::FAIR, 12, conduct, |asking| asking.job(0, 400));
    world.begin();
    let took = world.run_to_end(1_200 * SECOND);
    expect_all(&world);
    println!("half of twelve stall: {} ms", took / MS);
}

#[test]
fn i14_no_more_is_with_an_executor_than_its_window() {
    let mut world = World::new(4, Weather::FAIR, 4, |_| Conduct::Honest, |asking| asking.job(0, 3_000));
    world.begin();
    world.run_to_end(600 * SECOND);
    expect_all(&world);
    assert_eq!(world.asking().most_out, BATCHES_MAX);
    for number in 0..4 {
        let running = world.running(number);
        assert!(running.largest <= BATCH_MAX);
        assert_eq!(running.sizes[0], 1, "it begins at one");
        for at in 1..running.sizes.len() {
            let before = running.sizes[..at].iter().max().unwrap_or(&1);
            assert!(running.sizes[at] <= before * 2, "{:?}", running.sizes);
        }
        // Two seconds of work: forty tasks of 50 ms.
        assert!((35..=45).contains(&running.largest), "{}", running.largest);
    }
}

#[test]
fn a_slow_executor_gets_what_it_can_do_in_two_seconds() {
    let conduct = |number| if number == 0 { Conduct::Slow(10) } else { Conduct::Honest };
    let mut world = World::new(5, Weather::FAIR, 4, conduct, |asking| asking.job(0, 2_000));
    world.begin();
    world.run_to_end(600 * SECOND);
    expect_all(&world);
    assert!(world.running(0).largest <= 5, "{}", world.running(0).largest);
    assert!(world.running(1).largest >= 30, "{}", world.running(1).largest);
}

#[test]
fn i23_a_job_says_why_it_stalls_and_goes_on_when_it_can() {
    let mut world = world(6, 0, 0, 50);
    world.begin();
    world.run_to_end(60 * SECOND);
    assert_eq!(world.asking().jobs[0].stalls, [StalledWhy::NoOffers]);
    let late = world.net.attach(tabmesh_port::Port::TASKS, common::Node::new);
    world.net.command(late, &[2]);
    world.run_to_end(120 * SECOND);
    expect_all(&world);
    assert_eq!(world.asking().jobs[0].stalls, [StalledWhy::NoOffers, StalledWhy::Not]);
}

#[test]
fn i23_a_job_that_fits_nobody_says_so() {
    let mut world = World::new(7, Weather::FAIR, 3, |_| Conduct::Honest, |asking| asking.job(0, 5));
    for place in world.executors.clone() {
        world.net.restart(place, |attachment| {
            let mut node = common::Node::new(attachment);
            node.running.gas = 1_000;
            node
        });
        world.net.command(place, &[2]);
    }
    world.begin();
    world.run_to_end(60 * SECOND);
    assert_eq!(world.asking().jobs[0].stalls, [StalledWhy::NoneFits]);
}

#[test]
fn i23_a_task_that_gives_no_result_ends_with_that() {
    let mut world = World::new(
        8,
        Weather::FAIR,
        5,
        |_| Conduct::Aborts,
        |asking| {
            asking.job(0, 5);
            asking.runs = false;
        },
    );
    world.begin();
    world.run_to_end(600 * SECOND);
    let job = &world.asking().jobs[0];
    assert_eq!(job.ended, Some(false));
    assert_eq!(job.failed.len(), 5);
    assert!(job.failed.iter().all(|(_, why)| *why == FailedWhy::NoResult));
}

#[test]
fn i23_too_few_executors_for_a_level_have_the_requester_run_it() {
    for runs in [true, false] {
        let mut world = World::new(
            9,
            Weather::FAIR,
            2,
            |_| Conduct::Honest,
            |asking| {
                asking.job(3, 5);
                asking.runs = runs;
            },
        );
        world.begin();
        world.run_to_end(600 * SECOND);
        if runs {
            expect_all(&world);
            assert_eq!(world.asking().ran_here, 5);
        } else {
            let failed = &world.asking().jobs[0].failed;
            assert!(failed.len() == 5 && failed.iter().all(|(_, why)| *why == FailedWhy::TooFew));
        }
    }
}

#[test]
fn a_batch_that_does_not_fit_is_sent_in_part_and_a_task_that_never_does_is_run_here() {
    for most in [3, 0] {
        let mut world = World::new(
            10,
            Weather::FAIR,
            3,
            |_| Conduct::Honest,
            |asking| {
                asking.job(0, 60);
                asking.most_in_a_batch = most;
            },
        );
        world.begin();
        world.run_to_end(600 * SECOND);
        expect_all(&world);
        assert_eq!(world.asking().ran_here == 60, most == 0);
        assert!((0..3).all(|number| world.running(number).largest <= most));
    }
}

#[test]
fn tasks_that_take_longer_than_was_thought_are_given_more_time() {
    let mut world = World::new(11, Weather::FAIR, 4, |_| Conduct::Slow(2_400), |asking| asking.job(0, 8));
    world.begin();
    let took = world.run_to_end(3_600 * SECOND);
    expect_all(&world);
    println!("eight tasks of two minutes at four executors: {} s", took / SECOND);
}

#[test]
fn whoever_withdraws_says_so_and_others_take_over() {
    let mut world = world(12, 6, 0, 800);
    world.begin();
    world.net.run_for(5 * SECOND);
    for place in &world.executors[..4] {
        world.net.command(*place, &[3]);
    }
    world.run_to_end(600 * SECOND);
    expect_all(&world);
    let left: Vec<_> = (0..4)
        .map(|number| world.running(number))
        .map(|it| (it.batches.len(), it.stopped, it.forgotten, it.ran))
        .collect();
    assert!(left.iter().all(|(open, stopped, ..)| *open == 0 && *stopped > 0), "{left:?}");
}

#[test]
fn a_cancelled_job_ends_at_once_and_its_executors_stop() {
    let mut world = world(13, 6, 2, 800);
    world.begin();
    world.net.run_for(5 * SECOND);
    world.net.command(world.requester, &tabmesh_tasks::Command::Cancel(1).emit());
    world.net.run_for(SECOND);
    assert_eq!(world.asking().jobs[0].ended, Some(true));
    for number in 0..6 {
        let running = world.running(number);
        let ran = running.ran;
        assert!(running.stopped > 0, "{number}: {:?} {}", running.sizes, running.ran);
        world.net.run_for(SECOND);
        assert_eq!(world.running(number).ran, ran, "nobody is at it any more");
    }
}

#[test]
fn more_executors_than_links_take_turns() {
    let conduct = |_| Conduct::Slow(10);
    let mut world = World::new(14, Weather::FAIR, 120, conduct, |asking| asking.job(0, 80_000));
    world.begin();
    world.net.run_for(5 * SECOND);
    let at_work = |world: &World| (0..120).filter(|number| world.running(*number).ran > 0).count();
    assert!(at_work(&world) <= EXECUTORS_MAX, "{}", at_work(&world));
    world.net.run_for(4 * TURN.0);
    assert!(at_work(&world) > 2 * EXECUTORS_MAX, "{}", at_work(&world));
}

#[test]
fn one_seed_gives_one_trace() {
    let run = |seed| {
        let mut world = world(seed, 8, 1, 200);
        world.begin();
        world.run_to_end(100 * SECOND);
        world.net.trace()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
