//! Voters and persons on a perfect port. Each has a shell with a store that outlasts it; the enemy signs with the keys of those who are not there.

#![allow(dead_code, reason = "not every test needs all of it")]

pub(crate) mod checker;
pub(crate) mod enemy;
mod light;
pub(crate) mod roll;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use tabmesh_ledger::{
    Action, Command, Event, Genesis, Hash, Key, Ledger, Light, Member, Operation, Terms, Voter,
};
use tabmesh_port::{
    Attachment, Done, Input, Instant, Module, NodeId, Output, Port, Room, Signature, Status, Told, Wish, Work,
};
use tabmesh_world::perfect::{Perfect, Place, Weather};

pub(crate) const CREDIT: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1_000_000;
/// In microseconds.
pub(crate) const EPOCH: u64 = 10 * SECOND;

/// What a shell keeps.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) blocks: Vec<Vec<u8>>,
    pub(crate) journal: Vec<Vec<u8>>,
    /// All records that were ever written, lost or not.
    pub(crate) written: Vec<Vec<u8>>,
    /// What a liar was told.
    pub(crate) heard: Vec<Vec<u8>>,
    /// What a liar answers light nodes, one after the other.
    pub(crate) lies: Vec<Vec<u8>>,
    /// What a light node believed last.
    pub(crate) belief: Vec<u8>,
    /// Events for the owner, and when they came.
    pub(crate) events: Vec<(u64, Vec<u8>)>,
}

pub(crate) type Stored = Rc<RefCell<Store>>;

/// A node with its shell; without a module it does nothing.
pub(crate) struct Node {
    pub(crate) member: Option<Member>,
    pub(crate) light: Option<Light>,
    store: Stored,
    outputs: VecDeque<Vec<u8>>,
    now: Instant,
    /// Milliseconds by which its clock is wrong.
    skew_ms: i64,
    /// What the member alone holds of the heap, in bytes, and the most that it held.
    pub(crate) heap: i64,
    pub(crate) heap_max: i64,
    /// The longest message that it sent, in bytes.
    pub(crate) longest: usize,
    /// Of a liar: what names the ledger in what it signs.
    genesis: Option<Hash>,
}

impl Node {
    pub(crate) fn none() -> Self {
        Self {
            member: None,
            light: None,
            store: Stored::default(),
            outputs: VecDeque::new(),
            now: Instant(0),
            skew_ms: 0,
            heap: 0,
            heap_max: 0,
            longest: 0,
            genesis: None,
        }
    }

    /// One that hears for the enemy, and acknowledges whatever it is shown.
    pub(crate) fn liar(store: Stored, genesis: Hash) -> Self {
        Self { store, genesis: Some(genesis), ..Self::none() }
    }

    fn lie(&mut self, input: Input<'_>) {
        let Some(genesis) = self.genesis else { return };
        match input {
            Input::Told(Told::Said { bytes, .. }) if !bytes.is_empty() => {
                self.store.borrow_mut().heard.push(bytes.to_vec());
            }
            Input::Told(Told::Asked { ticket, bytes, .. }) if bytes.len() > 230 && bytes[0] == 19 => {
                let mut covered = vec![9];
                covered.extend(genesis);
                covered.push(4);
                covered.extend(&bytes[186..186 + 44]);
                self.outputs.push_back(Output::Work(Work::Sign { job: ticket, bytes: &covered }).emit());
            }
            Input::Told(Told::Asked { ticket, bytes, .. }) if matches!(bytes.first(), Some(22 | 23)) => {
                let mut store = self.store.borrow_mut();
                if !store.lies.is_empty() {
                    store.lies.rotate_left(1);
                    let reply = Wish::Reply { ticket, status: Status::Ok, bytes: &store.lies[0] };
                    self.outputs.push_back(Output::Wish(reply).emit());
                }
            }
            Input::Done(Done::Signed { job, signature }) => {
                let reply = Wish::Reply { ticket: job, status: Status::Ok, bytes: &signature.0 };
                self.outputs.push_back(Output::Wish(reply).emit());
            }
            _ => {}
        }
    }

