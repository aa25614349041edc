//! Goal: whatever a requester sends, an executor gives it back and goes on for others. Method: a module that says what no shell would, at
//! one of two real peers in this process.

mod common;

use common::guest::{SUM, module};
use common::running_job::until_announced;
use common::*;
use tabmesh_native::driver::{Attached, Heard};
use tabmesh_native::jobs::ask::{News, Plan};
use tabmesh_native::jobs::batch::{Input, Packing};
use tabmesh_native::jobs::terms::Terms;
use tabmesh_native::settings::{Offer, Settings};
use tabmesh_port::{
    Input as Told, Instant, Module, NodeId, Outbox, Output, Port, Reader, Room, Status, Wish, Writer,
};
use tabmesh_tasks::{Question, Refusal, Word};
use tokio::time::timeout;

/// Asks what its face says, tells it what comes, and answers every question with bytes that nobody wants.
#[derive(Default)]
struct Hostile {
    outbox: Outbox,
    op: u32,
}

/// What it tells: an answer's status and bytes, or a word.
const ANSWERED: u8 = 1;
const WORD: u8 = 2;

impl Module for Hostile {
    fn handle(&mut self, _: Instant, input: Told<'_>) {
        let mut event = Writer::default();
        match input {
            Told::Command(bytes) => {
                let mut reader = Reader::new(bytes);
                let to = reader.id();
                self.op += 1;
                let wish = Wish::Ask { op: self.op, to, within_ms: 10_000, bytes: reader.rest() };
                return self.outbox.put(&Output::Wish(wish));
            }
            Told::Told(tabmesh_port::Told::Asked { ticket, .. }) => {
                let wish = Wish::Reply { ticket, status: Status::Ok, bytes: &[7; 32 << 10] };
                return self.outbox.put(&Output::Wish(wish));
            }
            Told::Told(tabmesh_port::Told::Answered { status, bytes, .. }) => {
                event.u8(ANSWERED).u16(status as u16).bytes(bytes)
            }
            Told::Told(tabmesh_port::Told::Said { bytes, .. }) => event.u8(WORD).bytes(bytes),
            _ => return,
        };
        self.outbox.put(&Output::Event(&event.finish()));
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.outbox.poll(room)
    }

    fn wanted_at(&self) -> Instant {
        Instant::NEVER
    }
}

/// Assigns a batch, and waits for why it is given back: by the answer, or by a word.
async fn given_back(hostile: &mut Attached, to: NodeId, nonce: u8, gas: u64, count: u16, bytes: &[u8]) -> u8 {
    let question = Question::Assign { lease_ms: 60_000, gas, count, bytes }.emit(&[nonce; 16]);
    let mut command = Writer::default();
    command.bytes(&to.0).bytes(&question);
    hostile.command(command.finish()).await.expect("it is there");
    loop {
        let heard = timeout(PATIENCE, hostile.events.next()).await.expect("in time");
        let Heard::Event(event) = heard else { panic!("{heard:?}") };
        match event.split_first() {
            Some((&ANSWERED, answer)) => {
                let (status, bytes) = answer.split_at(2);
                match Status::from_code(u16::from_be_bytes([status[0], status[1]])) {
                    Some(Status::Ok) => {}
                    Some(Status::Forbidden) => return bytes[0],
                    other => panic!("{other:?}"),
                }
            }
            Some((&WORD, word)) => match Word::read(word) {
                Some((of, Word::Over(why))) if of == [nonce; 16] => return why as u8,
                _ => {}
            },
            _ => panic!("it says nothing else"),
        }
    }
}

fn terms() -> Terms {
    let (module, seed) = ([1; 32], [0; 32]);
    Terms { module, module_bytes: 100_000, gas: 1_000, pages: 16, seed, time: 0, piece: 0 }
}

fn packed(terms: Terms, inputs: usize) -> Vec<u8> {
    let mut packing = Packing::new(&terms);
    assert!((0..inputs).all(|_| packing.push(&Input::new(bytes::Bytes::from_static(b"input")))));
    packing.finish().1
}

