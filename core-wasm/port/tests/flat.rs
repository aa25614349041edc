//! The flat form of inputs and outputs: what is written reads back, whatever else is refused, and nothing panics.

use proptest::collection::vec;
use proptest::prelude::*;
use tabmesh_port::limits::{HELD_MAX, RECEIVERS_MAX, VIEW_MAX};
use tabmesh_port::{
    Done, Fault, Input, NodeId, Outbox, Output, Port, PublicKey, Reason, Room, Signature, Status, Told, Wish,
    Work,
};

fn ids() -> impl Strategy<Value = Vec<NodeId>> {
    vec(any::<[u8; 32]>().prop_map(NodeId), 0..64)
}

fn some_bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..300)
}

/// Reads back, and so does each of its beginnings only where another message ends there.
fn check_output(output: &Output<'_>) {
    let flat = output.emit();
    assert_eq!(Output::read(&flat).as_ref(), Ok(output));
    for length in 0..flat.len() {
        if let Ok(shorter) = Output::read(&flat[..length]) {
            assert_eq!(shorter.emit(), flat[..length]);
        }
    }
}

fn check_input(input: &Input<'_>) {
    let flat = input.emit();
    assert_eq!(Input::read(&flat).as_ref(), Ok(input));
    for length in 0..flat.len() {
        if let Ok(shorter) = Input::read(&flat[..length]) {
            assert_eq!(shorter.emit(), flat[..length]);
        }
    }
}

/// One form for each input, but for a reason of the future: it is told as a link that was lost.
fn check_reading(input: &Input<'_>, flat: &[u8]) {
    let again = input.emit();
    if let Input::Told(Told::Unlinked { reason: Reason::Lost, .. }) = input {
        assert_eq!(Input::read(&again).as_ref(), Ok(input));
        assert_eq!(again[..again.len() - 1], flat[..flat.len() - 1]);
    } else {
        assert_eq!(again, flat);
    }
}

proptest! {
    #[test]
    fn what_a_module_gives_reads_back(ids in ids(), id: [u8; 32], key: [[u8; 32]; 2], op: u32, ms: u32, bytes in some_bytes()) {
        let id = NodeId(id);
        let (key, signature) = (PublicKey(std::array::from_fn(|at| key[at / 32][at % 32])), Signature([op as u8; 64]));
        for output in [
            Output::Wish(Wish::Tell { to: &ids, bytes: &bytes }),
            Output::Wish(Wish::Ask { op, to: &id, within_ms: ms, bytes: &bytes }),
            Output::Wish(Wish::Reply { ticket: op, status: Status::NotFound, bytes: &bytes }),
            Output::Wish(Wish::Cancel { op }),
            Output::Wish(Wish::Hold { ids: &ids }),
            Output::Wish(Wish::List { op, place: &id, stays: ms % 2 == 0, within_ms: ms }),
            Output::Wish(Wish::AskHere { op, port: Port(ms), within_ms: op, bytes: &bytes }),
            Output::Work(Work::Sign { job: op, bytes: &bytes }),
            Output::Work(Work::Verify { job: op, key: &key, signature: &signature, bytes: &bytes }),
            Output::Event(&bytes),
        ] {
            check_output(&output);
        }
    }

    #[test]
    fn what_a_module_is_told_reads_back(ids in ids(), id: [u8; 32], op: u32, wall_ms: u64, flag: bool, bytes in some_bytes()) {
        let id = NodeId(id);
        for input in [
            Input::Time,
            Input::Told(Told::Said { from: &id, is_proven: flag, bytes: &bytes }),
            Input::Told(Told::Asked { from: &id, is_proven: flag, ticket: op, within_ms: 7, bytes: &bytes }),
            Input::Told(Told::Answered { op, from: &id, is_proven: flag, is_here: !flag, status: Status::Ok, bytes: &bytes }),
            Input::Told(Told::Linked { id: &id, rtt_us: op, is_relayed: flag }),
            Input::Told(Told::Unlinked { id: &id, reason: Reason::NoRoom }),
            Input::Told(Told::View { version: op, ids: &ids }),
            Input::Told(Told::Clock { wall_ms, is_doubtful: flag }),
            Input::Told(Told::Listed { op, status: Status::Partial, ids: &ids }),
            Input::Told(Told::AskedHere { port: Port(7), ticket: op, within_ms: 7, bytes: &bytes }),
            Input::Done(Done::Signed { job: op, signature: &Signature([9; 64]) }),
            Input::Done(Done::Verified { job: op, holds: flag }),
            Input::Done(Done::Failed { job: op }),
            Input::Command(&bytes),
        ] {
            check_input(&input);
        }
    }

    #[test]
    fn any_bytes_are_one_message_or_none(bytes in vec(any::<u8>(), 0..200), kind in 0_u8..110) {
        for flat in [&bytes, &[&[kind][..], &bytes].concat()] {
            if let Ok(input) = Input::read(flat) {
                check_reading(&input, flat);
            }
            if let Ok(output) = Output::read(flat) {
                assert_eq!(&output.emit(), flat);
            }
        }
    }
}

