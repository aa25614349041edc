//! Open links: two ends, each with a flow to the other. Channels are ordered and reliable, so whatever happens to a
//! packet on the way shows as delay, of it and of all behind it.

use std::collections::VecDeque;

use tabmesh_engine::{LinkId, LinkKind};
use tabmesh_world::dial::silence_us;
use tabmesh_world::line::{Line, SHORT};
use tabmesh_world::time::MS;

use super::agenda::Happening;
use super::end::{End, Parcel, Stage};
use super::host::State;
use super::ids::{EndId, HostId};
use super::run::World;
use super::stimulus::{LinkNews, Stimulus};

impl World {
    /// Makes an end of a link to be.
    pub(super) fn make_end(&mut self, host: HostId, link: Option<LinkId>, kind: LinkKind) -> EndId {
        self.ends_made += 1;
        let id = EndId(self.ends_made);
        let end = End {
            host,
            link,
            kind,
            stage: Stage::Opening,
            mate: None,
            remote: None,
            is_described: false,
            is_doomed: false,
            seal: None,
            line: Line::default(),
            in_flight: VecDeque::new(),
        };
        self.ends.insert(id, end);
        id
    }

    /// Sends one packet.
    pub(super) fn transmit(&mut self, id: EndId, mut packet: Vec<u8>) {
        let Some(end) = self.ends.get_mut(&id) else { return };
        let host = end.host;
        end.seal.iter_mut().for_each(|seal| seal.seal(&mut packet));
        let end = &self.ends[&id];
        let length = packet.len() as u32;
        let traffic = &mut self.hosts[host.0].traffic;
        traffic.sent_bytes += u64::from(length);
        traffic.sent_packets += 1;
        let Some(mate) = end.mate.and_then(|mate| self.ends.get(&mate)) else { return };
        let (from, to) = (&self.hosts[host.0], &self.hosts[mate.host.0]);
        let rate = self.rate(id, host, mate.host, length);
        let travel = self.network.travel(length, &from.place, &to.place, &mut self.dice);
        let now = self.now;
        let Some(end) = self.ends.get_mut(&id) else { return };
        let sent = end.line.send(now, length, rate, travel);
        end.in_flight.push_back(Parcel {
            departs: sent.departs,
            arrives: sent.arrives,
            packet: Some(packet),
        });
        let queued = end.queued(now);
        if let Some(at) = sent.drained_at {
            self.agenda.add(at, Happening::Drained(id));
        }
        self.agenda.add(sent.arrives, Happening::Arrive(id));
        if queued > self.bounds.queue_max {
            self.fail(host, "a send queue grew beyond what a browser bears: back-pressure was not obeyed");
        }
    }

    /// Bytes a second for a packet of this length: links that send at the same time share what their hosts can send and take.
    /// Small packets do not wait for their share.
    fn rate(&self, id: EndId, from: HostId, to: HostId, length: u32) -> u64 {
        let (from, to) = (&self.hosts[from.0], &self.hosts[to.0]);
        let is_busy = |end: &End| end.line.free_at > self.now;
        let mut shares = (1, 1);
        if length > SHORT {
            let busy = |own: &&EndId| **own != id && self.ends.get(own).is_some_and(is_busy);
            shares.0 += from.links.values().filter(busy).count() as u64;
            let mate_of = |own: &EndId| self.ends.get(own).and_then(|end| end.mate);
            let mates = to.links.values().filter_map(mate_of).filter(|mate| *mate != id);
            shares.1 += mates.filter(|mate| self.ends.get(mate).is_some_and(is_busy)).count() as u64;
        }
        (u64::from(from.place.up_rate) / shares.0).min(u64::from(to.place.down_rate) / shares.1).max(1)
    }

    /// The queue of an end has fallen by a step.
    pub(super) fn drained(&mut self, id: EndId) {
        let now = self.now;
        let Some(end) = self.ends.get_mut(&id) else { return };
        let host = end.host;
        let drained = end.line.drained(now);
        if let Some(at) = drained.again_at {
            self.agenda.add(at, Happening::Drained(id));
        }
        if let Some(queued) = drained.told {
            self.hand(host, Stimulus::Link(id, LinkNews::Drained(queued)));
        }
    }

