//! A perfect port: modules that reach each other with no overlay in between.
//!
//! Every node's view names the others, as far as a view reaches; what is told or asked arrives after a delay, or is lost, as the
//! [`Weather`] says; nothing is forged, and `is_proven` is always true. So a module is tried alone, fast, and from a seed: the same
//! seed, nodes and commands give the same trace.

mod node;
mod weather;

use tabmesh_port::{Attachment, Input, Instant, Module, NodeId, Output, Port, Told, Wish};

use self::node::{Asked, Node};
pub use self::weather::Weather;
use crate::dice::{Dice, fold};
use crate::queue::{Calendar, Timed};

/// A node of the network: its place in the order of attachment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place(pub usize);

/// A day of the calendar, in microseconds.
const DAY_US: u64 = 1_000;

/// The wall clock when the virtual time begins: milliseconds since 1970.
const START_MS: u64 = 1_800_000_000_000;

/// Modules on a perfect port.
pub struct Perfect<M> {
    weather: Weather,
    seed: u64,
    dice: Dice,
    now: u64,
    agenda: Calendar<Entry>,
    entries: u64,
    nodes: Vec<Node<M>>,
    /// Node ids in order, with whom they belong to.
    ids: Vec<(NodeId, usize)>,
    trace: u64,
    carried: u64,
}

struct Entry {
    at: u64,
    number: u64,
    place: usize,
    /// Which module at that place it is for.
    life: u32,
    what: What,
}

enum What {
    Wake,
    /// Something for the module, in flat form.
    Hand(Vec<u8>),
    /// A question came: from whom, by which of its numbers, how long it waits.
    Question {
        from: usize,
        life: u32,
        op: u32,
        within_ms: u32,
        bytes: Vec<u8>,
    },
    /// An answer came back.
    Answer {
        from: usize,
        op: u32,
        status: tabmesh_port::Status,
        bytes: Vec<u8>,
    },
    /// Nobody waits for the answer any longer.
    Expire {
        op: u32,
    },
}

impl Timed for Entry {
    fn key(&self) -> (u64, u64) {
        (self.at, self.number)
    }
}

impl<M: Module> Perfect<M> {
    /// A network of nobody.
    pub fn new(seed: u64, weather: Weather) -> Self {
        Self {
            weather,
            seed,
            dice: Dice::new(seed, u64::MAX),
            now: 0,
            agenda: Calendar::new(DAY_US),
            entries: 0,
            nodes: Vec::new(),
            ids: Vec::new(),
            trace: 0,
            carried: 0,
        }
    }

    /// A new node whose module on `port` is made by `make`. It first hears the clock, then whom it can reach.
    pub fn attach(&mut self, port: Port, make: impl FnOnce(Attachment) -> M) -> Place {
        let place = self.nodes.len();
        let node = Node::new(self.seed, place, port, make);
        let at = self.ids.partition_point(|(id, _)| *id < node.id);
        self.ids.insert(at, (node.id, place));
        self.nodes.push(node);
        self.hand(place, &Input::Told(Told::Clock { wall_ms: self.wall_ms(), is_doubtful: false }));
        self.tell_views();
        Place(place)
    }

    /// The module goes: what it had asked ends nowhere, and what others asked it goes unanswered until their time is up.
    pub fn detach(&mut self, Place(place): Place) {
        self.nodes[place].leave();
        self.tell_views();
    }

    /// Cuts the network in two, until [`Perfect::heal`]: what is sent across is lost, and views name one's own side.
    pub fn cut(&mut self, others: &[Place]) {
        for Place(place) in others {
            self.nodes[*place].side = true;
        }
        self.tell_views();
    }