/// Chance seldom makes a message of the right kind and length, so each kind is tried with each length.
#[test]
fn bytes_of_each_kind_and_length_are_one_message_or_none() {
    for kind in 0..=u8::MAX {
        for length in 0..150_usize {
            for salt in 0..4_u8 {
                let rest =
                    (0..length).map(|at| (at as u8).wrapping_mul(118).wrapping_add(salt.wrapping_mul(89)));
                let flat: Vec<u8> = std::iter::once(kind).chain(rest).collect();
                if let Ok(input) = Input::read(&flat) {
                    check_reading(&input, &flat);
                }
                if let Ok(output) = Output::read(&flat) {
                    assert_eq!(output.emit(), flat);
                }
            }
        }
    }
}

#[test]
fn a_reason_of_the_future_is_told_as_a_lost_link() {
    let id = NodeId([7; 32]);
    let mut flat = Told::Unlinked { id: &id, reason: Reason::OtherVersion }.emit();
    *flat.last_mut().expect("its number is last") += 1;
    assert_eq!(Told::read(&flat), Ok(Told::Unlinked { id: &id, reason: Reason::Lost }));
}

#[test]
fn a_list_too_long_to_be_written_is_too_long_still_once_it_was_cut() {
    let ids: Vec<NodeId> = (0..1_000_u32).map(|number| NodeId([number as u8; 32])).collect();
    let (tell, hold) = (Wish::Tell { to: &ids, bytes: b"said" }.emit(), Wish::Hold { ids: &ids }.emit());
    match Wish::read(&tell) {
        Ok(Wish::Tell { to, bytes }) => assert!(to.len() > RECEIVERS_MAX && bytes == b"said"),
        other => panic!("{other:?}"),
    }
    match Wish::read(&hold) {
        Ok(Wish::Hold { ids: held }) => assert_eq!(held[..HELD_MAX], ids[..HELD_MAX]),
        other => panic!("{other:?}"),
    }
    match Told::read(&Told::View { version: 1, ids: &ids }.emit()) {
        Ok(Told::View { ids: seen, .. }) => assert_eq!(seen[..VIEW_MAX], ids[..VIEW_MAX]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_wrong_is_said() {
    assert_eq!(Output::read(&[]), Err(Fault::Truncated { needed: 1, got: 0 }));
    assert_eq!(Output::read(&[200]), Err(Fault::UnknownKind { kind: 200 }));
    assert_eq!(Output::read(&[4, 0, 0, 0]), Err(Fault::Truncated { needed: 4, got: 3 }));
    assert_eq!(Output::read(&[4, 0, 0, 0, 1, 9]), Err(Fault::Trailing { bytes: 1 }));
    assert_eq!(Input::read(&[0, 1]), Err(Fault::Trailing { bytes: 1 }));
    assert_eq!(Input::read(&[65, 0, 0, 0, 1, 2]), Err(Fault::Meaningless { field: "flag" }));
}

#[test]
fn an_outbox_keeps_what_there_is_no_room_for() {
    let (tell, ask) = (Wish::Tell { to: &[], bytes: b"1" }, Wish::Cancel { op: 1 });
    let mut outbox = Outbox::default();
    for output in [
        Output::Wish(tell),
        Output::Wish(ask),
        Output::Event(b"seen"),
        Output::Wish(Wish::Tell { to: &[], bytes: b"2" }),
    ] {
        outbox.put(&output);
    }
    let no_tells = Room::ALL.without(tell.kind());
    assert_eq!(outbox.poll(no_tells), Some(ask.emit()));
    assert_eq!(outbox.poll(no_tells), Some(Output::Event(b"seen").emit()));
    assert_eq!((outbox.poll(no_tells), outbox.len()), (None, 2));
    assert_eq!(outbox.poll(Room::ALL), Some(tell.emit()));
    assert!(outbox.poll(Room::ALL).is_some() && outbox.is_empty());
}