    /// Delivers what has arrived from this end by now.
    pub(super) fn arrive(&mut self, id: EndId) {
        loop {
            let Some(end) = self.ends.get(&id) else { return };
            let Some(parcel) = end.in_flight.front() else { return };
            let Some(mate) = end.mate.filter(|mate| self.ends.contains_key(mate)) else {
                self.forget_if_closed(id);
                return;
            };
            let to = self.ends[&mate].host;
            if parcel.arrives > self.now || self.network.is_cut(end.host, to) {
                return;
            }
            let parcel = self.ends.get_mut(&id).and_then(|end| end.in_flight.pop_front());
            match parcel.and_then(|parcel| parcel.packet) {
                Some(mut packet) => {
                    let traffic = &mut self.hosts[to.0].traffic;
                    traffic.received_bytes += packet.len() as u64;
                    traffic.received_packets += 1;
                    let seal = self.ends.get_mut(&mate).and_then(|mate| mate.seal.as_mut());
                    if seal.is_none_or(|seal| seal.open(&mut packet)) {
                        self.hand(to, Stimulus::Link(mate, LinkNews::Bytes(packet)));
                    } else {
                        self.lose(mate);
                    }
                }
                None => {
                    self.ends.remove(&id);
                    self.lose(mate);
                }
            }
        }
    }

    /// The shell closes an end: what was sent still arrives, then the other end learns of it.
    pub(super) fn close_end(&mut self, id: EndId) {
        self.end_flow(id, 0);
    }

    /// The host of an end is gone: what had not left is lost, and the other end learns of it `notice_us` later.
    pub(super) fn abandon_end(&mut self, id: EndId, notice_us: u64) {
        let now = self.now;
        if let Some(end) = self.ends.get_mut(&id) {
            end.in_flight.retain(|parcel| parcel.departs <= now);
        }
        self.end_flow(id, notice_us);
    }

    fn end_flow(&mut self, id: EndId, notice_us: u64) {
        let Some(end) = self.ends.get_mut(&id) else { return };
        end.stage = Stage::Closed;
        let Some(mate) = end.mate else {
            self.ends.remove(&id);
            return;
        };
        let Some(mate_host) = self.ends.get(&mate).map(|mate| mate.host) else {
            self.ends.remove(&id);
            return;
        };
        let from = self.ends[&id].host;
        let travel = self.travel(from, mate_host);
        let now = self.now;
        let Some(end) = self.ends.get_mut(&id) else { return };
        let departs = end.line.free_at.max(now);
        let arrives = (departs + travel + notice_us).max(end.line.arrives + 1);
        end.in_flight.push_back(Parcel { departs, arrives, packet: None });
        self.agenda.add(arrives, Happening::Arrive(id));
    }

    /// The transport of an end has gone: its engine gets `LinkDown`, if it still has the link.
    pub(super) fn lose(&mut self, id: EndId) {
        let Some(end) = self.ends.get(&id) else { return };
        if end.stage == Stage::Closed || end.link.is_none() {
            self.ends.remove(&id);
            return;
        }
        let host = end.host;
        self.hand(host, Stimulus::Link(id, LinkNews::Down));
    }

    fn forget_if_closed(&mut self, id: EndId) {
        if self.ends.get(&id).is_some_and(|end| end.stage == Stage::Closed) {
            self.ends.remove(&id);
        }
    }

    /// How far two hosts are apart, there and back, without jitter, in microseconds.
    pub(crate) fn round_trip_us(&self, one: HostId, other: HostId) -> u64 {
        2 * self.hosts[one.0].place.one_way_us(&self.hosts[other.0].place)
    }

    /// How long a packet takes between two hosts this time, in microseconds.
    pub(super) fn travel(&mut self, from: HostId, to: HostId) -> u64 {
        self.network.travel(0, &self.hosts[from.0].place, &self.hosts[to.0].place, &mut self.dice)
    }

    /// When the transport of a crashed host's link is given up by the other end, in microseconds.
    pub(super) fn crash_notice(&mut self, kind: LinkKind) -> u64 {
        match kind {
            // A killed tab answers nothing; the other end needs some seconds to be sure.
            LinkKind::WebRtc => silence_us(&mut self.dice),
            // The operating system closes a dead process's sockets.
            LinkKind::Socket | LinkKind::Relayed => MS,
        }
    }

    /// The end behind a host's link, if the engine may send on it.
    pub(super) fn open_end(&self, host: HostId, link: LinkId) -> Option<EndId> {
        let id = self.hosts[host.0].links.get(&link.number())?;
        let is_open = self.ends.get(id)?.stage == Stage::Open && self.hosts[host.0].state != State::Down;
        is_open.then_some(*id)
    }
}
