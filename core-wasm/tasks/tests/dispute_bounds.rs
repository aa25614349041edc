//! The bounds of disputes about steps, and who may ask and say what: one module, whose peers and shell are the test.

mod common;

use common::SECOND;
use common::alone::{self, Alone, Given, number_of, outcomes};
use common::stepping::{Way, outcome};
use tabmesh_port::{Input, Reason, Status, Told};
use tabmesh_tasks::bisect::Ask;
use tabmesh_tasks::{Command, DISPUTES_MAX, Event, Question, STEPS, TaskId, WANTED_A_PEER};

/// A task that is expected to take so long is not run whole to decide it.
const DEAR_MS: u32 = 10_001;

/// The first byte of questions about steps.
const ABOUT_STEPS: u8 = 7;

/// A requester with a job by steps, two executors of which differ about so many tasks, and the questions that it asks them.
fn disputed(tasks: u32) -> Alone {
    let mut alone = Alone::new();
    alone.listed = (1..=2).map(alone::id).collect();
    alone.say(&Command::Begin { job: 1, validation: 2, gas: 1 << 30, expected_ms: DEAR_MS });
    alone.say(&Command::BySteps { job: 1, are_so: true });
    let row = |number: u32| [&number.to_be_bytes()[..], &common::task_id(1, number).0].concat();
    alone.say(&Command::Add { job: 1, tasks: &(0..tasks).flat_map(row).collect::<Vec<u8>>() });
    let mut turns = 0;
    while alone.asks.is_empty() || turns < 40 {
        for Given { op, to, nonce, tasks, .. } in std::mem::take(&mut alone.given) {
            alone.answer(op, &to, Status::Ok, &[]);
            let by = number_of(&to);
            let way = if by == 1 { Way::Changes { field: 1, goes_on: true } } else { Way::Right };
            let (own, says) = (alone.own, |task: &TaskId| outcome(task, way));
            _ = alone.ask(&to, true, &outcomes(by, &own, &nonce, &tasks, says));
        }
        alone.run_for(SECOND / 4);
        turns += 1;
    }
    alone.asks.retain(|(.., bytes)| bytes[0] == ABOUT_STEPS);
    alone
}

#[test]
fn few_are_asked_about_steps_at_a_time_and_whoever_is_silent_is_not_waited_for() {
    let mut alone = disputed(20);
    assert_eq!(alone.asks.len(), 2 * DISPUTES_MAX, "both, about so many tasks");
    assert_eq!(alone.count(|event| matches!(event, Event::RunHere { .. })), 0);
    // They run steps again, and say so as long as anybody asks.
    let mut times = 0;
    for _ in 0..4 * (STEPS.0 / SECOND + 3 * u64::from(DEAR_MS) / 1_000 + 10) {
        for (op, to, bytes) in std::mem::take(&mut alone.asks) {
            times += usize::from(bytes[0] == ABOUT_STEPS);
            alone.answer(op, &to, Status::TooManyRequests, &[]);
        }
        alone.run_for(SECOND / 4);
        assert!(alone.asks.iter().filter(|(.., bytes)| bytes[0] == ABOUT_STEPS).count() <= 2 * DISPUTES_MAX);
    }
    // Each a second later, until their time is up: then others are disputed, and these are decided as tasks without steps.
    assert!((100..=300).contains(&times), "{times}");
    assert_eq!(alone.count(|event| matches!(event, Event::Dispute { .. })), 0);
}

#[test]
fn a_task_that_waits_for_its_dispute_is_not_lost_where_others_give_no_result() {
    let mut alone = Alone::new();
    alone.listed = (1..=3).map(alone::id).collect();
    alone.say(&Command::Begin { job: 1, validation: 3, gas: 1 << 30, expected_ms: DEAR_MS });
    alone.say(&Command::BySteps { job: 1, are_so: true });
    let add = |alone: &mut Alone, numbers: std::ops::Range<u32>| {
        let row = |number: u32| [&number.to_be_bytes()[..], &common::task_id(1, number).0].concat();
        alone.say(&Command::Add { job: 1, tasks: &numbers.flat_map(row).collect::<Vec<u8>>() });
    };
    let say = |alone: &mut Alone, given: &Given, aborts: bool| {
        alone.answer(given.op, &given.to, Status::Ok, &[]);
        let by = number_of(&given.to);
        let says = |task: &TaskId| match by {
            3 if aborts => tabmesh_tasks::Outcome::whole(6, 0, 0, [0; 32]),
            2 => outcome(task, Way::Changes { field: 1, goes_on: true }),
            _ => outcome(task, Way::Right),
        };
        let own = alone.own;
        _ = alone.ask(&given.to, true, &outcomes(by, &own, &given.nonce, &given.tasks, says));
    };
    // As many as there may be are in dispute, and nobody answers about them yet.
    add(&mut alone, 0..DISPUTES_MAX as u32);
    for _ in 0..40 {
        for given in std::mem::take(&mut alone.given) {
            say(&mut alone, &given, true);
        }
        alone.run_for(SECOND / 4);
    }
    assert_eq!(alone.asks.len(), 2 * DISPUTES_MAX);
    // Of one more the third has no result so often that the requester would run it, the last time once the others differ.
    let last = DISPUTES_MAX as u32;
    add(&mut alone, last..last + 1);
    alone.run_for(SECOND / 4);
    let (mut others, mut held) = (Vec::new(), None);
    for turn in 0..50 {
        for given in std::mem::take(&mut alone.given) {
            match number_of(&given.to) {
                3 if turn < 8 => say(&mut alone, &given, true),
                3 => held = Some(given),
                _ => others.push(given),
            }
        }
        if turn == 6 {
            held = alone.given.pop_if(|given| number_of(&given.to) == 3);
            break;
        }
    }
    let held = held.expect("the third has it once more");
    others.iter().for_each(|given| say(&mut alone, given, true));
    say(&mut alone, &held, true);
    for _ in 0..800 {
        for (op, to, _) in std::mem::take(&mut alone.asks) {
            alone.answer(op, &to, Status::NotFound, &[]);
        }
        for given in std::mem::take(&mut alone.given) {
            say(&mut alone, &given, false);
        }
        alone.run_for(SECOND / 4);
    }
    let run = |of: u32| alone.count(|event| matches!(event, Event::RunHere { number, .. } if *number == of));
    assert_eq!((0..=last).map(run).collect::<Vec<usize>>(), vec![1; DISPUTES_MAX + 1]);
}

