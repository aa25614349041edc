//! A virtual signalling server that speaks `wire::signal` as the real one does.

use tabmesh_engine::NodeId;
use tabmesh_engine::wire::envelope::Kind;
use tabmesh_engine::wire::signal::{
    FLAG_RELAY, FromServer, INTRODUCED_MAX, MESSAGE_MAX, Refusal, ToServer, proof_bytes,
};

use super::agenda::Happening;
use super::check;
use super::ids::{HostId, SessionId};
use super::network::SERVER_PLACE;
use super::run::World;
use super::server::{Client, SERVER_NAME};
use super::stimulus::{SignalNews, Stimulus};
use super::time::{MS, SECOND};

impl World {
    /// Kills the signalling server: every connection to it breaks, and no new one is made.
    pub(crate) fn kill_signalling(&mut self) {
        self.server.is_up = false;
        let sessions = std::mem::take(&mut self.server.sessions);
        for (session, client) in sessions {
            let delay = self.server_travel(client.host);
            self.at(
                delay,
                Happening::Hand(client.host, client.life, Stimulus::Signal(session, SignalNews::Down)),
            );
        }
    }

    /// Starts the signalling server again; it remembers nobody.
    pub(crate) fn start_signalling(&mut self) {
        self.server.is_up = true;
    }

    /// How many nodes are connected to the server and proved.
    pub(crate) fn present_at_server(&self) -> usize {
        self.server.sessions.values().filter(|client| client.proved.is_some()).count()
    }

    /// How many envelopes the server has carried.
    pub(crate) fn relayed_by_server(&self) -> u64 {
        self.server.relayed
    }

    /// Has the server lose the next `count` envelopes of this kind.
    pub(crate) fn lose_envelopes(&mut self, kind: Kind, count: u32) {
        self.server.loses = Some((kind, count));
    }

    /// How many envelopes the server has still to lose.
    pub(crate) fn envelopes_to_lose(&self) -> u32 {
        self.server.loses.map_or(0, |(_, count)| count)
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
        self.server.made += 1;
        let session = SessionId(self.server.made);
        self.hosts[host.0].session = Some(session);
        let life = self.hosts[host.0].life;
        if self.network.is_cut_from_server(host) {
            let down = Stimulus::Signal(session, SignalNews::Down);
            return self.at(10 * SECOND, Happening::Hand(host, life, down));
        }
        let client = Client { host, life, nonce: self.rng.bytes(), proved: None, heard_at: 0, told_at: 0 };
        self.server.sessions.insert(session, client);
        // TCP and TLS there and back, and the upgrade's way there.
        let delay = 5 * self.server_travel(host);
        self.at(delay, Happening::ServerAccept(session));
    }

    /// A host needs the server no more.
    pub(super) fn close_session(&mut self, host: HostId) {
        if let Some(session) = self.hosts[host.0].session.take() {
            self.server.sessions.remove(&session);
        }
    }

    /// A host sends one message to the server.
    pub(super) fn signal(&mut self, host: HostId, bytes: Vec<u8>) {
        let Some(session) = self.hosts[host.0].session else {
            self.fail(host, "the engine spoke to a signalling server that is not connected");
        };
        self.hosts[host.0].traffic.signal_sent_bytes += bytes.len() as u64;
        let delay = self.server_travel(host);
        let at = self.now + delay;
        if self.network.is_cut_from_server(host) {
            return self.break_session(session);
        }
        let Some(client) = self.server.sessions.get_mut(&session) else { return };
        client.heard_at = at.max(client.heard_at + 1);
        self.agenda.add(client.heard_at, Happening::ServerHear(session, bytes));
    }

    /// A connection reaches the server.
    pub(super) fn server_accept(&mut self, session: SessionId) {
        let Some(client) = self.server.sessions.get(&session) else { return };
        let (host, life, nonce) = (client.host, client.life, client.nonce);
        let delay = self.server_travel(host);
        let is_up = self.server.is_up;
        let news = if is_up { SignalNews::Up } else { SignalNews::Down };
        self.at(delay, Happening::Hand(host, life, Stimulus::Signal(session, news)));
        if !is_up {
            self.server.sessions.remove(&session);
            return;
        }
        if let Some(client) = self.server.sessions.get_mut(&session) {
            client.told_at = self.now + delay;
        }
        self.tell(session, &FromServer::Challenge { level: self.server.level, nonce: &nonce });
    }

