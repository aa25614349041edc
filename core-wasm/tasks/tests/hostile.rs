//! One node whose peers say what they like.

mod common;

use common::SECOND;
use common::alone::{Alone, id, number_of, outcomes, right};
use tabmesh_port::{Input, Module, NodeId, Reason, Status, Told};
use tabmesh_tasks::{
    ASKS_OFFERING, BATCH_MAX, BATCHES_MAX, Command, Event, KEPT_MAX, Question, Refusal, SERVED_MAX,
    STRANGERS_MAX, WANTED_A_PEER, Word,
};
use tabmesh_world::dice::Dice;

fn assign(count: u16, bytes: &[u8]) -> Question<'_> {
    Question::Assign { lease_ms: 60_000, gas: 1_000, count, bytes }
}

fn refused(refusal: Refusal) -> Option<(Status, Vec<u8>)> {
    Some((Status::Forbidden, vec![refusal as u8]))
}

const TAKEN: Option<(Status, Vec<u8>)> = Some((Status::Ok, Vec::new()));

fn executor() -> Alone {
    let mut alone = Alone::new();
    alone.say(&common::offer(1, 10_000));
    alone
}

/// The executor's shell runs all of its first batch.
fn run_first(alone: &mut Alone, length: u32) {
    let runs: Vec<(u32, u16, Vec<u8>)> = alone
        .events
        .iter()
        .filter_map(|bytes| match Event::read(bytes) {
            Some(Event::Run { assignment, count, bytes, .. }) => Some((assignment, count, bytes.to_vec())),
            _ => None,
        })
        .collect();
    let (assignment, count, _) = runs[0];
    for index in 0..count {
        let task = common::task_id(1, index.into());
        let outcome = tabmesh_tasks::Outcome { length, ..right(&task) };
        alone.say(&Command::Ran { assignment, index, task: &task, outcome, output: &[] });
    }
}

#[test]
fn arbitrary_bytes_are_refused_and_nothing_panics() {
    let mut dice = Dice::new(1, 1);
    let mut alone = Alone::requester(1, 100, 5);
    alone.say(&common::offer(2, 10_000));
    let given = alone.first();
    let known = outcomes(number_of(&given.to), &alone.own, &given.nonce, &given.tasks, right);
    for round in 0..20_000 {
        let length = dice.below(300) as usize;
        let mut bytes = dice.vec(length);
        match round % 4 {
            // Almost what it should be.
            0 => {
                bytes = known.clone();
                let at = dice.below(bytes.len() as u64) as usize;
                bytes[at] ^= 1 << dice.below(8);
            }
            1 if !bytes.is_empty() => bytes[0] %= 8,
            _ => {}
        }
        let from = if dice.chance(0.5) { given.to } else { id(dice.below(50) as u32) };
        match dice.below(4) {
            0 => _ = alone.ask(&from, dice.chance(0.9), &bytes),
            1 => alone.handle(Input::Told(Told::Said { from: &from, is_proven: true, bytes: &bytes })),
            2 => alone.handle(Input::Command(&bytes)),
            _ => {
                let op = dice.below(40) as u32;
                let told = Told::Answered {
                    op,
                    from: &from,
                    is_proven: true,
                    is_here: false,
                    status: Status::Ok,
                    bytes: &bytes,
                };
                alone.handle(Input::Told(told));
            }
        }
        alone.events.clear();
        alone.given.truncate(100);
        if round % 100 == 0 {
            alone.run_for(SECOND / 4);
        }
    }
}

#[test]
fn what_others_brought_is_refused() {
    let mut alone = executor();
    let answer = alone.ask(&id(1), false, &assign(1, &[0; 32]).emit(&[1; 16]));
    assert_eq!(answer, Some((Status::Unauthorized, vec![])));
    assert_eq!(alone.ask(&id(1), true, &assign(1, &[0; 32]).emit(&[1; 16])), TAKEN);
    let told =
        Told::Said { from: &id(1), is_proven: false, bytes: &Word::Over(Refusal::Busy).emit(&[1; 16]) };
    alone.handle(Input::Told(told));
    assert_eq!(alone.count(|event| matches!(event, Event::Stop(_))), 0);
}

