//! The virtual WebRTC handshake: descriptions that name one end each, gathering, and ICE with DTLS between two ends
//! that know each other's.

use sha2::{Digest, Sha256};
use tabmesh_engine::wire::description::{Address, Candidate, CandidateKind, Description};
use tabmesh_engine::{LinkId, LinkKind};

use super::agenda::Happening;
use super::end::Stage;
use super::ids::{EndId, HostId};
use super::run::World;
use super::stimulus::{LinkNews, Stimulus};
use super::time::MS;

/// What the shell of `host` says about this end: every byte follows from the two numbers.
pub(crate) fn description(host: HostId, end: EndId) -> Vec<u8> {
    let digest: [u8; 32] =
        Sha256::digest([host.0 as u64, u64::from(end.0)].map(u64::to_be_bytes).concat()).into();
    let password: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let port = 20_000 + (end.0 % 40_000) as u16;
    let [.., high, low] = (host.0 as u32).to_be_bytes();
    Description {
        fingerprint: digest,
        ufrag: &format!("{:08x}", end.0),
        password: &password,
        candidates: vec![
            Candidate { address: Address::V4([192, 168, high, low]), kind: CandidateKind::Host, port },
            Candidate {
                address: Address::V4([203, 0, high, low]),
                kind: CandidateKind::ServerReflexive,
                port,
            },
        ],
    }
    .emit()
}

/// The end that a description claims to be of.
fn end_of(description: &[u8]) -> Option<EndId> {
    u32::from_str_radix(Description::parse(description)?.ufrag, 16).ok().map(EndId)
}

impl World {
    /// A host begins an offer, or an answer to `offer`.
    pub(super) fn open_webrtc(&mut self, host: HostId, link: LinkId, offer: Option<Vec<u8>>) -> EndId {
        let id = self.make_end(host, Some(link), LinkKind::WebRtc);
        if let Some(offer) = offer {
            self.hear_description(id, offer);
        }
        let gathering = 5 * MS + self.rng.below(60 * MS);
        let found = if self.network.addressless.contains(&host) {
            Happening::GiveUp(id)
        } else {
            Happening::Gathered(id)
        };
        self.at(gathering, found);
        self.at(self.network.opening_us, Happening::GiveUp(id));
        id
    }

    /// An end learns the other's description. One that is none ends the attempt, as the browser's exception does.
    pub(super) fn hear_description(&mut self, id: EndId, description: Vec<u8>) {
        if Description::parse(&description).is_none() {
            return self.at(MS, Happening::GiveUp(id));
        }
        if let Some(end) = self.ends.get_mut(&id) {
            end.remote = Some(description);
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
        self.hand(host, Stimulus::Link(id, LinkNews::Described(description(host, id))));
        self.try_pair(id);
    }

    /// Starts ICE and DTLS once both ends know each other's very descriptions.
    fn try_pair(&mut self, id: EndId) {
        let Some(end) = self.ends.get(&id) else { return };
        let Some(other) = end.remote.as_deref().and_then(end_of) else { return };
        let Some(mate) = self.ends.get(&other) else { return };
        let is_real = |remote: &Option<Vec<u8>>, host, end| remote.as_ref() == Some(&description(host, end));
        if !is_real(&end.remote, mate.host, other) || !is_real(&mate.remote, end.host, id) {
            return;
        }
        if !end.is_described || !mate.is_described || end.host == mate.host {
            return;
        }
        let (host, mate_host) = (end.host, mate.host);
        let doomed =
            self.rng.chance(self.network.connect_fail_permille) || self.network.is_blocked(host, mate_host);
        if let Some(end) = self.ends.get_mut(&id) {
            end.is_doomed = doomed;
        }
        // One round trip for ICE, two for DTLS 1.2 or 1.3, one for SCTP.
        let delay = 4 * self.round_trip_us(host, mate_host) + 5 * MS + self.rng.below(20 * MS);
        self.at(delay, Happening::Connect(id, other));
    }

    /// ICE and DTLS are through, unless something keeps the two apart.
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
                end.flow.last_arrival = hears_from + 1;
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