    /// A message reaches the server.
    pub(super) fn server_hear(&mut self, session: SessionId, bytes: &[u8]) {
        let Some(client) = self.server.sessions.get(&session) else { return };
        if bytes.len() > MESSAGE_MAX {
            return self.refuse_and_close(session, Refusal::TooLarge);
        }
        match (ToServer::parse(bytes), client.proved) {
            (Some(ToServer::Prove { flags, network, key, signature }), None) => {
                let proof = proof_bytes(&client.nonce, network, flags, SERVER_NAME);
                if !self.crypto.verify(key, signature, &proof) {
                    return self.refuse_and_close(session, Refusal::BadProof);
                }
                self.admit(session, NodeId::of_key(key), *network, flags);
            }
            (Some(ToServer::Relay { to, envelope }), Some((from, network, _))) => {
                if self.server.is_lost(envelope) {
                    return;
                }
                let target = self.present(to, &network);
                match target {
                    Some(target) => {
                        self.server.relayed += 1;
                        self.tell(target, &FromServer::Deliver { from: &from, envelope });
                    }
                    None => {
                        self.tell(session, &FromServer::Refused { refusal: Refusal::NotPresent, about: to });
                    }
                }
            }
            (Some(ToServer::Introduce), Some((id, network, _))) => self.introduce(session, id, network),
            _ => self.refuse_and_close(session, Refusal::Malformed),
        }
    }

    fn admit(&mut self, session: SessionId, id: NodeId, network: [u8; 8], flags: u8) {
        if id.level() < u32::from(self.server.level) {
            return self.refuse_and_close(session, Refusal::LowLevel);
        }
        if let Some(older) = self.present(&id, &network) {
            self.refuse_and_close(older, Refusal::Replaced);
        }
        if let Some(client) = self.server.sessions.get_mut(&session) {
            client.proved = Some((id, network, flags));
        }
        self.introduce(session, id, network);
    }

    /// Names a relay, the node closest by id, and others by chance.
    fn introduce(&mut self, session: SessionId, id: NodeId, network: [u8; 8]) {
        let mut others: Vec<(NodeId, u8)> = self
            .server
            .sessions
            .values()
            .filter_map(|client| client.proved)
            .filter(|(other, its_network, _)| *other != id && *its_network == network)
            .map(|(other, _, flags)| (other, flags))
            .collect();
        let mut peers = Vec::new();
        while peers.len() < INTRODUCED_MAX && !others.is_empty() {
            let relays: Vec<usize> = (0..others.len()).filter(|at| others[*at].1 & FLAG_RELAY != 0).collect();
            let at = match peers.len() {
                0 if !relays.is_empty() => relays[self.rng.below(relays.len() as u64) as usize],
                1 => (0..others.len()).min_by_key(|at| check::distance(&others[*at].0, &id)).unwrap_or(0),
                _ => self.rng.below(others.len() as u64) as usize,
            };
            peers.push(others.swap_remove(at));
        }
        self.tell(session, &FromServer::Welcome { peers });
    }

    fn present(&self, id: &NodeId, network: &[u8; 8]) -> Option<SessionId> {
        let is_it = |client: &Client| client.proved.is_some_and(|(its, of, _)| its == *id && of == *network);
        self.server.sessions.iter().find(|(_, client)| is_it(client)).map(|(session, _)| *session)
    }

    fn refuse_and_close(&mut self, session: SessionId, refusal: Refusal) {
        self.tell(session, &FromServer::Refused { refusal, about: &NodeId([0; 32]) });
        let Some(client) = self.server.sessions.remove(&session) else { return };
        let down = Stimulus::Signal(session, SignalNews::Down);
        self.agenda.add(client.told_at + 1, Happening::Hand(client.host, client.life, down));
    }

    fn tell(&mut self, session: SessionId, message: &FromServer<'_>) {
        let Some(host) = self.server.sessions.get(&session).map(|client| client.host) else { return };
        if self.network.is_cut_from_server(host) {
            return self.break_session(session);
        }
        let at = self.now + self.server_travel(host);
        let bytes = message.emit();
        self.hosts[host.0].traffic.signal_received_bytes += bytes.len() as u64;
        let Some(client) = self.server.sessions.get_mut(&session) else { return };
        client.told_at = at.max(client.told_at + 1);
        let news = Stimulus::Signal(session, SignalNews::Bytes(bytes));
        self.agenda.add(client.told_at, Happening::Hand(host, client.life, news));
    }

    /// Something was said across a cut: it is never heard, and TCP gives the connection up.
    fn break_session(&mut self, session: SessionId) {
        let Some(client) = self.server.sessions.remove(&session) else { return };
        let down = Stimulus::Signal(session, SignalNews::Down);
        self.at(15 * SECOND, Happening::Hand(client.host, client.life, down));
    }

    fn server_travel(&mut self, host: HostId) -> u64 {
        self.network.travel(self.hosts[host.0].place, SERVER_PLACE, &mut self.rng).max(MS)
    }
}
