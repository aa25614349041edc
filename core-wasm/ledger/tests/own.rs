//! Goal: a node's owner learns what accounts have, sends credits, hears where the chain is, and gets test credits; each wait ends.
//! Method: a town on a perfect port; what its shells say and hear.

mod town;

use tabmesh_ledger::limits::VALID_EPOCHS;
use tabmesh_ledger::{Action, Command, Event, Mode, Operation, Record, Refusal};
use tabmesh_port::{NodeId, Status};
use tabmesh_world::perfect::Place;
use town::{CREDIT, EPOCH, Plan, SECOND, TERMS, Town, checker};

fn town(plan: Plan) -> Town {
    let mut town = Town::new(plan);
    town.run(2 * EPOCH + SECOND);
    town
}

/// What a place heard last of this, and when.
fn last<T>(town: &Town, place: Place, read: impl Fn(&Event<'_>) -> Option<T>) -> Option<T> {
    let store = town.stores[place.0].borrow();
    store.events.iter().rev().find_map(|(_, bytes)| read(&Event::read(bytes).expect("an event")))
}

fn transfer(town: &mut Town, from: Place, to: NodeId, amount: u64, ticket: u32) -> Result<Operation, u8> {
    town.net.command(from, &Command::Transfer { ticket, to, amount, until: 0 }.emit());
    town.run(SECOND / 10);
    last(town, from, |event| match *event {
        Event::Made { ticket: of, operation } if of == ticket => {
            Some(Ok(Operation::read(operation).expect("an operation")))
        }
        Event::Unmade { ticket: of, code } if of == ticket => Some(Err(code)),
        _ => None,
    })
    .expect("an answer")
}

/// Height, epoch, promised, sequence, balance.
fn account(town: &mut Town, at: Place, id: NodeId) -> (u32, u32, u64, u32, Option<u64>) {
    town.net.command(at, &Command::Account { ticket: 7, id }.emit());
    town.run(1);
    last(town, at, |event| match *event {
        Event::Account { ticket: 7, height, epoch, promised, sequence, record } => {
            let record = (!record.is_empty()).then(|| Record::read(record).expect("a record"));
            let balance = record.map(|record| match record {
                Record::Account(account) => account.balance,
                _ => panic!("no account"),
            });
            Some((height, epoch, promised, sequence, balance))
        }
        _ => None,
    })
    .expect("an answer")
}

#[test]
fn an_owner_sends_credits_one_after_the_other() {
    let mut town = town(Plan::new(1, 4, 0));
    let (from, to) = (town.persons[0], town.persons[1]);
    let (own, other) = (town.net.id(from), town.net.id(to));
    assert_eq!(account(&mut town, from, own), (1, 1, 0, 0, Some(1_000 * CREDIT)));
    let fee = u64::from(TERMS.fee);
    let made: Vec<Operation> =
        (0..4).map(|at| transfer(&mut town, from, other, CREDIT, at).expect("made")).collect();
    let numbers: Vec<u32> = made.iter().map(|operation| operation.sequence).collect();
    assert_eq!(numbers, [0, 1, 2, 3], "each has its number");
    assert!(
        made.iter().all(|operation| u64::from(operation.fee) == fee && operation.until == 2 + VALID_EPOCHS)
    );
    let promised = 4 * (CREDIT + fee);
    assert_eq!(account(&mut town, from, own), (1, 1, promised, 4, Some(1_000 * CREDIT)));
    assert_eq!(
        transfer(&mut town, from, other, CREDIT, 4),
        Err(Refusal::Later.code()),
        "four are on their way"
    );
    town.run(2 * EPOCH);
    for operation in &made {
        assert!(town.included(from, operation.id()));
        assert!(town.settled(from, operation.id()).is_some());
    }
    let (_, _, promised, sequence, balance) = account(&mut town, from, own);
    assert_eq!((promised, sequence), (0, 4));
    assert!(balance.is_some_and(|balance| (996 * CREDIT - 1_000..996 * CREDIT).contains(&balance)));
    checker::check(&town);
}

#[test]
fn what_cannot_be_sent_is_not_made() {
    let mut town = town(Plan::new(2, 4, 0));
    let (from, to) = (town.persons[0], town.persons[1]);
    let (own, other) = (town.net.id(from), town.net.id(to));
    let nobody = NodeId([9; 32]);
    for (ticket, (receiver, amount, why)) in [
        (other, 0, Refusal::Malformed),
        (own, CREDIT, Refusal::ToItself),
        (other, 1_001 * CREDIT, Refusal::Overspent),
        (nobody, 1, Refusal::TooLittle),
        (other, 1_000 * CREDIT - 11, Refusal::TooLittleLeft),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(transfer(&mut town, from, receiver, amount, ticket as u32), Err(why.code()), "{why:?}");
    }
    assert_eq!(account(&mut town, from, nobody).4, None);
    town.net.command(from, &Command::Transfer { ticket: 40, to: other, amount: CREDIT, until: 2 }.emit());
    let made = transfer(&mut town, from, other, 600 * CREDIT, 41).expect("made");
    assert_eq!(made.sequence, 1, "the other one waits, too");
    assert_eq!(
        transfer(&mut town, from, other, 600 * CREDIT, 42),
        Err(Refusal::Overspent.code()),
        "promised"
    );
}

#[test]
fn a_wait_ends_when_its_operation_expires() {
    let mut town = town(Plan::new(3, 4, 0));
    let (from, to) = (town.persons[0], town.persons[1]);
    // Its owner is cut off until it is too late.
    town.net.cut(&[from]);
    let to = town.net.id(to);
    let made = transfer(&mut town, from, to, CREDIT, 0).expect("made");
    town.run((u64::from(VALID_EPOCHS) + 2) * EPOCH);
    let is_dropped =
        |event: &Event<'_>| *event == Event::Dropped { operation: made.id(), code: Refusal::Expired.code() };
    assert_eq!(town.heard(from, is_dropped), None, "it may have come as far as this node knows");
    town.net.heal();
    town.run(EPOCH);
    assert!(town.heard(from, is_dropped).is_some());
    assert!(!town.included(from, made.id()));
    let again = transfer(&mut town, from, to, CREDIT, 1).expect("made");
    assert_eq!(again.sequence, made.sequence, "its number is free");
    town.run(2 * EPOCH);
    assert!(town.included(from, again.id()));
}

#[test]
fn what_can_never_be_done_is_dropped_when_so_many_say_so_that_one_is_honest() {
    let mut town = town(Plan::new(4, 4, 0));
    let (from, to) = (town.persons[0], town.persons[1]);
    let mut forged = town.pay(from, to, CREDIT, 0);
    forged.signature.0[3] ^= 1;
    town.submit(from, &forged);
    town.run(SECOND);
    let code = Refusal::BadSignature.code();
    let is_dropped = |event: &Event<'_>| *event == Event::Dropped { operation: forged.id(), code };
    assert!(town.heard(from, is_dropped).is_some());
    let own = town.net.id(from);
    assert_eq!(account(&mut town, from, own).2, 0);
}

fn heads(town: &Town, place: Place) -> Vec<(u32, u16, Mode)> {
    let store = town.stores[place.0].borrow();
    let events = store.events.iter().map(|(_, bytes)| Event::read(bytes).expect("an event"));
    events
        .filter_map(|event| match event {
            Event::Head { height, operations, mode, .. } => Some((height, operations, mode)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_node_says_where_it_is_and_how_it_goes_on() {
    let mut town = town(Plan::new(5, 7, 0));
    let (from, to) = (town.persons[0], town.persons[1]);
    let other = town.net.id(to);
    transfer(&mut town, from, other, CREDIT, 0).expect("made");
    town.run(EPOCH);
    let seen = heads(&town, from);
    // Told at 0 before the clock, then when the mode is known, then at each block.
    assert_eq!(
        seen,
        [(0, 0, Mode::Following), (0, 0, Mode::Strong), (1, 0, Mode::Strong), (2, 1, Mode::Strong)]
    );
    let head = *town.ledger(from).head();
    let is_it = |event: &Event<'_>| {
        matches!(*event, Event::Head { height, hash, epoch, view, .. }
            if (height, hash, epoch, view) == (head.height, head.hash(), head.epoch, 0))
    };
    assert!(town.heard(from, is_it).is_some());
    let far = town.voters[..3].to_vec();
    town.net.cut(&far);
    town.run(6 * EPOCH);
    assert_eq!(heads(&town, from).last(), Some(&(2, 1, Mode::Eventual)));
    town.net.heal();
    town.run(2 * EPOCH);
    assert_eq!(heads(&town, from).last().map(|seen| seen.2), Some(Mode::Strong));
    // Who was away long follows before it is there.
    town.net.cut(&[to]);
    town.run(20 * EPOCH);
    let before = heads(&town, to).len();
    town.net.heal();
    town.run(2 * EPOCH);
    let since = heads(&town, to)[before..].to_vec();
    assert!(since.iter().any(|seen| seen.2 == Mode::Following), "{since:?}");
    assert_eq!(since.last().map(|seen| seen.2), Some(Mode::Strong));
}

#[test]
fn a_faucet_is_asked_by_who_gets_it() {
    let mut town = town(Plan::new(6, 4, 0));
    let (asks, gives) = (town.persons[0], town.voters[0]);
    let (own, of) = (town.net.id(asks), town.net.id(gives));
    town.net.command(asks, &Command::Request { ticket: 3, of }.emit());
    town.run(SECOND / 2);
    let ticket = last(&town, gives, |event| match *event {
        Event::Requested { ticket, id } if id == own => Some(ticket),
        _ => None,
    })
    .expect("it heard");
    let gift = transfer(&mut town, gives, own, CREDIT, 9).expect("made");
    assert!(matches!(gift.action, Action::Transfer { to, .. } if to == own));
    let bytes = gift.emit();
    town.net.command(gives, &Command::Drip { ticket, status: Status::Ok, bytes: &bytes }.emit());
    town.run(SECOND / 2);
    let is_it = |event: &Event<'_>| *event == Event::Dripped { ticket: 3, status: Status::Ok, bytes: &bytes };
    assert!(town.heard(asks, is_it).is_some());
    // For another one, in one's own name, of who does not vote: no.
    let other = town.net.id(town.persons[1]);
    let question = [&[21], &other.0[..]].concat();
    let told = tabmesh_port::Told::Asked {
        from: &own,
        is_proven: true,
        within_ms: 1_000,
        ticket: 99,
        bytes: &question,
    };
    let before = town.stores[gives.0].borrow().events.len();
    town.net.tell(gives, &told);
    town.run(1);
    assert_eq!(town.stores[gives.0].borrow().events.len(), before);
    town.net.command(asks, &Command::Request { ticket: 4, of: other }.emit());
    town.run(1);
    let refused = Event::Dripped { ticket: 4, status: Status::BadRequest, bytes: &[] };
    assert!(town.heard(asks, |event| *event == refused).is_some());
}

#[test]
fn a_faucet_is_for_tests_alone() {
    let mut real = Town::new(Plan::new(7, 4, 0));
    real.genesis.is_test = false;
    for place in real.nodes() {
        real.stores[place.0].borrow_mut().journal.clear();
        real.start(place, true);
    }
    real.run(EPOCH + SECOND);
    let (asks, of) = (real.persons[0], real.net.id(real.voters[0]));
    real.net.command(asks, &Command::Request { ticket: 3, of }.emit());
    real.run(SECOND / 2);
    let refused = Event::Dripped { ticket: 3, status: Status::NotImplemented, bytes: &[] };
    assert!(real.heard(asks, |event| *event == refused).is_some());
}

#[test]
fn what_a_shell_says_and_hears_is_read_as_it_was_written() {
    let (id, hash) = (NodeId([7; 32]), [8; 32]);
    for command in [
        Command::Account { ticket: 1, id },
        Command::Transfer { ticket: 2, to: id, amount: 3 << 40, until: 4 },
        Command::Drip { ticket: 5, status: Status::TooManyRequests, bytes: &[] },
        Command::Drip { ticket: 5, status: Status::Ok, bytes: &[1; 184] },
        Command::Request { ticket: 6, of: id },
    ] {
        assert_eq!(Command::read(&command.emit()), Some(command));
        assert_eq!(Command::read(&command.emit()[..5]), None);
    }
    for event in [
        Event::Account { ticket: 1, height: 2, epoch: 3, promised: 4 << 33, sequence: 5, record: &[6; 64] },
        Event::Made { ticket: 1, operation: &[2; 184] },
        Event::Unmade { ticket: 1, code: 2 },
        Event::Head { height: 1, epoch: 2, view: 3, hash, operations: 4, mode: Mode::Eventual },
        Event::Requested { ticket: 1, id },
        Event::Dripped { ticket: 1, status: Status::Ok, bytes: &[2; 184] },
        Event::Dropped { operation: hash, code: 6 },
    ] {
        assert_eq!(Event::read(&event.emit()), Some(event));
    }
    let unknown = [&[12][..], &[0; 46], &[3]].concat();
    assert_eq!(Event::read(&unknown), None, "no such mode");
}
