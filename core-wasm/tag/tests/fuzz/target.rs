//! One tag, and bytes that choose what happens to it; `core-wasm/fuzz` gives it bytes guided by coverage.
//!
//! Goal: whatever members, lists, views, jobs and clocks do, nothing panics, every output is one that a port knows and within its bounds,
//! an operation ends once, a publication comes once, state keeps within its bound, a time that was wanted is not wanted again at once, and
//! in the end an honest member is heard. Signatures are stand-ins: one holds if it begins as the hash of key and bytes does.

use std::collections::{BTreeMap, BTreeSet};

use tabmesh_port::limits::{RECEIVERS_MAX, TELL_MAX};
use tabmesh_port::{
    Attachment, Done, Input, Instant, Module, NodeId, Output, Port, PublicKey, Reason, Room, Signature,
    Status, Told, Wish, Work, sha256,
};
use tabmesh_tag::limits::{HOLD_MAX, SENDS_MAX, SIGNING_MAX};
use tabmesh_tag::{Command, Event, Message, Publication, Routed, Tag, stream_of};

const STATE_MAX: i64 = 64 * 1024;
const PORT: Port = Port(99);
const NETWORK: [u8; 8] = [2; 8];
/// Those who take part, this node first and the honest one last: few enough that no run of theirs is forgotten.
const NODES: u8 = 50;
const SENDERS: u8 = 8;

struct Choice<'a>(&'a [u8]);

impl Choice<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn bytes(&mut self, most: u8) -> Vec<u8> {
        let count = usize::from(self.byte() % most);
        (0..count).map(|_| self.byte()).collect()
    }

    fn ids(&mut self, most: u8) -> Vec<NodeId> {
        (0..self.byte() % most).map(|_| id(self.byte())).collect()
    }
}

fn key(number: u8) -> PublicKey {
    PublicKey([number % NODES; 64])
}

fn id(number: u8) -> NodeId {
    NodeId::of_key(&key(number))
}

fn stand_in(key: &PublicKey, covered: &[u8]) -> Signature {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&sha256(&[&key.0[..], covered].concat()));
    Signature(signature)
}

/// A publication that holds, if `is_true`.
fn publish(tag: &mut Shell, by: u8, sender: u8, run: u32, number: u32, sent_ms: u64, is_true: bool) {
    let (key, mut signature) = (key(sender), Signature::BLANK);
    let mut it =
        Publication { key: &key, run, number, sent_ms, signature: &Signature::BLANK, bytes: b"said" };
    if is_true {
        signature = stand_in(&key, &Attachment::covered(&NETWORK, PORT, &it.signed_bytes()));
    }
    it.signature = &signature;
    tag.hear(by, &Message::Publication(it).emit());
}

struct Shell {
    tag: Tag,
    now: u64,
    wall_ms: u64,
    jobs: Vec<(u32, Option<bool>)>,
    ops: BTreeMap<u32, u32>,
    next_op: u32,
    published: BTreeSet<(NodeId, u32, u32)>,
    told: Vec<Vec<u8>>,
    begun: i64,
}

impl Shell {
    fn new() -> Self {
        let begun = tabmesh_heap::balance();
        let tag = Tag::new(Attachment { key: key(0), network: NETWORK, port: PORT, seed: [3; 32] });
        let (jobs, told) = (Vec::new(), Vec::new());
        let (ops, published) = (BTreeMap::new(), BTreeSet::new());
        let (now, wall_ms) = (1_000_000, 1_800_000_000_000);
        Self { tag, now, wall_ms, jobs, ops, next_op: 0, published, told, begun }
    }

    fn give(&mut self, input: Input<'_>) {
        self.tag.handle(Instant(self.now), input);
        let mut outputs = Vec::new();
        while let Some(flat) = self.tag.poll(Room::ALL) {
            outputs.push(flat);
        }
        outputs.iter().for_each(|flat| self.take(&Output::read(flat).expect("an output")));
    }