    /// Starts from what its store has.
    pub(crate) fn start(make: impl FnOnce() -> Member, store: Stored, is_new: bool, skew_ms: i64) -> Self {
        let before = tabmesh_heap::balance();
        let mut member = make();
        let hand = |member: &mut Member, command: Command<'_>| {
            member.handle(Instant(0), Input::Command(&command.emit()));
        };
        for block in &store.borrow().blocks {
            hand(&mut member, Command::Replay(block));
        }
        for record in &store.borrow().journal {
            hand(&mut member, Command::Journal(record));
        }
        hand(&mut member, Command::Start { is_new });
        let heap = tabmesh_heap::balance() - before + size_of::<Member>() as i64;
        Self { member: Some(member), store, skew_ms, heap, ..Self::none() }
    }

    /// Has the member do something, and counts what it keeps.
    fn count<T>(&mut self, call: impl FnOnce(&mut Member) -> T) -> Option<T> {
        let member = self.member.as_mut()?;
        tabmesh_heap::mark();
        let before = tabmesh_heap::balance();
        let came = call(member);
        self.heap_max = self.heap_max.max(self.heap + tabmesh_heap::peak() - before);
        self.heap += tabmesh_heap::balance() - before;
        Some(came)
    }

    fn drain(&mut self) {
        while let Some(Some(flat)) = self.count(|member| member.poll(Room::ALL)) {
            // The shell's from now on.
            self.heap -= flat.capacity() as i64;
            match Output::read(&flat).expect("an output") {
                Output::Event(bytes) => self.on_event(bytes),
                output => {
                    if let Output::Wish(Wish::Tell { bytes, .. } | Wish::Ask { bytes, .. }) = output {
                        self.longest = self.longest.max(bytes.len());
                        let most = if flat[0] == 1 { 1_024 } else { 32_768 };
                        assert!(bytes.len() <= most, "{} bytes of kind {}", bytes.len(), bytes[0]);
                    }
                    self.outputs.push_back(flat);
                }
            }
        }
    }

    /// The shell does what its member wants kept or looked up.
    fn on_event(&mut self, bytes: &[u8]) {
        let event = Event::read(bytes).expect("an event");
        assert_eq!(event.emit(), bytes);
        let mut store = self.store.borrow_mut();
        let answer = match event {
            Event::Keep { number, record } => {
                store.journal.push(record.to_vec());
                store.written.push(record.to_vec());
                Command::Kept { number }.emit()
            }
            Event::Final { height, bytes } => {
                assert_eq!(height as usize, store.blocks.len() + 1, "blocks come in their order");
                store.blocks.push(bytes.to_vec());
                return;
            }
            Event::Fetch { ticket, height } => {
                let bytes = store.blocks.get(height as usize - 1).cloned().unwrap_or_default();
                Command::Give { ticket, bytes: &bytes }.emit()
            }
            Event::Look { ticket, operation } => {
                let mut records = store.journal.iter();
                let found = records.find(|record| record[0] == 4 && record[13..45] == operation).cloned();
                Command::Give { ticket, bytes: &found.unwrap_or_default() }.emit()
            }
            _ => {
                store.events.push((self.now.0, bytes.to_vec()));
                return;
            }
        };
        drop(store);
        let now = self.now;
        self.count(|member| member.handle(now, Input::Command(&answer)));
    }
}

impl Module for Node {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.now = now;
        let input = match input {
            Input::Told(Told::Clock { wall_ms, is_doubtful }) => {
                Input::Told(Told::Clock { wall_ms: wall_ms.saturating_add_signed(self.skew_ms), is_doubtful })
            }
            input => input,
        };
        if let Some(light) = &mut self.light {
            light.handle(now, input);
            return self.drain_light();
        }
        if self.count(|member| member.handle(now, input)).is_none() {
            self.lie(input);
        }
        self.drain();
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        let at = self.outputs.iter().position(|flat| room.has(flat[0]))?;
        self.outputs.remove(at)
    }

    fn wanted_at(&self) -> Instant {
        let light = self.light.as_ref().map(Module::wanted_at);
        light.unwrap_or_else(|| self.member.as_ref().map_or(Instant::NEVER, Member::wanted_at))
    }
}

/// How a town is made.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) voters: usize,
    /// The last so many voters are the enemy's.
    pub(crate) liars: usize,
    pub(crate) persons: usize,
    /// Of the table.
    pub(crate) units: u32,
    pub(crate) weather: Weather,
    /// Clocks are wrong by up to so much.
    pub(crate) skew_ms: i64,
    /// What every member is after it was made.
    pub(crate) make: fn(&Attachment, &Genesis) -> Member,
}

impl Plan {
    pub(crate) fn new(seed: u64, voters: usize, liars: usize) -> Self {
        let make = Member::new;
        Self { seed, voters, liars, persons: 6, units: 384, weather: Weather::FAIR, skew_ms: 0, make }
    }
}

/// A neighbourhood.
pub(crate) struct Town {
    pub(crate) net: Perfect<Node>,
    pub(crate) plan: Plan,
    pub(crate) genesis: Genesis,
    /// The honest ones.
    pub(crate) voters: Vec<Place>,
    pub(crate) liars: Vec<Place>,
    pub(crate) persons: Vec<Place>,
    pub(crate) stores: Vec<Stored>,
    pub(crate) elapsed: u64,
}

pub(crate) const TERMS: Terms =
    Terms { epoch_ms: 10_000, stake: 100, fee: 10, price: 3, mint: 0, units: 384 };

