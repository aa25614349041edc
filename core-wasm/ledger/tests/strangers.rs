//! Goal: who has no seat costs voters little, and stops no block and nobody's transfer. Method: a town on a perfect port; a stranger says and asks the same,
//! or nonsense under others' names, as often as its link lets it.

mod town;

use tabmesh_ledger::{Action, Certificate, Command, Event, Member, Operation, Says, Statement};
use tabmesh_port::{Input, Instant, Module, NodeId, Output, Room, Signature, Status, Told, Wish, Work};
use tabmesh_world::perfect::Place;
use town::{CREDIT, EPOCH, Plan, SECOND, Town, checker};

fn town(seed: u64, voters: usize) -> Town {
    let mut town = Town::new(Plan::new(seed, voters, 0));
    town.run(EPOCH + SECOND);
    town
}

/// A stranger says something to all voters.
fn say(town: &mut Town, from: NodeId, bytes: &[u8]) {
    for place in town.voters.clone() {
        town.net.tell(place, &Told::Said { from: &from, is_proven: true, bytes });
    }
}

fn ask(town: &mut Town, from: NodeId, ticket: u32, bytes: &[u8]) {
    for place in town.voters.clone() {
        let told = Told::Asked { from: &from, is_proven: true, within_ms: 1_000, ticket, bytes };
        town.net.tell(place, &told);
    }
}

/// Records of a voter about this operation.
fn records(town: &Town, place: Place, operation: &Operation) -> usize {
    let store = town.stores[place.0].borrow();
    store.written.iter().filter(|record| record[0] != 0 && record[13..45] == operation.id()).count()
}

#[test]
fn what_is_submitted_or_shown_again_and_again_is_written_down_once() {
    let mut town = town(1, 4);
    let (from, to, stranger) = (town.persons[0], town.persons[1], town.net.id(town.persons[2]));
    let pay = town.pay(from, to, CREDIT, 0);
    let submitted = [&[3], &pay.emit()[..]].concat();
    for _ in 0..200 {
        say(&mut town, stranger, &submitted);
        town.run(SECOND / 1_000);
    }
    let place = town.voters[0];
    assert_eq!(records(&town, place, &pay), 1, "a lock");
    town.submit(from, &pay);
    town.run(SECOND / 2);
    assert!(town.settled(from, pay.id()).is_some(), "its owner has its locks all the same");
    // All voters' locks, as anybody may have heard them.
    let statement = Statement { says: Says::Lock, view: 0, height: 0, round: 0, subject: pay.id() };
    let certificate = certificate_of(&town, statement, |signature| signature);
    let mut shown = vec![19];
    shown.extend(pay.emit());
    shown.extend(certificate_bytes(&certificate));
    let before = records(&town, place, &pay);
    assert_eq!(before, 2, "a lock and an acknowledgement");
    for ticket in 0..200 {
        ask(&mut town, stranger, 1 << 20 | ticket, &shown);
        town.run(SECOND / 1_000);
    }
    assert_eq!(records(&town, place, &pay), before);
    checker::check(&town);
}

/// All voters' signatures under a statement, or what becomes of them.
fn certificate_of(town: &Town, statement: Statement, change: fn(Signature) -> Signature) -> Certificate {
    let state = town.genesis.state();
    let voters = state.voters();
    let mut certificate = Certificate::new(statement);
    for place in &town.voters {
        let number = voters.find(&town.net.id(*place)).expect("a voter");
        certificate.add(number, change(town.net.sign(*place, &statement.signed(&town.genesis.id()))));
    }
    certificate
}

fn certificate_bytes(certificate: &Certificate) -> Vec<u8> {
    let Statement { says, view, height, round, subject } = certificate.statement;
    let mut bytes = vec![says as u8];
    for number in [view, height, round] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend(subject);
    bytes.extend(certificate.signers.to_be_bytes());
    certificate.signatures.iter().for_each(|signature| bytes.extend(signature.0));
    bytes
}

/// A voter whose shell checks no signature yet.
struct Busy {
    member: Member,
    now: Instant,
}

impl Busy {
    fn new(town: &Town) -> Self {
        let member = Member::new(&town.net.attachment(town.voters[0]), &town.genesis);
        let mut busy = Self { member, now: Instant(1_000_000) };
        let wall_ms = town.genesis.starts_ms + 12_000;
        busy.hear(Input::Told(Told::Clock { wall_ms, is_doubtful: false }));
        busy.hear(Input::Command(&Command::Start { is_new: true }.emit()));
        busy
    }

    /// What it has checked, and how many questions it refuses as too many.
    fn hear(&mut self, input: Input<'_>) -> (usize, usize) {
        self.member.handle(self.now, input);
        let (mut checks, mut refused) = (0, 0);
        while let Some(flat) = self.member.poll(Room::ALL) {
            match Output::read(&flat).expect("an output") {
                Output::Work(Work::Verify { .. }) => checks += 1,
                Output::Wish(Wish::Reply { status: Status::TooManyRequests, .. }) => refused += 1,
                _ => {}
            }
        }
        (checks, refused)
    }

    fn said(&mut self, from: &NodeId, bytes: &[u8]) -> usize {
        self.hear(Input::Told(Told::Said { from, is_proven: true, bytes })).0
    }
}

