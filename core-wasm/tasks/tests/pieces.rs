//! Inputs, modules and outputs that go by pieces, and batches that are given back: who may ask, for what, and how much.

mod common;

use common::alone::{Alone, Given, id, number_of, outcomes, right};
use common::running::Conduct;
use common::{SECOND, World};
use tabmesh_port::{NodeId, Status};
use tabmesh_tasks::{
    ASKS_FETCHING, Command, Event, FETCHES_A_BATCH, MODULE_INDEX, PIECE_MAX, Question, Refusal, StalledWhy,
    TRIES_MAX, WANTED_A_PEER, WANTED_MAX, Word,
};
use tabmesh_world::perfect::Weather;

const NOT_FOUND: Option<(Status, Vec<u8>)> = Some((Status::NotFound, Vec::new()));

fn fetch(index: u16, offset: u32) -> Question<'static> {
    Question::Fetch { index, offset }
}

/// An executor of so many cores with a batch of four tasks of each of these.
fn executor(cores: u8, requesters: &[u32]) -> Alone {
    let mut alone = Alone::new();
    alone.say(&common::offer(cores, 10_000));
    for requester in requesters {
        let assign = Question::Assign { lease_ms: 60_000, gas: 1_000, count: 4, bytes: &[0; 128] };
        let taken = alone.ask(&id(*requester), true, &assign.emit(&[*requester as u8; 16]));
        assert_eq!(taken, Some((Status::Ok, vec![])));
    }
    alone
}

/// What its shell heard of its fetches, and forgets: number, status, bytes.
fn fetched(alone: &mut Alone) -> Vec<(u32, Status, Vec<u8>)> {
    let of = |bytes: &Vec<u8>| match Event::read(bytes) {
        Some(Event::FetchedInput { fetch, status, bytes }) => Some((fetch, status, bytes.to_vec())),
        _ => None,
    };
    let came = alone.events.iter().filter_map(of).collect();
    alone.events.retain(|bytes| of(bytes).is_none());
    came
}

fn want(alone: &mut Alone, fetch: u32, assignment: u32, index: u16) {
    alone.say(&Command::FetchInput { fetch, assignment, index, offset: 7 });
}

fn refusals(alone: &Alone) -> usize {
    alone.count(|event| matches!(event, Event::Refused { .. }))
}

#[test]
fn inputs_that_are_not_in_the_batch_come_by_pieces_in_any_weather() {
    for weather in [Weather::FAIR, Weather::FOUL] {
        let mut world = World::new(1, weather, 10, |_| Conduct::Honest, |asking| asking.job(0, 2_000));
        world.begin();
        world.run_to_end(600 * SECOND);
        assert_eq!((world.asking().accepted(), world.asking().wrong()), (2_000, 0));
        let fetched: u32 = (0..10).map(|number| world.running(number).inputs.fetched).sum();
        println!("{fetched} inputs of 70,400 bytes came by pieces");
        assert!(fetched >= 15, "{fetched}");
        assert_eq!(world.asking().refused, []);
    }
}

#[test]
fn tasks_whose_inputs_do_not_come_are_given_back_and_run_by_the_requester_in_the_end() {
    let tasks = |asking: &mut common::asking::Asking| {
        asking.job(0, 600);
        asking.gives_inputs = false;
    };
    let mut world = World::new(2, Weather::FAIR, 3, |_| Conduct::Honest, tasks);
    world.begin();
    let took = world.run_to_end(600 * SECOND);
    let asking = world.asking();
    assert_eq!((asking.accepted(), asking.wrong()), (600, 0));
    let lacking = (0..600).filter(|number| common::given::input(&common::task_id(1, *number)).is_some());
    let lacking = lacking.count() as u32;
    println!("{lacking} of 600 tasks lack their input: {} run here, {} s", asking.ran_here, took / SECOND);
    // What was in one batch with them a few times may be as well.
    assert!((lacking..=2 * lacking).contains(&asking.ran_here), "{} of {lacking}", asking.ran_here);
}

