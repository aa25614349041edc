//! Attacks on a counter: peers with free keys that lie, flood, repeat and forge, and an unlucky user with one key at two nodes.
//!
//! Goal: honest rows are counted whatever others say, and nobody makes a node work, keep or send without end.

mod alone;

use alone::{Alone, job, row};
use tabmesh_counter::{CHECKS_A_PEER, CHECKS_MAX, Command, OUTBOX_MAX, ROWS_MAX, Row};
use tabmesh_port::{
    Done, Input, Instant, Module, NodeId, Output, PublicKey, Room, Signature, Told, Wish, Work,
};

fn add(counter: &mut Alone, amount: u64) -> Vec<Vec<u8>> {
    counter.0.handle(Instant(0), Input::Command(&Command::Add(amount).emit()));
    counter.outputs()
}

fn is_sign(flat: &[u8]) -> bool {
    matches!(Output::read(flat), Ok(Output::Work(Work::Sign { .. })))
}

/// The rows that it tells.
fn told(outputs: &[Vec<u8>]) -> Vec<Row> {
    let rows = |flat: &Vec<u8>| match Output::read(flat) {
        Ok(Output::Wish(Wish::Tell { bytes, .. })) => Row::list(bytes).collect(),
        _ => Vec::new(),
    };
    outputs.iter().flat_map(rows).collect()
}

#[test]
fn whoever_fills_the_table_makes_nobody_sign_without_end() {
    let mut counter = Alone::new();
    for owner in 10..10 + ROWS_MAX as u8 {
        counter.learn(&[row(owner, 1)]);
    }
    assert!(add(&mut counter, 3).iter().any(|flat| is_sign(flat)));
    let after = counter.done(Done::Signed { job: 0, signature: &Signature([3; 64]) });
    assert!(!after.iter().any(|flat| is_sign(flat)), "the same count is signed once");
    counter.0.handle(counter.0.wanted_at(), Input::Time);
    let told = told(&counter.outputs());
    assert!(told.iter().any(|row| row.count == 3), "and told: the own row has a place");
    assert_eq!(counter.0.total(), ROWS_MAX as u64 + 3);
}

#[test]
fn a_forged_row_keeps_no_honest_one_of_its_key_from_being_checked() {
    let mut counter = Alone::new();
    let forged = Row { signature: Signature([66; 64]), ..row(10, u64::MAX) };
    assert_eq!(counter.hear_from(6, &[forged]).len(), 1);
    let honest = counter.hear_from(5, &[row(10, 4)]);
    assert_eq!(honest.len(), 1);
    counter.done(Done::Verified { job: job(&honest[0]), holds: true });
    assert_eq!(counter.0.total(), 4);
}

#[test]
fn one_that_floods_with_forged_rows_leaves_room_for_the_checks_of_others() {
    let mut counter = Alone::new();
    let forged: Vec<Row> = (10..60).map(|owner| row(owner, 1)).collect();
    assert_eq!(counter.hear_from(6, &forged).len(), CHECKS_A_PEER);
    assert_eq!(counter.hear_from(6, &forged).len(), 0);
    assert_eq!(counter.hear_from(5, &[row(99, 1)]).len(), 1);
}

#[test]
fn hearsay_has_one_share_whomever_it_names() {
    let mut counter = Alone::new();
    for peer in 10..20 {
        let bytes = Row::emit_all(&[row(peer, 1), row(peer + 10, 2)]);
        let told = Told::Said { from: &NodeId([peer; 32]), is_proven: false, bytes: &bytes };
        counter.0.handle(Instant(0), Input::Told(told));
    }
    assert_eq!(counter.outputs().len(), CHECKS_A_PEER);
}

#[test]
fn a_row_is_checked_once_and_no_more_than_so_many_at_a_time() {
    let mut counter = Alone::new();
    let rows: Vec<Row> = (10..60).map(|owner| row(owner, 1)).collect();
    let begun: usize = (0..50).map(|peer| counter.hear_from(peer, &rows).len()).sum();
    assert_eq!(begun, CHECKS_MAX);
    let next = counter.done(Done::Verified { job: 1, holds: false });
    assert_eq!((next.len(), counter.hear_from(0, &rows).len()), (0, 1));
    assert_eq!(counter.hear_from(99, &rows).len(), 0);
}

/// A liar with one free key counts up as fast as it likes, all at one time.
#[test]
fn a_liar_makes_a_node_tell_hardly_more_than_once_at_a_time() {
    let mut counter = Alone::new();
    let out: usize = (1..=200).map(|count| told(&counter.learn(&[row(10, count)])).len()).sum();
    assert!(out <= 2, "{out} rows told for 200 heard");
    assert_eq!(counter.0.total(), 200);
    let wanted = counter.0.wanted_at();
    counter.0.handle(wanted, Input::Time);
    assert_eq!(told(&counter.outputs()), [row(10, 200)], "what came meanwhile is told once, the last of it");
}

#[test]
fn what_waits_for_room_is_bounded() {
    let mut counter = Alone::new();
    let no_tells = Room::ALL.without(Wish::Tell { to: &[], bytes: &[] }.kind());
    for count in 1..=2_000_u64 {
        let (now, bytes) = (Instant(count * 1_000_000), Row::emit_all(&[row(10, count)]));
        let from = NodeId([5; 32]);
        counter.0.handle(now, Input::Told(Told::Said { from: &from, is_proven: true, bytes: &bytes }));
        // And a view that changes all the time.
        counter.0.handle(now, Input::Told(Told::View { version: 2, ids: &[NodeId([count as u8; 32])] }));
        while let Some(flat) = counter.0.poll(no_tells) {
            if let Ok(Output::Work(Work::Verify { job, .. })) = Output::read(&flat) {
                counter.0.handle(now, Input::Done(Done::Verified { job, holds: true }));
            }
        }
    }
    let waiting = counter.outputs().len();
    assert!(waiting <= OUTBOX_MAX, "{waiting} wait");
}

/// A user copies the data of one node to another one, and runs both.
#[test]
fn two_nodes_with_one_key_count_each_for_itself() {
    let key = row(1, 0).key;
    let mut counter = Alone::new();
    add(&mut counter, 1);
    counter.done(Done::Signed { job: 0, signature: &Signature([1; 64]) });
    let signed = counter.learn(&[Row { key, ..row(7, 2) }]);
    assert!(!signed.iter().any(|flat| is_sign(flat)), "the other's sum is no reason to sign");
    assert_eq!(counter.0.total(), 3);
}

#[test]
fn sums_end_at_the_greatest_number() {
    let mut counter = Alone::new();
    counter.learn(&[row(10, u64::MAX), row(11, 5)]);
    add(&mut counter, 3);
    assert_eq!(counter.0.total(), u64::MAX);
    counter.learn(&[Row { key: PublicKey([1; 64]), ..row(9, u64::MAX) }]);
    assert_eq!(counter.0.total(), u64::MAX);
}