    fn take(&mut self, output: &Output<'_>) {
        match *output {
            Output::Wish(Wish::Tell { to, bytes }) => {
                assert!(to.len() <= RECEIVERS_MAX && bytes.len() <= TELL_MAX && !to.contains(&id(0)));
                assert!(Message::read(bytes).is_some(), "what it says is a message");
                self.told.push(bytes.to_vec());
            }
            Output::Wish(Wish::Hold { ids }) => assert!(ids.len() <= HOLD_MAX && !ids.contains(&id(0))),
            Output::Wish(Wish::List { .. }) => {}
            Output::Wish(wish) => panic!("a tag does not wish {wish:?}"),
            Output::Work(Work::Sign { job, .. }) => self.jobs.push((job, None)),
            Output::Work(Work::Verify { job, key, signature, bytes }) => {
                self.jobs.push((job, Some(*signature == stand_in(key, bytes))));
            }
            Output::Event(bytes) => self.hear_event(&Event::read(bytes).expect("an event")),
        }
    }

    fn hear_event(&mut self, event: &Event<'_>) {
        match *event {
            Event::Published { from, run, number, bytes } => {
                assert_eq!(bytes, b"said");
                assert!(self.published.insert((*from, run, number)), "{number} of {run} came twice");
            }
            Event::Ended { op, .. } => {
                let left = self.ops.get_mut(&op).expect("somebody began it");
                *left = left.checked_sub(1).expect("it ends once");
            }
            _ => {}
        }
    }

    fn hear(&mut self, from: u8, bytes: &[u8]) {
        self.give(Input::Told(Told::Said { from: &id(from), is_proven: true, bytes }));
    }

    fn command(&mut self, command: &Command<'_>) {
        self.ops.insert(self.next_op, 1);
        self.next_op += 1;
        self.give(Input::Command(&command.emit()));
    }

    /// The job at this place ends as it should, or not at all well.
    fn end_job(&mut self, at: usize, is_well: bool) {
        if self.jobs.is_empty() {
            return;
        }
        let (job, holds) = self.jobs.remove(at % self.jobs.len());
        self.give(Input::Done(match holds {
            _ if !is_well => Done::Failed { job },
            Some(holds) => Done::Verified { job, holds },
            None => Done::Signed { job, signature: &Signature::BLANK },
        }));
    }

    fn pass(&mut self, us: u64) {
        let until = self.now + us;
        let mut turns = 0;
        while self.tag.wanted_at() <= Instant(until) && turns < 500 {
            let wanted = self.tag.wanted_at().0;
            assert!(turns == 0 || wanted > self.now, "it wants to be woken at a time that is past");
            self.now = self.now.max(wanted);
            turns += 1;
            self.give(Input::Time);
        }
        self.now = until;
        self.give(Input::Time);
    }

    fn clock(&mut self, wall_ms: u64) {
        self.wall_ms = wall_ms;
        self.give(Input::Told(Told::Clock { wall_ms, is_doubtful: false }));
    }
}

fn say(shell: &mut Shell, choice: &mut Choice<'_>) {
    let from = choice.byte() % (NODES - 2) + 1;
    let (origin, target, bytes) = (id(choice.byte()), id(choice.byte()), choice.bytes(40));
    let names: Vec<[u8; 12]> = (0..choice.byte() % 80)
        .map(|_| {
            let mut name = [0; 12];
            name[..8].copy_from_slice(&stream_of(&key(choice.byte()), (choice.byte() % 4).into()));
            name[11] = choice.byte();
            name
        })
        .collect();
    let ids = choice.ids(32);
    let request = u64::from(choice.byte());
    let status = Status::ALL[usize::from(choice.byte()) % Status::ALL.len()];
    let (is_exact, hops) = (choice.byte().is_multiple_of(2), choice.byte());
    let it = Routed { is_exact, hops, origin: &origin, request, target: &target, bytes: &bytes };
    let message = match choice.byte() % 8 {
        0 => Message::Have(&names),
        1 => Message::Graft(&names),
        2 => Message::Prune,
        3 => Message::Members(&ids),
        4 | 5 => Message::Routed(it),
        6 => Message::Ended { request, status },
        _ => Message::Hello,
    };
    let mut flat = message.emit();
    if choice.byte().is_multiple_of(8) {
        let at = usize::from(choice.byte()) % flat.len();
        flat[at] ^= choice.byte();
    }
    shell.hear(from, &flat);
}

