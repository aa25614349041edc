//! One end of a link, and what it sends.

use std::collections::VecDeque;

use tabmesh_engine::{LinkId, LinkKind, PublicKey};

use super::ids::{EndId, HostId};
use super::seal::Seal;

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
    pub(crate) remote: Option<Vec<u8>>,
    /// WebRTC: whether the own description is out.
    pub(crate) is_described: bool,
    /// WebRTC: whether this pair will never connect; drawn once.
    pub(crate) is_doomed: bool,
    /// WebSocket: the fresh key that it is sealed with.
    pub(crate) socket_key: Option<PublicKey>,
    /// WebSocket: once both ends have proved themselves.
    pub(crate) seal: Option<Seal>,
    pub(crate) flow: Flow,
}

/// What one end sends.
#[derive(Default)]
pub(crate) struct Flow {
    pub(super) in_flight: VecDeque<Parcel>,
    pub(super) waiting: VecDeque<(u64, u32)>,
    pub(super) queued: u32,
    pub(super) free_at: u64,
    pub(crate) last_arrival: u64,
    pub(super) is_drain_due: bool,
    /// Bytes sent since the engine was told last how much waits.
    pub(super) unreported: u32,
}

/// A packet on its way.
pub(super) struct Parcel {
    pub(super) departs: u64,
    pub(super) arrives: u64,
    /// `None` is the end of the link.
    pub(super) packet: Option<Vec<u8>>,
}

impl Flow {
    /// Bytes that have not left the host at `now`.
    pub(super) fn queued(&mut self, now: u64) -> u32 {
        while let Some((departs, bytes)) = self.waiting.front().copied()
            && departs <= now
        {
            self.waiting.pop_front();
            self.queued -= bytes;
        }
        self.queued
    }

    /// When fewer than `mark` bytes will wait; 0 if that is so already.
    pub(super) fn falls_below(&self, mark: u32) -> u64 {
        let mut queued = self.queued;
        if queued < mark {
            return 0;
        }
        for (departs, bytes) in &self.waiting {
            queued -= bytes;
            if queued < mark {
                return *departs;
            }
        }
        0
    }
}
