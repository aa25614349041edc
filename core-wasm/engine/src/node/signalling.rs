//! The signalling server: first contact, and nothing the network would need later.

use super::Node;
use super::jobs::Pending;
use crate::ground::Owner;
use crate::hash::sha256;
use crate::id::{NodeId, Signature};
use crate::io::Profile;
use crate::io::kinds::output;
use crate::limits::LINKS_ENOUGH;
use crate::link::Link;
use crate::time::{Duration, Instant};
use crate::wire::signal::{FLAG_RELAY, FromServer, Refusal, ToServer, proof_bytes};

/// The first wait after a failed connection; doubles up to [`RETRY_MAX_DOUBLINGS`] times.
const RETRY_MS: u64 = 1_000;
const RETRY_MAX_DOUBLINGS: u8 = 6;

/// A node with few links asks to be introduced again after this.
const INTRODUCE_MS: u64 = 10_000;

/// An always-on peer asks now and then all the same, so that two networks behind one server grow together.
const INTRODUCE_RELAY_MS: u64 = 20_000;

/// How far the connection is.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Closed,
    Opening,
    /// The server knows who this is.
    Present,
}

/// The one connection to a signalling server.
#[derive(Default)]
pub(super) struct Signalling {
    state: State,
    due: Instant,
    failures: u8,
}

impl Node {
    fn wants_signalling(&self) -> bool {
        let is_relay = self.ground.config.profile == Profile::Native;
        let is_settled = self.ground.joined && self.ground.links.ready_count() >= LINKS_ENOUGH;
        // Whoever was offered a link this way is answered this way.
        let is_awaited = |link: &Link| link.handshake.as_ref().is_some_and(|handshake| handshake.by_signal);
        let stays = is_relay || !is_settled || self.is_greeter() || self.ground.links.iter().any(is_awaited);
        self.ground.config.signalling && stays
    }

    /// Where no always-on peer is linked, one node stays to meet newcomers: the one closest to the network's name.
    /// Every other node has a link that leads nearer to it.
    fn is_greeter(&self) -> bool {
        if self.ground.links.peers().any(|link| link.profile == Profile::Native) {
            return false;
        }
        let name = NodeId(sha256(&self.ground.config.network));
        self.ground.nearest_linked(&name, 1).contains(&self.ground.id)
    }

    fn relay_flag(&self) -> u8 {
        if self.ground.config.profile == Profile::Native { FLAG_RELAY } else { 0 }
    }

    /// Opens, introduces again, or closes, as is due.
    pub(super) fn on_signal_deadline(&mut self) {
        let wanted = self.wants_signalling();
        match self.signalling.state {
            State::Closed if wanted && self.ground.now >= self.signalling.due => {
                self.set_signalling(State::Opening);
                self.ground.put_kind(output::SIGNAL_OPEN, None);
            }
            State::Present if !wanted => {
                self.set_signalling(State::Closed);
                self.ground.put_kind(output::SIGNAL_CLOSE, None);
            }
            State::Present if self.ground.now >= self.signalling.due => {
                self.introduce_later();
                self.ground.put(output::SIGNAL, 0, 0, &[], ToServer::Introduce.emit());
            }
            _ => {}
        }
        if wanted && self.signalling.state != State::Opening {
            self.ground.arm(self.signalling.due);
        }
    }

    fn introduce_later(&mut self) {
        let few = self.ground.links.ready_count() < LINKS_ENOUGH;
        self.signalling.due = self.ground.about(if few { INTRODUCE_MS } else { INTRODUCE_RELAY_MS });
        self.ground.arm(self.signalling.due);
    }

    fn set_signalling(&mut self, state: State) {
        self.signalling.state = state;
        self.ground.is_introduced = state == State::Present;
    }

    pub(super) fn on_signal_up(&mut self) {}

    pub(super) fn on_signal_down(&mut self) {
        let failures = self.signalling.failures.min(RETRY_MAX_DOUBLINGS);
        self.set_signalling(State::Closed);
        self.signalling.failures = failures + 1;
        self.signalling.due = self.ground.about(RETRY_MS << failures);
        self.ground.arm(self.signalling.due);
    }

    /// The host woke: do not wait out old failures.
    pub(super) fn retry_signalling(&mut self) {
        self.signalling.failures = 0;
        if self.signalling.state == State::Closed {
            self.signalling.due = self.ground.now;
        }
    }

    pub(super) fn on_signal_bytes(&mut self, bytes: &[u8]) {
        match FromServer::parse(bytes) {
            Some(FromServer::Challenge { nonce, .. }) => {
                let bytes = proof_bytes(nonce, &self.ground.config.network, self.relay_flag());
                self.pending.add(self.ground.sign(Owner::Linking, bytes), Pending::Prove);
            }
            Some(FromServer::Welcome { peers }) => {
                self.set_signalling(State::Present);
                self.signalling.failures = 0;
                self.introduce_later();
                if peers.is_empty() && !self.ground.joined && self.ground.links.len() == 0 {
                    // The first one here is the whole network.
                    self.ground.joined = true;
                    self.ground.put_kind(output::JOINED, None);
                }
                for (id, _) in peers {
                    if let Some(contact) = self.ground.contacts.learn(&id) {
                        contact.by_signal = true;
                    }
                    let is_welcome = !self.ground.contacts.is_banned(&id, self.ground.now);
                    if is_welcome && self.ground.links.ready_count() < self.ground.link_budget() {
                        self.ground.dial(&id);
                    }
                }
            }
            Some(FromServer::Deliver { envelope, .. }) => self.on_envelope(envelope, None),
            Some(FromServer::Refused { refusal: Refusal::NotPresent, about }) => {
                // It left between its introduction and our offer.
                let dial = self
                    .ground
                    .links
                    .find(&|link| link.peer == *about && link.dialled && link.handshake.is_some());
                if let Some(link) = dial.map(|link| link.id) {
                    self.drop_link(link, crate::status::Reason::Lost, true);
                }
            }
            Some(FromServer::Refused { refusal: Refusal::TooFast, .. }) => {}
            Some(FromServer::Refused { refusal, .. }) => {
                self.ground.put_plain(output::SIGNAL_REFUSED, 0, refusal as u32, &[]);
            }
            None => {
                // Not a signalling server, or one of another version.
                self.ground.put_kind(output::SIGNAL_CLOSE, None);
                self.on_signal_down();
            }
        }
    }

    pub(super) fn on_signal_proof(&mut self, signature: &Signature) {
        let message = ToServer::Prove {
            flags: self.relay_flag(),
            network: &self.ground.config.network,
            key: &self.ground.config.key,
            signature,
        };
        let bytes = message.emit();
        self.ground.put(output::SIGNAL, 0, 0, &[], bytes);
    }

    pub(super) fn close_signalling(&mut self) {
        if self.signalling.state != State::Closed {
            self.set_signalling(State::Closed);
            self.ground.put_kind(output::SIGNAL_CLOSE, None);
        }
        self.signalling.due = self.ground.now + Duration::from_ms(1);
    }
}
