//! A share of the nodes, with everything that only they change. One thread runs a shard; shards meet only through
//! events, which take at least [`LEAST_US`] from one node to another.

mod attack;
mod burst;
mod circuits;
mod drive;
mod ends;
mod flow;
mod jobs;
mod kept;
mod liar;
mod life;
mod links;
mod messages;
mod modules;
mod signalling;
mod tenants;
pub(crate) mod words;

use std::collections::{BTreeMap, VecDeque};
use std::marker::PhantomData;

use tabmesh_engine::{JobId, LinkId, Node, Output, Work};
use tabmesh_world::clock::Clock;
use tabmesh_world::job;
use tabmesh_world::packets::Packets;
use tabmesh_world::server::Server;
use tabmesh_world::words::TOPIC_NAMES;

use crate::crypto::Crypto;
use crate::dice::{Dice, mix};
use crate::event::{EndId, Event, NodeNumber, Note, What};
use crate::ground::Ground;
use crate::library::Store;
use crate::model::place::LEAST_US;
use crate::queue::Calendar;
use ends::{Circuit, Ends};

/// What a node's shell does now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Nobody is here: not yet, or not any more.
    Gone,
    Running,
    /// A frozen tab: what happens waits.
    Frozen,
}

/// Messages that an application publishes one after another: those from `next` to before `end` are left.
#[derive(Clone, Copy)]
struct Burst {
    next: u32,
    end: u32,
    /// How often the engine refused the next one.
    refused: u32,
}

/// What a shell keeps for its engine, beside its ends and its store.
struct Shell {
    dice: Dice,
    /// How many events this node has caused.
    caused: u32,
    /// Which newcomer this is; 0 before the first.
    life: u32,
    state: State,
    /// When the timer that is set fires; `u64::MAX` where none is.
    wake_at: u64,
    /// The engine's deadline, by its own clock.
    deadline: u64,
    clock: Clock,
    /// Keys thrown away before this life's.
    tries: u32,
    /// The number of the connection to the signalling server, open or opening; 0 is none.
    session: u32,
    sessions_made: u32,
    signal_open: bool,
    /// When the last message arrives at the server.
    signal_arrives: u64,
    /// When the downlink is through with what has arrived.
    down_free_at: u64,
    /// Hash over everything that the engine took in and put out.
    trace: u64,
    /// Bytes of engine state now, and the most at rest in any life.
    engine_bytes: i64,
    engine_bytes_most: i64,
    burst: Option<Burst>,
    inbox: VecDeque<(NodeNumber, What)>,
}

/// What one node sent and received, since it was asked last.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Tally {
    /// Bytes that the engine gave to its links.
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) packets: u64,
    /// Headers, acknowledgements, and what was sent again.
    pub(crate) extra: u64,
    /// To and from the signalling server.
    pub(crate) signal: u64,
    /// Microseconds that the node was there.
    pub(crate) lived_us: u64,
}

/// Kinds of frames that bytes are counted by: the numbers of `wire::frame` below 16, and 16 more for what a routed
/// one carries.
pub(crate) const KINDS: usize = 32;

/// Kinds of frames about a topic, with one for what is none of them.
pub(crate) const TOPIC_KINDS: usize = TOPIC_NAMES.len();

/// What happened in a shard so far.
#[derive(Clone, Default, Debug)]
pub(crate) struct Counts {
    pub(crate) events: u64,
    /// WebRTC links begun, open at last, and kept apart by NATs.
    pub(crate) dials: u64,
    pub(crate) opened: u64,
    pub(crate) apart: u64,
    /// Ends of relayed links begun.
    pub(crate) circuits: u64,
    /// WebSockets opened.
    pub(crate) sockets: u64,
    /// Bytes sent in frames of each kind.
    pub(crate) kinds: [u64; KINDS],
    /// Frames of each kind.
    pub(crate) frames: [u64; KINDS],
    /// Frames about the topic and their bytes, by what they say: the numbers of `wire::topic`.
    pub(crate) topic: [(u64, u64); TOPIC_KINDS],
    /// Of them those that hand a message on, from the beginning of the run.
    pub(crate) copies: (u64, u64),
    /// Peers lost, by reason.
    pub(crate) lost: [u64; 16],
    /// Times an honest node blamed another honest one, or took another link in its name.
    pub(crate) blamed: u64,
    /// Messages that applications heard and nobody sent.
    pub(crate) forged: u64,
    /// Rules of the engine's contract that were broken, and the first one in words.
    pub(crate) broken: u64,
    pub(crate) first_broken: Option<String>,
}

