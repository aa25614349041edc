//! How things travel: where hosts stand, how long a packet takes, what is cut.

use std::collections::{BTreeMap, BTreeSet};

use super::ids::HostId;
use super::rng::Rng;
use super::time::MS;

/// How many regions there are.
pub(crate) const REGIONS: usize = 6;

/// One way in milliseconds between the backbones of West Europe, East and West North America, East Asia, India and South
/// America: about half of the usual round trips between data centres there.
const BACKBONE_MS: [[u64; REGIONS]; REGIONS] = [
    [8, 40, 70, 110, 60, 95],
    [40, 10, 32, 85, 100, 60],
    [70, 32, 8, 55, 110, 88],
    [110, 85, 55, 15, 60, 140],
    [60, 100, 110, 60, 12, 150],
    [95, 60, 88, 140, 150, 15],
];

/// What can be turned.
pub(crate) struct Network {
    /// The most by which a packet comes later than the one before took, in microseconds.
    pub(crate) jitter_us: u64,
    /// Packets of a thousand that are lost once. Links are reliable: a loss is a delay, for all that follows too.
    pub(crate) loss_permille: u64,
    /// Packets of a thousand that take up to 300 ms longer, so that links overtake each other.
    pub(crate) reorder_permille: u64,
    /// WebRTC pairs of a thousand that never connect: two strict NATs.
    pub(crate) connect_fail_permille: u64,
    /// Pairs, the smaller host first, that never connect by WebRTC.
    pub(crate) blocked: BTreeSet<(HostId, HostId)>,
    /// Hosts that find no address of their own to offer: a TURN server that is not there, say.
    pub(crate) addressless: BTreeSet<HostId>,
    /// After how long of silence a cut WebRTC link is given up by the transport (ICE consent, RFC 7675), in µs.
    pub(crate) consent_us: u64,
    /// After how long of silence a cut WebSocket is given up by the transport, in µs.
    pub(crate) socket_silence_us: u64,
    /// After how long an opening link is given up by the shell, in µs.
    pub(crate) opening_us: u64,
    /// Which side of the cut each host is on; hosts not named are on side 0.
    pub(super) sides: BTreeMap<HostId, u32>,
    /// Which side of the cut the signalling server is on; `None` reaches every side.
    pub(crate) server_side: Option<u32>,
    /// How many cuts and heals there were.
    pub(crate) cuts: u32,
}

/// Where a host stands.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Below [`REGIONS`].
    pub(crate) region: u8,
    /// From the host to its region's backbone, one way, in microseconds.
    pub(crate) access_us: u64,
}

/// Where the signalling server stands.
pub(crate) const SERVER_PLACE: Place = Place { region: 0, access_us: MS };

impl Default for Network {
    fn default() -> Self {
        Self {
            jitter_us: 4 * MS,
            loss_permille: 2,
            reorder_permille: 2,
            connect_fail_permille: 0,
            blocked: BTreeSet::new(),
            addressless: BTreeSet::new(),
            consent_us: 25_000 * MS,
            socket_silence_us: 60_000 * MS,
            opening_us: 30_000 * MS,
            sides: BTreeMap::new(),
            server_side: None,
            cuts: 0,
        }
    }
}

impl Network {
    /// How long a packet takes from one place to the other, without jitter, in microseconds.
    pub(crate) fn one_way(&self, from: Place, to: Place) -> u64 {
        let backbone = BACKBONE_MS[usize::from(from.region)][usize::from(to.region)] * MS;
        backbone + from.access_us + to.access_us
    }

    /// How long this packet takes from one place to the other, in microseconds.
    pub(crate) fn travel(&self, from: Place, to: Place, rng: &mut Rng) -> u64 {
        let one_way = self.one_way(from, to);
        let mut time = one_way + rng.below(self.jitter_us + 1);
        if rng.chance(self.loss_permille) {
            // Noticed after a round trip and sent again, but not before the shortest time-out of SCTP and TCP.
            time += (3 * one_way).max(200 * MS);
        }
        if rng.chance(self.reorder_permille) {
            time += rng.below(300 * MS);
        }
        time
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
