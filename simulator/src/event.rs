//! What can happen to a node, and when.

use tabmesh_engine::{JobId, LinkId, NodeId, OpId, Work};
use tabmesh_seat::Demand;
use tabmesh_world::server::Signal;

use crate::queue::Timed;

/// A node's number, from 0; the signalling server's is one more than the last node's.
pub(crate) type NodeNumber = u32;

/// One end of a link, in its node: never the same twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct EndId(pub(crate) u32);

/// One thing that happens to one node.
pub(crate) struct Event {
    /// When, in microseconds of virtual time.
    pub(crate) at: u64,
    /// Who caused it in the upper half, how many things that one had caused before in the lower: no two events share
    /// it, so the order at one node does not depend on which thread brought them.
    pub(crate) cause: u64,
    /// To whom.
    pub(crate) to: NodeNumber,
    pub(crate) what: What,
}

impl Timed for Event {
    fn key(&self) -> (u64, u64) {
        (self.at, self.cause)
    }
}

impl Event {
    /// Who caused it.
    pub(crate) fn from(&self) -> NodeNumber {
        (self.cause >> 32) as u32
    }
}

/// See [`Event`].
pub(crate) enum What {
    /// The timer of the engine's deadline.
    Timer,
    /// A packet for an end of this node.
    Packet { end: EndId, bytes: Vec<u8> },
    /// The same, once it has come through the downlink.
    Whole { end: EndId, bytes: Vec<u8> },
    /// A job of the engine's is done; void in another life.
    Job { life: u32, job: JobId, work: Box<Work> },
    /// The own description of an end is ready.
    Gathered(EndId),
    /// An end has been opening for too long.
    GiveUp(EndId),
    /// The queue of an end may have fallen below the mark.
    Drained(EndId),
    /// WebRTC: the other end knows this one and checks connectivity.
    Check { end: EndId, from: EndId },
    /// WebRTC: the check came back.
    Checked { end: EndId, from: EndId },
    /// The transport is through.
    Up(EndId),
    /// The other end closed, or its host is gone.
    Hangup(EndId),
    /// An end has been cut off for as long as its transport bears; void after another cut or heal.
    CutOff { end: EndId, cut: u32 },
    /// WebSocket: somebody dials this node.
    Knock { from: EndId },
    /// WebSocket: the listener took it.
    Taken { end: EndId, by: EndId },
    /// A circuit of this node: its link, its number, what is new.
    Circuit(Box<(LinkId, u32, CircuitNews)>),
    /// WebSocket: the fresh key of an end is made.
    Keyed(EndId),
    /// For or from the signalling server.
    Signal(Signal),
    /// The application wants something; void in another life.
    Order(Box<Order>),
    /// A job of a module's is done; void in another life.
    Work { life: u32, work: Box<Demand> },
    /// The node comes to be.
    Start,
    /// The node goes: without a word, or saying goodbye. Void in another life.
    Depart { life: u32, silent: bool },
    /// A liar does what it does by itself.
    Attack(Box<Attack>),
    /// The tab stops for so many microseconds.
    Freeze { for_us: u64 },
    /// The tab goes on.
    Thaw,
}

/// What a shell's cryptography is done with.
pub(crate) enum CircuitNews {
    /// A fresh key's public half.
    Described(Vec<u8>),
    /// Both keys are there.
    Up,
    /// A frame is sealed.
    Sealed(Vec<u8>),
    /// A frame is open.
    Opened(Vec<u8>),
    /// A frame did not open.
    Down,
}

impl What {
    /// What the application of a life asks for, by the number `op`.
    pub(crate) fn order(life: u32, op: OpId, wish: Wish) -> Self {
        Self::Order(Box::new(Order { life, op, wish }))
    }
}

/// What an application asks for.
pub(crate) struct Order {
    /// In which life.
    pub(crate) life: u32,
    pub(crate) op: OpId,
    pub(crate) wish: Wish,
}

/// What a liar is told for one attack: what it could have learnt by listening.
#[derive(Clone, Default)]
pub(crate) struct Attack {
    /// Bounce: a path back and forth between the peer that is named first and another.
    pub(crate) path: Vec<u8>,
    /// Relay: the native peers; the first two are to be stood between.
    pub(crate) between: Vec<(NodeNumber, NodeId)>,
    /// Honest ids, by chance.
    pub(crate) names: Vec<NodeId>,
    /// Places of messages that were heard not long ago, as they are asked for, 12 bytes each.
    pub(crate) messages: Vec<u8>,
}

/// See [`Order`].
#[derive(Clone, Copy)]
pub(crate) enum Wish {
    /// Find the nodes closest to an id.
    Find(NodeId),
    /// Put the block of this number into the own store and onto its holders.
    Put(u32),
    /// Get the block of this number.
    Get(u32),
    /// Drop the block of this number from the own store, unless it is held for others.
    Drop(u32),
    /// Take part in the topic.
    Subscribe,
    /// Publish the payload of this number in the topic.
    Publish(u32),
    /// Publish so many payloads from this number on, one after another.
    Burst { first: u32, count: u32 },
    /// Go on with them.
    GoOn,
}

/// What the conductor hears of a node.
pub(crate) struct Note {
    pub(crate) at: u64,
    pub(crate) node: NodeNumber,
    pub(crate) life: u32,
    pub(crate) news: News,
}

/// See [`Note`].
pub(crate) enum News {
    /// A newcomer.
    Born(NodeId),
    /// It is part of the network.
    Joined,
    /// It is not, any more.
    Offline,
    /// It is gone.
    Left,
    /// An operation found these nodes, nearest first.
    Found { op: OpId, ids: Vec<NodeId>, crowded: bool },
    /// An operation ended.
    Done { op: OpId, status: tabmesh_engine::Status, holders: u8 },
    /// Its application begins to publish the payload of this number, one of a burst.
    Says(u32),
    /// The engine took it, or refused it until the application gave up.
    Said { number: u32, status: tabmesh_engine::Status },
    /// Its application heard a message: the payload's number, unless nobody can have published it.
    Heard { number: Option<u32>, from: NodeId, place: [u8; 12] },
}