/// See the module's documentation.
pub(crate) struct Shard<C: Crypto> {
    number: u32,
    shards: u32,
    pub(crate) queue: Calendar<Event>,
    /// What goes to other shards, by their number.
    pub(crate) outboxes: Vec<Vec<Event>>,
    now: u64,
    // One entry a node, by the node's number divided by the number of shards.
    engines: Vec<Option<Box<Node>>>,
    shells: Vec<Shell>,
    ends: Vec<Ends>,
    circuits: Vec<Vec<Circuit>>,
    stores: Vec<Store>,
    kept: Vec<kept::Kept>,
    modules: Vec<Option<Box<tenants::Tenants>>>,
    /// The newest messages that any of them keeps.
    shared: kept::Kept,
    pub(crate) tallies: Vec<Tally>,
    born_at: Vec<u64>,
    /// In the first shard.
    pub(crate) server: Option<Server>,
    /// How many events the server has caused.
    server_caused: u32,
    pub(crate) notes: Vec<Note>,
    pub(crate) counts: Counts,
    /// What was followed, in words: when, whom it is about, and the line.
    pub(crate) words: Vec<(u64, NodeNumber, String)>,
    /// Frames for modules that each node sent, its own and those of others, by their port.
    pub(crate) carried: BTreeMap<(NodeNumber, u32), u64>,
    /// The port whose frames are kept where a node passes them on for others, and those frames.
    pub(crate) watched: Option<u32>,
    pub(crate) passed: Vec<(NodeNumber, Vec<u8>)>,
    followed_request: Option<u32>,
    /// Who knocks while the engine answers `Incoming`.
    knocking: Option<(NodeNumber, EndId)>,
    outputs: Vec<Output>,
    packets: Packets<EndId>,
    crypto: PhantomData<C>,
}

impl<C: Crypto> Shard<C> {
    /// The shard of this number, its nodes not born yet.
    pub(crate) fn new(ground: &Ground, number: u32) -> Self {
        let own = (number..ground.nodes).step_by(ground.shards as usize);
        let shells: Vec<Shell> = own.map(|node| Shell::new(ground, node)).collect();
        let count = shells.len();
        Self {
            number,
            shards: ground.shards,
            queue: Calendar::new(LEAST_US),
            outboxes: (0..ground.shards).map(|_| Vec::new()).collect(),
            now: 0,
            engines: (0..count).map(|_| None).collect(),
            shells,
            ends: (0..count).map(|_| Ends::default()).collect(),
            circuits: (0..count).map(|_| Vec::new()).collect(),
            stores: (number..ground.nodes)
                .step_by(ground.shards as usize)
                .map(|node| ground.new_store(node))
                .collect(),
            kept: (0..count).map(|_| kept::Kept::default()).collect(),
            modules: (0..count).map(|_| None).collect(),
            shared: kept::Kept::default(),
            tallies: vec![Tally::default(); count],
            born_at: vec![0; count],
            server: (number == 0).then(|| {
                let dice = Dice::new(ground.seed, u64::from(ground.nodes));
                Server::new(dice, ground.machines.native_share > 0.0)
            }),
            server_caused: 0,
            notes: Vec::new(),
            counts: Counts::default(),
            words: Vec::new(),
            carried: BTreeMap::new(),
            watched: None,
            passed: Vec::new(),
            followed_request: None,
            knocking: None,
            outputs: Vec::new(),
            packets: Packets::default(),
            crypto: PhantomData,
        }
    }

    /// Lets everything of one day happen.
    pub(crate) fn run_day(&mut self, ground: &Ground, day: u64) {
        self.queue.begin(day);
        while let Some(event) = self.queue.pop() {
            self.now = event.at;
            self.counts.events += 1;
            let from = event.from();
            if event.to == ground.nodes {
                self.serve(ground, from, event.what);
            } else {
                self.happen(ground, from, event.to, event.what);
            }
        }
    }