#[test]
fn the_requester_gives_inputs_and_the_module_of_a_batch_to_its_executor_alone() {
    let mut alone = Alone::requester(0, 10, 2);
    let given = alone.first();
    let (to, nonce) = (given.to, given.nonce);
    let other = if to == id(1) { id(2) } else { id(1) };
    assert_eq!(alone.ask(&other, true, &fetch(0, 0).emit(&nonce)), NOT_FOUND, "another's batch");
    assert_eq!(alone.ask(&to, true, &fetch(0, 0).emit(&[9; 16])), NOT_FOUND, "another batch");
    let unproven = Some((Status::Unauthorized, vec![]));
    assert_eq!(alone.ask(&to, false, &fetch(0, 0).emit(&nonce)), unproven, "another's link");
    for index in [given.tasks.len() as u16, MODULE_INDEX - 1] {
        assert_eq!(alone.ask(&to, true, &fetch(index, 0).emit(&nonce)), Some((Status::BadRequest, vec![])));
    }
    assert_eq!(alone.ask(&to, true, &fetch(0, 5).emit(&nonce)), None, "the shell is asked");
    assert_eq!(alone.ask(&to, true, &fetch(MODULE_INDEX, u32::MAX).emit(&nonce)), None);
    let wanted: Vec<(u32, u32, u16, u32)> = alone
        .events
        .iter()
        .filter_map(|bytes| match Event::read(bytes) {
            Some(Event::WantInput { ticket, assignment, index, offset }) => {
                Some((ticket, assignment, index, offset))
            }
            _ => None,
        })
        .collect();
    assert_eq!(wanted.iter().map(|want| want.1).collect::<Vec<u32>>(), [1, 1]);
    assert_eq!((wanted[0].2, wanted[0].3), (0, 5));
    assert_eq!((wanted[1].2, wanted[1].3), (MODULE_INDEX, u32::MAX));
    // The shell gives it once, and no more than a piece.
    let ticket = wanted[0].0;
    alone.say(&Command::GiveInput { ticket, status: Status::Ok, bytes: &vec![1; PIECE_MAX + 1] });
    assert_eq!((refusals(&alone), alone.replies.len()), (1, 0));
    alone.say(&Command::Give { ticket, status: Status::Ok, bytes: b"of an output" });
    assert_eq!((refusals(&alone), alone.replies.len()), (2, 0), "an output is something else");
    alone.say(&Command::GiveInput { ticket, status: Status::Ok, bytes: b"piece" });
    assert_eq!(alone.replies, [(ticket, Status::Ok, b"piece".to_vec())]);
    alone.say(&Command::GiveInput { ticket, status: Status::Ok, bytes: b"piece" });
    assert_eq!((refusals(&alone), alone.replies.len()), (3, 1));
    // Once the batch is done there is nothing to fetch.
    let (own, by) = (alone.own, number_of(&to));
    let bytes = outcomes(by, &own, &nonce, &given.tasks, right);
    assert_eq!(alone.ask(&to, true, &bytes), Some((Status::Ok, vec![])));
    assert_eq!(alone.ask(&to, true, &fetch(0, 0).emit(&nonce)), NOT_FOUND);
}

