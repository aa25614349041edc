//! How a job is dealt with: whose turn it is, what runs here beside executors, and executors of one owner, which count as one.

mod common;

use common::alone::{Alone, Given, id, number_of, outcomes, right};
use common::{SECOND, offer, task_id};
use tabmesh_port::{Input, Reason, Status, Told};
use tabmesh_tasks::{Command, Event, PRIORITY_MAX, StalledWhy, TaskId};

/// Executors take what they are given, say whose they are, and answer at once, until nothing more comes: whom each batch was for, and its tasks.
fn answer_all(alone: &mut Alone, owner: impl Fn(u32) -> Vec<u8>) -> Vec<(u32, Vec<TaskId>)> {
    let mut done = Vec::new();
    for _ in 0..5_000 {
        if alone.given.is_empty() {
            break;
        }
        for given in std::mem::take(&mut alone.given) {
            let to = number_of(&given.to);
            take(alone, &given, &owner(to));
            done.push((to, given.tasks));
        }
    }
    done
}

/// The next batch is answered: its tasks.
fn answer_one(alone: &mut Alone) -> Vec<TaskId> {
    for _ in 0..400 {
        if !alone.given.is_empty() {
            let given = alone.given.remove(0);
            take(alone, &given, &[]);
            return given.tasks;
        }
        alone.run_for(SECOND / 4);
    }
    panic!("nothing is given")
}

/// The same, until so many tasks are accepted.
fn answer_until(
    alone: &mut Alone,
    accepted: usize,
    owner: impl Fn(u32) -> Vec<u8>,
) -> Vec<(u32, Vec<TaskId>)> {
    let mut done = Vec::new();
    for _ in 0..400 {
        alone.run_for(SECOND / 4);
        done.extend(answer_all(alone, &owner));
        if alone.accepted() == accepted {
            break;
        }
    }
    assert_eq!(alone.accepted(), accepted);
    done
}

fn take(alone: &mut Alone, given: &Given, owner: &[u8]) {
    alone.answer(given.op, &given.to, Status::Ok, owner);
    let (signer, own) = (number_of(&given.to), alone.own);
    let said = outcomes(signer, &own, &given.nonce, &given.tasks, right);
    alone.ask(&given.to, true, &said);
}

fn add(alone: &mut Alone, job: u32, numbers: std::ops::Range<u32>) {
    let row = |number: u32| [&number.to_be_bytes()[..], &task_id(job, number).0].concat();
    let rows: Vec<u8> = numbers.flat_map(row).collect();
    alone.say(&Command::Add { job, tasks: &rows });
}

/// Tasks that the shell was told to run.
fn run_here(alone: &Alone) -> Vec<u32> {
    let number = |bytes: &Vec<u8>| match Event::read(bytes) {
        Some(Event::RunHere { number, .. }) => Some(number),
        _ => None,
    };
    alone.events.iter().filter_map(number).collect()
}

#[test]
fn a_job_of_higher_priority_has_more_turns_and_none_waits_for_ever() {
    let mut turns = [0, 0];
    for seed in 0..8 {
        let mut alone = Alone::seeded(seed);
        alone.listed = (1..=34).map(id).collect();
        alone.say(&Command::Begin { job: 1, validation: 0, gas: 1 << 30, expected_ms: 0 });
        add(&mut alone, 1, 0..2_048);
        alone.say(&Command::Begin { job: 2, validation: 0, gas: 1 << 30, expected_ms: 0 });
        alone.say(&Command::Priority { job: 2, priority: 1 });
        alone.run_for(SECOND);
        // The other job has room once this one has no more than its share.
        let open = |alone: &Alone| 2_048 - alone.accepted();
        while open(&alone) > 1_000 {
            answer_one(&mut alone);
        }
        add(&mut alone, 2, 0..1_000);
        let known: Vec<TaskId> = (0..2_048).map(|number| task_id(1, number)).collect();
        // What was given before.
        (0..alone.given.len()).for_each(|_| _ = answer_one(&mut alone));
        for _ in 0..20 {
            let tasks = answer_one(&mut alone);
            turns[usize::from(!known.contains(&tasks[0]))] += 1;
        }
    }
    let [low, high] = turns;
    assert!(low > 0 && high > 2 * low && high < 8 * low, "{low} and {high}");
}

#[test]
fn a_priority_that_is_none_is_refused() {
    let mut alone = Alone::requester(0, 1, 0);
    alone.say(&Command::Priority { job: 1, priority: PRIORITY_MAX + 1 });
    alone.say(&Command::Priority { job: 9, priority: 1 });
    alone.say(&Command::OwnCores { job: 9, cores: 1 });
    alone.say(&Command::Owner(&[1; 31]));
    assert_eq!(alone.count(|event| matches!(event, Event::Refused { .. })), 4);
}

