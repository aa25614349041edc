//! Virtual WebSockets: dialled by the number of an address, announced to the listener, accepted or refused.

use tabmesh_engine::{LinkId, LinkKind, PublicKey};
use tabmesh_world::dial::{OPENING_US, SOCKET_WAYS};
use tabmesh_world::seal::{SEALING_US, Seal, fresh_key};
use tabmesh_world::time::MS;

use super::agenda::Happening;
use super::end::Stage;
use super::host::State;
use super::ids::{EndId, HostId};
use super::run::World;
use super::stimulus::{LinkNews, Stimulus};

impl World {
    /// A host dials the address of this number.
    pub(super) fn open_socket(&mut self, host: HostId, link: LinkId, number: u16) -> EndId {
        let id = self.make_end(host, Some(link), LinkKind::Socket);
        self.describe_socket(id, true);
        self.at(OPENING_US, Happening::GiveUp(id));
        let Some(listener) = self.hosts[host.0].known.get(usize::from(number)).copied() else {
            self.at(MS, Happening::GiveUp(id));
            return id;
        };
        let way = self.round_trip_us(host, listener) / 2;
        self.at(SOCKET_WAYS * way, Happening::Knock(id, listener));
        id
    }

    /// A dialled socket reaches its listener.
    pub(super) fn knock(&mut self, id: EndId, listener: HostId) {
        let Some(end) = self.ends.get(&id) else { return };
        let host = end.host;
        if end.stage != Stage::Opening || self.network.is_cut(host, listener) {
            return;
        }
        let machine = &self.hosts[listener.0];
        if machine.state == State::Down || !machine.spec.listens || host == listener {
            let delay = self.travel(listener, host);
            return self.at(delay, Happening::GiveUp(id));
        }
        let mate = self.make_end(listener, None, LinkKind::Socket);
        if let Some(mate) = self.ends.get_mut(&mate) {
            mate.mate = Some(id);
        }
        if let Some(end) = self.ends.get_mut(&id) {
            end.mate = Some(mate);
        }
        self.hand(listener, Stimulus::Incoming(mate));
    }

    /// The listener's engine takes the socket as this link.
    pub(super) fn accept(&mut self, id: EndId, link: LinkId) {
        let Some(end) = self.ends.get_mut(&id) else { return };
        end.link = Some(link);
        end.stage = Stage::Open;
        let (host, mate) = (end.host, end.mate);
        self.hosts[host.0].links.insert(link.number(), id);
        self.describe_socket(id, false);
        let Some(mate) = mate else { return };
        let Some(dialler) = self.ends.get(&mate).map(|mate| mate.host) else { return };
        let delay = self.travel(host, dialler);
        if let Some(end) = self.ends.get_mut(&id) {
            end.line.arrives = self.now + delay + 1;
        }
        let life = self.hosts[dialler.0].life;
        self.at(delay, Happening::Hand(dialler, life, Stimulus::Link(mate, LinkNews::Up)));
    }

    /// Makes the fresh key that a socket is sealed with; WebCrypto takes its time.
    fn describe_socket(&mut self, id: EndId, dialled: bool) {
        let key = fresh_key(&mut self.dice);
        let Some(end) = self.ends.get_mut(&id) else { return };
        end.seal = Some(Seal::new(key, dialled));
        let host = end.host;
        let life = self.hosts[host.0].life;
        let news = Stimulus::Link(id, LinkNews::Described(key.0.to_vec()));
        self.at(SEALING_US, Happening::Hand(host, life, news));
    }

    /// From here on the messages of a socket are sealed, both ways.
    pub(super) fn seal_socket(
        &mut self,
        host: HostId,
        link: LinkId,
        dialled: bool,
        peer: &PublicKey,
        transcript: &[u8],
    ) {
        let end = self.hosts[host.0].links.get(&link.number()).and_then(|id| self.ends.get_mut(id));
        let Some(seal) = end.and_then(|end| end.seal.as_mut()).filter(|seal| !seal.is_complete()) else {
            self.fail(host, &format!("Seal names link {}, which is no open socket", link.number()));
        };
        if seal.has_dialled() != dialled {
            self.fail(host, &format!("Seal takes link {} for the other end", link.number()));
        }
        seal.complete(peer, transcript);
    }

    /// The listener's engine has no room: the dialler's socket closes.
    pub(super) fn refuse(&mut self, id: EndId) {
        self.close_end(id);
    }
}
