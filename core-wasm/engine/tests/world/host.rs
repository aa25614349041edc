//! One host: an engine, and what its shell keeps for it.

use std::collections::{BTreeMap, VecDeque};

use tabmesh_engine::{
    Config, Event, Input, Instant, LinkView, Node, NodeId, OpId, Output, Reason, Route, Status, Work,
};
use tabmesh_world::clock::Clock;
use tabmesh_world::place::Place;
use tabmesh_world::seal::Seal;

use super::crypto::KeyPair;
use super::flat::Record;
use super::heap::{Heap, measure};
use super::ids::{EndId, HostId, SessionId};
use super::script::Script;
use super::spec::Spec;
use super::stimulus::Stimulus;
use super::store::Store;
use super::trace::{Line, Trace};

/// How many of the last inputs and outputs a host remembers for a failure's report.
const LINES_MAX: usize = 200;

/// Outputs of one drain; an engine that says more never stops.
const DRAIN_MAX: usize = 20_000;

/// What sits in a host and decides.
pub(crate) enum Driver {
    /// The engine.
    Engine(Box<Node>),
    /// A puppet that does what the test says.
    Script(Script),
}

/// What a host does now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// It runs.
    Running,
    /// A frozen tab: inputs wait.
    Frozen,
    /// Crashed or gone.
    Down,
}

/// How an operation ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Done {
    /// How.
    pub(crate) status: Status,
    /// See [`Event::Done`].
    pub(crate) holders: u8,
    /// When, in microseconds of virtual time.
    pub(crate) at: u64,
}

/// What went over a host's links and its signalling connection. Packets carry no headers in this world: a byte
/// counted is a byte of a frame.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Traffic {
    pub(crate) sent_bytes: u64,
    pub(crate) sent_packets: u64,
    pub(crate) received_bytes: u64,
    pub(crate) received_packets: u64,
    pub(crate) signal_sent_bytes: u64,
    pub(crate) signal_received_bytes: u64,
}

/// See the module's documentation.
pub(crate) struct Host {
    pub(crate) spec: Spec,
    pub(crate) key: KeyPair,
    pub(crate) id: NodeId,
    pub(crate) place: Place,
    pub(crate) clock: Clock,
    pub(crate) state: State,
    /// Counts starts; what was meant for an earlier life is void.
    pub(crate) life: u32,
    pub(crate) driver: Option<Driver>,
    /// The open ends, by link number.
    pub(crate) links: BTreeMap<u16, EndId>,
    /// The most ends there ever were at once.
    pub(crate) links_most: usize,
    /// The connection to the signalling server, open or opening.
    pub(crate) session: Option<SessionId>,
    /// When the last that it told the server arrives there.
    pub(crate) signal_arrives: u64,
    /// What waits while the tab is frozen.
    pub(crate) inbox: VecDeque<Stimulus>,
    /// When the engine wants to be woken.
    pub(crate) deadline: Instant,
    /// When the timer that is set fires, in virtual time.
    pub(crate) wake_at: Option<u64>,
    /// How many times in a row the engine asked to be woken in the past.
    pub(crate) hasty: u32,
    pub(crate) store: Store,
    /// How many times longer than usual its jobs take.
    pub(crate) job_slowness: u64,
    /// Whose WebSocket addresses the shell knows.
    pub(crate) known: Vec<HostId>,
    /// Every event, with the virtual time when it came, in microseconds.
    pub(crate) events: Vec<(u64, Event)>,
    pub(crate) done: BTreeMap<u32, Done>,
    pub(crate) found: BTreeMap<u32, Vec<NodeId>>,
    pub(crate) circuits: BTreeMap<u16, Seal>,
    /// Messages whose operations have not ended.
    pub(crate) outgoing: BTreeMap<u32, Vec<u8>>,
    /// Messages of topics, whole.
    pub(crate) published: BTreeMap<[u8; 12], Vec<u8>>,
    pub(crate) ops: u32,
    /// Direct links that it began.
    pub(crate) offers: u32,
    pub(crate) traffic: Traffic,
    pub(crate) heap: Heap,
    pub(crate) lines: VecDeque<Line>,
    /// The engine's configuration and every input, from its last start on; kept only where a test wants them.
    pub(crate) log: Option<(Config, Vec<Record>)>,
    /// Whole packets that the host received, oldest first; kept only where a test wants them.
    pub(crate) recorded: Option<Vec<Vec<u8>>>,
}

impl Host {
    /// Starts the engine, or what the test has put in its place.
    pub(crate) fn start(&mut self, config: &Config) {
        self.heap = Heap::default();
        if let Some(log) = &mut self.log {
            *log = (config.clone(), Vec::new());
        }
        let node = measure(&mut self.heap, || Box::new(Node::new(config.clone())));
        self.driver = Some(Driver::Engine(node));
    }