impl Town {
    pub(crate) fn new(plan: Plan) -> Self {
        let mut net = Perfect::new(plan.seed, plan.weather);
        let all = plan.voters + plan.persons;
        let places: Vec<Place> = (0..all).map(|_| net.attach(Port::LEDGER, |_| Node::none())).collect();
        let of = |place: Place| net.attachment(place);
        let mut genesis = Genesis {
            network: of(places[0]).network,
            starts_ms: net.wall_ms(),
            is_test: true,
            is_lax: true,
            terms: Terms { units: plan.units, ..TERMS },
            voters: places[..plan.voters]
                .iter()
                .map(|place| Voter { key: of(*place).key, balance: 50 * CREDIT })
                .collect(),
            accounts: places[plan.voters..]
                .iter()
                .map(|place| (NodeId::of_key(&of(*place).key), 1_000 * CREDIT))
                .collect(),
        };
        genesis.sort();
        genesis.check().expect("a genesis");
        let honest = plan.voters - plan.liars;
        let stores = (0..all).map(|_| Stored::default()).collect();
        let mut town = Self {
            net,
            plan,
            genesis,
            voters: places[..honest].to_vec(),
            liars: places[honest..plan.voters].to_vec(),
            persons: places[plan.voters..].to_vec(),
            stores,
            elapsed: 0,
        };
        for place in town.liars.clone() {
            let (store, genesis) = (town.stores[place.0].clone(), town.genesis.hash());
            town.net.restart(place, |_| Node::liar(store, genesis));
        }
        for place in town.nodes() {
            town.start(place, true);
        }
        town
    }

    /// All who are honest.
    pub(crate) fn nodes(&self) -> Vec<Place> {
        self.voters.iter().chain(&self.persons).copied().collect()
    }

    /// A node starts, or starts again, from its store.
    pub(crate) fn start(&mut self, place: Place, is_new: bool) {
        let (genesis, store) = (self.genesis.clone(), self.stores[place.0].clone());
        let make = self.plan.make;
        let skew = self.plan.skew_ms;
        let skew_ms = if skew == 0 { 0 } else { (place.0 as i64 * 7_919) % (2 * skew + 1) - skew };
        self.net
            .restart(place, |attachment| Node::start(|| make(&attachment, &genesis), store, is_new, skew_ms));
    }

    pub(crate) fn run(&mut self, us: u64) {
        self.elapsed += us;
        self.net.run_for(us);
    }

    /// Until so much of an epoch is over, in thousandths.
    pub(crate) fn run_to(&mut self, part: u64) {
        let at = self.elapsed % EPOCH;
        let wanted = part * EPOCH / 1_000;
        self.run(if wanted > at { wanted - at } else { EPOCH + wanted - at });
    }

    pub(crate) fn member(&self, place: Place) -> &Member {
        self.net.module(place).and_then(|node| node.member.as_ref()).expect("it is there")
    }

    pub(crate) fn ledger(&self, place: Place) -> &Ledger {
        self.member(place).ledger()
    }

    pub(crate) fn height(&self, place: Place) -> u32 {
        self.ledger(place).head().height
    }

    /// An operation of a place's owner, signed.
    pub(crate) fn operation(&self, place: Place, action: Action, sequence: u32) -> Operation {
        let key = self.net.attachment(place).key;
        let mut operation =
            Operation { action, fee: 20, sequence, until: 1_000_000, key, signature: Signature::BLANK };
        operation.signature = self.net.sign(place, &operation.claim(&self.genesis.id()).bytes);
        operation
    }

    pub(crate) fn pay(&self, from: Place, to: Place, amount: u64, sequence: u32) -> Operation {
        self.operation(from, Action::Transfer { to: self.net.id(to), amount }, sequence)
    }

    pub(crate) fn submit(&mut self, place: Place, operation: &Operation) {
        self.net.command(place, &Command::Submit(&operation.emit()).emit());
    }

    /// When the owner of a place heard this of an operation.
    pub(crate) fn heard(&self, place: Place, is_it: impl Fn(&Event<'_>) -> bool) -> Option<u64> {
        let store = self.stores[place.0].borrow();
        let mut events = store.events.iter();
        events.find(|(_, bytes)| is_it(&Event::read(bytes).expect("an event"))).map(|(at, _)| *at)
    }

    pub(crate) fn certified(&self, place: Place, id: Hash) -> Option<u64> {
        self.heard(place, |event| *event == Event::Certified { operation: id })
    }

    pub(crate) fn settled(&self, place: Place, id: Hash) -> Option<u64> {
        self.heard(place, |event| *event == Event::Settled { operation: id })
    }

    pub(crate) fn included(&self, place: Place, id: Hash) -> bool {
        self.heard(place, |event| matches!(event, Event::Included { operation, .. } if *operation == id))
            .is_some()
    }

    pub(crate) fn balance(&self, of: Place, at: Place) -> u64 {
        let account = self.ledger(at).state().units().account(&Key::account(&self.net.id(of)));
        account.map_or(0, |account| account.balance)
    }
}
