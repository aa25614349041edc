//! The signalling server: first contact, and nothing the network would need later.

use alloc::vec::Vec;

use super::dial::on_envelope;
use crate::ground::{Ground, What};
use crate::hash::sha256;
use crate::id::{NodeId, Signature};
use crate::io::Profile;
use crate::io::kinds::output;
use crate::limits::{LINKS_ENOUGH, SERVER_NAME_MAX};
use crate::link::{Link, Stage};
use crate::list::copied;
use crate::status::Reason;
use crate::time::{Duration, Instant};
use crate::wire::signal::{FLAG_RELAY, FromServer, Refusal, ToServer, proof_bytes};

/// The first wait after a failed connection; doubles up to [`RETRY_MAX_DOUBLINGS`] times.
const RETRY_MS: u64 = 1_000;
const RETRY_MAX_DOUBLINGS: u8 = 6;

/// A node with few links asks to be introduced again after this.
const INTRODUCE_MS: u64 = 10_000;

/// An always-on peer asks now and then all the same, so that two networks behind one server grow together.
const INTRODUCE_RELAY_MS: u64 = 20_000;

/// Tabs that stay at the server: at most one for each value of so many bits; one in some dozens of nodes before that.
const GREETER_BITS_MAX: u32 = 6;

/// How far the connection is.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Closed,
    Opening,
    /// The server knows who this is.
    Present,
}

/// What links that are being made need beside their handshakes: the one connection to a signalling server.
#[derive(Default)]
pub(crate) struct Linking {
    state: State,
    due: Instant,
    failures: u8,
    /// The server's host name as the shell dialled it: the proof is for it alone.
    server: Vec<u8>,
}

impl Linking {
    /// Opens, introduces again, or closes, as is due.
    pub(crate) fn on_signal_deadline(&mut self, ground: &mut Ground) {
        let wanted = wants_signalling(ground);
        match self.state {
            State::Closed if wanted && ground.now >= self.due => {
                self.set_signalling(ground, State::Opening);
                ground.put_kind(output::SIGNAL_OPEN, None);
            }
            State::Present if !wanted => {
                self.set_signalling(ground, State::Closed);
                ground.put_kind(output::SIGNAL_CLOSE, None);
            }
            State::Present if ground.now >= self.due => {
                self.introduce_later(ground);
                ground.put(output::SIGNAL, 0, 0, &[], ToServer::Introduce.emit());
            }
            _ => {}
        }
        if wanted && self.state != State::Opening {
            ground.arm(self.due);
        }
    }

    fn introduce_later(&mut self, ground: &mut Ground) {
        let few = ground.links.ready_count() < LINKS_ENOUGH;
        self.due = ground.about(if few { INTRODUCE_MS } else { INTRODUCE_RELAY_MS });
        ground.arm(self.due);
    }

    fn set_signalling(&mut self, ground: &mut Ground, state: State) {
        self.state = state;
        ground.is_introduced = state == State::Present;
    }

    pub(crate) fn on_signal_up(&mut self, server: &[u8]) {
        self.server = copied(server.get(..SERVER_NAME_MAX).unwrap_or(server));
    }

    pub(crate) fn on_signal_down(&mut self, ground: &mut Ground) {
        let failures = self.failures.min(RETRY_MAX_DOUBLINGS);
        self.set_signalling(ground, State::Closed);
        self.failures = failures + 1;
        self.due = ground.about(RETRY_MS << failures);
        ground.arm(self.due);
    }

    /// The host woke: do not wait out old failures.
    pub(crate) fn retry_signalling(&mut self, ground: &Ground) {
        self.failures = 0;
        if self.state == State::Closed {
            self.due = ground.now;
        }
    }

