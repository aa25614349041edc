//! Goal: a light node beside voters knows what its account has within an epoch, sends credits, and follows terms, whoever lies to it.
//! Method: a town on a perfect port, in which one person's node is light.

mod town;

use tabmesh_ledger::limits::{SERVING_MAX, TERM_HEIGHTS};
use tabmesh_ledger::{Command, Doubt, LightCommand, LightEvent, Member, Operation, Record};
use tabmesh_port::{Input, Instant, Module, NodeId, Output, Room, Status, Told, Wish};
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

/// One of four voters answers with what it can: nothing, nonsense, what is over, a header that nobody signed, another account's proof.
#[test]
fn s25_liars_keep_a_light_node_from_nothing() {
    let mut town = Town::new(Plan::new(5, 4, 1));
    let own = light(&mut town, false);
    town.run(3 * EPOCH);
    let liar = town.liars[0];
    let ledger = town.ledger(town.voters[0]);
    let key = tabmesh_ledger::Key::account(&town.net.id(town.persons[0]));
    let proof = ledger.state().prove(&key).emit();
    let store = town.stores[town.voters[0].0].borrow();
    let (old, block) = (store.blocks[0].clone(), store.blocks.last().expect("a block").clone());
    drop(store);
    let cut = |bytes: &[u8]| [&[0][..], &bytes[..town::checker::head(bytes) + 322]].concat();
    let mut forged = cut(&block);
    let at = forged.len() - 100;
    forged[at] ^= 1;
    let mut unsigned = cut(&block);
    unsigned[60] ^= 1;
    let mut long = cut(&block);
    long.extend([0; 30_000]);
    let lies = vec![vec![], vec![9; 99], cut(&old), forged, unsigned, long, [cut(&block), proof].concat()];
    town.stores[liar.0].borrow_mut().lies = lies;
    for sequence in 0..30 {
        let from = town.persons[0];
        let operation = town.pay(from, own, CREDIT, sequence);
        town.submit(from, &operation);
        town.run(2 * EPOCH);
        // Rent may have gone.
        let has = balance(&town, own).expect("a balance") + CREDIT / 2;
        assert_eq!(has / CREDIT, 1_001 + u64::from(sequence));
    }
    let doubts: std::collections::BTreeSet<u8> = doubts(&town, own).into_iter().collect();
    for doubt in [Doubt::Malformed, Doubt::Old, Doubt::OtherSubject] {
        assert!(doubts.contains(&(doubt as u8)), "{doubt:?} among {doubts:?}");
    }
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

/// However many ask and whatever the shell does, so many wait, and one node waits once.
#[test]
fn light_nodes_that_wait_are_bounded() {
    let mut town = Town::new(Plan::new(6, 4, 0));
    town.run(4 * EPOCH);
    let place = town.voters[0];
    let mut member = Member::new(&town.net.attachment(place), &town.genesis);
    let store = town.stores[place.0].borrow();
    let hand = |member: &mut Member, command: Command<'_>| {
        member.handle(Instant(0), Input::Command(&command.emit()));
    };
    for block in &store.blocks {
        hand(&mut member, Command::Replay(block));
    }
    hand(&mut member, Command::Start { is_new: false });
    let ask = |member: &mut Member, ticket: u32, node: u8| {
        let (from, bytes) = (NodeId([node; 32]), [23, 0, 0, 0, 9]);
        let (within_ms, is_proven) = (9_000, true);
        let asked = Told::Asked { from: &from, is_proven, ticket, within_ms, bytes: &bytes };
        member.handle(Instant(0), Input::Told(asked));
        replies(member)
    };
    replies(&mut member);
    for node in 0..SERVING_MAX as u8 {
        assert_eq!(ask(&mut member, node.into(), node), []);
    }
    assert_eq!(ask(&mut member, 100, 200), [(0, Status::TooManyRequests)], "who has waited longest");
    assert_eq!(ask(&mut member, 101, 9), [(9, Status::TooManyRequests)], "its own");
    hand(&mut member, Command::Give { ticket: 100, bytes: store.blocks.last().expect("a block") });
    assert_eq!(replies(&mut member), [(100, Status::Ok)]);
    hand(&mut member, Command::Give { ticket: 101, bytes: &[] });
    assert_eq!(replies(&mut member), [(101, Status::NotFound)]);
}

fn replies(member: &mut Member) -> Vec<(u32, Status)> {
    let mut replies = Vec::new();
    while let Some(flat) = member.poll(Room::ALL) {
        if let Output::Wish(Wish::Reply { ticket, status, .. }) = Output::read(&flat).expect("an output") {
            replies.push((ticket, status));
        }
    }
    replies
}
