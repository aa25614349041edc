//! Packets and frames: what comes over links, what goes out over them, and when a link ends.

use super::Node;
use crate::coordinate::Coordinate;
use crate::ground::PROBE_AFTER;
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind};
use crate::limits::PACKET_MAX;
use crate::link::Stage;
use crate::linking;
use crate::status::Reason;
use crate::time::{Duration, Instant, Stamp};
use crate::upkeep::on_gossip;
use crate::wire::Reader;
use crate::wire::frame::{BULK_MIN, Frame, split};

/// A link that was shed is heard for so long: longer than nearly every packet takes.
const LAST_WORDS: Duration = Duration::from_ms(2_000);

impl Node {
    #[inline(never)]
    pub(super) fn on_packet(&mut self, id: LinkId, packet: &[u8]) {
        let mut reader = Reader::new(packet);
        if packet.len() > PACKET_MAX {
            return self.drop_link(id, Reason::Malformed, true);
        }
        let is_closing = self.ground.closing.is_some_and(|(link, _)| link == id);
        loop {
            let Some(frame) = split(&mut reader) else {
                return self.drop_link(id, Reason::Malformed, true);
            };
            let Some(frame) = frame else { return };
            let now = self.ground.now;
            // A frame may close its own link; what follows it is then nobody's.
            if let Some(link) = self.ground.links.get_mut(id) {
                if link.probe == 0 {
                    link.heard = Stamp::of(now);
                }
                link.missed = 0;
                if !link.flow.received(now, frame.len(), frame.len() > BULK_MIN) {
                    return self.drop_link(id, Reason::Flood, true);
                }
            } else {
                match &mut self.ground.closing {
                    // Each of its last words takes a millisecond of the time that there is for them.
                    Some((link, until)) if is_closing && *link == id && now < *until => {
                        until.0 = until.0.saturating_sub(1_000);
                    }
                    _ => return,
                }
            }
            if let Err(reason) = self.on_frame(id, frame) {
                return self.drop_link(id, reason, true);
            }
            if frame.len() > BULK_MIN {
                self.ground.bulk_heard = self.ground.now;
                self.ground.grant_credit();
            }
        }
    }

    /// Closes a link now, or a little `later`: until then what its peer had sent is heard, and what was sent arrives.
    #[inline(never)]
    fn close(&mut self, id: LinkId, later: bool) {
        if later {
            self.close_shed(Instant::NEVER);
            self.ground.closing = Some((id, self.ground.now + LAST_WORDS));
        } else {
            self.ground.put_kind(output::CLOSE, Some(id));
        }
    }

    /// Closes the link that was shed last, if it is time.
    pub(super) fn close_shed(&mut self, now: Instant) {
        if let Some((link, until)) = self.ground.closing
            && now >= until
        {
            self.ground.closing = None;
            self.ground.put_kind(output::CLOSE, Some(link));
        }
    }

    fn on_frame(&mut self, id: LinkId, bytes: &[u8]) -> Result<(), Reason> {
        let frame = Frame::parse(bytes).ok_or(Reason::Malformed)?;
        let Some(link) = self.ground.links.get_mut(id) else {
            // What the peer had sent before it heard that the link was shed; messages of others may be among it.
            return if let Frame::Routed(routed) = frame { self.on_routed(id, routed) } else { Ok(()) };
        };
        let (stage, peer) = (link.stage, link.peer);
        match (stage, frame) {
            (_, Frame::Bye(reason)) => {
                self.drop_link(id, reason, false);
                // Who has proved nothing has no last words.
                self.close(id, reason == Reason::Shed && stage == Stage::Ready);
            }
            (Stage::Proving, Frame::Hello(hello)) => {
                linking::on_hello(&mut self.ground, id, &hello, bytes)?;
                self.follow();
            }
            (Stage::Proving, Frame::OtherVersion) => return Err(Reason::OtherVersion),
            (Stage::Proving, Frame::Proof(signature)) => {
                return linking::on_proof(&mut self.ground, id, signature);
            }
            (Stage::Proving, Frame::Welcome) => {
                linking::on_welcome(&mut self.ground, id)?;
                self.follow();
            }
            (Stage::Ready, Frame::Ping(number)) => self.ground.pong(id, number),
            (Stage::Ready, Frame::Pong { number, at, wall_s }) => self.on_pong(id, number, at, wall_s),
            (Stage::Ready, Frame::Credit(bytes)) => link.flow.granted(bytes),
            (Stage::Ready, Frame::Gossip { ties, joined, left }) => {
                link.ties = ties;
                on_gossip(&mut self.ground, id, joined, left);
            }
            (Stage::Ready, Frame::Routed(routed)) => return self.on_routed(id, routed),
            (Stage::Ready, Frame::Topic { kind, raw }) => {
                self.topics.on_topic(&mut self.ground, id, kind, raw)
            }
            (Stage::Ready, Frame::Ports { again, open }) => self.on_ports(id, &peer, again, open),
            (Stage::Ready, Frame::Digest(sums)) => self.blocks.on_digest(&mut self.ground, id, &peer, sums),
            (Stage::Ready, Frame::Differ { mask, after }) => self.blocks.on_differ(id, &peer, mask, after),
            (Stage::Ready, Frame::Carry { carried, peer: other, sealed }) => {
                let over = linking::on_carry(&mut self.ground, id, &peer, carried, other, sealed);
                if let (Some(circuit), [reason, ..]) = (over, sealed) {
                    self.drop_link(circuit, Reason::from_code(*reason), false);
                    self.close(circuit, false);
                }
            }
            (Stage::Ready, Frame::Keys { more, keys, .. }) => {
                self.blocks.on_keys(&mut self.ground, id, more, keys)
            }
            _ => return Err(Reason::Malformed),
        }
        Ok(())
    }

