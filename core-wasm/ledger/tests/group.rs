//! Goal: voters agree on blocks and settle operations at once, whatever the weather. Method: a town on a perfect port, and a checker that reads
//! stores and events.

mod town;

use tabmesh_world::perfect::Weather;
use town::{CREDIT, EPOCH, Plan, SECOND, Town, checker};

#[test]
fn voters_make_a_block_an_epoch() {
    for voters in [4, 7, 16] {
        let mut town = Town::new(Plan::new(1, voters, 0));
        town.run(14 * EPOCH);
        let heights: Vec<u32> = town.nodes().iter().map(|place| town.height(*place)).collect();
        assert!(heights.iter().all(|height| *height == 13), "{voters}: {heights:?}");
        assert_eq!(checker::check(&town), 13);
    }
}

#[test]
fn l1_certified_after_one_round_trip_and_settled_after_two() {
    for seed in 0..10 {
        let weather = Weather { delay_us_min: 20_000, delay_us_max: 20_000, ..Weather::FAIR };
        // A quarter is silent.
        let mut town = Town::new(Plan { weather, ..Plan::new(seed, 8, 2) });
        town.run(EPOCH + 2 * SECOND);
        let (from, to) = (town.persons[0], town.persons[1]);
        let pay = town.pay(from, to, 5 * CREDIT, 0);
        town.submit(from, &pay);
        let began = town.elapsed;
        town.run(SECOND);
        let certified = town.certified(from, pay.id()).expect("certified") - began;
        let settled = town.settled(from, pay.id()).expect("settled") - began;
        assert!(certified <= 50_000, "seed {seed}: {certified} us");
        assert!(settled <= 100_000, "seed {seed}: {settled} us");
        town.run(EPOCH + 5 * SECOND);
        let heights: Vec<u32> = town.nodes().iter().map(|place| town.height(*place)).collect();
        assert!(town.included(from, pay.id()), "seed {seed} {heights:?} {certified} {settled}");
        assert_eq!(town.balance(to, from), 1_005 * CREDIT);
        checker::check(&town);
    }
}

/// A town that has run an epoch, and what two persons have.
fn town(seed: u64, voters: usize) -> Town {
    let mut town = Town::new(Plan::new(seed, voters, 0));
    town.run(EPOCH + SECOND);
    town
}

#[test]
fn s11_settled_outlives_its_view() {
    for seed in 0..6 {
        let mut town = town(seed, 7);
        // Up to the last block of the view, and then all the time while it is voted on.
        town.run(5 * EPOCH);
        let (from, to) = (town.persons[0], town.persons[1]);
        town.run_to(560);
        let mut settled = Vec::new();
        for sequence in 0..24 {
            let pay = town.pay(from, to, CREDIT, sequence);
            town.submit(from, &pay);
            town.run(SECOND / 6);
            settled.push(pay.id());
        }
        settled.retain(|id| town.settled(from, *id).is_some());
        assert!(!settled.is_empty(), "seed {seed}");
        town.run(2 * EPOCH);
        assert!(town.height(from) > 6);
        for id in &settled {
            assert!(town.included(from, *id), "seed {seed}: settled, and not in a block");
        }
        checker::check(&town);
    }
}

#[test]
fn s13_time_does_not_void_what_is_settled() {
    let mut town = town(3, 4);
    let (from, to) = (town.persons[0], town.persons[1]);
    let mut pay = town.pay(from, to, CREDIT, 0);
    // It is valid in this epoch alone; then all stand still for 40.
    pay.until = 1;
    pay.signature = town.net.sign(from, &pay.claim(&town.genesis.id()).bytes);
    town.submit(from, &pay);
    town.run(SECOND);
    assert!(town.settled(from, pay.id()).is_some());
    let far = town.voters[..2].to_vec();
    town.net.cut(&far);
    town.run(40 * EPOCH);
    assert!(!town.included(from, pay.id()));
    town.net.heal();
    town.run(2 * EPOCH);
    assert!(town.included(from, pay.id()), "it comes, late as it is");
    checker::check(&town);
}

