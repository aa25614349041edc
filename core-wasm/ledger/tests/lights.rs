//! Goal: a light node beside voters knows what its account has within an epoch, sends credits, and follows terms, whoever lies to it.
//! Method: a town on a perfect port, in which one person's node is light.

mod town;

use tabmesh_ledger::limits::TERM_HEIGHTS;
use tabmesh_ledger::{Doubt, LightCommand, LightEvent, Operation, Record};
use tabmesh_world::perfect::Place;
use town::{CREDIT, EPOCH, Node, Plan, SECOND, TERMS, Town};

/// The last person's node is light from now on.
fn light(town: &mut Town, insists: bool) -> Place {
    let place = town.persons.pop().expect("a person");
    town.stores[place.0].take();
    start(town, place, insists);
    place
}

fn start(town: &mut Town, place: Place, insists: bool) {
    let (genesis, store) = (town.genesis.clone(), town.stores[place.0].clone());
    town.net.restart(place, |attachment| Node::light(attachment, &genesis, store, insists));
}

fn last<T>(town: &Town, place: Place, read: impl Fn(&LightEvent<'_>) -> Option<T>) -> Option<(u64, T)> {
    let store = town.stores[place.0].borrow();
    let mut events = store.events.iter().rev();
    events.find_map(|(at, bytes)| Some((*at, read(&LightEvent::read(bytes).expect("an event"))?)))
}

fn head(town: &Town, place: Place) -> Option<(u32, u32)> {
    let read = |event: &LightEvent<'_>| match *event {
        LightEvent::Head { height, age, .. } => Some((height, age)),
        _ => None,
    };
    last(town, place, read).map(|(_, head)| head)
}

fn balance(town: &Town, place: Place) -> Option<u64> {
    let read = |event: &LightEvent<'_>| match *event {
        LightEvent::Account { record, .. } => Some(match Record::read(record) {
            Some(Record::Account(account)) => account.balance,
            _ => 0,
        }),
        _ => None,
    };
    last(town, place, read).map(|(_, balance)| balance)
}

fn doubts(town: &Town, place: Place) -> Vec<u8> {
    let store = town.stores[place.0].borrow();
    let read = |bytes: &[u8]| match LightEvent::read(bytes).expect("an event") {
        LightEvent::Doubted { code, .. } => Some(code),
        _ => None,
    };
    store.events.iter().filter_map(|(_, bytes)| read(bytes)).collect()
}

#[test]
fn a_light_node_sees_its_credits_within_an_epoch() {
    let mut town = Town::new(Plan::new(1, 4, 0));
    let own = light(&mut town, false);
    town.run(3 * EPOCH);
    assert_eq!(balance(&town, own), Some(1_000 * CREDIT));
    for sequence in 0..8 {
        let from = town.persons[0];
        let operation = town.pay(from, own, CREDIT, sequence);
        town.submit(from, &operation);
        let wanted = (1_001 + u64::from(sequence)) * CREDIT;
        while town.balance(own, town.voters[0]) < wanted {
            town.run(SECOND);
        }
        town.run(EPOCH);
        assert_eq!(balance(&town, own), Some(wanted));
    }
    let (height, age) = head(&town, own).expect("a head");
    assert!(height >= town.height(town.voters[0]) - 1 && age <= 1, "{height}, {age}");
    assert_eq!(doubts(&town, own), []);
}

#[test]
fn a_light_node_sends_credits() {
    let mut town = Town::new(Plan::new(2, 4, 0));
    let (own, to) = (light(&mut town, false), town.persons[0]);
    let transfer = LightCommand::Transfer { ticket: 3, to: town.net.id(to), amount: 5 * CREDIT, until: 0 };
    let made = |town: &Town| {
        let read = |event: &LightEvent<'_>| match *event {
            LightEvent::Made { ticket: 3, operation } => Some(Ok(operation.to_vec())),
            LightEvent::Unmade { ticket: 3, code } => Some(Err(code)),
            _ => None,
        };
        last(town, own, read).map(|(_, made)| made)
    };
    town.net.command(own, &transfer.emit());
    assert!(matches!(made(&town), Some(Err(_))), "before it knows its account");
    town.run(3 * EPOCH);
    for _ in 0..3 {
        town.net.command(own, &transfer.emit());
        town.run(SECOND);
    }
    let operation = Operation::read(&made(&town).expect("an answer").expect("it is made")).expect("one");
    assert_eq!((operation.sequence, operation.fee), (2, TERMS.fee), "each behind the others");
    town.run(3 * EPOCH);
    assert_eq!(town.balance(to, town.voters[0]), 1_015 * CREDIT);
    assert_eq!(balance(&town, own), Some(985 * CREDIT - 3 * u64::from(TERMS.fee)));
    let over = last(&town, own, |event| match *event {
        LightEvent::Over { operation, is_used } => Some((operation, is_used)),
        _ => None,
    });
    assert!(over.is_some_and(|(_, (_, is_used))| is_used));
}

/// A node that comes when the ledger is in its third term follows term by term, then the newest block; and begins there when it starts again.
#[test]
fn l8_a_newcomer_follows_terms() {
    let mut town = Town::new(Plan { persons: 2, ..Plan::new(3, 4, 0) });
    town.run(u64::from(2 * TERM_HEIGHTS + 3) * EPOCH);
    assert!(town.height(town.voters[0]) > 2 * TERM_HEIGHTS);
    let own = light(&mut town, false);
    town.run(EPOCH);
    let (height, age) = head(&town, own).expect("a head");
    assert!(height > 2 * TERM_HEIGHTS && age <= 1, "{height}, {age}");
    let verified = |event: &LightEvent<'_>| match *event {
        LightEvent::Progress { term, of, verified } => Some((term, of, verified)),
        _ => None,
    };
    let (_, (term, of, count)) = last(&town, own, verified).expect("progress");
    assert_eq!((term, of), (2, 2));
    assert!(count >= 9, "{count}");
    start(&mut town, own, false);
    town.run(EPOCH);
    let (_, (_, _, count)) = last(&town, own, verified).expect("progress");
    assert!(count <= 6, "it begins with what it kept: {count}");
    assert_eq!(doubts(&town, own), []);
}

/// What is older than a week is followed by who insists.
#[test]
fn s25_a_stale_belief_is_refused() {
    let mut town = Town::new(Plan::new(4, 4, 0));
    town.run(2 * EPOCH);
    town.genesis.starts_ms -= 8 * 86_400_000;
    let own = light(&mut town, false);
    town.run(EPOCH);
    assert_eq!((doubts(&town, own), head(&town, own)), (vec![Doubt::Stale as u8], None));
    town.genesis.starts_ms += 8 * 86_400_000;
    start(&mut town, own, true);
    town.run(2 * EPOCH);
    assert!(head(&town, own).is_some());
}
