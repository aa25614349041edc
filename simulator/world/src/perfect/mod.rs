//! A perfect port: modules that reach each other with no overlay in between.
//!
//! Every node's view names the others; of more than a view holds some of every distance, so that over views all reach all. What is
//! told or asked arrives after a delay, or is lost, as the [`Weather`] says, which may also tell it twice; nothing is forged, and
//! `is_proven` is always true. The bounds of a port hold. So a module is tried alone, fast, and from a seed: the same seed, nodes and
//! commands give the same trace. Where a module never comes to an end, the world panics and says which.

mod grant;
mod lists;
mod node;
mod views;
mod weather;

use tabmesh_port::{Attachment, Input, Instant, Module, NodeId, Output, Port, Signature, Status, Told};

use self::lists::Lists;
use self::node::{Asked, Node};
pub use self::weather::Weather;
use crate::dice::{Dice, fold};
use crate::queue::Agenda;

/// A node of the network: its place in the order of attachment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place(pub usize);

/// A day of the calendar, in microseconds.
const DAY_US: u64 = 1_000;

/// The wall clock when the virtual time begins: milliseconds since 1970.
const START_MS: u64 = 1_800_000_000_000;

/// What a module gives after one input, how often in a row it wants to be woken at a time that is past, and what happens at one time:
/// with more a module has a fault, and the world says which.
const OUTPUTS_MAX: usize = 100_000;
const PAST_WAKES_MAX: u32 = 1_000;
const AT_ONCE_MAX: usize = 1_000_000;

/// Modules on a perfect port.
pub struct Perfect<M> {
    weather: Weather,
    seed: u64,
    dice: Dice,
    now: u64,
    agenda: Agenda<Entry>,
    nodes: Vec<Node<M>>,
    /// Node ids in order, with whom they belong to.
    ids: Vec<(NodeId, usize)>,
    lists: Lists,
    trace: u64,
    carried: u64,
}

struct Entry {
    place: usize,
    /// Which module at that place it is for.
    life: u32,
    what: What,
}

enum What {
    Wake,
    /// Something for the module, in flat form.
    Hand(Vec<u8>),
    /// A question came.
    Question {
        asked: Asked,
        within_ms: u32,
        bytes: Vec<u8>,
    },
    /// The answer to a question came back.
    Answer {
        from: usize,
        op: u32,
        request: u64,
        status: Status,
        bytes: Vec<u8>,
    },
    /// A list came.
    List {
        op: u32,
        request: u64,
        list: NodeId,
        stays: bool,
    },
    /// Nobody waits for the answer any longer.
    Expire {
        op: u32,
        request: u64,
    },
}

impl<M: Module> Perfect<M> {
    /// A network of nobody.
    pub fn new(seed: u64, weather: Weather) -> Self {
        Self {
            weather,
            seed,
            dice: Dice::new(seed, u64::MAX),
            now: 0,
            agenda: Agenda::new(DAY_US),
            nodes: Vec::new(),
            ids: Vec::new(),
            lists: Lists::default(),
            trace: 0,
            carried: 0,
        }
    }

    /// A new node whose module on `port` is made by `make`. It first hears the clock, then whom it can reach, be it nobody.
    pub fn attach(&mut self, port: Port, make: impl FnOnce(Attachment) -> M) -> Place {
        let place = self.nodes.len();
        let node = Node::new(self.seed, place, port, make);
        let at = self.ids.partition_point(|(id, _)| *id < node.id);
        self.ids.insert(at, (node.id, place));
        self.nodes.push(node);
        self.greet(place);
        Place(place)
    }

    /// The module goes, and another one comes at once in its place, with the same key, a seed of its own and no memory.
    pub fn restart(&mut self, Place(place): Place, make: impl FnOnce(Attachment) -> M) {
        self.nodes[place].come_back(make);
        self.greet(place);
    }

    fn greet(&mut self, place: usize) {
        let wall_ms = self.wall_ms();
        self.hand(place, &Input::Told(Told::Clock { wall_ms, is_doubtful: false }));
        self.tell_change(place);
    }