#[test]
fn s13_a_full_table_does_not_void_what_is_settled() {
    use tabmesh_ledger::{Action, Event, Refusal};
    use tabmesh_port::NodeId;
    let mut town = Town::new(Plan { units: 64, ..Plan::new(4, 4, 0) });
    town.run(EPOCH + SECOND);
    let persons = town.persons.clone();
    let (mut settled, mut refused) = (0, 0);
    // Each epoch two send to new accounts, and the others make references: 2 units each, and no lock.
    for epoch in 0..16_u8 {
        let mut promised = Vec::new();
        for (at, from) in persons.iter().enumerate() {
            let account = town.ledger(*from).state().units().account_of(&town.net.id(*from));
            let sequence = account.expect("an account").sequence;
            let action = if at < 2 {
                Action::Transfer { to: NodeId([16 * epoch + at as u8; 32]), amount: CREDIT }
            } else {
                Action::Set { name: [16 * epoch + at as u8; 11], value: [1; 32] }
            };
            let operation = town.operation(*from, action, sequence);
            town.submit(*from, &operation);
            town.run(SECOND / 4);
            promised.extend(town.settled(*from, operation.id()).map(|_| (*from, operation.id())));
            let code = Refusal::TableFull.code();
            let is_full = |event: &Event<'_>| *event == Event::Refused { operation: operation.id(), code };
            refused += usize::from(town.heard(*from, is_full).is_some());
        }
        town.run_to(100);
        for (from, id) in promised {
            settled += 1;
            assert!(town.included(from, id), "epoch {epoch}: settled, and not in the block");
        }
    }
    assert!(settled > 8 && refused > 8, "{settled} settled, {refused} refused");
    assert!(town.ledger(persons[0]).state().units().len() >= 62);
    checker::check(&town);
}

#[test]
fn s14_who_signs_two_stalls_no_block_and_pays_for_both() {
    for seed in 0..4 {
        let mut town = town(seed, 7);
        let persons = town.persons.clone();
        for round in 0..14 {
            for (at, from) in persons.iter().enumerate() {
                let to = persons[(at + 1) % persons.len()];
                let account = town.ledger(*from).state().units().account_of(&town.net.id(*from));
                let sequence = account.expect("an account").sequence;
                let pair = [1, 2].map(|amount| town.pay(*from, to, amount * CREDIT, sequence));
                for (number, place) in town.voters.clone().into_iter().enumerate() {
                    let bytes = [&[3], &pair[(number + round) % 2].emit()[..]].concat();
                    let id = town.net.id(*from);
                    let told = tabmesh_port::Told::Said { from: &id, is_proven: true, bytes: &bytes };
                    town.net.tell(place, &told);
                }
            }
            town.run(EPOCH);
        }
        town.run(EPOCH);
        // 16 epochs; a few rounds may have failed, no block.
        assert!(town.height(town.voters[0]) >= 15, "seed {seed}: {}", town.height(town.voters[0]));
        for from in &persons {
            // Each conflict cost two fees and moved nothing.
            let lost = 1_000 * CREDIT - town.balance(*from, town.voters[0]);
            assert!((40..10_000).contains(&lost), "seed {seed}: {lost}");
        }
        checker::check(&town);
    }
}

#[test]
fn a_cut_without_a_quorum_stops_and_goes_on_when_it_heals() {
    let mut town = town(6, 7);
    let far = town.voters[..3].to_vec();
    town.net.cut(&far);
    let before = town.height(town.voters[6]);
    town.run(10 * EPOCH);
    assert_eq!(town.height(town.voters[6]), before, "four of seven are no quorum");
    town.net.heal();
    town.run(3 * EPOCH);
    assert!(town.height(town.voters[0]) >= before + 2);
    checker::check(&town);
}

#[test]
fn refusals_reach_the_owner_each_with_its_code() {
    use tabmesh_ledger::{Event, Refusal};
    let mut town = town(7, 4);
    let (from, to) = (town.persons[0], town.persons[1]);
    let wrong = |town: &Town, change: &dyn Fn(&mut tabmesh_ledger::Operation)| {
        let mut pay = town.pay(from, to, CREDIT, 0);
        change(&mut pay);
        pay.signature = town.net.sign(from, &pay.claim(&town.genesis.id()).bytes);
        pay
    };
    let early = wrong(&town, &|pay| pay.sequence = 3);
    let cheap = wrong(&town, &|pay| pay.fee = 1);
    let late = wrong(&town, &|pay| pay.until = 0);
    let mut forged = town.pay(from, to, CREDIT, 0);
    forged.signature.0[3] ^= 1;
    for (operation, why) in [
        (early, Refusal::SequenceEarly),
        (cheap, Refusal::FeeTooLow),
        (late, Refusal::Expired),
        (forged, Refusal::BadSignature),
    ] {
        town.submit(from, &operation);
        town.run(SECOND / 2);
        let code = why.code();
        let is_it = |event: &Event<'_>| *event == Event::Refused { operation: operation.id(), code };
        assert!(town.heard(from, is_it).is_some(), "{why:?}");
    }
}

