//! What all nodes share and none changes while the world runs: where they stand, what is cut, what is stored where.

use tabmesh_engine::{NodeId, Profile, PublicKey, TopicId};
use tabmesh_world::cut::Cut;

use crate::dice::Dice;
use crate::event::NodeNumber;
use crate::library::{Library, Store, Takes};
use crate::model::channel::Channel;
use crate::model::nat::Nat;
use crate::model::place::Place;
use crate::model::{MS, micros};
use crate::scenario::{Lie, Machines, Scenario, Sessions};

/// The network that all nodes are of: the first 8 bytes of SHA-256 of its name, as far as anybody looks.
pub(crate) const NETWORK: [u8; 8] = *b"simulate";

/// What is followed in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Follow {
    /// The lookup of this number, from 0, in the order in which they are given out.
    Lookup(u32),
    /// The node of this number, from 0.
    Node(u32),
}

/// What each node is, by its number.
#[derive(Default)]
struct Crowd {
    places: Vec<Place>,
    profiles: Vec<Profile>,
    lies: Vec<Option<Lie>>,
}

impl Crowd {
    /// Who a scenario's nodes are, and behind them where the signalling server stands.
    fn draw(scenario: &Scenario, seed: u64) -> Self {
        let machines = scenario.machines;
        let mut crowd = Self::default();
        for number in 0..scenario.nodes {
            let mut draws = Dice::new(seed ^ 0x91ace, u64::from(number));
            let profile = match draws.unit() {
                unit if unit <= machines.native_share => Profile::Native,
                unit if unit <= machines.native_share + machines.device_share => Profile::Device,
                _ => Profile::Browser,
            };
            let is_native = profile == Profile::Native;
            let nat = if is_native { Nat::Open } else { Nat::draw(&mut draws) };
            let mut place = Place::draw(&mut draws, number, nat);
            // Whoever shares a NAT shares it with the node before, which may share it with the one before that.
            let share = scenario.network.one_nat_share;
            if let Some(before) = crowd.places.last().filter(|_| !is_native && draws.chance(share)) {
                place = Place { access_us: place.access_us, ..*before };
            }
            let network = &scenario.network;
            place.up_rate = network.up_mbit.map_or(place.up_rate, bytes_a_second);
            place.down_rate = network.down_mbit.map_or(place.down_rate, bytes_a_second);
            let lie = scenario.liars.as_ref().filter(|liars| draws.chance(liars.share) && !is_native);
            crowd.lies.push(lie.map(|liars| liars.lies[draws.below(liars.lies.len() as u64) as usize]));
            crowd.places.push(place);
            crowd.profiles.push(profile);
        }
        crowd.places.push(Place::of_server());
        crowd
    }
}

/// See the module's documentation.
pub(crate) struct Ground {
    pub(crate) seed: u64,
    /// How many nodes; the signalling server has this number.
    pub(crate) nodes: u32,
    /// How many shards they are dealt to.
    pub(crate) shards: u32,
    /// Of every node, and of the server behind them.
    pub(crate) places: Vec<Place>,
    profiles: Vec<Profile>,
    lies: Vec<Option<Lie>>,
    /// The always-on native peers.
    pub(crate) natives: Vec<NodeNumber>,
    pub(crate) machines: Machines,
    pub(crate) sessions: Option<Sessions>,
    pub(crate) channel: Channel,
    /// Bytes a second that one link carries at most.
    pub(crate) link_rate: u64,
    has_nats: bool,
    pub(crate) cut: Cut,
    pub(crate) library: Library,
    /// What each node's store takes; empty where stores never fill.
    takes: Vec<Takes>,
    /// Whether liars put blocks that are none of the library's.
    pub(crate) has_junk: bool,
    /// By how much each node's wall clock is wrong beyond the usual, in seconds.
    clock_errors_s: Vec<i64>,
    /// The topic, and how long what is published in it is.
    pub(crate) topic: TopicId,
    pub(crate) topic_bytes: u32,
    /// When liars begin, and when they stop.
    pub(crate) lies_from_us: u64,
    pub(crate) lies_until_us: u64,
    /// Eclipse: the key whose surroundings liars take, and how many bits of it they grind.
    pub(crate) victim: (NodeId, u32),
    /// The liars that are there, ascending.
    pub(crate) accomplices: Vec<NodeId>,
    /// The keys of the honest that are there, ascending by id.
    pub(crate) keys: Vec<(NodeId, PublicKey)>,
    /// The node to follow, if one.
    pub(crate) followed_node: Option<NodeNumber>,
    /// The lookup to follow: who asks, for what.
    pub(crate) followed_lookup: Option<(NodeId, NodeId)>,
}

