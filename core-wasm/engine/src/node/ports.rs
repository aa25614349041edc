//! What modules want of the overlay, and what comes for them.

use alloc::vec::Vec;

use super::Node;
use crate::ground::{IS_HERE, IS_PROVEN};
use crate::id::NodeId;
use crate::io::kinds::output;
use crate::io::{LISTS, LinkId, OpId};
use crate::limits::{HELD_MAX, MESSAGE_MAX, TELL_MAX, WITHIN_MS_MAX};
use crate::link::ReplyTo;
use crate::list::copied;
use crate::ports::bounded;
use crate::requests::{Ask, within_bounds};
use crate::status::Status;
use crate::time::Duration;
use crate::wire::Reader;
use crate::wire::frame::{Body, ENTRY, Routed, Said};

impl Node {
    /// Tells a module of another node something. What is too long, or said at a port that is not open, goes nowhere.
    pub(super) fn tell(&mut self, port: u32, to: &NodeId, bytes: &[u8]) {
        if let Some(version) = self.ports.version(port)
            && bytes.len() <= TELL_MAX
        {
            let said = Said { port, version, kind: 0, within_ms: 0, bytes };
            self.ground.send_request(0, to, true, 0, &Body::Port(said), &[]);
        }
    }

    pub(super) fn ask(&mut self, op: OpId, to: &NodeId, port: u32, within_ms: u32, length: u32, kind: u8) {
        if port == LISTS && self.ground.next_hop(to, &self.ground.id, &[], false).is_none() {
            // Nobody is nearer: the list is here.
            let own = ReplyTo { origin: self.ground.id, request: 0, path: Vec::new() };
            let (status, all) = self.lists.visit(&self.ground, &own, to, kind != 0);
            return self.ground.replied(op, status, IS_PROVEN, if kind != 0 { &[] } else { &all });
        }
        let version = if port == LISTS { Some(0) } else { self.ports.version(port) };
        let refusal = match version {
            None => Status::NotImplemented,
            Some(_) => Status::BadRequest,
        };
        let Some(version) = version.filter(|_| length <= MESSAGE_MAX as u32) else {
            return self.ground.replied(op, refusal, IS_HERE, &[]);
        };
        let within = Duration::from_ms(within_ms.min(WITHIN_MS_MAX).into());
        let ask = Ask { op, port, version, kind, length: length as u16 };
        self.requests.ask(&mut self.ground, to, ask, within);
    }

    /// A module answers. What is too long for an answer ends the question as a bad request.
    pub(super) fn reply(&mut self, status: Status, bytes: &[u8]) {
        let mut reader = Reader::new(bytes);
        let origin = *reader.id();
        let (_within_ms, request) = (reader.u32(), reader.u32());
        let entries = usize::from(reader.u8());
        let path = copied(reader.bytes(entries * ENTRY));
        let (status, bytes) = within_bounds(status, reader.rest());
        if reader.intact().is_none() {
            return;
        }
        let to = ReplyTo { origin, request, path };
        if to.path.is_empty() {
            self.requests.on_answered(&mut self.ground, None, request, &to.origin, status, bytes);
        } else {
            self.ground.answer(&to, status, bytes);
        }
    }

    /// Links to these are kept.
    pub(super) fn hold(&mut self, ids: &[NodeId]) {
        let most = self.ground.profile_limit(&HELD_MAX);
        self.ground.held = copied(NodeId::list_bytes(ids.get(..most).unwrap_or(ids)));
        self.ground.maintain_within(Duration(0));
    }

    /// Something came for a module of this node.
    pub(super) fn on_said(&mut self, from: &ReplyTo, routed: &Routed<'_>, said: &Said<'_>) {
        let is_told = said.within_ms == 0;
        let most = if is_told { TELL_MAX } else { MESSAGE_MAX };
        let version = self.ports.version(said.port);
        let (status, spoken) = match version {
            _ if *routed.target != self.ground.id || said.bytes.len() > most => (Status::BadRequest, 0),
            None => (Status::NotImplemented, 0),
            Some(version) if version != said.version => (Status::VersionNotSupported, version),
            Some(_) => return self.ground.hand_over(from, said),
        };
        if !is_told {
            let spoken = [spoken];
            self.ground.answer(from, status, if version.is_some() { &spoken } else { &[] });
        }
    }

    /// A peer told which ports are open at it.
    pub(super) fn on_ports(&mut self, link: LinkId, peer: &NodeId, again: bool, open: &[u8]) {
        if !self.ground.brings(Some(link)) {
            return;
        }
        self.ground.put_copy(output::PORTS, 0, &peer.0, bounded(open));
        if again {
            self.ports.tell(&mut self.ground, link, false);
        }
    }
}