fn deed(shell: &mut Shell, choice: &mut Choice<'_>) {
    let peer = choice.byte() % (NODES - 2) + 1;
    match choice.byte() % 16 {
        0..5 => say(shell, choice),
        5..8 => {
            let (sender, run) = (1 + choice.byte() % SENDERS, u32::from(choice.byte() % 4));
            let number = u32::from(choice.byte()) << (8 * (choice.byte() % 4));
            let sent_ms = [0, shell.wall_ms, shell.wall_ms.saturating_add(86_400_000), u64::MAX]
                [usize::from(choice.byte() % 4)];
            publish(shell, peer, sender, run, number, sent_ms, !choice.byte().is_multiple_of(4));
        }
        8 => {
            let mut ids = choice.ids(33);
            ids.retain(|one| *one != id(0));
            ids.sort_unstable();
            ids.dedup();
            shell.give(Input::Told(Told::View { version: 0, ids: &ids }));
        }
        9 => shell.give(Input::Told(Told::Linked { id: &id(peer), rtt_us: 0, is_relayed: false })),
        10 => shell.give(Input::Told(Told::Unlinked { id: &id(peer), reason: Reason::Lost })),
        11 => {
            let (op, ids) = (u32::from(choice.byte() % 6), choice.ids(33));
            let status = [Status::Ok, Status::Partial, Status::TimedOut][usize::from(choice.byte() % 3)];
            shell.give(Input::Told(Told::Listed { op, status, ids: &ids }));
        }
        12 => {
            let walls = [0, shell.wall_ms, shell.wall_ms.saturating_add(86_400_000), u64::MAX];
            shell.clock(walls[usize::from(choice.byte() % 4)]);
        }
        13 => {
            let (op, to, bytes) = (shell.next_op, id(choice.byte()), choice.bytes(40));
            shell.command(&match choice.byte() % 3 {
                0 => Command::Publish { op, bytes: &bytes },
                1 => Command::Send { op, to: &to, bytes: &bytes },
                _ => Command::SendClosest { op, key: &to, bytes: &bytes },
            });
        }
        14 => shell.end_job(choice.byte().into(), !choice.byte().is_multiple_of(8)),
        _ => shell.pass(1 << (choice.byte() % 33)),
    }
    let state = tabmesh_heap::balance() - shell.begun;
    let beside = shell.jobs.capacity() * 12 + shell.ops.len() * 32 + shell.published.len() * 160;
    let told: usize = shell.told.iter().map(|bytes| bytes.capacity() + 48).sum();
    assert!(state - (beside + told) as i64 <= STATE_MAX + 8_192, "{state}");
    shell.told.clear();
}

/// What the bytes say; then everything is over, and an honest member is heard.
pub(crate) fn check(bytes: &[u8]) {
    let mut choice = Choice(bytes);
    let mut shell = Shell::new();
    shell.clock(shell.wall_ms);
    while !choice.0.is_empty() {
        deed(&mut shell, &mut choice);
    }
    while !shell.jobs.is_empty() {
        shell.end_job(0, true);
    }
    shell.clock(1_900_000_000_000);
    let honest = NODES - 1;
    shell.give(Input::Told(Told::View { version: 0, ids: &[id(honest)] }));
    shell.pass(20_000_000);
    shell.jobs.clear();
    publish(&mut shell, honest, honest, 9, 1, 1_900_000_015_000, true);
    shell.end_job(0, true);
    assert!(shell.published.contains(&(id(honest), 9, 1)), "an honest member is heard");
    let (origin, own) = (id(honest), id(0));
    shell.told.clear();
    let it = Routed { is_exact: true, hops: 1, origin: &origin, request: 1 << 40, target: &own, bytes: b"x" };
    shell.hear(honest, &Message::Routed(it).emit());
    assert_eq!(shell.told, [Message::Ended { request: 1 << 40, status: Status::Ok }.emit()]);
    let under_way: u32 = shell.ops.values().sum();
    assert_eq!(
        under_way, 0,
        "every operation ended, of {SENDS_MAX} sends and {SIGNING_MAX} publications at once"
    );
}
