//! What a test does to the world: hosts come and go, freeze and crash, and get commands.

use std::collections::{BTreeMap, VecDeque};

use tabmesh_engine::wire::topic::HEAD;
use tabmesh_engine::{BlockHash, Config, Event, Instant, LinkId, LinkKind, NodeId, OpId, Output, TopicId};
use tabmesh_world::clock::Clock;
use tabmesh_world::nat::Nat;
use tabmesh_world::place::Place;
use tabmesh_world::time::SECOND;

use super::agenda::Happening;
use super::crypto::KeyPair;
use super::flat::Record;
use super::heap::Heap;
use super::host::{Done, Driver, Host, State, Traffic};
use super::ids::{EndId, HostId};
use super::run::World;
use super::script::Script;
use super::spec::Spec;
use super::stimulus::{LinkNews, Order, Stimulus};
use super::store::Store;

/// The wall clock when the world begins: seconds since 1970, in the year 2026.
const WALL_TIME_S: u64 = 1_780_000_000;

impl World {
    /// Adds a host and starts its engine.
    pub(crate) fn add(&mut self, spec: Spec) -> HostId {
        let host = self.place(spec);
        self.start(host);
        host
    }

    /// Adds `count` hosts, one every `every_ms` milliseconds.
    pub(crate) fn add_many(&mut self, count: usize, every_ms: u64, spec: &Spec) -> Vec<HostId> {
        let add_one = |_| {
            let host = self.add(spec.clone());
            self.run_for(every_ms);
            host
        };
        (0..count).map(add_one).collect()
    }

    /// Adds a host with a puppet in the engine's place.
    pub(crate) fn add_script(&mut self, spec: Spec) -> HostId {
        let host = self.place(spec);
        let machine = &mut self.hosts[host.0];
        machine.state = State::Running;
        machine.driver = Some(Driver::Script(Script::default()));
        host
    }

    /// The puppet of a host that was added with [`World::add_script`].
    pub(crate) fn script(&mut self, host: HostId) -> &mut Script {
        match self.hosts[host.0].driver.as_mut() {
            Some(Driver::Script(script)) => script,
            _ => panic!("host {} has no puppet", host.0),
        }
    }

    /// Makes a puppet do these things now, as one drain.
    pub(crate) fn play(&mut self, host: HostId, outputs: Vec<Output>) {
        self.act(host, outputs, None);
    }

    /// Makes a puppet send these bytes over one of its links as one packet, whatever they are.
    pub(crate) fn play_raw(&mut self, host: HostId, link: LinkId, packet: Vec<u8>) {
        if let Some(end) = self.open_end(host, link) {
            self.transmit(end, packet);
        }
    }

    /// Kills a host: no goodbye, what was not out is lost, jobs that had not ended never happened. Its store stays.
    pub(crate) fn crash(&mut self, host: HostId) {
        let own: Vec<(EndId, LinkKind)> =
            self.ends.iter().filter(|(_, end)| end.host == host).map(|(id, end)| (*id, end.kind)).collect();
        for (end, kind) in own {
            let notice = self.crash_notice(kind);
            self.abandon_end(end, notice);
        }
        self.stop(host);
    }

    /// Starts a host again that crashed or left: same key, same store.
    pub(crate) fn restart(&mut self, host: HostId) {
        if self.hosts[host.0].state != State::Down {
            self.fail(host, "the test restarts a host that runs");
        }
        self.start(host);
    }

    /// Lets a host say goodbye; it stops two seconds later, and its store stays.
    pub(crate) fn leave(&mut self, host: HostId) {
        self.command(host, Order::Leave);
        let life = self.hosts[host.0].life;
        self.at(2 * SECOND, Happening::Gone(host, life));
    }

    /// Freezes a tab: its engine gets no input until [`World::resume`], then all of them at once.
    pub(crate) fn freeze(&mut self, host: HostId) {
        self.hosts[host.0].state = State::Frozen;
    }

    /// Ends a freeze: what waited comes in a burst, then the timer fires if it is due.
    pub(crate) fn resume(&mut self, host: HostId) {
        self.hosts[host.0].state = State::Running;
        for stimulus in std::mem::take(&mut self.hosts[host.0].inbox) {
            self.hand(host, stimulus);
        }
        self.hosts[host.0].wake_at = None;
        self.set_timer(host);
    }

    /// Puts a block into the host's store and asks its engine to place it; the operation and the block's name.
    pub(crate) fn put(&mut self, host: HostId, block: &[u8]) -> (OpId, BlockHash) {
        let hash = Store::name(block);
        self.hosts[host.0].store.store(&hash, block, false);
        let op = self.next_op(host);
        self.command(host, Order::Put(op, hash));
        (op, hash)
    }

