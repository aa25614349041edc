//! What the engine tells the application: logged, counted, passed on.

use tabmesh_engine::wire::signal::Refusal;
use tabmesh_engine::{Event, LinkId, LinkKind, NodeId};

use super::state::{Driver, Finding};
use crate::addresses::Learnt;
use crate::storage::Met;

impl Driver {
    pub(super) fn on_event(&mut self, event: Event) {
        self.log(&event);
        match &event {
            Event::PeerUp { link, id, address, .. } => {
                self.count_links();
                self.on_proved(*link);
                self.learn(address, *id);
            }
            Event::PeerDown { .. } => self.count_links(),
            Event::Joined => {
                self.metrics.joined.set(1);
            }
            Event::Offline => {
                self.metrics.joined.set(0);
            }
            Event::DialFailed { reason, .. } => {
                self.metrics.dials_failed.inc();
                self.tell_ended_dials(*reason);
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
            Event::Done { op, status, holders } => self.end(*op, *status, *holders),
            Event::Published { from, id, sent_ms, bytes } => self.on_published(*from, *id, *sent_ms, bytes),
            Event::SignalRefused(code) => self.on_signal_refused(*code),
            Event::Message { .. } | Event::Clock { .. } => {}
        }
        // Nobody has to listen.
        let _ = self.events.send(event);
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
            Event::Message { from, bytes } => {
                // Only its length: what peers say to each other is their own, and may be large.
                tracing::debug!(from = %short(from), bytes = bytes.len(), "a message");
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
            Event::Found { .. } | Event::Done { .. } => {}
        }
    }
}

/// The first 12 hexadecimal digits of an id: enough to tell nodes apart in a log.
fn short(id: &NodeId) -> String {
    format!("{id:?}")
}
