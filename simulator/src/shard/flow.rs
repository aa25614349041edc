//! Packets on open links: bandwidth, queueing, delay, order, and what waits.
//!
//! Long packets of a node share its uplink with the links that are sending at that moment, and its downlink one after
//! another; a link carries no more than loss and round trip let it. Short ones are not held up by other links: what waits
//! in a shell waits there by link, and a home's queue is short for them where it is managed (RFC 8290).

use tabmesh_engine::Input;
use tabmesh_world::line::SHORT;

use super::{Shard, liar};
use crate::crypto::Crypto;
use crate::event::{EndId, NodeNumber, What};
use crate::ground::Ground;
use crate::model::SECOND;

/// Packets that wait on one link for a cut to heal; what comes after is lost, as the link soon is.
const STUCK_MAX: usize = 256;

impl<C: Crypto> Shard<C> {
    /// Sends one packet.
    pub(super) fn transmit(&mut self, ground: &Ground, node: NodeNumber, id: EndId, mut bytes: Vec<u8>) {
        let (at, now) = (self.at(node), self.now);
        let length = bytes.len() as u32;
        let up = u64::from(ground.place(node).up_rate);
        let busy = if length > SHORT {
            self.ends[at].iter().filter(|end| end.line.free_at > now && end.id != id).count() as u64
        } else {
            0
        };
        let Some(end) = self.ends[at].get(id) else { return };
        let Some((mate, theirs)) = end.mate else { return };
        if ground.is_cut(node, mate) {
            if end.stuck.len() < STUCK_MAX {
                end.stuck.push(bytes);
            }
            return;
        }
        if let Some(seal) = &mut end.seal {
            seal.seal(&mut bytes);
        }
        let one_way_us = ground.one_way_us(node, mate);
        let down = u64::from(ground.place(mate).down_rate);
        let rate = if length > SHORT {
            (up / (busy + 1)).min(down).min(ground.link_rate).min(ground.channel.link_rate(one_way_us))
        } else {
            up.min(down)
        };
        let passage = ground.channel.pass(length, one_way_us, &mut self.shells[at].dice);
        let late = if liar::is_slow(ground, node, now) { 2 * SECOND } else { 0 };
        let sent = end.line.send(now, length, rate, passage.travel_us + late);
        let tally = &mut self.tallies[at];
        tally.sent += u64::from(length);
        tally.packets += 1;
        tally.extra += u64::from(passage.extra);
        if let Some(drained_at) = sent.drained_at {
            self.cause(ground, node, node, drained_at, What::Drained(id));
        }
        self.cause(ground, node, mate, sent.arrives, What::Packet { end: theirs, bytes });
    }

    /// The queue of an end has fallen by a step.
    pub(super) fn drained(&mut self, ground: &Ground, node: NodeNumber, id: EndId) {
        let (at, now) = (self.at(node), self.now);
        let Some(end) = self.ends[at].get(id).filter(|end| end.pipe.is_none()) else { return };
        let link = end.link;
        let drained = end.line.drained(now);
        if let Some(again_at) = drained.again_at {
            self.cause(ground, node, node, again_at, What::Drained(id));
        }
        if let Some(queued) = drained.told {
            self.feed(ground, node, Input::LinkDrained { link, queued });
        }
    }

    /// A packet is here; a long one comes through the downlink first, and none overtakes it.
    pub(super) fn arrive(&mut self, ground: &Ground, node: NodeNumber, id: EndId, bytes: Vec<u8>) {
        let (at, now) = (self.at(node), self.now);
        let Some(end) = self.ends[at].get(id).filter(|end| end.is_open) else { return };
        let length = bytes.len() as u64;
        let mut whole = end.held_until.max(now);
        if length > u64::from(SHORT) {
            let shell = &mut self.shells[at];
            let down = u64::from(ground.place(node).down_rate);
            whole = whole.max(shell.down_free_at) + length * SECOND / down;
            shell.down_free_at = whole;
        }
        if whole > now {
            end.held_until = whole;
            return self.cause(ground, node, node, whole, What::Whole { end: id, bytes });
        }
        self.deliver(ground, node, id, bytes);
    }

    /// A packet is through: the engine gets it.
    pub(super) fn deliver(&mut self, ground: &Ground, node: NodeNumber, id: EndId, mut bytes: Vec<u8>) {
        let at = self.at(node);
        let Some(end) = self.ends[at].get(id) else { return };
        self.tallies[at].received += bytes.len() as u64;
        let link = end.link;
        if end.seal.as_mut().is_some_and(|seal| !seal.open(&mut bytes)) {
            return self.lose(ground, node, id);
        }
        let bytes = &bytes[..];
        if ground.followed_lookup.is_some() {
            self.follow(ground, node, bytes, false);
        }
        if self.is_piped(ground, node, id, bytes) {
            return;
        }
        if self.is_lied_to(ground, node, id, bytes) {
            return;
        }
        self.feed(ground, node, Input::LinkBytes { link, bytes });
    }
}