    /// Asks the host's engine for a block.
    pub(crate) fn get(&mut self, host: HostId, hash: BlockHash) -> OpId {
        let op = self.next_op(host);
        self.command(host, Order::Get(op, hash));
        op
    }

    /// Asks the host's engine who is closest to `target`.
    pub(crate) fn find(&mut self, host: HostId, target: NodeId) -> OpId {
        let op = self.next_op(host);
        self.command(host, Order::Find(op, target));
        op
    }

    /// Keeps what the host's engine is told, from its next start on.
    pub(crate) fn log(&mut self, host: HostId) {
        let machine = &mut self.hosts[host.0];
        machine.log = Some((machine.spec.config(host, machine.key.public, 0), Vec::new()));
    }

    /// What was kept by [`World::log`].
    pub(crate) fn logged(&mut self, host: HostId) -> (Config, Vec<Record>) {
        self.hosts[host.0].log.take().expect("it was asked to keep a log")
    }

    /// Has the host take part in a topic.
    pub(crate) fn subscribe(&mut self, host: HostId, topic: TopicId) -> OpId {
        let op = self.next_op(host);
        self.command(host, Order::Subscribe(op, topic));
        op
    }

    /// Has the host take part no longer.
    pub(crate) fn unsubscribe(&mut self, host: HostId, topic: TopicId) {
        self.command(host, Order::Unsubscribe(topic));
    }

    /// Has the host publish in a topic.
    pub(crate) fn publish(&mut self, host: HostId, topic: TopicId, bytes: &[u8]) -> OpId {
        let op = self.next_op(host);
        self.command(host, Order::Publish(op, topic, bytes.to_vec()));
        op
    }

    /// What others published, as the host's application heard it: when, by whom, and what.
    pub(crate) fn published(&self, host: HostId) -> Vec<(u64, NodeId, Vec<u8>)> {
        let own = self.host(host).id;
        let heard = |(at, event): &(u64, Event)| match event {
            Event::Published { from, bytes, .. } if *from != own => {
                Some((*at, *from, bytes[HEAD..].to_vec()))
            }
            _ => None,
        };
        self.hosts[host.0].events.iter().filter_map(heard).collect()
    }

    /// Has the host's engine forget an operation.
    pub(crate) fn cancel(&mut self, host: HostId, op: OpId) {
        self.command(host, Order::Cancel(op));
    }

    /// Tells the host's engine that the machine slept.
    pub(crate) fn wake_up(&mut self, host: HostId) {
        self.command(host, Order::Wake);
    }

    /// Tells the host's shell of one more address.
    pub(crate) fn tell_address(&mut self, host: HostId, listener: HostId) {
        self.hosts[host.0].known.push(listener);
        let count = self.hosts[host.0].known.len() as u16;
        self.command(host, Order::Addresses(count));
    }

    /// Waits until an operation ends.
    ///
    /// # Panics
    /// If it does not end within `ms` milliseconds.
    pub(crate) fn wait(&mut self, host: HostId, op: OpId, ms: u64) -> Done {
        if !self.run_until(ms, |world| world.host(host).done(op).is_some()) {
            self.fail(host, &format!("operation {} did not end within {ms} ms", op.0));
        }
        self.hosts[host.0].done[&op.0]
    }

    /// Keeps the packets that a host receives from now on, the first 4,000 of them.
    pub(crate) fn record(&mut self, host: HostId) {
        self.hosts[host.0].recorded = Some(Vec::new());
    }

    /// The packets recorded so far, oldest first.
    pub(crate) fn recorded(&self, host: HostId) -> Vec<Vec<u8>> {
        self.hosts[host.0].recorded.clone().unwrap_or_default()
    }

    /// Hands a packet to a host as if its peer `from` had sent it; `false` if there is no such link.
    pub(crate) fn inject(&mut self, host: HostId, from: NodeId, packet: &[u8]) -> bool {
        let Some(view) = self.hosts[host.0].link_to(from) else { return false };
        let Some(end) = self.open_end(host, view.link) else { return false };
        self.hand(host, Stimulus::Link(end, LinkNews::Bytes(packet.to_vec())));
        true
    }

    /// Breaks the transport of the link between two hosts, at both ends; `false` if there is none.
    pub(crate) fn cut_link(&mut self, host: HostId, peer: HostId) -> bool {
        let Some(view) = self.hosts[host.0].link_to(self.hosts[peer.0].id) else { return false };
        let Some(end) = self.open_end(host, view.link) else { return false };
        let mate = self.ends.get(&end).and_then(|end| end.mate);
        self.lose(end);
        mate.into_iter().for_each(|mate| self.lose(mate));
        true
    }