#[test]
fn executors_that_ask_for_more_than_their_share_are_refused_and_hold_up_nobody() {
    let mut alone = Alone::requester(0, 500, 12);
    let full = Some((Status::TooManyRequests, vec![]));
    let mut all = 0;
    for given in alone.given.clone() {
        alone.answer(given.op, &given.to, Status::Ok, &[]);
        for _ in 0..WANTED_A_PEER {
            all += usize::from(alone.ask(&given.to, true, &fetch(0, 0).emit(&given.nonce)).is_none());
        }
        assert_eq!(alone.ask(&given.to, true, &fetch(0, 0).emit(&given.nonce)), full);
    }
    assert_eq!(all, WANTED_MAX);
    // Outcomes come all the same.
    let given = alone.given[0].clone();
    let (own, by) = (alone.own, number_of(&given.to));
    let bytes = outcomes(by, &own, &given.nonce, &given.tasks, right);
    assert_eq!(alone.ask(&given.to, true, &bytes), Some((Status::Ok, vec![])));
    // And who was given its pieces may ask again.
    for bytes in alone.events.clone() {
        if let Some(Event::WantInput { ticket, .. }) = Event::read(&bytes) {
            alone.say(&Command::GiveInput { ticket, status: Status::Ok, bytes: &[] });
        }
    }
    let given = alone.given[1].clone();
    assert_eq!(alone.ask(&given.to, true, &fetch(0, 0).emit(&given.nonce)), None);
}

#[test]
fn an_executor_fetches_of_batches_that_run_and_each_fetch_ends_once() {
    let mut alone = executor(1, &[1, 2]);
    // The second batch waits; there is no third, and no fifth task.
    for (assignment, index) in [(2, 0), (3, 0), (1, 4)] {
        want(&mut alone, 1, assignment, index);
    }
    assert_eq!((refusals(&alone), alone.asks.len()), (3, 0));
    want(&mut alone, 1, 1, MODULE_INDEX);
    want(&mut alone, 1, 1, 0);
    assert_eq!(refusals(&alone), 4, "a number that is used");
    let (op, to, bytes) = alone.asks.pop().expect("it asks");
    assert_eq!((to, Question::read(&bytes)), (id(1), Some(([1; 16], fetch(MODULE_INDEX, 7)))));
    alone.answer(op, &id(2), Status::Ok, b"another's");
    assert_eq!(fetched(&mut alone), []);
    alone.answer(op, &to, Status::Ok, b"module");
    assert_eq!(fetched(&mut alone), [(1, Status::Ok, b"module".to_vec())]);
    alone.answer(op, &to, Status::Ok, b"module");
    assert_eq!(fetched(&mut alone), [], "once");
    // With the batch all that was not asked for ends; what is under way ends as it comes.
    for number in 0..FETCHES_A_BATCH as u32 + 1 {
        want(&mut alone, number, 1, 0);
    }
    assert_eq!((refusals(&alone), alone.asks.len()), (5, ASKS_FETCHING - 1));
    alone.ask(&id(1), true, &Question::Revoke.emit(&[1; 16]));
    assert_eq!(fetched(&mut alone), [(3, Status::NotFound, vec![])]);
    for (op, to, _) in alone.asks.split_off(0) {
        alone.answer(op, &to, Status::NotFound, &[]);
    }
    let came: Vec<u32> = fetched(&mut alone).iter().map(|row| row.0).collect();
    assert_eq!(came, [0, 1, 2]);
    want(&mut alone, 9, 2, 0);
    assert_eq!(alone.asks.len(), 1, "the next batch runs");
}

#[test]
fn a_requester_that_gives_nothing_leaves_a_place_to_others() {
    let mut alone = executor(16, &[1, 2, 3]);
    let to = |alone: &Alone| alone.asks.iter().map(|(_, to, _)| number_of(to)).collect::<Vec<u32>>();
    (0..4).for_each(|number| want(&mut alone, number, 1, 0));
    assert_eq!(to(&alone), [1, 1, 1]);
    (10..14).for_each(|number| want(&mut alone, number, 2, 0));
    assert_eq!(to(&alone), [1, 1, 1, 2]);
    (20..24).for_each(|number| want(&mut alone, number, 3, 0));
    // Whatever comes, who has fewest under way is next.
    for turn in 0..20 {
        let (op, from, _) = alone.asks.remove(0);
        alone.answer(op, &from, Status::Ok, &[0]);
        let number = 100 + turn;
        want(&mut alone, number, number_of(&from), 0);
        assert!(alone.asks.len() <= ASKS_FETCHING);
    }
    let asked: Vec<u32> = to(&alone);
    assert!((1..=3).all(|requester| asked.contains(&requester)), "{asked:?}");
    // Outcomes are told beside them.
    for index in 0..4 {
        let task = common::task_id(1, index);
        let outcome = tabmesh_tasks::Outcome { length: 9_999, ..right(&task) };
        alone.say(&Command::Ran { assignment: 1, index: index as u16, task: &task, outcome, output: &[] });
    }
    let is_outcomes = |bytes: &[u8]| matches!(Question::read(bytes), Some((_, Question::Outcomes(_))));
    assert!(alone.asks.iter().any(|(_, _, bytes)| is_outcomes(bytes)));
}

