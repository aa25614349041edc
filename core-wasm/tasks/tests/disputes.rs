//! Disputes about steps over the wire: whatever a liar changes, it alone is named, with few questions; silence names nobody; and nothing
//! is run whole where a step is enough.

mod common;

use common::running::Conduct;
use common::stepping::{Way, count};
use common::{SECOND, World};
use tabmesh_port::NodeId;
use tabmesh_tasks::{DISPUTES_A_TASK, DISPUTES_MAX, TaskId};
use tabmesh_world::perfect::Weather;

const TASKS: u32 = 28;

/// A task that is expected to take so long is not run whole to decide it.
const DEAR_MS: u32 = 10_001;

/// A job of level 2 that is run by steps, of whose executors the first ones run it so.
fn world(seed: u64, ways: &[Way], executors: usize) -> World {
    world_of(seed, ways, executors, 2, DEAR_MS)
}

fn world_of(seed: u64, ways: &[Way], executors: usize, level: u8, expected_ms: u32) -> World {
    let way = |number: usize| Conduct::Steps(ways.get(number).copied().unwrap_or(Way::Right));
    let mut world = World::new(seed, Weather::FAIR, executors, way, |asking| {
        (asking.by_steps, asking.expected_ms) = (true, expected_ms);
        asking.job(level, TASKS);
    });
    world.begin();
    world.run_to_end(600 * SECOND);
    world
}

fn id(world: &World, executor: usize) -> NodeId {
    world.net.id(world.executors[executor])
}

/// The executors that were named, each once.
fn named(world: &World) -> Vec<NodeId> {
    let mut named: Vec<NodeId> = world.asking().disputes.iter().map(|(_, liar)| *liar).collect();
    named.sort();
    named.dedup();
    named
}

/// Of all tasks, ended and right.
fn expect_right(world: &World, what: &str) {
    let asking = world.asking();
    assert!(asking.is_over(), "{what}: it ends");
    assert_eq!((asking.accepted(), asking.wrong()), (TASKS as usize, 0), "{what}");
    // A batch may be packed for one that was let go meanwhile.
    assert!(asking.refused.iter().all(|(command, _)| *command == 7), "{what}: {:?}", asking.refused);
}

/// ⌈log₂ n⌉ + 2.
fn most(count: u32) -> u32 {
    count.next_power_of_two().trailing_zeros() + 2
}

/// Nobody was asked more often than may be about one dispute of a task.
fn expect_few_questions(world: &World, executor: usize, disputes: u32, what: &str) {
    for (task, asked) in &world.running(executor).steps.asked {
        let all = count(task) + 70;
        assert!(*asked <= disputes * most(all), "{what}: {asked} questions about {} steps", count(task));
    }
}

const LIES: [Way; 17] = [
    Way::Changes { field: 0, goes_on: false },
    Way::Changes { field: 0, goes_on: true },
    Way::Changes { field: 1, goes_on: false },
    Way::Changes { field: 1, goes_on: true },
    Way::Changes { field: 2, goes_on: false },
    Way::Changes { field: 3, goes_on: false },
    Way::Changes { field: 3, goes_on: true },
    Way::Changes { field: 4, goes_on: false },
    Way::Changes { field: 4, goes_on: true },
    Way::Changes { field: 5, goes_on: false },
    Way::Changes { field: 5, goes_on: true },
    Way::More { steps: 1, is_behind: true },
    Way::More { steps: 70, is_behind: false },
    Way::Fewer { ends: true },
    Way::Fewer { ends: false },
    Way::OtherOutcome,
    Way::KeepsStates { lies: true },
];

#[test]
fn i19_a_lie_about_one_step_is_bisected_to_its_liar_over_the_wire() {
    for (seed, way) in LIES.into_iter().enumerate() {
        let world = world(seed as u64, &[way], 4);
        let what = format!("{way:?}");
        expect_right(&world, &what);
        assert_eq!(named(&world), [id(&world, 0)], "{what}: it alone");
        assert_eq!(world.asking().ran_here, 0, "{what}: nothing is run whole");
        assert!(
            !world.asking().records.contains_key(&id(&world, 0))
                || world.asking().records[&id(&world, 0)] == 0
        );
    }
}

#[test]
fn i15_a_dispute_takes_few_questions_over_the_wire() {
    let mut longest = 0;
    for seed in 0..8 {
        let world = world(100 + seed, &[Way::Changes { field: 0, goes_on: true }], 3);
        assert_eq!(named(&world), [id(&world, 0)]);
        let asked = (0..3).flat_map(|executor| world.running(executor).steps.asked.iter());
        longest = asked.map(|(task, _)| count(task)).max().unwrap_or(0).max(longest);
        (0..3).for_each(|executor| expect_few_questions(&world, executor, 1, "one liar"));
    }
    assert_eq!(longest, 1_000, "long ones were among them");
}

