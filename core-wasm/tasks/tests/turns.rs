//! What requesters cost an executor, by time: endless batches end with their lease, and whoever had much waits for others.

mod common;

use common::SECOND;
use common::alone::{Alone, id, number_of, right};
use tabmesh_port::Status;
use tabmesh_tasks::{Command, Event, LEASE_MAX, Outcome, Question, SILENCE, Word};

fn executor() -> Alone {
    let mut alone = Alone::new();
    alone.say(&common::offer(1, 10_000));
    alone
}

/// A batch of one task of this requester, which the executor takes.
fn assign(alone: &mut Alone, from: u32, nonce: u8, lease_ms: u32) {
    let assign = Question::Assign { lease_ms, gas: 1_000, count: 1, bytes: &[0; 32] };
    let taken = alone.ask(&id(from), true, &assign.emit(&[nonce; 16]));
    assert_eq!(taken, Some((Status::Ok, vec![])));
}

/// Batches that began since the last call: number, and whose.
fn began(alone: &mut Alone) -> Vec<(u32, u32)> {
    let run = |bytes: &Vec<u8>| match Event::read(bytes) {
        Some(Event::Run { assignment, from, .. }) => Some((assignment, number_of(from))),
        _ => None,
    };
    let began = alone.events.iter().filter_map(run).collect();
    alone.events.retain(|bytes| run(bytes).is_none());
    began
}

/// The shell is done with a batch of one task, and its requester knows.
fn finish(alone: &mut Alone, assignment: u32) {
    let task = common::task_id(1, 0);
    let outcome = Outcome { length: 9_999, ..right(&task) };
    alone.say(&Command::Ran { assignment, index: 0, task: &task, outcome, output: &[] });
    let (op, to, _) = alone.asks.pop().expect("it tells");
    alone.answer(op, &to, Status::Ok, &[]);
}

#[test]
fn i27_an_endless_batch_ends_with_its_lease_which_is_cut() {
    let mut alone = executor();
    assign(&mut alone, 1, 1, u32::MAX);
    assert_eq!(began(&mut alone), [(1, 1)]);
    alone.run_for(LEASE_MAX.0 - SECOND);
    assert_eq!(alone.count(|event| matches!(event, Event::Stop(_))), 0);
    alone.run_for(2 * SECOND);
    assert_eq!(alone.count(|event| *event == Event::Stop(1)), 1);
    assert!(alone.held.is_empty(), "nothing of it is left");
    // What its shell says of it afterwards is refused, and changes nothing.
    let task = common::task_id(1, 0);
    alone.say(&Command::Ran { assignment: 1, index: 0, task: &task, outcome: right(&task), output: &[0; 8] });
    assert_eq!(alone.count(|event| matches!(event, Event::Refused { command: 34, .. })), 1);
    assert!(alone.asks.is_empty());
}

#[test]
fn i27_who_had_an_hour_for_nothing_waits_until_others_had_as_long() {
    // Whether a lease ends it, its requester or the executor itself: the time was had.
    for how in 0..3 {
        let mut alone = executor();
        assign(&mut alone, 1, 1, u32::MAX);
        began(&mut alone);
        match how {
            0 => alone.run_for(LEASE_MAX.0 + SECOND),
            1 => {
                alone.run_for(600 * SECOND);
                alone.ask(&id(1), true, &Question::Revoke.emit(&[1; 16]));
            }
            _ => {
                alone.run_for(600 * SECOND);
                let why = tabmesh_tasks::Refusal::TooLarge;
                alone.say(&Command::Decline { assignment: 1, why });
            }
        }
        assign(&mut alone, 2, 1, 60_000);
        assign(&mut alone, 1, 2, u32::MAX);
        for nonce in 2..60 {
            let running = began(&mut alone);
            assert_eq!(running.iter().map(|(_, from)| *from).collect::<Vec<u32>>(), [2], "{how}, {nonce}");
            assign(&mut alone, 2, nonce, 60_000);
            alone.run_for(5 * SECOND);
            finish(&mut alone, running[0].0);
        }
    }
}

#[test]
fn i27_what_waits_costs_nobody_and_ends_with_its_own_lease() {
    let mut alone = executor();
    assign(&mut alone, 1, 1, 120_000);
    assign(&mut alone, 2, 1, 30_000);
    alone.run_for(60 * SECOND);
    assert_eq!(began(&mut alone), [(1, 1)]);
    assert_eq!(alone.held, [id(1)], "the second waited for its time, and is gone");
    assert_eq!(alone.count(|event| matches!(event, Event::Stop(_))), 0, "the shell never heard of it");
    assign(&mut alone, 2, 2, 120_000);
    finish(&mut alone, 1);
    assert_eq!(began(&mut alone), [(3, 2)]);
}

#[test]
fn i27_a_requester_gives_an_endless_task_to_others_and_then_up() {
    // Executors beat for ever, and are never done.
    let mut alone = Alone::requester(0, 1, 12);
    let mut given = 0;
    for _ in 0..20_000 {
        for one in std::mem::take(&mut alone.given) {
            alone.answer(one.op, &one.to, Status::Ok, &[]);
            given += 1;
            // Each says that it is at it, until the requester does not want it any more.
            for _ in 0..2_000 {
                alone.run_for(SILENCE.0 / 2);
                if !alone.asks.is_empty() || !alone.given.is_empty() {
                    break;
                }
                alone.tell(&one.to, Word::Beat(0), &one.nonce);
            }
            alone.asks.clear();
        }
        if alone.count(|event| matches!(event, Event::RunHere { .. })) > 0 {
            break;
        }
        alone.run_for(SECOND);
    }
    assert_eq!(given, tabmesh_tasks::TRIES_MAX as usize);
    assert_eq!(alone.count(|event| matches!(event, Event::RunHere { job: 1, number: 0 })), 1);
}
