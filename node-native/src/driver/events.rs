//! What the engine tells the application: logged, counted, passed on.

use tabmesh_engine::wire::signal::Refusal;
use tabmesh_engine::{Event, LinkId, LinkKind, NodeId};

use super::port::Message;
use super::state::{Driver, Finding};
use crate::addresses::Learnt;
use crate::storage::Met;

impl Driver {
    pub(super) fn on_event(&mut self, event: Event) {
        self.log(&event);
        if matches!(event, Event::Asked { .. }) {
            self.metrics.asked.inc();
        }
        if self.tell_modules(&event) {
            return;
        }
        let Some(event) = self.at_port(event) else { return };
        match &event {
            Event::PeerUp { link, id, kind, address, .. } => {
                self.count_links();
                self.on_proved(*link);
                self.learn(address, *id);
                self.on_linked(*id, *kind);
            }
            Event::PeerDown { id, reason } => {
                self.count_links();
                self.on_unlinked(*id, *reason);
            }
            Event::Ports { id, open } => self.on_ports(*id, open),
            Event::Joined => {
                self.metrics.joined.set(1);
            }
            Event::Offline => {
                self.metrics.joined.set(0);
            }
            Event::DialFailed { id, reason } => {
                self.metrics.dials_failed.inc();
                self.tell_ended_dials(*reason);
                if let Some(id) = id {
                    self.on_unlinked(*id, *reason);
                }
            }
            Event::Found { op, ids, crowded } => {
                if let Some(operation) = self.operations.get_mut(op) {
                    operation.outcome.found.clone_from(ids);
                    operation.outcome.crowded = *crowded;
                }
                if *crowded {
                    self.metrics.crowded.inc();
                }
            }
            Event::Done { op, status, holders } => {
                self.end(*op, *status, |outcome| outcome.holders = *holders);
            }
            Event::Published { from, id, sent_ms, bytes } => self.on_published(*from, *id, *sent_ms, bytes),
            Event::SignalRefused(code) => self.on_signal_refused(*code),
            Event::Said { .. } | Event::Asked { .. } | Event::Replied { .. } | Event::Clock { .. } => {}
        }
        // Nobody has to listen.
        let _ = self.events.send(event);
    }

    /// Takes what is for a port or came back to one; everything else is given back, for whoever listens.
    fn at_port(&mut self, event: Event) -> Option<Event> {
        match event {
            Event::Said { port, is_proven, from, bytes, .. } => {
                self.on_said(port, Message { from, is_proven, bytes: bytes.into() });
            }
            Event::Asked { port, is_proven, kind, from, within_ms, ticket, bytes } => {
                let message = Message { from, is_proven, bytes: bytes.into() };
                self.on_asked((port, kind), message, within_ms, ticket);
            }
            Event::Replied { op, status, is_proven, is_here, bytes } => {
                self.end(op, status, |outcome| {
                    (outcome.is_proven, outcome.is_told) = (is_proven, !is_here);
                    outcome.answer = bytes.into();
                });
            }
            other => return Some(other),
        }
        None
    }

    /// Somebody proved itself on a link: where this node dialled an address, that is a good one.
    fn on_proved(&mut self, link: LinkId) {
        let Some(url) = self.links.get_mut(&link).and_then(|entry| entry.dialled.take()) else { return };
        self.addresses.prove(&url);
        if self.peer_troubles.clear(&url) {
            tracing::info!(%url, "the peer at this address is linked");
        }
        self.storage.remember_peer(Met { url, is_tried: true, instead_of: None });
    }

    fn learn(&mut self, address: &[u8], by: NodeId) {
        if address.is_empty() {
            return;
        }
        let before = self.addresses.count();
        if let Some(Learnt { url, is_tried, instead_of }) = self.addresses.learn(address, by) {
            // Known or new: it was met just now.
            self.storage.remember_peer(Met { url, is_tried, instead_of });
        }
        if self.addresses.count() != before {
            self.findings.push_back(Finding::Addresses(self.addresses.count()));
        }
    }

    fn on_signal_refused(&mut self, code: u8) {
        let reason = match Refusal::from_code(code) {
            Some(Refusal::LowLevel) => {
                "it asks for ids of a higher security level; give this node a higher --level"
            }
            Some(Refusal::Full) => "it is at its limit of connections; name another --signalling",
            Some(Refusal::TooSlow) => {
                "this node was too slow for it; check the network and the load of this host"
            }
            Some(Refusal::Draining) => "it is being stopped",
            Some(Refusal::Replaced) => {
                "another node connected with this node's key; run each with a --data-dir of its own"
            }
            Some(Refusal::OtherServer) => {
                "it does not go by the name in its address; its operator gives it that name by --name"
            }
            Some(Refusal::Malformed | Refusal::BadProof | Refusal::TooLarge | Refusal::OtherVersion)
            | None => "it does not understand this node; use the same version of tabmesh on both ends",
            // About one message; the connection stays.
            Some(refusal @ (Refusal::TooFast | Refusal::NotPresent)) => {
                return tracing::debug!(?refusal, "the signalling server dropped a message");
            }
        };
        self.on_server_failed(self.server, reason);
        self.is_refused = true;
    }

    fn count_links(&self) {
        for (kind, name) in
            [(LinkKind::WebRtc, "webrtc"), (LinkKind::Socket, "websocket"), (LinkKind::Relayed, "relayed")]
        {
            let count = self.node.links().filter(|link| link.kind == kind).count();
            self.metrics.links(name).set(count as i64);
        }
    }

    fn log(&self, event: &Event) {
        match event {
            Event::Joined => tracing::info!(links = self.node.links().count(), "joined the network"),
            Event::Offline => tracing::warn!("the last link is gone; trying to come back"),
            Event::PeerUp { id, kind, profile, .. } => {
                tracing::info!(peer = %short(id), ?kind, ?profile, "a peer is linked");
            }
            Event::PeerDown { id, reason } => tracing::info!(peer = %short(id), ?reason, "a peer is gone"),
            Event::DialFailed { id, reason } => {
                let peer = id.as_ref().map_or_else(|| "at an address".to_owned(), short);
                tracing::debug!(%peer, ?reason, "a link could not be made");
            }
            Event::SignalRefused(_) => {}
            // Only lengths: what peers say to each other is their own, and may be large.
            Event::Said { port, from, bytes, .. } => {
                tracing::debug!(port, from = %short(from), bytes = bytes.len(), "something told");
            }
            Event::Asked { port: 0, kind: 0, from, bytes, .. } => {
                tracing::debug!(from = %short(from), bytes = bytes.len(), "a message");
            }
            Event::Asked { port, from, bytes, .. } => {
                tracing::debug!(port, from = %short(from), bytes = bytes.len(), "a question");
            }
            Event::Published { from, bytes, .. } => {
                tracing::debug!(from = %short(from), bytes = bytes.len(), "a message of a topic");
            }
            Event::Clock { off_by_s: 0 } => tracing::info!("the clock agrees with those of other peers"),
            Event::Clock { off_by_s } => {
                tracing::warn!(
                    off_by_s,
                    "this machine's clock and those of other peers differ by so many seconds (it is ahead, or behind where negative); set it, if it is the wrong one"
                );
            }
            Event::Ports { .. } | Event::Replied { .. } | Event::Found { .. } | Event::Done { .. } => {}
        }
    }
}

/// The first 12 hexadecimal digits of an id: enough to tell nodes apart in a log.
fn short(id: &NodeId) -> String {
    format!("{id:?}")
}
