//! How things travel: what packets meet on their way, what is cut, who never connects.

use std::collections::{BTreeMap, BTreeSet};

use tabmesh_world::channel::Channel;
use tabmesh_world::dice::Dice;
use tabmesh_world::place::Place;

use super::ids::HostId;

/// What can be turned.
pub(crate) struct Network {
    /// Loss, reordering and jitter. Links are reliable: what happens to a packet is a delay, for all that follows too.
    pub(crate) channel: Channel,
    /// WebRTC pairs of all that never connect: two strict NATs.
    pub(crate) connect_fail: f64,
    /// Pairs, the smaller host first, that never connect by WebRTC.
    pub(crate) blocked: BTreeSet<(HostId, HostId)>,
    /// Hosts that find no address of their own to offer: a TURN server that is not there, say.
    pub(crate) addressless: BTreeSet<HostId>,
    /// Which side of the cut each host is on; hosts not named are on side 0.
    pub(super) sides: BTreeMap<HostId, u32>,
    /// Which side of the cut the signalling server is on; `None` reaches every side.
    pub(crate) server_side: Option<u32>,
    /// How many cuts and heals there were.
    pub(crate) cuts: u32,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            channel: Channel { loss: 0.002, reorder: 0.002, duplicate: 0.0, jitter_us: 2_000.0 },
            connect_fail: 0.0,
            blocked: BTreeSet::new(),
            addressless: BTreeSet::new(),
            sides: BTreeMap::new(),
            server_side: None,
            cuts: 0,
        }
    }
}

impl Network {
    /// How long this packet takes from one place to the other, in microseconds.
    pub(crate) fn travel(&self, length: u32, from: &Place, to: &Place, dice: &mut Dice) -> u64 {
        self.channel.pass(length, from.one_way_us(to), dice).travel_us
    }

    /// Whether no packet passes between the two now.
    pub(crate) fn is_cut(&self, one: HostId, other: HostId) -> bool {
        self.side(one) != self.side(other)
    }

    /// Whether no packet passes between the host and the signalling server now.
    pub(crate) fn is_cut_from_server(&self, host: HostId) -> bool {
        self.server_side.is_some_and(|side| side != self.side(host))
    }

    /// Whether the two can never have a WebRTC link.
    pub(crate) fn is_blocked(&self, one: HostId, other: HostId) -> bool {
        self.blocked.contains(&(one.min(other), one.max(other)))
    }

    fn side(&self, host: HostId) -> u32 {
        self.sides.get(&host).copied().unwrap_or(0)
    }
}
