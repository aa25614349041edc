//! How things travel: what packets meet on their way, what is cut, who never connects.

use std::collections::BTreeSet;

use tabmesh_world::channel::Channel;
use tabmesh_world::cut::Cut;
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
    /// Who reaches whom no more.
    pub(crate) cut: Cut,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            channel: Channel { loss: 0.002, reorder: 0.002, duplicate: 0.0, jitter_us: 2_000.0 },
            connect_fail: 0.0,
            blocked: BTreeSet::new(),
            addressless: BTreeSet::new(),
            cut: Cut::default(),
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
        self.cut.is_between(one.number(), other.number())
    }

    /// Whether no packet passes between the host and the signalling server now.
    pub(crate) fn is_cut_from_server(&self, host: HostId) -> bool {
        self.cut.is_before_server(host.number())
    }

    /// Whether the two can never have a WebRTC link.
    pub(crate) fn is_blocked(&self, one: HostId, other: HostId) -> bool {
        self.blocked.contains(&(one.min(other), one.max(other)))
    }
}