    pub(crate) fn on_signal_bytes(&mut self, ground: &mut Ground, bytes: &[u8]) {
        match FromServer::parse(bytes) {
            Some(FromServer::Challenge { .. }) if ground.count_jobs(&|job| job.what == What::Prove) > 0 => {}
            Some(FromServer::Challenge { nonce, .. }) => {
                let flags = relay_flag(ground);
                let bytes = proof_bytes(nonce, &ground.config.network, flags, &self.server);
                ground.sign(What::Prove, None, bytes);
            }
            Some(FromServer::Welcome { peers }) => {
                self.set_signalling(ground, State::Present);
                self.failures = 0;
                self.introduce_later(ground);
                if peers.is_empty() && !ground.joined && ground.links.len() == 0 {
                    // The first one here is the whole network.
                    ground.joined = true;
                    ground.put_kind(output::JOINED, None);
                }
                for (id, _) in &peers {
                    if ground.bans.hold(id, ground.now) {
                        continue;
                    }
                    if let Some(contact) = ground.contacts.learn(id) {
                        contact.by_signal = true;
                        contact.is_vouched = true;
                    }
                    if ground.links.ready_count() < ground.link_budget() {
                        ground.dial(id);
                    }
                }
            }
            Some(FromServer::Deliver { envelope, .. }) => on_envelope(ground, envelope, None, None),
            Some(FromServer::Refused { refusal: Refusal::NotPresent, about }) => {
                // It left between its introduction and our offer.
                let goes_by_it = |link: &Link| link.handshake.as_ref().is_some_and(|shake| shake.by_signal);
                let dial = ground.links.find(&|link| link.peer == *about && link.dialled && goes_by_it(link));
                if let Some(link) = dial.map(|link| link.id) {
                    ground.end(link, Reason::Lost);
                }
            }
            Some(FromServer::Refused { refusal: Refusal::TooFast, .. }) => {}
            Some(FromServer::Refused { refusal, .. }) => {
                ground.put_plain(output::SIGNAL_REFUSED, 0, refusal as u32, &[]);
            }
            None => {
                // Not a signalling server, or one of another version.
                ground.put_kind(output::SIGNAL_CLOSE, None);
                self.on_signal_down(ground);
            }
        }
    }

    pub(super) fn on_signal_proof(&mut self, ground: &mut Ground, signature: &Signature) {
        let message = ToServer::Prove {
            flags: relay_flag(ground),
            network: &ground.config.network,
            key: &ground.config.key,
            signature,
        };
        let bytes = message.emit();
        ground.put(output::SIGNAL, 0, 0, &[], bytes);
    }

    pub(crate) fn close_signalling(&mut self, ground: &mut Ground) {
        if self.state != State::Closed {
            self.set_signalling(ground, State::Closed);
            ground.put_kind(output::SIGNAL_CLOSE, None);
        }
        self.due = ground.now + Duration::from_ms(1);
    }
}

fn wants_signalling(ground: &Ground) -> bool {
    let is_relay = ground.profile() == Profile::Native;
    let is_settled = ground.joined && ground.links.ready_count() >= LINKS_ENOUGH;
    // Whoever was offered a link this way is answered this way.
    let is_awaited = |link: &Link| link.handshake.as_ref().is_some_and(|handshake| handshake.by_signal);
    let stays = is_relay || !is_settled || is_greeter(ground) || ground.links.find(&is_awaited).is_some();
    ground.config.signalling && stays
}

/// Where no always-on peer is linked, some nodes stay to meet newcomers: in each part of the id space, of at most 64, the one closest
/// to the network's name, but for the bits that the part has in common. Every other node of the part has a link that leads nearer to it.
/// They lie apart, so that a newcomer is near one of them, and so many that some are left where most leave at once.
fn is_greeter(ground: &Ground) -> bool {
    let mut place = NodeId(sha256(&ground.config.network));
    let bits = ground.depth_hint.saturating_sub(1).min(GREETER_BITS_MAX);
    let below = u8::MAX >> bits;
    place.0[0] = place.0[0] & below | ground.id.0[0] & !below;
    let is_better = |link: &Link| {
        link.stage == Stage::Ready
            && (link.profile == Profile::Native || link.peer.is_nearer(&ground.id, &place))
    };
    ground.links.find(&is_better).is_none()
}

fn relay_flag(ground: &Ground) -> u8 {
    if ground.profile() == Profile::Native { FLAG_RELAY } else { 0 }
}