impl Ground {
    /// The world of a scenario before anything happened.
    pub(crate) fn new(scenario: &Scenario, seed: u64, shards: u32) -> Self {
        let nodes = scenario.nodes;
        let mut dice = Dice::new(seed, u64::MAX);
        let network = &scenario.network;
        let Crowd { places, profiles, lies } = Crowd::draw(scenario, seed);
        let machines = scenario.machines;
        let natives = (0..nodes).filter(|at| profiles[*at as usize] == Profile::Native).collect();
        let library = scenario
            .blocks
            .map_or_else(Library::default, |blocks| Library::new(seed, blocks.count, blocks.bytes));
        let liars = scenario.liars.as_ref();
        Self {
            seed,
            nodes,
            shards,
            places,
            profiles,
            lies,
            natives,
            machines,
            sessions: scenario.sessions,
            channel: Channel {
                loss: network.loss,
                reorder: network.reorder,
                duplicate: network.duplicate,
                jitter_us: network.jitter_ms * MS as f64,
            },
            link_rate: network.link_mbit.map_or(u64::MAX, |mbit| bytes_a_second(mbit).into()),
            has_nats: network.nat,
            cut: Cut::default(),
            library,
            takes: takes(scenario, seed),
            has_junk: liars.is_some_and(|liars| liars.lies.contains(&Lie::Fill)),
            clock_errors_s: clock_errors(scenario, seed),
            lies_from_us: liars.map_or(0, |liars| micros(liars.from_s)),
            lies_until_us: liars.and_then(|liars| liars.until_s).map_or(u64::MAX, micros),
            victim: (NodeId(dice.bytes()), liars.map_or(0, |liars| liars.near_bits)),
            topic: TopicId(dice.bytes()),
            topic_bytes: scenario.topic.map_or(0, |topic| topic.bytes),
            accomplices: Vec::new(),
            keys: Vec::new(),
            followed_node: None,
            followed_lookup: None,
        }
    }

    /// Where a node stands.
    pub(crate) fn place(&self, node: NodeNumber) -> &Place {
        &self.places[node as usize]
    }

    /// What a node runs on.
    pub(crate) fn profile(&self, node: NodeNumber) -> Profile {
        self.profiles[node as usize]
    }

    /// How a node lies now, if it does.
    pub(crate) fn lies_at(&self, node: NodeNumber, now: u64) -> Option<Lie> {
        self.lie(node).filter(|_| (self.lies_from_us..self.lies_until_us).contains(&now))
    }

    /// Whether the id is of an honest node that is there.
    pub(crate) fn is_honest(&self, id: &NodeId) -> bool {
        self.keys.binary_search_by_key(id, |(known, _)| *known).is_ok()
    }

    /// How a node lies, if it is one that lies at all.
    pub(crate) fn lie(&self, node: NodeNumber) -> Option<Lie> {
        self.lies[node as usize]
    }

    /// An empty store for a node.
    pub(crate) fn new_store(&self, node: NodeNumber) -> Store {
        Store::new(self.takes.get(node as usize).copied().unwrap_or_default())
    }

    /// Whether a node's store takes as much as the others'.
    pub(crate) fn has_room(&self, node: NodeNumber) -> bool {
        let usual = |takes: &Takes| Some(takes) == self.takes.iter().max_by_key(|takes| size(**takes));
        self.takes.get(node as usize).is_none_or(usual)
    }

    /// By how much a node's wall clock is wrong beyond the usual, in seconds.
    pub(crate) fn clock_error_s(&self, node: NodeNumber) -> i64 {
        self.clock_errors_s.get(node as usize).copied().unwrap_or(0)
    }

    /// Time from one node to another without jitter, in microseconds.
    pub(crate) fn one_way_us(&self, from: NodeNumber, to: NodeNumber) -> u64 {
        self.place(from).one_way_us(self.place(to))
    }

    /// Whether nothing passes between the two now.
    pub(crate) fn is_cut(&self, one: NodeNumber, other: NodeNumber) -> bool {
        if one == self.nodes || other == self.nodes {
            return self.cut.is_before_server(one.min(other));
        }
        self.cut.is_between(one, other)
    }

    /// Whether the two can have a direct WebRTC link.
    pub(crate) fn can_connect(&self, one: NodeNumber, other: NodeNumber) -> bool {
        let (one, other) = (self.place(one), self.place(other));
        !self.has_nats || one.site == other.site || one.nat.reaches(other.nat)
    }
}

fn bytes_a_second(mbit: f64) -> u32 {
    (mbit * 125_000.0) as u32
}

fn size(takes: Takes) -> u64 {
    match takes {
        Takes::All => u64::MAX,
        Takes::Blocks(most) => most,
        Takes::Fails => 0,
    }
}

fn takes(scenario: &Scenario, seed: u64) -> Vec<Takes> {
    let Some(stores) = scenario.stores else { return Vec::new() };
    let bytes = u64::from(scenario.blocks.map_or(1, |blocks| blocks.bytes));
    let mut takes = vec![Takes::Blocks(stores.quota_bytes / bytes); scenario.nodes as usize];
    let mut dice = Dice::new(seed, 5 << 40);
    let odd = [Takes::Blocks(stores.small_bytes / bytes), Takes::Fails];
    for (count, odd) in [stores.small, stores.failing].into_iter().zip(odd) {
        for _ in 0..count {
            // Counted before it begins: fewer than there are nodes.
            let usual = |takes: &&mut Takes| **takes == Takes::Blocks(stores.quota_bytes / bytes);
            let left = takes.iter_mut().filter(usual).count() as u64;
            if let Some(one) = takes.iter_mut().filter(usual).nth(dice.below(left) as usize) {
                *one = odd;
            }
        }
    }
    takes
}

fn clock_errors(scenario: &Scenario, seed: u64) -> Vec<i64> {
    let machines = &scenario.machines;
    if machines.wrong_clocks == 0.0 {
        return Vec::new();
    }
    let [least, most] = machines.wrong_by_s.map(u64::from);
    let error = |node: NodeNumber| {
        let mut dice = Dice::new(seed ^ 0xc10c, u64::from(node));
        if !dice.chance(machines.wrong_clocks) {
            return 0;
        }
        let error = (least + dice.below(most - least + 1)) as i64;
        if dice.chance(0.5) { error } else { -error }
    };
    (0..scenario.nodes).map(error).collect()
}
