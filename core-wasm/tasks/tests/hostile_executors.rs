//! What executors say that is not so costs a requester nothing.

mod common;

use common::alone::{Alone, Given, id, number_of, outcomes, right};
use common::{SECOND, task_id};
use tabmesh_port::{Input, NodeId, Reason, Status, Told};
use tabmesh_tasks::{Command, Event, Outcome, Refusal, StalledWhy, TaskId, Word};

/// A requester of level 0 with one batch at one executor, which took it.
fn asked() -> (Alone, Given, u32) {
    let mut alone = Alone::requester(0, 10, 1);
    let given = alone.first();
    let by = number_of(&given.to);
    (alone, given, by)
}

#[test]
fn i17_outcomes_count_for_the_open_assignment_that_they_name_alone() {
    let (mut alone, given, by) = asked();
    let Given { to, nonce, tasks, .. } = given;
    let own = alone.own;
    let mut refused = |from: &NodeId, bytes: &[u8], status| {
        assert_eq!(alone.ask(from, true, bytes).expect("an answer").0, status);
        assert_eq!(alone.accepted(), 0);
    };
    // Another batch, another executor, one that signs what another link brings, and more tasks than were given.
    refused(&to, &outcomes(by, &own, &[8; 16], &tasks, right), Status::NotFound);
    refused(&id(50), &outcomes(50, &own, &nonce, &tasks, right), Status::NotFound);
    refused(&to, &outcomes(50, &own, &nonce, &tasks, right), Status::Forbidden);
    let more = [&tasks[..], &tasks[..]].concat();
    refused(&to, &outcomes(by, &own, &nonce, &more, right), Status::BadRequest);
    let bytes = outcomes(by, &own, &nonce, &tasks, right);
    assert_eq!(alone.ask(&to, false, &bytes), Some((Status::Unauthorized, vec![])));
    assert_eq!(alone.ask(&to, true, &bytes), Some((Status::Ok, vec![])));
    assert_eq!(alone.accepted(), tasks.len());
    assert_eq!(alone.ask(&to, true, &bytes), Some((Status::NotFound, vec![])), "once");
    assert_eq!(alone.accepted(), tasks.len());
}

#[test]
fn i17_who_signed_something_else_is_let_go() {
    // For another requester, for another batch, other tasks, and an outcome that was changed on the way.
    for wrong in 0..4 {
        let (mut alone, given, by) = asked();
        let Given { to, nonce, tasks, .. } = given;
        let own = alone.own;
        let others: Vec<_> = (0..tasks.len() as u32).map(|number| common::task_id(2, number)).collect();
        let mut bytes = match wrong {
            0 => outcomes(by, &id(60), &nonce, &tasks, right),
            1 => outcomes(by, &own, &[8; 16], &tasks, right),
            2 => outcomes(by, &own, &nonce, &others, right),
            _ => outcomes(by, &own, &nonce, &tasks, right),
        };
        if wrong == 1 {
            bytes[1..17].copy_from_slice(&nonce);
        } else if wrong == 3 {
            bytes[150] ^= 1;
        }
        assert_eq!(alone.ask(&to, true, &bytes), Some((Status::Forbidden, vec![])), "{wrong}");
        assert_eq!(alone.accepted(), 0);
        alone.given.clear();
        alone.run_for(30 * SECOND);
        assert!(alone.given.is_empty(), "nothing of the job goes there again");
    }
}

#[test]
fn a_lease_goes_on_with_beats_of_its_executor_and_ends_in_silence() {
    for speaks in [true, false] {
        let (mut alone, given, _) = asked();
        for _ in 0..10 {
            alone.run_for(2 * SECOND);
            if speaks {
                alone.tell(&given.to, Word::Beat(0), &given.nonce);
            }
            alone.tell(&id(40), Word::Over(Refusal::Busy), &given.nonce);
            alone.tell(&given.to, Word::Over(Refusal::Busy), &[3; 16]);
        }
        let dropped = alone.count(|event| *event == Event::Dropped(1));
        assert_eq!(dropped, usize::from(!speaks));
    }
    let (mut alone, given, _) = asked();
    alone.tell(&given.to, Word::Over(Refusal::Busy), &given.nonce);
    assert_eq!(alone.count(|event| *event == Event::Dropped(1)), 1);
}

