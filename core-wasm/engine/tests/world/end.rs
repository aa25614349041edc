//! One end of a link, and what it sends.

use std::collections::VecDeque;

use tabmesh_engine::{LinkId, LinkKind};
use tabmesh_world::line::Line;
use tabmesh_world::seal::Seal;

use super::ids::{EndId, HostId};

/// How far an end has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// The engine waits for `LinkUp` or `LinkDown`.
    Opening,
    /// Messages may flow.
    Open,
    /// The engine closed it, or its host is gone; only what was sent still travels.
    Closed,
}

/// One end of a link.
pub(crate) struct End {
    pub(crate) host: HostId,
    /// The engine's number; `None` while an incoming WebSocket waits for its answer.
    pub(crate) link: Option<LinkId>,
    pub(crate) kind: LinkKind,
    pub(crate) stage: Stage,
    /// The other end, once there is one.
    pub(crate) mate: Option<EndId>,
    /// WebRTC: what the other end said it is.
    pub(crate) remote: Option<(HostId, EndId)>,
    /// WebRTC: whether the own description is out.
    pub(crate) is_described: bool,
    /// WebRTC: whether this pair will never connect; drawn once.
    pub(crate) is_doomed: bool,
    /// WebSocket: what it is sealed with, once both ends have proved themselves.
    pub(crate) seal: Option<Seal>,
    /// What it sends.
    pub(crate) line: Line,
    pub(super) in_flight: VecDeque<Parcel>,
}

/// A packet on its way.
pub(super) struct Parcel {
    pub(super) departs: u64,
    pub(super) arrives: u64,
    /// `None` is the end of the link.
    pub(super) packet: Option<Vec<u8>>,
}

impl End {
    /// Bytes that have not left the host at `now`.
    pub(super) fn queued(&self, now: u64) -> usize {
        let waiting = self.in_flight.iter().rev().take_while(|parcel| parcel.departs > now);
        waiting.filter_map(|parcel| parcel.packet.as_ref()).map(Vec::len).sum()
    }
}