/// What a voter among 64 holds at most on a 64-bit host, in bytes: more than the 65,536 that it is to have, as docs/LEDGER.md says.
const MEMORY: i64 = 84_000;

#[test]
fn s9_what_a_voter_among_64_holds_is_bounded_and_messages_fit() {
    let mut town = Town::new(Plan { persons: 60, ..Plan::new(9, 64, 0) });
    town.run(EPOCH + SECOND);
    let persons = town.persons.clone();
    for sequence in 0..2 {
        for (at, from) in persons.iter().enumerate() {
            let pay = town.pay(*from, persons[(at + 1) % persons.len()], CREDIT, sequence);
            town.submit(*from, &pay);
            town.run(SECOND / 50);
        }
    }
    town.run(3 * EPOCH);
    let nodes: Vec<&town::Node> =
        town.voters.iter().map(|place| town.net.module(*place).expect("it is there")).collect();
    let held = nodes.iter().map(|node| node.heap).max().expect("voters");
    let peak = nodes.iter().map(|node| node.heap_max).max().expect("voters");
    let longest = nodes.iter().map(|node| node.longest).max().expect("voters");
    println!("a voter held {held} bytes, {peak} at most; its longest message had {longest}");
    assert!(held <= MEMORY, "{held}");
    assert!(longest <= 65_536);
    assert!(checker::check(&town) >= 3);
}

#[test]
fn nothing_is_signed_before_its_record_is_kept() {
    use tabmesh_ledger::{Command, Event};
    use tabmesh_port::{Input, Instant, Module, Output, Room, Told, Work};
    let town = town(8, 4);
    let (from, to) = (town.persons[0], town.persons[1]);
    let voter = town.voters[0];
    let mut member = tabmesh_ledger::Member::new(&town.net.attachment(voter), &town.genesis);
    let start = Command::Start { is_new: true }.emit();
    let wall_ms = town.genesis.starts_ms + 1_000;
    member.handle(Instant(1), Input::Told(Told::Clock { wall_ms, is_doubtful: false }));
    member.handle(Instant(1), Input::Command(&start));
    let drain = |member: &mut tabmesh_ledger::Member| -> (Vec<u32>, usize) {
        let (mut records, mut signs) = (Vec::new(), 0);
        while let Some(flat) = member.poll(Room::ALL) {
            match Output::read(&flat).expect("an output") {
                Output::Event(bytes) => {
                    if let Some(Event::Keep { number, .. }) = Event::read(bytes) {
                        records.push(number);
                    }
                }
                Output::Work(Work::Verify { job, .. }) => {
                    let done = tabmesh_port::Done::Verified { job, holds: true };
                    member.handle(Instant(2), Input::Done(done));
                }
                Output::Work(Work::Sign { .. }) => signs += 1,
                Output::Wish(_) => {}
            }
        }
        (records, signs)
    };
    assert_eq!(drain(&mut member).0.len(), 1, "that the journal is whole");
    for from in [from, town.persons[2], town.persons[3]] {
        let pay = town.pay(from, to, CREDIT, 0);
        let bytes = [&[3], &pay.emit()[..]].concat();
        let id = town.net.id(from);
        member.handle(Instant(2), Input::Told(Told::Said { from: &id, is_proven: true, bytes: &bytes }));
    }
    let (records, signs) = drain(&mut member);
    assert_eq!((records.len(), signs), (3, 0));
    member.handle(Instant(3), Input::Command(&Command::Kept { number: records[1] }.emit()));
    assert_eq!(drain(&mut member).1, 2);
    member.handle(Instant(3), Input::Command(&Command::Kept { number: records[1] }.emit()));
    assert_eq!(drain(&mut member).1, 0, "once each");
    member.handle(Instant(3), Input::Command(&Command::Kept { number: records[2] }.emit()));
    assert_eq!(drain(&mut member).1, 1);
}