    /// The module goes. What it had asked ends nowhere, and what others asked it goes unanswered until their time is up.
    pub fn detach(&mut self, Place(place): Place) {
        self.nodes[place].leave();
        self.tell_change(place);
    }

    /// The node does nothing for so many microseconds, as a hidden tab; what comes for it waits. Its links stay.
    pub fn freeze(&mut self, Place(place): Place, us: u64) {
        self.nodes[place].frozen_until = self.now.saturating_add(us);
    }

    /// Cuts these off from the others, until [`Perfect::heal`]: what is sent across is lost, and views name one's own side.
    pub fn cut(&mut self, others: &[Place]) {
        for Place(place) in others {
            self.nodes[*place].is_cut_off = true;
        }
        self.tell_changes();
    }

    /// Ends a cut.
    pub fn heal(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.is_cut_off = false);
        self.tell_changes();
    }

    /// The module's face wants something.
    pub fn command(&mut self, Place(place): Place, bytes: &[u8]) {
        self.hand(place, &Input::Command(bytes));
    }

    /// Tells a module anything at once, in anybody's name: a lie, say.
    pub fn tell(&mut self, Place(place): Place, told: &Told<'_>) {
        self.hand(place, &Input::Told(*told));
    }

    /// What a node's module was given when it was made: its key, for one.
    pub fn attachment(&self, Place(place): Place) -> Attachment {
        self.nodes[place].attachment
    }

    /// A node's signature, for what its module would not sign.
    pub fn sign(&self, Place(place): Place, bytes: &[u8]) -> Signature {
        self.nodes[place].sign(bytes)
    }

    /// Lets time pass.
    pub fn run_for(&mut self, us: u64) {
        let end = self.now.saturating_add(us);
        let mut at_once = 0;
        while let Some((at, entry)) = self.agenda.next_until(end) {
            at_once = if at == self.now { at_once + 1 } else { 0 };
            assert!(at_once < AT_ONCE_MAX, "time stands still at node {}", entry.place);
            self.now = at;
            if self.nodes[entry.place].life != entry.life {
                continue;
            }
            match self.nodes[entry.place].thaws_after(at) {
                Some(thaw) => self.put_off(at, thaw, entry),
                None => self.happen(entry),
            }
        }
        self.now = end;
    }

    /// What a module said to its face since this was asked last.
    pub fn events(&mut self, Place(place): Place) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.nodes[place].events)
    }

    /// A node's module; `None` once it left.
    pub fn module(&self, Place(place): Place) -> Option<&M> {
        self.nodes[place].module.as_ref()
    }

    /// The same, for a test that changes its mind.
    pub fn module_mut(&mut self, Place(place): Place) -> Option<&mut M> {
        self.nodes[place].module.as_mut()
    }

    /// A node's id.
    pub fn id(&self, Place(place): Place) -> NodeId {
        self.nodes[place].id
    }

    /// A running hash over every input and output: the same run gives the same.
    pub fn trace(&self) -> u64 {
        self.trace
    }

    /// What everybody's wall clock shows: milliseconds since 1970.
    pub fn wall_ms(&self) -> u64 {
        START_MS + self.now / 1_000
    }

    /// How many messages were sent.
    pub fn carried(&self) -> u64 {
        self.carried
    }

    fn plan(&mut self, at: u64, place: usize, life: u32, what: What) {
        self.agenda.add(at, Entry { place, life, what });
    }

    /// The module hears it before anything else that is still to come, though not within a call of its own.
    fn tell_soon(&mut self, place: usize, told: &Told<'_>) {
        let life = self.nodes[place].life;
        self.plan(self.now, place, life, What::Hand(told.emit()));
    }

    /// What would happen to a frozen node waits until it goes on.
    fn put_off(&mut self, at: u64, thaw: u64, entry: Entry) {
        let woken_at = &mut self.nodes[entry.place].woken_at;
        if matches!(entry.what, What::Wake) && *woken_at == Some(at) {
            *woken_at = Some(thaw);
        }
        self.agenda.add(thaw, entry);
    }

    fn happen(&mut self, entry: Entry) {
        let place = entry.place;
        match entry.what {
            What::Wake => {
                if self.nodes[place].woken_at.take_if(|at| *at == self.now).is_none() {
                    return;
                }
                // It may want another time by now.
                let module = self.nodes[place].module.as_ref();
                if module.is_some_and(|module| module.wanted_at().0 <= self.now) {
                    self.hand(place, &Input::Time);
                } else {
                    self.wake(place);
                }
            }
            What::Hand(flat) => self.hand_flat(place, &flat),
            What::Question { asked, within_ms, bytes } => self.on_question(place, asked, within_ms, &bytes),
            What::Answer { from, op, request, status, bytes } => {
                if self.nodes[place].end_request(op, request).is_some() {
                    let from = self.nodes[from].id;
                    let told = Told::Answered {
                        op,
                        from: &from,
                        is_proven: true,
                        is_here: false,
                        status,
                        bytes: &bytes,
                    };
                    self.hand(place, &Input::Told(told));
                }
            }
            What::List { op, request, list, stays } => self.on_list(place, op, request, list, stays),
            What::Expire { op, request } => {
                if let Some(asked) = self.nodes[place].end_request(op, request) {
                    self.time_out(place, asked, op);
                }
            }
        }
    }

    fn hand(&mut self, place: usize, input: &Input<'_>) {
        self.hand_flat(place, &input.emit());
    }

    /// Hands a module an input and takes what it gives.
    fn hand_flat(&mut self, place: usize, flat: &[u8]) {
        let (now, node) = (Instant(self.now), &mut self.nodes[place]);
        if let Some(thaw) = node.thaws_after(self.now) {
            let life = node.life;
            return self.plan(thaw, place, life, What::Hand(flat.to_vec()));
        }
        let Some(module) = &mut node.module else { return };
        self.trace = fold(fold(self.trace ^ self.now, &(place as u64).to_le_bytes()), flat);
        module.handle(now, Input::read(flat).expect("the world tells what is well formed"));
        let mut outputs = 0;
        while let Some(output) = self.nodes[place].poll() {
            outputs += 1;
            assert!(outputs <= OUTPUTS_MAX, "node {place} gives outputs without end");
            self.trace = fold(self.trace, &output);
            self.take(place, &output);
        }
        self.wake(place);
    }

    fn wake(&mut self, place: usize) {
        let node = &mut self.nodes[place];
        let Some(wanted) = node.module.as_ref().map(Module::wanted_at) else { return };
        let at = wanted.0.max(self.now + 1);
        node.past_wakes = if wanted.0 <= self.now { node.past_wakes + 1 } else { 0 };
        let is_hasty = node.past_wakes > PAST_WAKES_MAX;
        assert!(!is_hasty, "node {place} wants to be woken at a time that is past, again and again");
        if wanted == Instant::NEVER || node.woken_at.is_some_and(|planned| planned <= at) {
            return;
        }
        node.woken_at = Some(at);
        let life = node.life;
        self.plan(at, place, life, What::Wake);
    }

    fn take(&mut self, place: usize, flat: &[u8]) {
        match Output::read(flat)
            .unwrap_or_else(|fault| panic!("node {place} gives what is no output: {fault}"))
        {
            Output::Event(bytes) => self.nodes[place].events.push(bytes.to_vec()),
            Output::Work(work) => {
                let (life, done) = (self.nodes[place].life, self.nodes[place].work(&work));
                self.plan(self.now + self.weather.job_us, place, life, What::Hand(done));
            }
            Output::Wish(wish) => self.grant(place, &wish),
        }
    }

    fn find(&self, id: &NodeId) -> Option<usize> {
        let at = self.ids.binary_search_by_key(id, |(id, _)| *id).ok()?;
        Some(self.ids[at].1)
    }

    /// Who has this id and a module, and which module, if there is a way.
    fn reach(&self, from: usize, id: &NodeId) -> Option<(usize, u32)> {
        let to = self.find(id)?;
        self.is_way(from, to).then(|| (to, self.nodes[to].life))
    }

    fn is_way(&self, from: usize, to: usize) -> bool {
        self.nodes[to].module.is_some() && self.nodes[from].is_cut_off == self.nodes[to].is_cut_off
    }
}