/// A batch whose one input is so long, or given in such a way.
fn with_input(length: u32, how: u8) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes(&packed(terms(), 0)).u32(length).u8(how).bytes(&[3; 32]);
    writer.finish()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_shell_would_send_is_given_back_and_costs_nobody_else_anything() {
    let peers = network(3).await;
    let (liar, executor, honest) = (&peers[0].1, &peers[1].1, &peers[2].1);
    let jobs = executor.jobs().jobs().await.expect("attached");
    let offer =
        Offer { cores: 1, gas: 1 << 40, pages: 1_024, input_bytes: 1 << 20, ..Settings::at("x").offer };
    jobs.offer(offer).await;
    let make = |_| Hostile::default();
    let mut hostile = liar.handle().attach_module(Port::TASKS, 1, make).await.expect("free");
    until_announced(&jobs).await;

    let (busy, too_large, unwilling) =
        (Refusal::Busy as u8, Refusal::TooLarge as u8, Refusal::Unwilling as u8);
    let good = packed(terms(), 1);
    let mut other_version = good.clone();
    other_version[0] = 2;
    let cases: Vec<(&str, u8, u64, u16, Vec<u8>)> = vec![
        ("nothing", unwilling, 1_000, 1, Vec::new()),
        ("another version", unwilling, 1_000, 1, other_version),
        ("cut off", unwilling, 1_000, 1, good[..good.len() - 1].to_vec()),
        ("more tasks than inputs", unwilling, 1_000, 256, good.clone()),
        ("fewer tasks than inputs", unwilling, 1_000, 1, packed(terms(), 2)),
        ("anything", unwilling, 1_000, 9, (0..9_000_u32).map(|at| (at * at) as u8).collect()),
        ("more gas", too_large, 1 << 41, 1, good.clone()),
        ("more memory", too_large, 1_000, 1, packed(Terms { pages: 1_025, ..terms() }, 1)),
        ("no memory", unwilling, 1_000, 1, packed(Terms { pages: 0, ..terms() }, 1)),
        ("a long module", too_large, 1_000, 1, packed(Terms { module_bytes: u32::MAX, ..terms() }, 1)),
        ("long pieces", too_large, 1_000, 1, packed(Terms { piece: u32::MAX, ..terms() }, 1)),
        ("a long input", too_large, 1_000, 1, with_input(u32::MAX, 1)),
        ("an input of another form", unwilling, 1_000, 1, with_input(32, 2)),
        ("an input that is not there", unwilling, 1_000, 1, with_input(16 << 10, 0)),
        ("another module than it says", busy, 1_000, 1, good),
        ("no module", busy, 1_000, 1, packed(Terms { module_bytes: 0, ..terms() }, 1)),
    ];
    for (number, (what, why, gas, count, bytes)) in cases.into_iter().enumerate() {
        let got = given_back(&mut hostile, id(executor), number as u8 + 1, gas, count, &bytes).await;
        assert_eq!(got, why, "{what}");
    }
    assert!(jobs.offer_view().await.expect("there").now.is_empty());

    let plan =
        Plan { level: 0, gas: 1_000_000_000, pages: 1_024, seed: [0; 32], time: 0, piece: 0, expected_ms: 0 };
    let mut job = honest.jobs().jobs().await.expect("attached").begin(plan).await.expect("room");
    job.orders.add_module(module(SUM).into()).await.expect("room");
    job.orders.add(0, 0, Input::new(bytes::Bytes::from_static(b"a"))).await.expect("room");
    job.orders.close(0).await.expect("there");
    let accepted = async {
        loop {
            match job.news.recv().await.expect("the node runs") {
                News::Accepted(accepted) => return *accepted,
                News::Failed { why, .. } => panic!("{why:?}"),
                _ => {}
            }
        }
    };
    let accepted = timeout(PATIENCE, accepted).await.expect("in time");
    assert_eq!((accepted.output[0], accepted.executor), (b'a', id(executor)));
}