    fn on_pong(&mut self, id: LinkId, number: u32, at: Coordinate, wall_s: u32) {
        let now = self.ground.now;
        let Some(link) = self.ground.links.get_mut(id) else { return };
        if number != 0 && link.probe == number {
            link.probe = 0;
            link.rtt.sample(link.heard.age(now));
            link.heard = Stamp::of(now);
            link.at = at;
            self.ground.at.sample(&at, link.rtt.smoothed_us(), &mut self.ground.rng);
            self.ground.hear_clock(id, wall_s);
        }
    }

    /// Ends a link: tells the peer if `tell`, and everybody in the node who counted on it.
    pub(super) fn drop_link(&mut self, id: LinkId, reason: Reason, tell: bool) {
        if self.ground.links.get(id).is_none() {
            return;
        }
        let mut link = self.ground.links.remove(id);
        let is_circuit = link.kind == LinkKind::Relayed;
        if tell {
            if is_circuit {
                linking::end_circuit(&mut self.ground, link.via, &link.peer, reason);
            } else if link.stage != Stage::Opening {
                self.ground.put(output::SEND, id.word(), 0, &[], Frame::Bye(reason).emit());
            }
            self.close(id, reason == Reason::Shed && !is_circuit);
        }
        while let Some(circuit) = linking::circuit_over(&self.ground, id) {
            self.drop_link(circuit, Reason::NoRoom, true);
        }
        self.upkeep.release_address(&mut self.ground, id, link.stage == Stage::Ready);
        // What a relay says of a circuit is its own word: for that, nobody is forgotten or called gone.
        let is_hearsay = is_circuit && !tell && !matches!(reason, Reason::Replaced | Reason::Shed);
        let believed = if is_hearsay { Reason::NoRoom } else { reason };
        let (is_known, is_proven) = (link.is_peer_known(), link.stage == Stage::Ready);
        match believed {
            _ if !is_known => {}
            // A fault is the peer's only where this end found it, on a link that is the peer's beyond doubt.
            _ if is_proven && tell && reason.is_fault() => self.ground.ban(&link.peer),
            Reason::Replaced => {}
            Reason::Leaving if is_proven => self.ground.contacts.forget(&link.peer),
            Reason::Unreachable if linking::on_unreachable(&mut self.ground, &mut link) => {}
            // Anybody may repeat an offer: that no link came of it says nothing of who made it.
            _ if !is_proven && !link.dialled => _ = self.ground.contacts.learn(&link.peer),
            _ => self.ground.contacts.failed(
                &link.peer,
                self.ground.now,
                matches!(believed, Reason::NoRoom | Reason::Shed),
            ),
        }
        let is_silent = matches!(believed, Reason::Lost | Reason::Silent);
        if is_proven && !is_silent {
            self.ground.contacts.vouch(&link.peer);
        }
        linking::choose_way(&mut self.ground, &link, believed);
        if link.stage == Stage::Ready {
            if matches!(believed, Reason::Lost | Reason::Leaving | Reason::Silent) {
                self.upkeep.on_gone(&self.ground, &link.peer, link.profile);
            }
            self.topics.on_mate_lost(&self.ground, id);
            self.ground.put_plain(output::PEER_DOWN, 0, reason as u32, &link.peer.0);
            // What went out over a link that was shed is still answered.
            self.on_peers_changed(Some(&link).filter(|_| reason != Reason::Shed));
            // Whoever left without a word would be dialled in vain, for half a minute and twice: others may still reach it.
            if is_silent {
                self.ground.greet(&link.peer);
            }
            if self.ground.links.ready_count() == 0 && self.ground.joined {
                self.ground.joined = false;
                self.ground.put_kind(output::OFFLINE, None);
            }
        } else if link.dialled {
            // Perhaps everybody takes our offers for late.
            if link.handshake.as_ref().is_some_and(|handshake| !handshake.answered) {
                self.ground.doubt_clock();
            }
            let id = if is_known { &link.peer.0[..] } else { &[] };
            self.ground.put_plain(output::DIAL_FAILED, 0, reason as u32, id);
            self.ground.maintain_within(Duration::from_ms(200));
        }
    }

    /// Handshakes that took too long, envelopes to send again, peers to probe.
    pub(super) fn on_link_deadlines(&mut self) {
        for id in self.ground.links.numbers(&|link| self.ground.now >= link.due.at(self.ground.now)) {
            match self.ground.links.get(id).map(|link| link.stage) {
                Some(Stage::Ready) => self.ground.probe(id, PROBE_AFTER),
                Some(_) => linking::on_handshake_due(&mut self.ground, id),
                None => {}
            }
            self.end_links();
        }
        for link in self.ground.links.iter() {
            self.ground.wake = self.ground.wake.min(link.due.at(self.ground.now));
        }
    }

    /// Probes every link at once: those that died while the host slept are found within seconds.
    pub(super) fn probe_all(&mut self) {
        for id in self.ground.links.numbers(&|link| link.stage == Stage::Ready) {
            self.ground.probe_hard(id);
        }
    }
}
