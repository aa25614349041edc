//! What one requester may have of an executor while others want some: cores, places, bytes, room for outputs.

mod common;

use common::SECOND;
use common::alone::{Alone, id, number_of, right};
use tabmesh_port::{NodeId, Status};
use tabmesh_tasks::{
    Command, Event, FEEDING_MAX, HOUR, MODULE_INDEX, OUTPUTS_MAX, Outcome, PIECE_MAX, Question, Refusal,
    STRANGERS_MAX, UNFED, Word,
};

const TURN: u64 = 60 * SECOND;
const TAKEN: Option<(Status, Vec<u8>)> = Some((Status::Ok, Vec::new()));

fn executor(cores: u8) -> Alone {
    let mut alone = Alone::new();
    let turn_ms = (TURN / 1_000) as u32;
    alone.say(&Command::Offer { cores, gas: 10_000, turn_ms, bytes_an_hour: 1 << 20 });
    alone
}

fn assign(alone: &mut Alone, from: u32, nonce: u8, count: u16) -> Option<(Status, Vec<u8>)> {
    let bytes = vec![0; 32 * usize::from(count)];
    let assign = Question::Assign { lease_ms: u32::MAX, gas: 1_000, count, bytes: &bytes };
    alone.ask(&id(from), true, &assign.emit(&[nonce; 16]))
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

fn stops(alone: &Alone, assignment: u32) -> bool {
    alone.count(|event| *event == Event::Stop(assignment)) > 0
}

/// Whether a requester was told that nothing comes of a batch for now.
fn is_given_back(alone: &Alone, to: u32, nonce: u8) -> bool {
    alone.told.contains(&(id(to), Word::Over(Refusal::Busy).emit(&[nonce; 16])))
}

/// The shell ran one task, which came to an output of this length.
fn ran(alone: &mut Alone, assignment: u32, index: u16, length: u32) {
    let task = common::task_id(1, index.into());
    let outcome = Outcome { length, ..right(&task) };
    alone.say(&Command::Ran { assignment, index, task: &task, outcome, output: &[] });
}

fn want(alone: &mut Alone, fetch: u32, assignment: u32, index: u16) {
    alone.say(&Command::FetchInput { fetch, assignment, index, offset: 0 });
}

/// Answers the oldest question for a piece.
fn piece(alone: &mut Alone, status: Status, bytes: &[u8]) {
    let (op, to, _) = alone.asks.remove(0);
    alone.answer(op, &to, status, bytes);
}

fn refused(alone: &mut Alone) -> Vec<Status> {
    let of = |bytes: &Vec<u8>| match Event::read(bytes) {
        Some(Event::Refused { status, .. }) => Some(status),
        _ => None,
    };
    let statuses = alone.events.iter().filter_map(of).collect();
    alone.events.retain(|bytes| of(bytes).is_none());
    statuses
}

#[test]
fn i27_nobody_holds_all_cores_past_its_turn_while_others_wait() {
    let mut alone = executor(2);
    assert_eq!(assign(&mut alone, 1, 1, 100), TAKEN);
    alone.run_for(3 * TURN);
    assert_eq!(began(&mut alone), [(1, 1)]);
    assert!(!stops(&alone, 1), "where nobody waits it goes on");
    assert_eq!(assign(&mut alone, 2, 1, 1), TAKEN);
    alone.run_for(SECOND);
    assert!(stops(&alone, 1) && is_given_back(&alone, 1, 1));
    assert_eq!(began(&mut alone), [(2, 2)]);
    // It had more than the other for now, and waits for that.
    assert_eq!(assign(&mut alone, 2, 2, 1), TAKEN);
    assert_eq!(assign(&mut alone, 1, 2, 1), TAKEN);
    assert_eq!(began(&mut alone), [(3, 2)]);
    alone.run_for(TURN - 2 * SECOND);
    assert!(!stops(&alone, 2) && !stops(&alone, 3), "their turn is not over yet");
}

#[test]
fn i27_one_that_waits_ends_no_more_than_it_has_room_for() {
    let mut alone = executor(3);
    (1..=3).for_each(|from| assert_eq!(assign(&mut alone, from, 1, 1), TAKEN));
    alone.run_for(TURN + SECOND);
    assert_eq!(began(&mut alone).len(), 3);
    assert_eq!(assign(&mut alone, 4, 1, 1), TAKEN);
    alone.run_for(SECOND);
    assert_eq!(began(&mut alone), [(4, 4)]);
    assert_eq!((1..=3).filter(|number| stops(&alone, *number)).count(), 1);
}

#[test]
fn i27_whoever_had_less_is_not_stopped_for_whoever_had_more() {
    let mut alone = executor(1);
    assert_eq!(assign(&mut alone, 1, 1, 100), TAKEN);
    alone.run_for(10 * TURN);
    assert_eq!(assign(&mut alone, 2, 1, 100), TAKEN);
    alone.run_for(SECOND);
    assert_eq!(began(&mut alone), [(1, 1), (2, 2)]);
    assert_eq!(assign(&mut alone, 1, 2, 1), TAKEN);
    alone.run_for(9 * TURN);
    assert!(!stops(&alone, 2));
    alone.run_for(2 * TURN);
    assert!(stops(&alone, 2));
}

#[test]
fn i27_a_batch_has_its_turn_for_each_task_and_no_more() {
    let mut alone = executor(1);
    assert_eq!(assign(&mut alone, 1, 1, 3), TAKEN);
    alone.run_for(4 * TURN - SECOND);
    assert!(!stops(&alone, 1));
    alone.run_for(2 * SECOND);
    assert!(stops(&alone, 1) && is_given_back(&alone, 1, 1));
}

#[test]
fn i27_what_waits_for_inputs_holds_no_core_and_costs_its_requester_no_time() {
    let mut alone = executor(1);
    assert_eq!(assign(&mut alone, 1, 1, 4), TAKEN);
    want(&mut alone, 1, 1, MODULE_INDEX);
    assert_eq!(assign(&mut alone, 2, 1, 1), TAKEN);
    assert_eq!(began(&mut alone), [(1, 1), (2, 2)]);
    alone.run_for(5 * SECOND);
    piece(&mut alone, Status::Ok, &[0; 9]);
    // Its first input is here, its second one is not: one task is at work.
    want(&mut alone, 2, 1, 1);
    alone.run_for(SECOND);
    ran(&mut alone, 2, 0, 9_999);
    alone.asks.retain(|(_, to, _)| *to == id(1));
    assert_eq!(assign(&mut alone, 3, 1, 1), TAKEN);
    assert_eq!(began(&mut alone), [], "the core is taken");
    ran(&mut alone, 1, 0, 9_999);
    assert_eq!(began(&mut alone), [(3, 3)]);
}

#[test]
fn i27_inputs_that_do_not_come_end_their_batch_soon() {
    // One answer does not come; or there is never room for one.
    for status in [Status::TimedOut, Status::TooManyRequests] {
        let mut alone = executor(1);
        assert_eq!(assign(&mut alone, 1, 1, 4), TAKEN);
        let mut tries = 0;
        while !stops(&alone, 1) {
            want(&mut alone, tries, 1, 0);
            piece(&mut alone, status, &[]);
            alone.run_for(SECOND);
            tries += 1;
            assert!(u64::from(tries) <= 1 + UNFED.0 / SECOND, "{status:?}");
        }
        assert!(is_given_back(&alone, 1, 1) && alone.held.is_empty());
        let ended = alone.count(|event| matches!(event, Event::FetchedInput { .. }));
        assert_eq!(ended, tries as usize, "each fetch ends once");
    }
}

#[test]
fn i27_batches_that_wait_for_inputs_are_few_and_the_slowest_makes_room() {
    let mut alone = executor(1);
    for requester in 1..=FEEDING_MAX as u32 + 1 {
        assert_eq!(assign(&mut alone, requester, 1, 1), TAKEN);
        want(&mut alone, requester, requester, 0);
        alone.run_for(SECOND);
    }
    assert_eq!(refused(&mut alone), [Status::TooManyRequests]);
    alone.run_for(UNFED.0);
    let last = FEEDING_MAX as u32 + 1;
    want(&mut alone, last, last, 0);
    assert_eq!(refused(&mut alone), []);
    assert!(is_given_back(&alone, 1, 1) && !is_given_back(&alone, 2, 1));
}

/// Has an executor fetch until it may not for this requester any more: how many bytes came.
fn fetch_all(alone: &mut Alone, from: u32, nonce: u8) -> usize {
    assert_eq!(assign(alone, from, nonce, 1), TAKEN);
    let (assignment, _) = began(alone)[0];
    let mut came = 0;
    loop {
        want(alone, 1, assignment, 0);
        if refused(alone) == [Status::Forbidden] {
            alone.say(&Command::Decline { assignment, why: Refusal::Busy });
            return came;
        }
        piece(alone, Status::Ok, &[0; PIECE_MAX]);
        came += PIECE_MAX;
    }
}

#[test]
fn i27_bytes_of_an_hour_are_divided_among_requesters() {
    let mut alone = executor(1);
    let all = 1 << 20;
    assert_eq!(fetch_all(&mut alone, 1, 1), all / 2);
    assert_eq!(fetch_all(&mut alone, 1, 2), 0, "another batch is the same requester's");
    assert_eq!(fetch_all(&mut alone, 2, 1), all / 4);
    assert!(fetch_all(&mut alone, 3, 1) > 0);
    alone.run_for(HOUR.0);
    assert_eq!(fetch_all(&mut alone, 1, 3), all / 2);
}

#[test]
fn i22_ids_of_one_address_have_the_bytes_of_one_and_none_those_that_friends_are_left() {
    let mut alone = executor(1);
    let all = 1 << 20;
    let ids: Vec<NodeId> = (1..=100).map(id).collect();
    alone.say(&Command::Address { address: 9, ids: &ids });
    alone.say(&Command::Prefer(&[id(150)]));
    let had: usize = (1..=100).map(|from| fetch_all(&mut alone, from, 1)).sum();
    assert_eq!(had, all * 3 / 8);
    let others: usize = (101..=140).map(|from| fetch_all(&mut alone, from, 1)).sum();
    assert!(had + others <= all * 3 / 4 + PIECE_MAX, "{others}");
    assert!(fetch_all(&mut alone, 150, 1) >= all / 8 - PIECE_MAX);
}

#[test]
fn i27_outputs_of_whoever_has_most_make_room_the_oldest_first() {
    let mut alone = executor(1);
    let batch = |alone: &mut Alone, from: u32, nonce: u8, length: u32| {
        assert_eq!(assign(alone, from, nonce, 1), TAKEN);
        let (assignment, _) = began(alone)[0];
        ran(alone, assignment, 0, length);
        let (op, to, _) = alone.asks.pop().expect("it tells");
        alone.answer(op, &to, Status::Ok, &[]);
    };
    let quarter = (OUTPUTS_MAX / 4) as u32;
    batch(&mut alone, 1, 1, quarter);
    (0..9).for_each(|nonce| batch(&mut alone, 2, nonce, quarter));
    let forgotten: Vec<u32> =
        (1..=10).filter(|number| alone.count(|event| *event == Event::Forget(*number)) > 0).collect();
    assert_eq!(forgotten, [2, 3, 4, 5, 6, 7]);
}

#[test]
fn i27_a_batch_whose_outputs_have_no_room_is_given_back() {
    let mut alone = executor(1);
    assert_eq!(assign(&mut alone, 1, 1, 20), TAKEN);
    (0..8).for_each(|index| ran(&mut alone, 1, index, 16 << 20));
    assert!(!stops(&alone, 1));
    ran(&mut alone, 1, 8, 16 << 20);
    assert!(stops(&alone, 1) && is_given_back(&alone, 1, 1));
}

#[test]
fn i22_ids_of_one_address_make_room_for_other_strangers() {
    let mut alone = executor(1);
    let ids: Vec<NodeId> = (1..=100).map(id).collect();
    alone.say(&Command::Address { address: 9, ids: &ids });
    let busy = Some((Status::Forbidden, vec![Refusal::Busy as u8]));
    for from in 1..=100 {
        let answer = assign(&mut alone, from, 1, 1);
        assert_eq!(answer, if from as usize <= STRANGERS_MAX { TAKEN } else { busy.clone() });
    }
    // Half of the places are had by strangers of other addresses, each its own.
    for from in 101..=100 + STRANGERS_MAX as u32 {
        alone.say(&Command::Address { address: u64::from(from), ids: &[id(from)] });
    }
    let taken = (101..=120).filter(|from| assign(&mut alone, *from, 1, 1) == TAKEN).count();
    assert_eq!(taken, STRANGERS_MAX - 1);
    assert!(alone.held.contains(&id(1)) && !alone.held.contains(&id(2)), "one is left to it");
    assert!((2..=STRANGERS_MAX as u32).all(|from| is_given_back(&alone, from, 1)));
}
