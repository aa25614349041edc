//! The virtual WebRTC handshake: gathering, and ICE with DTLS between two ends that know each other's descriptions.

use tabmesh_engine::wire::description::Description;
use tabmesh_engine::{LinkId, LinkKind};
use tabmesh_world::description::{describe, described};
use tabmesh_world::dial::{OPENING_US, WEBRTC_WAYS, gathering_us, keys_us};
use tabmesh_world::time::MS;

use super::agenda::Happening;
use super::end::Stage;
use super::ids::{EndId, HostId};
use super::run::World;
use super::stimulus::{LinkNews, Stimulus};

impl World {
    /// A host begins an offer, or an answer to `offer`.
    pub(super) fn open_webrtc(&mut self, host: HostId, link: LinkId, offer: Option<Vec<u8>>) -> EndId {
        let id = self.make_end(host, Some(link), LinkKind::WebRtc);
        if let Some(offer) = offer {
            self.hear_description(id, offer);
        }
        let gathering = gathering_us(&self.hosts[host.0].place, &mut self.dice);
        let found = if self.network.addressless.contains(&host) {
            Happening::GiveUp(id)
        } else {
            Happening::Gathered(id)
        };
        self.at(gathering, found);
        self.at(OPENING_US, Happening::GiveUp(id));
        id
    }

    /// An end learns the other's description. One that is none ends the attempt, as the browser's exception does.
    pub(super) fn hear_description(&mut self, id: EndId, description: Vec<u8>) {
        if Description::parse(&description).is_none() {
            return self.at(MS, Happening::GiveUp(id));
        }
        if let Some(end) = self.ends.get_mut(&id) {
            end.remote = described(&description).map(|(host, end)| (HostId(host as usize), EndId(end)));
        }
        self.try_pair(id);
    }

    /// An end's own description is ready.
    pub(super) fn gathered(&mut self, id: EndId) {
        let Some(end) = self.ends.get_mut(&id) else { return };
        if end.stage != Stage::Opening {
            return;
        }
        end.is_described = true;
        let host = end.host;
        self.hand(host, Stimulus::Link(id, LinkNews::Described(describe(host.number(), id.0))));
        self.try_pair(id);
    }

    /// Starts ICE and DTLS once both ends know each other's very descriptions.
    fn try_pair(&mut self, id: EndId) {
        let Some(end) = self.ends.get(&id) else { return };
        let Some((_, other)) = end.remote else { return };
        let Some(mate) = self.ends.get(&other) else { return };
        if end.remote != Some((mate.host, other)) || mate.remote != Some((end.host, id)) {
            return;
        }
        if !end.is_described || !mate.is_described || end.host == mate.host {
            return;
        }
        let (host, mate_host) = (end.host, mate.host);
        let doomed = self.dice.chance(self.network.connect_fail) || self.network.is_blocked(host, mate_host);
        if let Some(mate) = self.ends.get_mut(&other) {
            mate.is_doomed = doomed;
        }
        // Whoever hears of the other last, the offerer, sends the first check.
        let way = self.round_trip_us(host, mate_host) / 2;
        let delay = (1 + WEBRTC_WAYS) * way + keys_us(&mut self.dice);
        self.at(delay, Happening::Connect(other, id));
    }

    /// ICE and DTLS are through at the answerer's end and soon at the offerer's, unless something keeps the two apart.
    pub(super) fn connect(&mut self, id: EndId, other: EndId) {
        let (Some(end), Some(mate)) = (self.ends.get(&id), self.ends.get(&other)) else { return };
        let is_opening = |stage| stage == Stage::Opening;
        if !is_opening(end.stage) || !is_opening(mate.stage) || end.is_doomed || end.mate.is_some() {
            return;
        }
        let (host, mate_host) = (end.host, mate.host);
        if self.network.is_cut(host, mate_host) {
            return self.at(500 * MS, Happening::Connect(id, other));
        }
        let lag = self.round_trip_us(host, mate_host) / 2;
        let (now, later) = (self.now, self.now + lag);
        for (one, two, hears_from) in [(id, other, later), (other, id, now)] {
            if let Some(end) = self.ends.get_mut(&one) {
                end.mate = Some(two);
                end.line.arrives = hears_from + 1;
            }
        }
        let life = self.hosts[mate_host.0].life;
        self.at(lag, Happening::Hand(mate_host, life, Stimulus::Link(other, LinkNews::Up)));
        self.hand(host, Stimulus::Link(id, LinkNews::Up));
    }

    /// An end has been opening for too long.
    pub(super) fn give_up(&mut self, id: EndId) {
        let is_opening =
            self.ends.get(&id).is_some_and(|end| end.stage == Stage::Opening && end.mate.is_none());
        if is_opening {
            self.lose(id);
        }
    }
}
