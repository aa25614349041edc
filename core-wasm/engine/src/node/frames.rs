//! Packets and frames: what comes over links, what goes out over them, and when a link ends.

use alloc::vec::Vec;

use super::Node;
use crate::coordinate::Coordinate;
use crate::id::NodeId;
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind, Profile};
use crate::limits::{PACKET_MAX, STORES_MAX};
use crate::link::{Link, Stage};
use crate::status::Reason;
use crate::time::{Duration, Instant, Stamp};
use crate::wire::Reader;
use crate::wire::frame::{BULK_MIN, Frame, split};

/// A link on which nothing was heard for so long is probed.
const PROBE_AFTER: Duration = Duration::from_ms(10_000);

/// The same where a request is sent on by it.
const PROBE_IN_USE: Duration = Duration::from_ms(2_500);

/// A probe is waited for at least so long.
const PROBE_PATIENCE: Duration = Duration::from_ms(1_000);

/// Probes missed at which the link closes.
const PROBES_MAX: u8 = 3;

/// A link that was shed is heard for so long: longer than nearly every packet takes.
const LAST_WORDS: Duration = Duration::from_ms(2_000);

impl Node {
    pub(super) fn on_packet(&mut self, id: LinkId, packet: &[u8]) {
        let mut reader = Reader::new(packet);
        if packet.len() > PACKET_MAX {
            return self.drop_link(id, Reason::Malformed, true);
        }
        let is_closing = self.closing.is_some_and(|(link, _)| link == id);
        loop {
            let Some(frame) = split(&mut reader) else {
                return self.drop_link(id, Reason::Malformed, true);
            };
            let Some(frame) = frame else { return };
            let now = self.now;
            // A frame may close its own link; what follows it is then nobody's.
            if let Some(link) = self.links.get_mut(id) {
                link.heard = Stamp::of(now);
                link.missed = 0;
                if !link.flow.received(now, frame.len(), frame.len() > BULK_MIN) {
                    return self.drop_link(id, Reason::Flood, true);
                }
            } else if !is_closing {
                return;
            }
            if let Err(reason) = self.on_frame(id, frame) {
                return self.drop_link(id, reason, true);
            }
            if frame.len() > BULK_MIN {
                self.bulk_heard = self.now;
                self.grant_credit();
            }
        }
    }

    /// Closes a link now, or a little `later`: until then what its peer had sent is heard, and what was sent arrives.
    #[inline(never)]
    fn close(&mut self, id: LinkId, later: bool) {
        if later {
            self.close_shed(Instant::NEVER);
            self.closing = Some((id, self.now + LAST_WORDS));
        } else {
            self.put_kind(output::CLOSE, Some(id));
        }
    }

    /// Closes the link that was shed last, if it is time.
    pub(super) fn close_shed(&mut self, now: Instant) {
        if let Some((link, until)) = self.closing
            && now >= until
        {
            self.closing = None;
            self.put_kind(output::CLOSE, Some(link));
        }
    }