    /// Ends a cut.
    pub fn heal(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.side = false);
        self.tell_views();
    }

    /// The module's face wants something.
    pub fn command(&mut self, Place(place): Place, bytes: &[u8]) {
        self.hand(place, &Input::Command(bytes));
    }

    /// Hands a module any bytes as if `from` had told them.
    pub fn say(&mut self, Place(from): Place, Place(to): Place, bytes: &[u8]) {
        let from = self.nodes[from].id;
        self.hand(to, &Input::Told(Told::Said { from: &from, is_proven: true, bytes }));
    }

    /// Lets time pass.
    pub fn run_for(&mut self, us: u64) {
        let end = self.now + us;
        while let Some(entry) = self.next_until(end) {
            self.now = entry.at;
            self.happen(entry);
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

    /// A node's id.
    pub fn id(&self, Place(place): Place) -> NodeId {
        self.nodes[place].id
    }

    /// A running hash over every input and output: the same run gives the same.
    pub fn trace(&self) -> u64 {
        self.trace
    }

    /// How many messages were sent.
    pub fn carried(&self) -> u64 {
        self.carried
    }

    fn wall_ms(&self) -> u64 {
        START_MS + self.now / 1_000
    }

    fn next_until(&mut self, end: u64) -> Option<Entry> {
        loop {
            if let Some(entry) = self.agenda.pop() {
                if entry.at <= end {
                    return Some(entry);
                }
                self.agenda.add(entry);
                return None;
            }
            let day = self.agenda.next_day().filter(|day| day * DAY_US <= end)?;
            self.agenda.begin(day);
        }
    }

    fn plan(&mut self, at: u64, place: usize, life: u32, what: What) {
        self.entries += 1;
        self.agenda.add(Entry { at, number: self.entries, place, life, what });
    }

    fn happen(&mut self, entry: Entry) {
        let place = entry.place;
        if self.nodes[place].life != entry.life {
            return;
        }
        match entry.what {
            What::Wake => {
                if self.nodes[place].woken_at == Some(entry.at) {
                    self.nodes[place].woken_at = None;
                    self.hand(place, &Input::Time);
                }
            }
            What::Hand(flat) => self.hand_flat(place, &flat),
            What::Question { from, life, op, within_ms, bytes } => {
                let ticket = self.nodes[place].remember(Asked { from, life, op });
                let from = self.nodes[from].id;
                let told = Told::Asked { from: &from, is_proven: true, ticket, within_ms, bytes: &bytes };
                self.hand(place, &Input::Told(told));
            }
            What::Answer { from, op, status, bytes } => {
                if self.nodes[place].end_ask(op).is_some() {
                    self.answered(place, from, op, false, status, &bytes);
                }
            }
            What::Expire { op } => {
                if self.nodes[place].is_expired(op, entry.at)
                    && let Some(asked) = self.nodes[place].end_ask(op)
                {
                    self.answered(place, asked, op, true, tabmesh_port::Status::TimedOut, &[]);
                }
            }
        }
    }

    fn answered(
        &mut self,
        place: usize,
        from: usize,
        op: u32,
        is_here: bool,
        status: tabmesh_port::Status,
        bytes: &[u8],
    ) {
        let from = self.nodes[from].id;
        let told = Told::Answered { op, from: &from, is_proven: true, is_here, status, bytes };
        self.hand(place, &Input::Told(told));
    }

    fn hand(&mut self, place: usize, input: &Input<'_>) {
        self.hand_flat(place, &input.emit());
    }

    /// Hands a module an input and takes what it gives.
    fn hand_flat(&mut self, place: usize, flat: &[u8]) {
        let (now, node) = (Instant(self.now), &mut self.nodes[place]);
        let Some(module) = &mut node.module else { return };
        self.trace = fold(fold(self.trace ^ self.now, &(place as u64).to_le_bytes()), flat);
        let input = Input::read(flat).expect("the world hands on what is well formed");
        module.handle(now, input);
        while let Some(output) = self.nodes[place].poll() {
            self.trace = fold(self.trace, &output);
            self.take(place, &output);
        }
        self.wake(place);
    }

    fn wake(&mut self, place: usize) {
        let node = &mut self.nodes[place];
        let Some(wanted) = node.module.as_ref().map(Module::wanted_at) else { return };
        let at = wanted.0.max(self.now + 1);
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

    fn grant(&mut self, place: usize, wish: &Wish<'_>) {
        match *wish {
            Wish::Tell { to, bytes } => to.iter().for_each(|id| self.tell(place, id, bytes)),
            Wish::Ask { op, to, within_ms, bytes } => self.ask(place, op, to, within_ms, bytes),
            Wish::Reply { ticket, status, bytes } => {
                let Some(asked) = self.nodes[place].forget(ticket) else { return };
                let what = What::Answer { from: place, op: asked.op, status, bytes: bytes.to_vec() };
                self.send(place, asked.from, asked.life, what);
            }
            Wish::Cancel { op } => {
                if let Some(asked) = self.nodes[place].end_ask(op) {
                    self.answered_later(place, asked, op, tabmesh_port::Status::TimedOut);
                }
            }
            Wish::Hold { .. } => {}
        }
    }

    fn tell(&mut self, place: usize, to: &NodeId, bytes: &[u8]) {
        let Some((to, life)) = self.reach(place, to) else { return };
        let told = Told::Said { from: &self.nodes[place].id, is_proven: true, bytes };
        let flat = told.emit();
        self.send(place, to, life, What::Hand(flat));
    }

    fn ask(&mut self, place: usize, op: u32, to: &NodeId, within_ms: u32, bytes: &[u8]) {
        let Some((to, life)) = self.reach(place, to) else {
            let known = self.find(to).unwrap_or(place);
            return self.answered_later(place, known, op, tabmesh_port::Status::Unavailable);
        };
        let until = self.now + u64::from(within_ms) * 1_000;
        let own_life = self.nodes[place].life;
        self.nodes[place].begin_ask(op, to, until);
        self.plan(until, place, own_life, What::Expire { op });
        let what = What::Question { from: place, life: own_life, op, within_ms, bytes: bytes.to_vec() };
        self.send(place, to, life, what);
    }

    /// An Ask that goes nowhere ends, though not within the call that made it.
    fn answered_later(&mut self, place: usize, from: usize, op: u32, status: tabmesh_port::Status) {
        let from = self.nodes[from].id;
        let told = Told::Answered { op, from: &from, is_proven: true, is_here: true, status, bytes: &[] };
        let life = self.nodes[place].life;
        self.plan(self.now, place, life, What::Hand(told.emit()));
    }

    /// Puts something on its way; it may be lost.
    fn send(&mut self, from: usize, to: usize, life: u32, what: What) {
        self.carried += 1;
        let is_cut = self.nodes[from].side != self.nodes[to].side;
        if is_cut || self.weather.loses(&mut self.dice) {
            return;
        }
        let at = self.now + self.weather.delay_us(&mut self.dice);
        self.plan(at, to, life, what);
    }

    fn find(&self, id: &NodeId) -> Option<usize> {
        let at = self.ids.binary_search_by_key(id, |(id, _)| *id).ok()?;
        Some(self.ids[at].1)
    }

    /// Who has this id and a module, if it can be reached.
    fn reach(&self, from: usize, id: &NodeId) -> Option<(usize, u32)> {
        let to = self.find(id)?;
        let is_there = self.nodes[to].module.is_some() && self.nodes[from].side == self.nodes[to].side;
        is_there.then(|| (to, self.nodes[to].life))
    }

    fn tell_views(&mut self) {
        for place in 0..self.nodes.len() {
            let Some((version, ids)) = self.view(place) else { continue };
            self.hand(place, &Input::Told(Told::View { version, ids: &ids }));
        }
    }

    /// What a node can see now, if that is something else than before.
    fn view(&mut self, place: usize) -> Option<(u32, Vec<NodeId>)> {
        let node = self.nodes.get(place).filter(|node| node.module.is_some())?;
        let (id, side) = (node.id, node.side);
        let mut ids: Vec<NodeId> = self
            .nodes
            .iter()
            .filter(|node| node.module.is_some() && node.side == side && node.id != id)
            .map(|node| node.id)
            .collect();
        ids.sort_unstable_by_key(|other| id.distance(other));
        ids.truncate(tabmesh_port::limits::VIEW_MAX);
        self.nodes[place].see(ids)
    }
}