#[test]
fn an_answer_counts_from_whom_it_was_asked_of_alone_and_an_unlinked_one_is_silent() {
    let mut alone = disputed(1);
    let (op, to, _) = alone.asks[0].clone();
    let other = if to == alone::id(1) { alone::id(2) } else { alone::id(1) };
    alone.answer(op, &other, Status::Ok, b"nonsense");
    alone.run_for(SECOND);
    assert_eq!(alone.asks.len(), 2, "it goes on as if nothing was said");
    // A step that nobody wants run is refused.
    let step = common::stepping::honest_step(&common::task_id(1, 0), 0);
    alone.say(&Command::RanStep { job: 1, number: 0, step });
    alone.say(&Command::CannotStep { job: 1, number: 0, are_silent: true });
    assert_eq!(alone.count(|event| matches!(event, Event::Refused { command: 19 | 20, .. })), 2);
    alone.handle(Input::Told(Told::Unlinked { id: &to, reason: Reason::Lost }));
    alone.answer(alone.asks[1].0, &other, Status::NotFound, &[]);
    alone.run_for(60 * SECOND);
    assert_eq!(alone.count(|event| matches!(event, Event::Dispute { .. })), 0);
    assert_eq!(alone.count(|event| matches!(event, Event::RunHere { .. })), 1, "nobody else is there");
}

#[test]
fn a_cancelled_job_has_no_disputes_left() {
    let mut alone = disputed(1);
    alone.say(&Command::Cancel(1));
    for (op, to, _) in std::mem::take(&mut alone.asks) {
        alone.answer(op, &to, Status::NotFound, &[]);
    }
    alone.run_for(10 * SECOND);
    assert!(alone.asks.iter().all(|(.., bytes)| bytes[0] != ABOUT_STEPS));
    let step = common::stepping::honest_step(&common::task_id(1, 0), 0);
    alone.say(&Command::RanStep { job: 1, number: 0, step });
    assert_eq!(alone.count(|event| matches!(event, Event::Refused { command: 19, .. })), 1);
}

#[test]
fn an_executor_answers_about_steps_of_its_own_batches_alone() {
    let mut alone = Alone::new();
    alone.say(&Command::Offer { cores: 1, gas: 1 << 30, turn_ms: 60_000, bytes_an_hour: 1 << 30 });
    let assign = |count| Question::Assign { lease_ms: 60_000, gas: 1 << 30, count, bytes: &[0; 64] };
    assert_eq!(alone.ask(&alone::id(1), true, &assign(2).emit(&[1; 16])), Some((Status::Ok, vec![])));
    let (stepped, whole) = (common::task_id(1, 0), common::task_id(1, 1));
    let about = |index, nonce| Question::Steps { index, ask: Ask::Open }.emit(&[nonce; 16]);
    let not_found = Some((Status::NotFound, vec![]));
    assert_eq!(alone.ask(&alone::id(1), true, &about(0, 1)), not_found, "it was not run yet");
    let mut ran = outcome(&stepped, Way::Right);
    ran.length = 9_999;
    alone.say(&Command::Ran { assignment: 1, index: 0, task: &stepped, outcome: ran, output: &[] });
    let plain = tabmesh_tasks::Outcome::whole(0, 5, 9_999, [1; 32]);
    alone.say(&Command::Ran { assignment: 1, index: 1, task: &whole, outcome: plain, output: &[] });
    assert_eq!(alone.ask(&alone::id(1), true, &about(1, 1)), not_found, "it has no steps");
    assert_eq!(alone.ask(&alone::id(1), true, &about(2, 1)), not_found, "there is no such task");
    assert_eq!(alone.ask(&alone::id(2), true, &about(0, 1)), not_found, "it is another's batch");
    assert_eq!(alone.ask(&alone::id(1), true, &about(0, 2)), not_found, "there is no such batch");
    assert_eq!(alone.ask(&alone::id(1), false, &about(0, 1)), Some((Status::Unauthorized, vec![])));
    let mut malformed = about(0, 1);
    malformed.push(0);
    assert_eq!(alone.ask(&alone::id(1), true, &malformed), Some((Status::BadRequest, vec![])));
    for _ in 0..WANTED_A_PEER {
        assert_eq!(alone.ask(&alone::id(1), true, &about(0, 1)), None, "the shell is asked");
    }
    assert_eq!(alone.ask(&alone::id(1), true, &about(0, 1)), Some((Status::TooManyRequests, vec![])));
    let ticket = alone.events.iter().find_map(|bytes| match Event::read(bytes) {
        Some(Event::WantSteps { ticket, assignment: 1, index: 0, ask: Ask::Open }) => Some(ticket),
        _ => None,
    });
    alone.say(&Command::Give { ticket: ticket.expect("it was asked"), status: Status::Ok, bytes: b"said" });
    assert_eq!(
        alone.replies.last().map(|(_, status, bytes)| (*status, bytes.clone())),
        Some((Status::Ok, b"said".to_vec()))
    );
}
