//! A shell's connection to the signalling server.

use tabmesh_engine::wire::envelope::{Envelope, Kind};
use tabmesh_engine::wire::signal::ToServer;
use tabmesh_world::dial::{NO_ANSWER_US, SOCKET_WAYS};
use tabmesh_world::dice::Dice;
use tabmesh_world::place::Place;
use tabmesh_world::server::{Around, Letter, Server, Signal};

use super::agenda::Happening;
use super::ids::{HostId, SessionId};
use super::run::World;
use super::stimulus::{SignalNews, Stimulus};

impl World {
    /// Kills the signalling server: every connection to it breaks, and no new one is made.
    pub(crate) fn kill_signalling(&mut self) {
        self.ask_server(Server::stop);
    }

    /// Starts the signalling server again; it remembers nobody.
    pub(crate) fn start_signalling(&mut self) {
        self.server.is_up = true;
    }

    /// How many nodes are connected to the server and proved.
    pub(crate) fn present_at_server(&self) -> usize {
        self.server.present()
    }

    /// How many envelopes the server has carried.
    pub(crate) fn relayed_by_server(&self) -> u64 {
        self.server.relayed
    }

    /// Has the next `count` envelopes of this kind lost on their way to the server.
    pub(crate) fn lose_envelopes(&mut self, kind: Kind, count: u32) {
        self.losing = Some((kind, count));
    }

    /// How many envelopes are still to be lost.
    pub(crate) fn envelopes_to_lose(&self) -> u32 {
        self.losing.map_or(0, |(_, count)| count)
    }

    /// Sets the security level that the server demands.
    pub(crate) fn demand_level(&mut self, level: u8) {
        self.server.level = level;
    }

    /// A host connects to the server.
    pub(super) fn open_session(&mut self, host: HostId) {
        if self.hosts[host.0].session.is_some() {
            self.fail(host, "the engine asked for a second connection to the signalling server");
        }
        self.sessions_made += 1;
        let session = SessionId(self.sessions_made);
        self.hosts[host.0].session = Some(session);
        if self.network.is_cut_from_server(host) {
            return self.answer_nothing(host, session);
        }
        let arrives = self.now + SOCKET_WAYS * self.hosts[host.0].place.one_way_us(&Place::of_server());
        self.tell_server(host, arrives, Signal::Connect { session: session.0 });
    }

    /// A host needs the server no more.
    pub(super) fn close_session(&mut self, host: HostId) {
        let Some(session) = self.hosts[host.0].session.take() else { return };
        if !self.network.is_cut_from_server(host) {
            let arrives = self.now + self.hosts[host.0].place.one_way_us(&Place::of_server());
            self.tell_server(host, arrives, Signal::Gone { session: session.0 });
        }
    }

    /// A host sends one message to the server.
    pub(super) fn signal(&mut self, host: HostId, bytes: Vec<u8>) {
        let Some(session) = self.hosts[host.0].session else {
            self.fail(host, "the engine spoke to a signalling server that is not connected");
        };
        self.hosts[host.0].traffic.signal_sent_bytes += bytes.len() as u64;
        if self.network.is_cut_from_server(host) {
            return self.answer_nothing(host, session);
        }
        let from = &self.hosts[host.0].place;
        let travel = self.network.travel(bytes.len() as u32, from, &Place::of_server(), &mut self.dice);
        self.tell_server(host, self.now + travel, Signal::Message { session: session.0, bytes });
    }

    /// What one host says reaches the server in its order.
    fn tell_server(&mut self, host: HostId, at: u64, signal: Signal) {
        let machine = &mut self.hosts[host.0];
        machine.signal_arrives = at.max(machine.signal_arrives + 1);
        self.agenda.add(machine.signal_arrives, Happening::ServerHear(host, signal));
    }

    /// Across a cut TCP gives the connection up.
    fn answer_nothing(&mut self, host: HostId, session: SessionId) {
        let life = self.hosts[host.0].life;
        let down = Stimulus::Signal(session, SignalNews::Down);
        self.at(NO_ANSWER_US, Happening::Hand(host, life, down));
    }

    /// Something reaches the server.
    pub(super) fn server_hear(&mut self, host: HostId, signal: Signal) {
        if !self.is_lost(&signal) {
            self.ask_server(|server, around| server.hear(around, host.number(), signal));
        }
    }

    fn is_lost(&mut self, signal: &Signal) -> bool {
        let Signal::Message { bytes, .. } = signal else { return false };
        let Some(ToServer::Relay { envelope, .. }) = ToServer::parse(bytes) else { return false };
        let kind = Envelope::parse(envelope).map(|envelope| envelope.kind);
        match &mut self.losing {
            Some((lost, count)) if *count > 0 && kind == Some(*lost) => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }

    /// Has the server do something, and sends what it says then.
    fn ask_server(&mut self, work: impl FnOnce(&mut Server, &Around<'_>) -> Vec<Letter>) {
        let (network, hosts) = (&self.network, &self.hosts);
        let way = |to: u32, length: u32, dice: &mut Dice| {
            let host = HostId(to as usize);
            let travel = || network.travel(length, &Place::of_server(), &hosts[host.0].place, dice);
            (!network.is_cut_from_server(host)).then(travel)
        };
        let around = Around { now: self.now, verify: self.signing.verify, way: &way };
        for letter in work(&mut self.server, &around) {
            let host = HostId(letter.to as usize);
            let (session, news) = match letter.signal {
                Signal::Up { session } => (session, SignalNews::Up),
                Signal::Down { session } => (session, SignalNews::Down),
                Signal::Message { session, bytes } => {
                    self.hosts[host.0].traffic.signal_received_bytes += bytes.len() as u64;
                    (session, SignalNews::Bytes(bytes))
                }
                Signal::Connect { .. } | Signal::Gone { .. } => continue,
            };
            let stimulus = Stimulus::Signal(SessionId(session), news);
            self.agenda.add(letter.arrives, Happening::Hand(host, self.hosts[host.0].life, stimulus));
        }
    }
}