#[test]
fn i19_silence_and_what_does_not_fit_name_nobody_and_set_aside() {
    for (seed, way) in [Way::Silent, Way::Garbage, Way::Honestly].into_iter().enumerate() {
        let world = world(200 + seed as u64, &[way], 4);
        let what = format!("{way:?}");
        expect_right(&world, &what);
        assert_eq!(named(&world), [], "{what}: nothing is proven");
        assert_eq!(world.asking().settling.ran, [], "{what}: no step was run");
        // Once it was asked, it gets nothing more: it ran what it had by then.
        let honest = (1..4).map(|executor| world.running(executor).ran).min().expect("others");
        assert!(world.running(0).ran < honest, "{what}: {} of {honest}", world.running(0).ran);
    }
}

#[test]
fn where_a_silent_one_differs_at_level_1_the_whole_is_run_and_names_it() {
    let world = world_of(300, &[Way::Silent], 4, 1, DEAR_MS);
    expect_right(&world, "silent");
    assert_eq!(named(&world), [id(&world, 0)]);
}

#[test]
fn who_runs_steps_again_is_asked_again() {
    let world = world(400, &[Way::Changes { field: 5, goes_on: true }, Way::Again, Way::Again], 3);
    expect_right(&world, "again");
    assert_eq!(named(&world), [id(&world, 0)]);
    (1..3).for_each(|executor| expect_few_questions(&world, executor, 1, "again"));
}

#[test]
fn where_neither_gives_what_a_step_left_no_step_is_run_and_a_run_of_the_whole_decides() {
    let right = Way::KeepsStates { lies: false };
    let world = world(500, &[Way::KeepsStates { lies: true }, right, right, right], 4);
    expect_right(&world, "nobody gives states");
    assert_eq!(world.asking().settling.ran, []);
    // All are set aside, and so nobody is there for the rest.
    assert!(world.asking().ran_here > 0);
    assert_eq!(named(&world), [id(&world, 0)]);
}

#[test]
fn many_liars_are_found_a_few_at_a_time_and_no_honest_one() {
    let liars: Vec<Way> = (0..6).map(|field| Way::Changes { field, goes_on: field % 2 == 0 }).collect();
    for seed in 0..6 {
        let world = world(600 + seed, &liars, 14);
        expect_right(&world, "six liars");
        let named = named(&world);
        assert!((6..14).all(|honest| !named.contains(&id(&world, honest))), "seed {seed}");
        assert!(named.len() >= 3, "seed {seed}: {} found", named.len());
        assert!(world.asking().settling.most_at_once <= DISPUTES_MAX);
        // A task is disputed so often at most.
        let ran = &world.asking().settling.ran;
        let times = |task: &(u32, u32)| ran.iter().filter(|other| *other == task).count();
        assert!(ran.iter().all(|task| times(task) <= usize::from(DISPUTES_A_TASK)));
    }
}

#[test]
fn what_is_cheap_is_run_whole() {
    let lies = [Way::Changes { field: 0, goes_on: false }];
    let asked =
        |world: &World| (0..3).map(|executor| world.running(executor).steps.asked.len()).sum::<usize>();
    // Nobody says what a task takes, or it is little.
    for expected_ms in [0, 10_000] {
        let world = world_of(700, &lies, 3, 1, expected_ms);
        expect_right(&world, "cheap");
        assert_eq!((named(&world), asked(&world)), (vec![id(&world, 0)], 0), "{expected_ms} ms");
    }
    let dear = world_of(700, &lies, 3, 2, DEAR_MS);
    expect_right(&dear, "dear");
    assert_eq!((named(&dear), dear.asking().ran_here), (vec![id(&dear, 0)], 0));
    assert!(asked(&dear) > 0);
}

#[test]
fn tasks_that_are_run_whole_have_no_steps_and_those_by_steps_have_them() {
    // Outcomes with steps in a job that is run whole, and the other way round: who says so is let go, and named as nothing.
    for (conduct, by_steps) in [(Conduct::Steps(Way::Right), false), (Conduct::Honest, true)] {
        let mut world = World::new(
            800,
            Weather::FAIR,
            3,
            |_| conduct,
            |asking| {
                asking.by_steps = by_steps;
                asking.job(0, 5);
            },
        );
        world.begin();
        world.run_to_end(60 * SECOND);
        assert_eq!(world.asking().accepted(), 0);
        assert!(world.asking().disputes.is_empty());
    }
}

#[test]
fn receipts_of_stepped_tasks_hold_and_cover_the_steps() {
    let world = world(900, &[], 3);
    expect_right(&world, "receipts");
    let receipt = world.asking().receipts.first().expect("a receipt").clone();
    assert_ne!(receipt.outcome.steps, [0; 32]);
    let bytes = receipt.emit();
    assert_eq!(tabmesh_tasks::Receipt::read(&bytes), Some(receipt.clone()));
    let claim = receipt.check().expect("a claim");
    let mut other = receipt;
    other.outcome.steps[0] ^= 1;
    assert_ne!(other.check().map(|claim| claim.bytes), Some(claim.bytes), "another root is another claim");
}

/// A task of this many steps is among those of the job: what the counts above stand on.
#[test]
fn tasks_of_the_tests_are_short_and_long() {
    let counts: Vec<u32> = (0..TASKS).map(|number| count(&common::task_id(1, number) as &TaskId)).collect();
    assert!([1, 2, 3, 64, 65, 100, 1_000].iter().all(|count| counts.contains(count)));
}