    /// Stops the engine; bytes it did not give back.
    pub(crate) fn stop(&mut self) -> isize {
        match self.driver.take() {
            Some(Driver::Engine(node)) => {
                measure(&mut self.heap, || drop(node));
                self.heap.live
            }
            _ => 0,
        }
    }

    /// Hands one input in and drains the outputs; `Err` says which rule was broken.
    pub(crate) fn drive(
        &mut self,
        now: Instant,
        input: Input<'_>,
        trace: &mut Trace,
    ) -> Result<Vec<Output>, &'static str> {
        if let Some((_, records)) = &mut self.log {
            records.extend(Record::of(now, &input));
        }
        let heap = &mut self.heap;
        let mut outputs = Vec::new();
        match self.driver.as_mut() {
            None => {}
            Some(Driver::Script(script)) => {
                script.hear(&input);
                outputs = script.take_outputs();
                self.deadline = Instant::NEVER;
            }
            Some(Driver::Engine(node)) => {
                measure(heap, || node.handle_input(now, input));
                while let Some(flat) = measure(heap, || node.poll_flat().map(std::mem::take)) {
                    trace.add_output(&flat);
                    // Typed and given back under measurement, since it was taken under measurement.
                    let Some(output) = measure(heap, || flat.typed()) else {
                        return Err("an output that says nothing");
                    };
                    outputs.push(copy(&output));
                    measure(heap, || drop(output));
                    if outputs.len() > DRAIN_MAX {
                        return Err("the engine does not stop answering one input");
                    }
                }
                self.deadline = node.wanted_at();
                trace.add_deadline(self.deadline);
                heap.rest_max = heap.rest_max.max(heap.live);
            }
        }
        Ok(outputs)
    }

    /// Whether the engine is part of the network.
    pub(crate) fn is_joined(&self) -> bool {
        self.node().is_some_and(Node::is_joined)
    }

    /// The engine's links.
    pub(crate) fn peers(&self) -> Vec<LinkView> {
        self.node().map_or_else(Vec::new, |node| node.links().collect())
    }

    /// The engine's neighbourhood.
    pub(crate) fn neighbourhood(&self) -> Vec<NodeId> {
        self.node().map_or_else(Vec::new, Node::neighbourhood)
    }

    /// The link to a peer, if there is one.
    pub(crate) fn link_to(&self, id: NodeId) -> Option<LinkView> {
        self.peers().into_iter().find(|view| view.id == id)
    }

    /// Why a link to `id` ended or could not be made, newest last.
    pub(crate) fn reasons(&self, id: NodeId) -> Vec<Reason> {
        let reason = |event: &Event| match event {
            Event::PeerDown { id: peer, reason } if *peer == id => Some(*reason),
            Event::DialFailed { id: Some(peer), reason } if *peer == id => Some(*reason),
            _ => None,
        };
        self.events.iter().filter_map(|(_, event)| reason(event)).collect()
    }

    /// How an operation ended, if it has.
    pub(crate) fn done(&self, op: OpId) -> Option<Done> {
        self.done.get(&op.0).copied()
    }

    /// Remembers a line for a failure's report.
    pub(crate) fn note(&mut self, line: Line) {
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The puppet, if one is in the engine's place.
    pub(crate) fn script(&self) -> Option<&Script> {
        match &self.driver {
            Some(Driver::Script(script)) => Some(script),
            _ => None,
        }
    }

    /// Whether an engine runs here, and not a puppet.
    pub(crate) fn is_engine(&self) -> bool {
        self.node().is_some()
    }

    fn node(&self) -> Option<&Node> {
        match &self.driver {
            Some(Driver::Engine(node)) => Some(node),
            _ => None,
        }
    }
}

/// The same output in the world's own memory.
fn copy(output: &Output) -> Output {
    match output {
        Output::Timeout(at) => Output::Timeout(*at),
        Output::Send { link, bytes } => Output::Send { link: *link, bytes: bytes.clone() },
        Output::Open { link, route } => Output::Open { link: *link, route: Route::clone(route) },
        Output::Answered { link, description } => {
            Output::Answered { link: *link, description: description.clone() }
        }
        Output::Unseal { link, bytes } => Output::Unseal { link: *link, bytes: bytes.clone() },
        Output::Seal { link, dialled, key, transcript } => {
            Output::Seal { link: *link, dialled: *dialled, key: *key, transcript: *transcript }
        }
        Output::Accept(link) => Output::Accept(*link),
        Output::Refuse => Output::Refuse,
        Output::Close(link) => Output::Close(*link),
        Output::SignalOpen => Output::SignalOpen,
        Output::Signal(bytes) => Output::Signal(bytes.clone()),
        Output::SignalClose => Output::SignalClose,
        Output::Job { job, work } => Output::Job { job: *job, work: Work::clone(work) },
        Output::Event(event) => Output::Event(event.clone()),
        Output::Unreadable(kind) => Output::Unreadable(*kind),
    }
}