    fn happen(&mut self, ground: &Ground, from: NodeNumber, node: NodeNumber, what: What) {
        let at = self.at(node);
        match (self.shells[at].state, &what) {
            (_, What::Start) => return self.start(ground, node),
            (_, What::Depart { life, silent }) => {
                if *life == self.shells[at].life && self.shells[at].state != State::Gone {
                    self.depart(ground, node, *silent);
                }
                return;
            }
            (State::Gone, _) => return self.answer_for_nobody(ground, from, node, &what),
            (State::Frozen, What::Thaw) => return self.thaw(ground, node),
            (State::Frozen, _) => return self.shells[at].inbox.push_back((from, what)),
            (State::Running, _) => {}
        }
        match what {
            What::Timer => self.wake(ground, node),
            What::Packet { end, bytes } => self.arrive(ground, node, end, bytes),
            What::Whole { end, bytes } => self.deliver(ground, node, end, bytes),
            What::Job { life, job, work } => self.finish_job(ground, node, life, job, &work),
            What::Gathered(end) => self.gathered(ground, node, end),
            What::Keyed(end) => self.keyed(ground, node, end),
            What::GiveUp(end) => self.give_up(ground, node, end),
            What::Drained(end) => self.drained(ground, node, end),
            What::Check { end, from: theirs } => self.check(ground, node, end, (from, theirs)),
            What::Checked { end, from: theirs } => self.checked(ground, node, end, (from, theirs)),
            What::Up(end) => self.up(ground, node, end),
            What::Hangup(end) => self.lose(ground, node, end),
            What::CutOff { end, cut } => self.cut_off(ground, node, end, cut),
            What::Knock { from: theirs } => self.knock(ground, node, (from, theirs)),
            What::Taken { end, by } => self.taken(ground, node, end, (from, by)),
            What::Circuit(news) => self.hear_circuit(ground, node, *news),
            What::Signal(signal) => self.hear_server(ground, node, signal),
            What::Order(order) => self.obey(ground, node, &order),
            What::Attack(attack) => self.attack(ground, node, &attack),
            What::Work { life, work } => self.finish_work(ground, node, life, *work),
            What::Freeze { for_us } => self.freeze(node, for_us),
            What::Thaw | What::Start | What::Depart { .. } => {}
        }
    }

    /// Where a node of this shard is in the lists.
    fn at(&self, node: NodeNumber) -> usize {
        (node / self.shards) as usize
    }

    /// Has something happen to a node, `delay_us` from now, caused by another or by itself.
    fn cause(&mut self, ground: &Ground, by: NodeNumber, to: NodeNumber, at: u64, what: What) {
        let caused = if by == ground.nodes {
            self.server_caused = self.server_caused.wrapping_add(1);
            self.server_caused
        } else {
            let place = self.at(by);
            let shell = &mut self.shells[place];
            shell.caused = shell.caused.wrapping_add(1);
            shell.caused
        };
        debug_assert!(by == to || at >= self.now + LEAST_US, "too fast between two nodes");
        let event = Event { at, cause: u64::from(by) << 32 | u64::from(caused), to, what };
        let shard = if to == ground.nodes { 0 } else { to % self.shards };
        if shard == self.number { self.queue.add(event) } else { self.outboxes[shard as usize].push(event) }
    }

    fn job(&mut self, ground: &Ground, node: NodeNumber, job: JobId, work: Work) {
        let at = self.at(node);
        let shell = &mut self.shells[at];
        let (life, delay) = (shell.life, job::takes_us(&work, &mut shell.dice));
        let what = What::Job { life, job, work: Box::new(work) };
        self.cause(ground, node, node, self.now + delay, what);
    }

    /// The engine broke its contract: counted, and told in the report.
    fn broke(&mut self, node: NodeNumber, what: &str, link: impl Into<Option<LinkId>>) {
        self.counts.broken += 1;
        let ms = self.now / 1_000;
        self.counts.first_broken.get_or_insert_with(|| match link.into() {
            Some(link) => format!("{ms} ms, node {node}, link {}: {what}", link.number()),
            None => format!("{ms} ms, node {node}: {what}"),
        });
    }

    /// The conductor does something at this time.
    pub(crate) fn set_time(&mut self, now: u64) {
        self.now = now;
    }

    /// Hash over what every engine of this shard took in and put out, by node: (number, hash).
    pub(crate) fn traces(&self) -> impl Iterator<Item = (NodeNumber, u64)> + '_ {
        let number = |at: usize| at as u32 * self.shards + self.number;
        self.shells.iter().enumerate().map(move |(at, shell)| (number(at), mix(shell.trace)))
    }

    /// The engine of a node, if it runs.
    pub(crate) fn engine(&self, node: NodeNumber) -> Option<&Node> {
        self.engines[self.at(node)].as_deref()
    }

    /// The store of a node.
    pub(crate) fn store(&self, node: NodeNumber) -> &Store {
        &self.stores[self.at(node)]
    }

    /// The stores of the nodes that are there.
    pub(crate) fn stores(&self) -> impl Iterator<Item = (NodeNumber, &Store)> + '_ {
        let number = |at: usize| at as u32 * self.shards + self.number;
        let is_there = |at: usize| self.shells[at].state != State::Gone;
        self.stores
            .iter()
            .enumerate()
            .filter(move |(at, _)| is_there(*at))
            .map(move |(at, store)| (number(at), store))
    }

    /// Bytes of engine state: now in all, and the most of any one engine at rest.
    pub(crate) fn engine_bytes(&self) -> (i64, i64) {
        let now = self.shells.iter().map(|shell| shell.engine_bytes).sum();
        (now, self.shells.iter().map(|shell| shell.engine_bytes_most).max().unwrap_or(0))
    }
}