/// Under a person's key, which whoever sees an operation has.
fn forged(town: &Town, number: u8) -> Operation {
    let to = NodeId([number; 32]);
    let mut operation = town.operation(town.persons[0], Action::Transfer { to, amount: CREDIT }, 0);
    operation.signature.0[3] ^= 1;
    operation
}

#[test]
fn forged_operations_take_no_room_from_votes_and_little_from_each_other() {
    let town = Town::new(Plan::new(2, 64, 1));
    let mut busy = Busy::new(&town);
    let flood = |busy: &mut Busy, id: NodeId| -> usize {
        (0..100).map(|number| busy.said(&id, &[&[3], &forged(&town, number).emit()[..]].concat())).sum()
    };
    assert_eq!(flood(&mut busy, NodeId([200; 32])), 4, "as many as one may have on their way");
    let all: usize = (0..100).map(|id| flood(&mut busy, NodeId([id; 32]))).sum();
    assert_eq!(4 + all, 48, "a quarter");
    let voter = town.net.id(town.liars[0]);
    let vote = (1, 0, [7; 32]);
    let standing = town.standing(town.liars[0], (1, 0, 6), [vote, vote]);
    assert_eq!(busy.said(&voter, &standing), 2, "a vote and a finalisation");
}

#[test]
fn certificates_that_hold_nothing_leave_room_for_blocks_and_votes() {
    let town = Town::new(Plan::new(3, 64, 1));
    let mut busy = Busy::new(&town);
    let operation = forged(&town, 1);
    let statement = Statement { says: Says::Lock, view: 0, height: 0, round: 0, subject: operation.id() };
    let turn = |mut signature: Signature| {
        signature.0[9] ^= 1;
        signature
    };
    let bytes = certificate_bytes(&certificate_of(&town, statement, turn));
    let shown = [&[19], &operation.emit()[..], &bytes].concat();
    let ask = |busy: &mut Busy, from: &NodeId, ticket: u32| {
        let told = Told::Asked { from, is_proven: true, within_ms: 1_000, ticket, bytes: &shown };
        busy.hear(Input::Told(told))
    };
    let taken = |busy: &mut Busy, id: u8| {
        (0..20).filter(|ticket| ask(busy, &NodeId([id; 32]), 100 * u32::from(id) + ticket).1 == 0).count()
    };
    assert_eq!(taken(&mut busy, 1), 4, "of one asker");
    assert_eq!(
        (2..30).map(|id| taken(&mut busy, id)).sum::<usize>(),
        2,
        "six of all, two are left for blocks"
    );
    let voter = town.net.id(town.liars[0]);
    let vote = (1, 0, [7; 32]);
    let standing = town.standing(town.liars[0], (1, 0, 6), [vote, vote]);
    assert_eq!(busy.said(&voter, &standing), 2, "certificates take no room from votes");
    let honest = town.pay(town.persons[1], town.persons[2], CREDIT, 0);
    let submitted = [&[3], &honest.emit()[..]].concat();
    assert_eq!(busy.said(&town.net.id(town.persons[1]), &submitted), 1, "nor from operations");
}

#[test]
fn what_is_in_a_block_that_its_owner_does_not_have_yet_has_not_failed() {
    let mut town = town(4, 4);
    let (from, late) = (town.persons[0], town.persons[1]);
    // No transfers, so their blocks alone settle them, and they are submitted until these come.
    let set = |name: u8| Action::Set { name: [name; 11], value: [1; 32] };
    let one = town.operation(from, set(1), 0);
    let mut another = town.operation(late, set(2), 0);
    another.until = 1;
    another.signature = town.net.sign(late, &another.claim(&town.genesis.id()).bytes);
    let all = [(from, one), (late, another)];
    for (place, operation) in all {
        town.submit(place, &operation);
    }
    // Voters have the block by now, say so of what is submitted again, and who does not vote has yet to fetch it.
    town.run_to(800);
    assert_eq!((town.height(town.voters[0]), town.height(from)), (1, 0));
    town.run(EPOCH);
    for (place, operation) in all {
        let id = operation.id();
        let is_dropped =
            |event: &Event<'_>| matches!(event, Event::Dropped { operation, .. } if *operation == id);
        assert_eq!(town.heard(place, is_dropped), None);
        assert!(town.included(place, id), "{place:?}");
    }
    checker::check(&town);
}

#[test]
fn a_faucet_makes_no_new_accounts_once_that_raises_the_rent() {
    for (persons, is_open) in [(20, true), (26, false)] {
        let mut town = Town::new(Plan { persons, units: 64, ..Plan::new(5, 4, 0) });
        town.run(EPOCH + SECOND);
        let (place, known) = (town.voters[0], town.net.id(town.persons[0]));
        for (at, (id, is_heard)) in [(NodeId([9; 32]), is_open), (known, true)].into_iter().enumerate() {
            let question = [&[21], &id.0[..]].concat();
            let ticket = 1 << 20 | at as u32;
            let told = Told::Asked { from: &id, is_proven: true, within_ms: 1_000, ticket, bytes: &question };
            town.net.tell(place, &told);
            town.run(1);
            let heard = town.heard(place, |event| *event == Event::Requested { ticket, id });
            assert_eq!(heard.is_some(), is_heard, "{persons} persons, {id:?}");
        }
    }
}