    fn on_frame(&mut self, id: LinkId, bytes: &[u8]) -> Result<(), Reason> {
        let frame = Frame::parse(bytes).ok_or(Reason::Malformed)?;
        let Some(link) = self.links.get_mut(id) else {
            // What the peer had sent before it heard that the link was shed; messages of others may be among it.
            return if let Frame::Routed(routed) = frame { self.on_routed(id, routed) } else { Ok(()) };
        };
        let (stage, peer) = (link.stage, link.peer);
        match (stage, frame) {
            (_, Frame::Bye(reason)) => {
                self.drop_link(id, reason, false);
                self.close(id, reason == Reason::Shed);
            }
            (Stage::Proving, Frame::Hello(hello)) => return self.on_hello(id, &hello),
            (Stage::Proving, Frame::Proof(signature)) => return self.on_proof(id, signature),
            (Stage::Proving, Frame::Welcome) => self.on_welcome(id),
            (Stage::Ready, Frame::Ping(number)) => self.send(id, &Frame::Pong { number, at: self.at }),
            (Stage::Ready, Frame::Pong { number, at }) => self.on_pong(id, number, at),
            (Stage::Ready, Frame::Credit(bytes)) => link.flow.granted(bytes),
            (Stage::Ready, Frame::Gossip { ties, joined, left }) => {
                link.ties = ties;
                self.on_gossip(id, joined, left);
            }
            (Stage::Ready, Frame::Routed(routed)) => return self.on_routed(id, routed),
            (Stage::Ready, Frame::Digest(sums)) => self.on_digest(id, &peer, sums),
            (Stage::Ready, Frame::Differ { mask, after }) => self.on_differ(id, mask, after),
            (Stage::Ready, Frame::Carry { carried, peer: other, sealed }) => {
                self.on_carry(id, &peer, carried, other, sealed);
            }
            (Stage::Ready, Frame::Keys { mask, more, keys }) => self.on_keys(id, mask, more, keys),
            _ => return Err(Reason::Malformed),
        }
        Ok(())
    }

    fn on_pong(&mut self, id: LinkId, number: u32, at: Coordinate) {
        let now = self.now;
        let Some(link) = self.links.get_mut(id) else { return };
        if number != 0 && link.probe == number {
            link.probe = 0;
            link.rtt.sample(link.probed.age(now));
            link.at = at;
            self.at.sample(&at, link.rtt.smoothed_us(), &mut self.rng);
        }
    }

    /// Sends a frame that is always let through.
    pub(super) fn send(&mut self, id: LinkId, frame: &Frame<'_>) {
        self.send_bytes(id, frame.emit());
    }

    /// Sends an emitted frame; nothing happens if the link is gone.
    #[inline(never)]
    pub(super) fn send_bytes(&mut self, id: LinkId, bytes: Vec<u8>) {
        let Some(link) = self.links.get_mut(id) else { return };
        if matches!(link.stage, Stage::Opening) {
            return;
        }
        // Both ends count a frame without its length.
        let length = bytes.len() - 2;
        link.flow.sent(length, length > BULK_MIN);
        if link.flow.is_stuck() {
            return self.drop_link(id, Reason::Stuck, true);
        }
        self.put(output::SEND, id.number().into(), 0, &[], bytes);
    }

    /// Gives peers their credit back while the store keeps up.
    pub(super) fn grant_credit(&mut self) {
        if self.stores_under_way() >= STORES_MAX {
            return;
        }
        for id in self.links.numbers(&|link| link.flow.owes()) {
            if let Some(link) = self.links.get_mut(id) {
                let grant = link.flow.grant();
                self.send(id, &Frame::Credit(grant));
            }
        }
    }