#[test]
fn own_cores_run_what_nobody_has_and_decide_it() {
    let mut alone = Alone::requester(2, 10, 0);
    alone.run_for(SECOND);
    assert_eq!(run_here(&alone), []);
    alone.say(&Command::OwnCores { job: 1, cores: 3 });
    let first = run_here(&alone);
    assert_eq!(first.len(), 3);
    // A long task is no stall.
    alone.run_for(60 * SECOND);
    assert_eq!(alone.count(|event| matches!(event, Event::Stalled { .. })), 0);
    let mut next = 0;
    while let Some(number) = run_here(&alone).get(next).copied() {
        alone.say(&Command::RanHere { job: 1, number, outcome: right(&task_id(1, number)) });
        next += 1;
        assert!(run_here(&alone).len() <= next + 3);
    }
    assert_eq!((next, alone.accepted()), (10, 10));
}

#[test]
fn own_cores_that_cannot_run_a_task_leave_it_to_executors() {
    let mut alone = Alone::requester(0, 5, 0);
    alone.say(&Command::OwnCores { job: 1, cores: 1 });
    let [number] = run_here(&alone)[..] else { panic!("one") };
    alone.say(&Command::CannotRun { job: 1, number });
    assert_eq!(run_here(&alone).len(), 1);
    alone.listed = vec![id(1)];
    alone.run_for(10 * SECOND);
    answer_all(&mut alone, |_| Vec::new());
    assert_eq!(alone.accepted(), 5);
}

#[test]
fn who_has_the_same_owner_checks_nobody() {
    for (owners, accepted) in [([7, 7], 0), ([7, 8], 20)] {
        let mut alone = Alone::requester(2, 20, 2);
        alone.run_for(5 * SECOND);
        answer_all(&mut alone, |to| vec![owners[to as usize - 1]; 32]);
        assert_eq!(alone.accepted(), accepted);
        // It is said before the requester has run anything, for whoever waits.
        alone.run_for(4 * SECOND);
        let few = Event::Stalled { job: 1, why: StalledWhy::TooFewOwners };
        assert_eq!(alone.count(|event| *event == few), usize::from(accepted == 0));
        // Nobody else is there: the requester runs them at last.
        alone.run_for(30 * SECOND);
        assert_eq!(run_here(&alone).len(), 20 - accepted);
    }
}

#[test]
fn whoever_says_another_owner_each_time_has_one_voice() {
    let mut alone = Alone::requester(2, 20, 2);
    alone.run_for(5 * SECOND);
    // One answers all that comes, each time as somebody else's; the other one takes nothing.
    let mut said = 0_u8;
    for _ in 0..400 {
        for given in std::mem::take(&mut alone.given) {
            if number_of(&given.to) == 1 {
                said = said.wrapping_add(1);
                take(&mut alone, &given, &[said; 32]);
            }
        }
        alone.run_for(SECOND / 20);
    }
    assert!(said > 1, "it answered");
    assert_eq!(alone.accepted(), 0);
}

#[test]
fn who_comes_back_and_says_no_owner_has_one_voice() {
    let mut alone = Alone::requester(2, 5, 1);
    for turn in 0..20 {
        alone.run_for(5 * SECOND);
        answer_all(&mut alone, |_| if turn == 0 { vec![7; 32] } else { Vec::new() });
        let told = Told::Unlinked { id: &id(1), reason: Reason::Lost };
        alone.handle(Input::Told(told));
        alone.held.clear();
    }
    assert_eq!(alone.accepted(), 0);
}

#[test]
fn nobody_takes_the_voice_of_another_by_its_id() {
    let mut alone = Alone::requester(2, 20, 2);
    alone.run_for(5 * SECOND);
    // The second says to be of the first, which says nothing.
    answer_all(&mut alone, |to| if to == 2 { id(1).0.to_vec() } else { Vec::new() });
    assert_eq!(alone.accepted(), 20);
}

#[test]
fn no_owner_has_more_than_an_eighth_where_many_take_part() {
    let mut alone = Alone::requester(0, 1_500, 34);
    let batches = answer_until(&mut alone, 1_500, |to| if to <= 16 { vec![7; 32] } else { Vec::new() });
    let count = |are: &dyn Fn(u32) -> bool| {
        batches.iter().filter(|(to, _)| are(*to)).map(|(_, tasks)| tasks.len()).sum::<usize>()
    };
    let (own, all) = (count(&|to| to <= 16), count(&|_| true));
    // Before anybody said whose it is, each had its first batch.
    assert!(own <= all / 8 + 16 + 32, "{own} of {all}");
}

#[test]
fn an_executor_says_whose_it_is_with_each_batch_that_it_takes() {
    let mut alone = Alone::new();
    alone.say(&offer(1, 10_000));
    let assign = |nonce: u8| {
        tabmesh_tasks::Question::Assign { lease_ms: 1_000, gas: 1_000, count: 1, bytes: &[0; 32] }
            .emit(&[nonce; 16])
    };
    assert_eq!(alone.ask(&id(1), true, &assign(1)), Some((Status::Ok, vec![])));
    alone.say(&Command::Owner(&[5; 32]));
    assert_eq!(alone.ask(&id(2), true, &assign(2)), Some((Status::Ok, vec![5; 32])));
    alone.say(&Command::Owner(&[]));
    assert_eq!(alone.ask(&id(3), true, &assign(3)), Some((Status::Ok, vec![])));
}