#[test]
fn executors_that_let_pieces_of_outputs_wait_hold_up_neither_batches_nor_others() {
    let mut alone = Alone::requester(0, 500, 12);
    let give_back = |alone: &mut Alone| {
        let given = std::mem::take(&mut alone.given);
        for given in &given {
            alone.answer(given.op, &given.to, Status::Forbidden, &[Refusal::Busy as u8]);
        }
        given
    };
    let fetch = |alone: &mut Alone, fetch: u32, executor: u32| {
        let nonce = [executor as u8; 16];
        alone.say(&Command::Fetch { fetch, executor: &id(executor), nonce: &nonce, index: 0, offset: 0 });
    };
    let to = |alone: &Alone| alone.asks.iter().map(|(_, to, _)| number_of(to)).collect::<Vec<u32>>();
    while !give_back(&mut alone).is_empty() {}
    (0..8).for_each(|number| fetch(&mut alone, number, 1));
    assert_eq!(to(&alone), [1; WANTED_A_PEER], "no more than it answers at a time");
    (8..15).for_each(|number| fetch(&mut alone, number, 2));
    fetch(&mut alone, 15, 3);
    assert_eq!(to(&alone)[WANTED_A_PEER..], [2, 2, 2, 3], "the last place is left to others");
    alone.run_for(5 * SECOND);
    assert!(!give_back(&mut alone).is_empty(), "batches go out beside them");
}

#[test]
fn a_batch_that_is_declined_goes_to_others_and_its_requester_hears_why() {
    let mut alone = executor(1, &[1, 2]);
    for assignment in [2, 3] {
        alone.say(&Command::Decline { assignment, why: Refusal::Busy });
    }
    assert_eq!(refusals(&alone), 2, "it does not run");
    alone.say(&Command::Decline { assignment: 1, why: Refusal::TooLarge });
    assert_eq!(alone.told, [(id(1), Word::Over(Refusal::TooLarge).emit(&[1; 16]))]);
    assert_eq!(alone.count(|event| matches!(event, Event::Stop(_))), 0, "its shell knows");
    assert_eq!(alone.count(|event| matches!(event, Event::Run { assignment: 2, .. })), 1, "the next runs");
    assert_eq!(alone.held, [id(2)]);
    alone.say(&Command::Decline { assignment: 1, why: Refusal::TooLarge });
    assert_eq!(refusals(&alone), 3, "once");
    alone.say(&Command::Withdraw);
    assert_eq!(alone.told.last(), Some(&(id(2), Word::Over(Refusal::Busy).emit(&[2; 16]))));
}

/// When a requester with one executor gives it something again, which gave back its first batch for this reason; `None` if never.
fn again(why: Refusal) -> Option<u64> {
    let mut alone = Alone::requester(0, 10, 1);
    let given = alone.first();
    alone.tell(&given.to, Word::Over(why), &given.nonce);
    assert_eq!(alone.count(|event| *event == Event::Dropped(1)), 1);
    assert!(alone.asks.is_empty(), "it has nothing to revoke");
    let count = alone.given.len();
    for second in 0..100 {
        if alone.given.len() > count {
            return Some(second);
        }
        alone.run_for(SECOND);
    }
    None
}