    /// Ends a link: tells the peer if `tell`, and everybody in the node who counted on it.
    pub(super) fn drop_link(&mut self, id: LinkId, reason: Reason, tell: bool) {
        let Some(link) = self.links.remove(id) else { return };
        let is_circuit = link.kind == LinkKind::Relayed;
        if tell {
            if is_circuit {
                self.end_circuit(link.via, &link.peer, reason);
            } else if link.stage != Stage::Opening {
                self.put(output::SEND, id.number().into(), 0, &[], Frame::Bye(reason).emit());
            }
            self.close(id, reason == Reason::Shed && !is_circuit);
        }
        self.drop_circuits(id);
        self.release_address(id, link.stage == Stage::Ready);
        // A fault is the peer's only where this end found it; a peer may claim anything of us.
        let is_known = link.peer != NodeId([0; 32]);
        match reason {
            _ if !is_known => {}
            _ if tell && reason.is_fault() => self.contacts.ban(&link.peer, self.now),
            Reason::Replaced => {}
            Reason::Leaving => self.contacts.forget(&link.peer),
            Reason::Unreachable if self.on_unreachable(&link) => {}
            _ => self.contacts.failed(&link.peer, self.now, matches!(reason, Reason::NoRoom | Reason::Shed)),
        }
        self.choose_way(&link, reason);
        if link.stage == Stage::Ready {
            if matches!(reason, Reason::Lost | Reason::Leaving | Reason::Silent) {
                self.membership.gone(&link.peer);
                if link.profile == Profile::Native {
                    self.await_relay();
                }
            }
            self.put_plain(output::PEER_DOWN, 0, reason as u32, &link.peer.0);
            // What went out over a link that was shed is still answered.
            self.on_peers_changed(Some(&link).filter(|_| reason != Reason::Shed));
            if self.links.ready_count() == 0 && self.joined {
                self.joined = false;
                self.put_kind(output::OFFLINE, None);
            }
        } else if link.dialled {
            // Perhaps everybody takes our offers for late, or we their answers.
            self.is_clock_doubtful |= reason == Reason::Timeout;
            let id = if is_known { &link.peer.0[..] } else { &[] };
            self.put_plain(output::DIAL_FAILED, 0, reason as u32, id);
            self.maintain_within(Duration::from_ms(200));
        }
    }

    /// Handshakes that took too long, envelopes to send again, peers to probe.
    pub(super) fn on_link_deadlines(&mut self) {
        for id in self.links.numbers(&|link| self.now >= link.due) {
            match self.links.get(id).map(|link| link.stage) {
                Some(Stage::Ready) => self.probe(id, PROBE_AFTER),
                Some(_) => self.on_handshake_due(id),
                None => {}
            }
        }
        for link in self.links.iter() {
            self.wake = self.wake.min(link.due);
        }
    }

    /// Something is sent on over a link that was quiet: is anybody there?
    pub(super) fn check(&mut self, id: LinkId) {
        if self.links.get(id).is_some_and(|link| link.probe == 0) {
            self.probe(id, PROBE_IN_USE);
        }
    }

    /// Probes a link if nothing was heard for `quiet`.
    fn probe(&mut self, id: LinkId, quiet: Duration) {
        let (now, number) = (self.now, self.rng.next() as u32 | 1);
        let Some(link) = self.links.get_mut(id) else { return };
        if link.probe != 0 && link.missed + 1 >= PROBES_MAX {
            return self.drop_link(id, Reason::Silent, true);
        }
        let silence = link.heard.age(now);
        if link.probe == 0 && link.rtt.smoothed_us() != 0 && silence < quiet {
            link.due = now + Duration(PROBE_AFTER.0 - silence.0);
            return;
        }
        if link.probe != 0 {
            link.missed += 1;
        }
        (link.probe, link.probed) = (number, Stamp::of(now));
        link.due = now + link.rtt.patience(PROBE_PATIENCE);
        let due = link.due;
        self.arm(due);
        self.send(id, &Frame::Ping(number));
    }

    /// Probes every link at once: those that died while the host slept are found within seconds.
    pub(super) fn probe_all(&mut self) {
        for id in self.links.numbers(&|link| link.stage == Stage::Ready) {
            self.probe_hard(id);
        }
    }

    /// Probes a link that may be dead: one missed answer closes it.
    pub(super) fn probe_hard(&mut self, id: LinkId) {
        let (now, number) = (self.now, self.rng.next() as u32 | 1);
        let due = now + PROBE_PATIENCE + PROBE_PATIENCE;
        let Some(link) = self.links.get_mut(id) else { return };
        (link.probe, link.probed) = (number, Stamp::of(now));
        link.missed = PROBES_MAX - 1;
        link.due = due;
        self.arm(due);
        self.send(id, &Frame::Ping(number));
    }

    /// A link has just become ready.
    pub(super) fn first_probe(link: &mut Link, now: Instant) {
        link.since = now;
        link.due = now;
        link.probe = 0;
    }
}