#[test]
fn an_executor_takes_what_it_offers_and_no_more_than_its_bounds() {
    let mut alone = Alone::new();
    let one = assign(1, &[0; 32]);
    assert_eq!(alone.ask(&id(1), true, &one.emit(&[1; 16])), refused(Refusal::Unwilling));
    alone.say(&common::offer(1, 10_000));
    let large = Question::Assign { lease_ms: 1, gas: 10_001, count: 1, bytes: &[] };
    assert_eq!(alone.ask(&id(1), true, &large.emit(&[1; 16])), refused(Refusal::TooLarge));
    for count in [0, BATCH_MAX as u16 + 1] {
        assert_eq!(
            alone.ask(&id(1), true, &assign(count, &[]).emit(&[1; 16])),
            Some((Status::BadRequest, vec![]))
        );
    }
    for nonce in 0..BATCHES_MAX as u8 {
        assert_eq!(alone.ask(&id(1), true, &one.emit(&[nonce; 16])), TAKEN);
        assert_eq!(alone.ask(&id(1), true, &one.emit(&[nonce; 16])), TAKEN, "the same again is the same");
    }
    assert_eq!(alone.ask(&id(1), true, &one.emit(&[9; 16])), refused(Refusal::Busy));
    assert_eq!(alone.count(|event| matches!(event, Event::Run { .. })), 1, "one core, one batch");
}

#[test]
fn i22_strangers_without_number_leave_places_for_those_who_are_preferred() {
    let mut alone = executor();
    let friends: Vec<NodeId> = (100..120).map(id).collect();
    alone.say(&Command::Prefer(&friends));
    let one = assign(1, &[0; 32]);
    let taken =
        |alone: &mut Alone, from: u32| alone.ask(&id(from), true, &one.emit(&[from as u8; 16])) == TAKEN;
    assert_eq!((1..100).filter(|from| taken(&mut alone, *from)).count(), STRANGERS_MAX);
    assert_eq!((100..120).filter(|from| taken(&mut alone, *from)).count(), SERVED_MAX - STRANGERS_MAX);
    assert_eq!(alone.held.len(), SERVED_MAX);
}

#[test]
fn a_lease_ends_by_revocation_by_its_deadline_and_with_the_link_and_by_nobody_else() {
    let one = assign(1, &[0; 32]).emit(&[1; 16]);
    let stops = |alone: &Alone| alone.count(|event| matches!(event, Event::Stop(_)));
    let mut alone = executor();
    assert_eq!(alone.ask(&id(1), true, &one), TAKEN);
    alone.ask(&id(2), true, &Question::Revoke.emit(&[1; 16]));
    alone.ask(&id(1), true, &Question::Revoke.emit(&[2; 16]));
    alone.handle(Input::Told(Told::Unlinked { id: &id(2), reason: Reason::Lost }));
    assert_eq!(stops(&alone), 0);
    alone.ask(&id(1), true, &Question::Revoke.emit(&[1; 16]));
    assert_eq!(stops(&alone), 1);
    assert_eq!(alone.ask(&id(1), true, &one), TAKEN);
    alone.handle(Input::Told(Told::Unlinked { id: &id(1), reason: Reason::Lost }));
    assert_eq!(stops(&alone), 2);
    assert_eq!(alone.ask(&id(1), true, &one), TAKEN);
    alone.run_for(61 * SECOND);
    assert_eq!(stops(&alone), 3);
    assert!(alone.held.is_empty());
}

#[test]
fn outcomes_are_told_until_the_requester_has_them() {
    let mut alone = executor();
    assert_eq!(alone.ask(&id(1), true, &assign(2, &[0; 64]).emit(&[1; 16])), TAKEN);
    run_first(&mut alone, 9_999);
    for status in [Status::TimedOut, Status::TooManyRequests, Status::Unavailable] {
        let (op, to, bytes) = alone.asks.pop().expect("it tells");
        assert_eq!(to, id(1));
        assert!(matches!(Question::read(&bytes), Some((nonce, Question::Outcomes(_))) if nonce == [1; 16]));
        alone.answer(op, &to, status, &[]);
        assert!(alone.asks.is_empty());
        alone.run_for(2 * SECOND);
    }
    let (op, to, _) = alone.asks.pop().expect("it tells");
    alone.answer(op, &id(2), Status::Ok, &[]);
    alone.answer(op, &to, Status::Ok, &[]);
    alone.run_for(5 * SECOND);
    assert!(alone.asks.is_empty() && alone.held.is_empty());
    // Its outputs may be fetched by who asked for it alone, a few pieces at a time, and for a while.
    let fetch = |index, offset| Question::Fetch { index, offset }.emit(&[1; 16]);
    assert_eq!(alone.ask(&id(2), true, &fetch(0, 0)), Some((Status::NotFound, vec![])));
    assert_eq!(alone.ask(&id(1), true, &fetch(2, 0)), Some((Status::NotFound, vec![])));
    assert_eq!(alone.ask(&id(1), true, &fetch(0, 9_999)), Some((Status::BadRequest, vec![])));
    for _ in 0..WANTED_A_PEER {
        assert_eq!(alone.ask(&id(1), true, &fetch(1, 7)), None, "the shell is asked");
    }
    assert_eq!(alone.ask(&id(1), true, &fetch(1, 7)), Some((Status::TooManyRequests, vec![])));
    assert_eq!(alone.count(|event| matches!(event, Event::Want { index: 1, offset: 7, .. })), WANTED_A_PEER);
    alone.run_for(700 * SECOND);
    assert_eq!(alone.count(|event| matches!(event, Event::Forget(_))), 1);
}