#[test]
fn who_gives_a_batch_back_is_asked_later_or_not_again_for_this_job() {
    assert_eq!(again(Refusal::Busy), Some(2));
    assert_eq!(again(Refusal::TooLarge), None);
    // Tabs are hidden and shown.
    assert!(again(Refusal::Unwilling).is_some_and(|second| (60..=62).contains(&second)));
}

#[test]
fn executors_that_give_everything_back_stop_no_job_where_others_do_not() {
    for why in [Refusal::Busy, Refusal::TooLarge, Refusal::Unwilling] {
        let conduct = move |number| if number < 8 { Conduct::Declines(why) } else { Conduct::Honest };
        let mut world = World::new(3, Weather::FAIR, 10, conduct, |asking| asking.job(2, 200));
        world.begin();
        world.run_to_end(300 * SECOND);
        assert_eq!((world.asking().accepted(), world.asking().wrong()), (200, 0), "{why:?}");
    }
    let all = |_| Conduct::Declines(Refusal::TooLarge);
    let mut world = World::new(4, Weather::FAIR, 5, all, |asking| asking.job(0, 50));
    world.begin();
    world.net.run_for(60 * SECOND);
    assert_eq!(world.asking().jobs[0].stalls, [StalledWhy::NoneFits], "and a job that nobody takes says so");
}

#[test]
fn who_is_no_executor_of_a_batch_gives_nothing_back() {
    let mut alone = Alone::requester(0, 10, 2);
    let given = alone.first();
    let other: NodeId = if given.to == id(1) { id(2) } else { id(1) };
    alone.tell(&other, Word::Over(Refusal::TooLarge), &given.nonce);
    alone.tell(&given.to, Word::Over(Refusal::TooLarge), &[9; 16]);
    assert_eq!(alone.count(|event| matches!(event, Event::Dropped(_))), 0);
}

#[test]
fn i23_who_gives_back_whatever_it_took_holds_no_task_for_good() {
    // Each says that it is at it, and gives the batch back shortly before its lease ends.
    let mut alone = Alone::requester(0, 1, 6);
    let mut given = 0;
    for _ in 0..1_000 {
        for one in std::mem::take(&mut alone.given) {
            alone.answer(one.op, &one.to, Status::Ok, &[]);
            given += 1;
            for _ in 0..2 {
                alone.run_for(5 * SECOND);
                alone.tell(&one.to, Word::Beat(0), &one.nonce);
            }
            alone.tell(&one.to, Word::Over(Refusal::Busy), &one.nonce);
        }
        alone.run_for(SECOND);
    }
    assert_eq!(given, usize::from(TRIES_MAX));
    assert_eq!(alone.count(|event| *event == Event::RunHere { job: 1, number: 0 }), 1);
    assert!(alone.asks.is_empty(), "it has nothing to revoke");
}

#[test]
fn outcomes_that_no_run_comes_to_count_for_nothing() {
    let wrong: [fn(&mut tabmesh_tasks::Outcome); 5] = [
        |outcome| outcome.length = (16 << 20) + 1,
        |outcome| outcome.gas = (1 << 30) + 1,
        |outcome| outcome.status = 9,
        |outcome| outcome.status = 127,
        |outcome| (outcome.status, outcome.length) = (2, 1),
    ];
    for wrong in wrong {
        let mut alone = Alone::requester(0, 10, 1);
        let Given { to, nonce, tasks, .. } = alone.first();
        let lie = |task: &tabmesh_tasks::TaskId| {
            let mut outcome = right(task);
            wrong(&mut outcome);
            outcome
        };
        let own = alone.own;
        let bytes = outcomes(number_of(&to), &own, &nonce, &tasks, lie);
        assert_eq!(alone.ask(&to, true, &bytes), Some((Status::Forbidden, vec![])));
        assert_eq!(alone.accepted(), 0);
        assert_eq!(alone.count(|event| *event == Event::Dropped(1)), 1);
        alone.given.clear();
        alone.run_for(30 * SECOND);
        assert!(alone.given.is_empty(), "nothing of the job goes there again");
    }
}