#[test]
fn lists_of_ids_that_nobody_has_stall_a_job_and_harm_nothing() {
    let mut alone = Alone::requester(0, 10, 0);
    alone.listed = (0..30_u8).map(|byte| NodeId([byte; 32])).collect();
    for _ in 0..40 {
        alone.run_for(SECOND);
        for id in alone.held.clone() {
            alone.handle(Input::Told(Told::Unlinked { id: &id, reason: Reason::Unreachable }));
        }
    }
    assert!(alone.given.len() < 200);
    assert_eq!(alone.count(|event| *event == Event::Stalled { job: 1, why: StalledWhy::NoOffers }), 1);
}

#[test]
fn a_shell_that_asks_for_nonsense_is_told_so_and_loses_nothing() {
    let mut alone = Alone::requester(2, 100, 3);
    let open = |alone: &Alone| alone.count(|event| matches!(event, Event::Refused { .. }));
    let row = [&[0; 4][..], &[1; 32]].concat();
    let commands = [
        Command::Begin { job: 1, validation: 0, gas: 1, expected_ms: 0 },
        Command::Begin { job: 2, validation: 5, gas: 1, expected_ms: 0 },
        Command::Add { job: 9, tasks: &row },
        Command::Add { job: 1, tasks: &row[1..] },
        Command::Close(7),
        Command::Cancel(7),
        Command::Packed { assignment: 999, count: 1, bytes: &[] },
        Command::RanHere { job: 1, number: 0, outcome: right(&common::task_id(1, 0)) },
        Command::CannotRun { job: 1, number: 0 },
        Command::Ran {
            assignment: 1,
            index: 0,
            task: &common::task_id(1, 0),
            outcome: right(&common::task_id(1, 0)),
            output: &[0; 8],
        },
        Command::Give { ticket: 1, status: Status::Ok, bytes: &[] },
    ];
    for (count, command) in commands.iter().enumerate() {
        alone.say(command);
        assert_eq!(open(&alone), count + 1, "{command:?}");
    }
    let rows: Vec<u8> = (0..2_000_u32).flat_map(|_| row.clone()).collect();
    alone.say(&Command::Add { job: 1, tasks: &rows });
    assert_eq!(open(&alone), commands.len() + 1, "no more than there is room for");
}

#[test]
fn the_quick_make_no_lease_too_short_for_whoever_comes() {
    let mut alone = Alone::new();
    alone.listed = vec![id(1), id(2)];
    alone.say(&Command::Begin { job: 1, validation: 2, gas: 1 << 30, expected_ms: 60_000 });
    let add = |alone: &mut Alone, numbers: std::ops::Range<u32>| {
        let row = |number: u32| [&number.to_be_bytes()[..], &task_id(1, number).0].concat();
        alone.say(&Command::Add { job: 1, tasks: &numbers.flat_map(row).collect::<Vec<u8>>() });
    };
    // Two answer at once, each with something of its own.
    let mut late: Vec<Given> = Vec::new();
    for turn in 0..200 {
        if turn == 20 {
            alone.listed.push(id(3));
        }
        if turn % 4 == 0 {
            add(&mut alone, turn..turn + 4);
        }
        for given in std::mem::take(&mut alone.given) {
            let (by, own) = (number_of(&given.to), alone.own);
            alone.answer(given.op, &given.to, Status::Ok, &[]);
            if by == 3 {
                late.push(given);
                continue;
            }
            let says = |task: &TaskId| Outcome { gas: by.into(), ..right(task) };
            _ = alone.ask(&given.to, true, &outcomes(by, &own, &given.nonce, &given.tasks, says));
        }
        alone.run_for(SECOND / 4);
        if !late.is_empty() {
            break;
        }
    }
    // The third takes as long as the shell expected, and says that it is at it.
    for _ in 0..60 {
        for given in std::mem::take(&mut alone.given) {
            alone.answer(given.op, &given.to, Status::Ok, &[]);
            late.push(given);
        }
        late.iter().for_each(|given| alone.tell(&given.to, Word::Beat(0), &given.nonce));
        alone.run_for(SECOND);
    }
    let (own, given) = (alone.own, &late[0]);
    let said = outcomes(3, &own, &given.nonce, &given.tasks, right);
    assert_eq!(alone.ask(&given.to, true, &said), Some((Status::Ok, vec![])));
}
