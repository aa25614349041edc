//! Executors that say outcomes and give no outputs, and those whose first answer comes late.

mod common;

use common::alone::{Alone, Given, id, number_of, outcomes, right};
use common::running::Conduct;
use common::{SECOND, World};
use tabmesh_port::{NodeId, Status};
use tabmesh_tasks::{Command, Event, WITHHELD_MAX, Word};
use tabmesh_world::perfect::Weather;

/// Answers a batch rightly; whether it counts.
fn answer(alone: &mut Alone, given: &Given) -> bool {
    let own = alone.own;
    let bytes = outcomes(number_of(&given.to), &own, &given.nonce, &given.tasks, right);
    alone.ask(&given.to, true, &bytes) == Some((Status::Ok, vec![]))
}

fn take(alone: &mut Alone) -> Vec<Given> {
    let given = std::mem::take(&mut alone.given);
    given.iter().for_each(|one| alone.answer(one.op, &one.to, Status::Ok, &[]));
    given
}

#[test]
fn who_withholds_an_output_gets_nothing_more_of_the_job_and_its_batches_go_to_others() {
    let mut alone = Alone::requester(0, 200, 5);
    let mut given = take(&mut alone);
    let withholder = given[0].to;
    assert!(answer(&mut alone, &given[0]));
    given.extend(take(&mut alone));
    let accepted = alone.accepted();
    alone.say(&Command::Withheld { job: 1, executor: &withholder, is_known: false });
    // What it has still counts for nothing, and goes to others.
    let other = given.iter().skip(1).find(|one| one.to == withholder).expect("two batches are out");
    assert!(!answer(&mut alone, other));
    assert_eq!(alone.accepted(), accepted);
    for _ in 0..60 {
        alone.run_for(SECOND);
        for one in take(&mut alone) {
            assert_ne!(one.to, withholder);
            answer(&mut alone, &one);
        }
    }
    let missing = 200 - alone.accepted();
    assert!(missing <= 8, "{missing}: what others were given at first");
}

#[test]
fn where_all_withhold_the_requester_runs_what_is_left() {
    let mut alone = Alone::requester(0, 4, 1);
    let given = take(&mut alone);
    assert!(answer(&mut alone, &given[0]));
    alone.run_for(60 * SECOND);
    assert_eq!(alone.count(|event| matches!(event, Event::RunHere { .. })), 0, "it waits for the others");
    alone.say(&Command::Withheld { job: 1, executor: &given[0].to, is_known: false });
    alone.run_for(60 * SECOND);
    assert_eq!(alone.count(|event| matches!(event, Event::RunHere { .. })), 3);
}

#[test]
fn a_job_that_goes_on_under_another_number_knows_who_withheld() {
    let mut alone = Alone::requester(0, 2, 1);
    take(&mut alone);
    let known = Command::Withheld { job: 1, executor: &id(1), is_known: true };
    (0..9).for_each(|_| alone.say(&known));
    assert!(alone.held.contains(&id(1)), "it counts once");
    alone.run_for(60 * SECOND);
    assert!(alone.given.is_empty());
    assert_eq!(alone.count(|event| matches!(event, Event::RunHere { .. })), 2);
}

#[test]
fn who_withholds_three_times_is_asked_nothing_more_by_this_node() {
    let mut alone = Alone::requester(0, 200, 2);
    let withholder = id(1);
    for job in 1..=u32::from(WITHHELD_MAX) {
        assert!(alone.held.contains(&withholder), "{job}");
        // A job that is over by then counts as well.
        alone.say(&Command::Withheld {
            job: if job == 1 { 1 } else { 77 },
            executor: &withholder,
            is_known: false,
        });
    }
    assert!(!alone.held.contains(&withholder));
    alone.run_for(300 * SECOND);
    assert!(!alone.held.contains(&withholder) && alone.held.contains(&id(2)));
    assert_eq!(alone.count(|event| matches!(event, Event::Dispute { .. })), 0, "nothing is proven");
}