    /// Looks at a host.
    pub(crate) fn host(&self, host: HostId) -> &Host {
        &self.hosts[host.0]
    }

    /// Turns a host's knobs.
    pub(crate) fn host_mut(&mut self, host: HostId) -> &mut Host {
        &mut self.hosts[host.0]
    }

    /// Every host, dead ones too.
    pub(crate) fn all(&self) -> Vec<HostId> {
        (0..self.hosts.len()).map(HostId).collect()
    }

    /// A number from 0 to `bound` − 1 by the world's chance.
    pub(crate) fn random(&mut self, bound: u64) -> u64 {
        self.dice.below(bound)
    }

    /// A random place in the id space.
    pub(crate) fn random_id(&mut self) -> NodeId {
        NodeId(self.dice.bytes())
    }

    /// The key of somebody who has no host.
    pub(crate) fn stranger(&mut self) -> KeyPair {
        self.make_key(0, false)
    }

    /// Random bytes.
    pub(crate) fn random_bytes(&mut self, length: usize) -> Vec<u8> {
        self.dice.vec(length)
    }

    fn make_key(&mut self, level: u8, exact: bool) -> KeyPair {
        self.keys_made += 1;
        self.signing.make_key(self.seed, self.keys_made, level, exact)
    }

    /// Stops a host whose goodbye is out.
    pub(super) fn gone(&mut self, host: HostId, life: u32) {
        if self.hosts[host.0].life != life || self.hosts[host.0].state == State::Down {
            return;
        }
        let own: Vec<EndId> =
            self.ends.iter().filter(|(_, end)| end.host == host).map(|(id, _)| *id).collect();
        own.into_iter().for_each(|end| self.close_end(end));
        self.stop(host);
    }

    fn place(&mut self, spec: Spec) -> HostId {
        let host = HostId(self.hosts.len());
        let key = self.make_key(spec.own_level, spec.exact);
        let place = Place::draw(&mut self.dice, host.number(), Nat::Open);
        let machine = Host {
            id: NodeId::of_key(&key.public),
            key,
            place: Place { up_rate: spec.up_rate, down_rate: spec.down_rate, ..place },
            clock: Clock { offset_us: self.dice.below(1_000_000 * SECOND), skew_ppm: spec.clock_skew_ppm },
            state: State::Down,
            life: 0,
            driver: None,
            links: BTreeMap::new(),
            links_most: 0,
            session: None,
            signal_arrives: 0,
            inbox: VecDeque::new(),
            deadline: Instant::NEVER,
            wake_at: None,
            hasty: 0,
            store: Store::new(spec.blocks_max),
            job_slowness: 1,
            known: spec.knows.clone(),
            events: Vec::new(),
            done: BTreeMap::new(),
            found: BTreeMap::new(),
            circuits: BTreeMap::new(),
            outgoing: BTreeMap::new(),
            published: BTreeMap::new(),
            ops: 0,
            offers: 0,
            traffic: Traffic::default(),
            heap: Heap::default(),
            lines: VecDeque::new(),
            log: None,
            recorded: None,
            spec,
        };
        self.hosts.push(machine);
        host
    }

    fn start(&mut self, host: HostId) {
        let seed = self.dice.draw();
        let elapsed_s = self.now / SECOND;
        let machine = &mut self.hosts[host.0];
        machine.life += 1;
        machine.state = State::Running;
        let mut config = machine.spec.config(host, machine.key.public, seed);
        config.addresses = machine.known.len() as u16;
        machine.start(&config);
        let wall = (WALL_TIME_S + elapsed_s).saturating_add_signed(machine.spec.wall_offset_s);
        self.hand(host, Stimulus::WallTime(wall));
    }

    fn stop(&mut self, host: HostId) {
        self.close_session(host);
        let machine = &mut self.hosts[host.0];
        machine.state = State::Down;
        machine.life += 1;
        machine.links.clear();
        machine.circuits.clear();
        machine.inbox.clear();
        machine.wake_at = None;
        let kept = machine.stop();
        if kept != 0 {
            self.fail(host, &format!("the engine was dropped and {kept} bytes were not given back"));
        }
    }

    pub(super) fn command(&mut self, host: HostId, order: Order) {
        self.hand(host, Stimulus::Command(order));
    }

    pub(super) fn next_op(&mut self, host: HostId) -> OpId {
        let machine = &mut self.hosts[host.0];
        machine.ops += 1;
        OpId(machine.ops)
    }
}