#[test]
fn whoever_has_more_to_tell_than_it_may_ask_waits_for_answers() {
    let mut alone = executor();
    for requester in 1..=6 {
        assert_eq!(alone.ask(&id(requester), true, &assign(1, &[0; 32]).emit(&[1; 16])), TAKEN);
        run_first(&mut alone, 9_999);
        alone.events.clear();
    }
    assert_eq!(alone.asks.len(), ASKS_OFFERING);
    assert!(alone.module.wanted_at().0 > alone.now, "it wants nothing at a time that is past");
    let (op, to, _) = alone.asks.remove(0);
    alone.answer(op, &to, Status::Ok, &[]);
    assert_eq!(alone.asks.len(), ASKS_OFFERING, "the next is told");
}

#[test]
fn kept_batches_are_bounded_and_the_oldest_goes() {
    let mut alone = executor();
    let count = KEPT_MAX as u32 + 10;
    for turn in 0..count {
        assert_eq!(alone.ask(&id(1 + turn), true, &assign(1, &[0; 32]).emit(&[1; 16])), TAKEN);
        run_first(&mut alone, 9_999);
        alone.events.retain(|bytes| bytes[0] == 35);
        let (op, to, _) = alone.asks.pop().expect("it tells");
        alone.answer(op, &to, Status::Ok, &[]);
    }
    assert_eq!(alone.count(|event| matches!(event, Event::Forget(_))), 10);
    assert_eq!(alone.count(|event| *event == Event::Forget(1)), 1);
}

#[test]
fn a_requester_with_many_small_batches_pushes_nobody_elses_outputs_out() {
    let mut alone = executor();
    let batch = |alone: &mut Alone, requester: u32, nonce: u32| {
        let nonce = common::task_id(9, nonce).0[..16].try_into().expect("sixteen bytes");
        assert_eq!(alone.ask(&id(requester), true, &assign(1, &[0; 32]).emit(&nonce)), TAKEN);
        run_first(alone, 9_999);
        alone.events.retain(|bytes| bytes[0] == 35);
        let (op, to, _) = alone.asks.pop().expect("it tells");
        alone.answer(op, &to, Status::Ok, &[]);
    };
    batch(&mut alone, 1, 0);
    (1..=3 * KEPT_MAX as u32).for_each(|nonce| batch(&mut alone, 2, nonce));
    batch(&mut alone, 3, 1_000);
    assert_eq!(alone.count(|event| *event == Event::Forget(1)), 0);
    assert!(alone.count(|event| matches!(event, Event::Forget(_))) > 2 * KEPT_MAX);
}

#[test]
fn requesters_that_answer_nothing_leave_a_turn_to_those_who_wait_for_their_outcomes() {
    let mut alone = executor();
    let mut nonce = 0;
    for requester in [1, 1, 1, 1, 2, 2, 2, 2, 3] {
        nonce += 1;
        assert_eq!(alone.ask(&id(requester), true, &assign(1, &[0; 32]).emit(&[nonce; 16])), TAKEN);
        run_first(&mut alone, 9_999);
        alone.events.clear();
    }
    // Two let each of theirs wait until it is too late.
    for _ in 0..5 {
        alone.run_for(SECOND);
        for (op, to, _) in std::mem::take(&mut alone.asks) {
            if to == id(3) {
                return;
            }
            alone.answer(op, &to, Status::TimedOut, &[]);
        }
    }
    panic!("the third is never told");
}