#[test]
fn an_executor_of_whom_an_output_is_to_come_is_held_and_who_is_gone_withholds_nothing() {
    let mut alone = Alone::requester(0, 1, 1);
    let given = take(&mut alone);
    answer(&mut alone, &given[0]);
    let fetch = |alone: &mut Alone, fetch, executor: &NodeId| {
        alone.say(&Command::Fetch { fetch, executor, nonce: &given[0].nonce, index: 0, offset: 0 });
    };
    fetch(&mut alone, 1, &given[0].to);
    alone.say(&Command::Close(1));
    alone.run_for(2 * SECOND);
    assert_eq!(alone.count(|event| matches!(event, Event::Ended { .. })), 1);
    assert_eq!(alone.held, [given[0].to], "the job is over, its output is not here");
    let status = |alone: &Alone, number| {
        let is_it = |bytes: &Vec<u8>| match Event::read(bytes) {
            Some(Event::Fetched { fetch, status, .. }) if fetch == number => Some(status),
            _ => None,
        };
        alone.events.iter().find_map(is_it)
    };
    let (op, to, _) = alone.asks.pop().expect("it asks");
    alone.answer(op, &to, Status::TimedOut, &[]);
    assert_eq!(status(&alone, 1), Some(Status::TimedOut));
    assert!(alone.held.is_empty());
    fetch(&mut alone, 2, &given[0].to);
    alone.handle(tabmesh_port::Input::Told(tabmesh_port::Told::Unlinked {
        id: &given[0].to,
        reason: tabmesh_port::Reason::Lost,
    }));
    let (op, to, _) = alone.asks.pop().expect("it asks");
    alone.answer(op, &to, Status::TimedOut, &[]);
    assert_eq!(status(&alone, 2), Some(Status::Unavailable));
}

#[test]
fn one_slow_first_answer_makes_neither_windows_small_nor_leases_long_for_good() {
    let mut alone = Alone::requester(0, 2_000, 1);
    let (mut sizes, mut leases) = (Vec::new(), Vec::new());
    let mut queue = Vec::new();
    for round in 0..12 {
        queue.extend(take(&mut alone));
        let one = queue.remove(0);
        // The first takes 20 s, as where a module is long compiled; each task 50 ms from then on.
        for _ in 0..if round == 0 { 10 } else { 0 } {
            alone.run_for(2 * SECOND);
            queue.iter().chain([&one]).for_each(|one| alone.tell(&one.to, Word::Beat(0), &one.nonce));
        }
        alone.run_for(one.tasks.len() as u64 * SECOND / 20);
        sizes.push(one.tasks.len());
        leases.push(one.lease_ms);
        assert!(answer(&mut alone, &one));
    }
    println!("batches {sizes:?}, leases {leases:?} ms");
    assert!(sizes[9] >= 16, "{sizes:?}");
    assert!(leases[9] < 30_000, "{leases:?}");
}

#[test]
fn an_executor_whose_first_answer_was_slow_is_as_busy_as_others() {
    let mut world = World::new(3, Weather::FAIR, 8, |_| Conduct::Honest, |asking| asking.job(0, 40_000));
    let slow = world.executors[0];
    world.net.module_mut(slow).expect("it is there").running.task_us = 15 * SECOND;
    world.begin();
    world.net.run_for(20 * SECOND);
    world.net.module_mut(slow).expect("it is there").running.task_us = 50 * common::MS;
    world.run_to_end(600 * SECOND);
    assert_eq!(world.asking().accepted(), 40_000);
    let ran: Vec<u32> = (0..8).map(|number| world.running(number).ran).collect();
    println!("tasks that each ran: {ran:?}");
    let others = ran[1..].iter().sum::<u32>() / 7;
    assert!(ran[0] >= others / 4, "{ran:?}");
}
