//! A shell's connection to the signalling server.

use tabmesh_engine::Input;
use tabmesh_world::dial::{NO_ANSWER_US, SOCKET_WAYS};
use tabmesh_world::dice::Dice;
use tabmesh_world::server::{Around, Letter, SERVER_NAME, Server, Signal};

use super::Shard;
use crate::crypto::Crypto;
use crate::event::{NodeNumber, What};
use crate::ground::Ground;

impl<C: Crypto> Shard<C> {
    pub(super) fn open_signal(&mut self, ground: &Ground, node: NodeNumber) {
        let (at, now) = (self.at(node), self.now);
        let shell = &mut self.shells[at];
        if shell.session != 0 {
            return self.broke(node, "a second connection to the signalling server", None);
        }
        shell.sessions_made += 1;
        shell.session = shell.sessions_made;
        shell.signal_open = false;
        let session = shell.session;
        let server = ground.nodes;
        if ground.is_cut(node, server) {
            let down = What::Signal(Signal::Down { session });
            return self.cause(ground, node, node, now + NO_ANSWER_US, down);
        }
        let arrives = now + SOCKET_WAYS * ground.one_way_us(node, server);
        shell.signal_arrives = arrives;
        self.cause(ground, node, server, arrives, What::Signal(Signal::Connect { session }));
    }

    pub(super) fn signal(&mut self, ground: &Ground, node: NodeNumber, bytes: Vec<u8>) {
        let (at, now) = (self.at(node), self.now);
        let shell = &mut self.shells[at];
        if !shell.signal_open {
            return self.broke(node, "a message to a signalling server that is not connected", None);
        }
        let (session, server) = (shell.session, ground.nodes);
        if ground.is_cut(node, server) {
            let down = What::Signal(Signal::Down { session });
            return self.cause(ground, node, node, now + NO_ANSWER_US, down);
        }
        let passage =
            ground.channel.pass(bytes.len() as u32, ground.one_way_us(node, server), &mut shell.dice);
        shell.signal_arrives = (now + passage.travel_us).max(shell.signal_arrives + 1);
        let arrives = shell.signal_arrives;
        self.tallies[at].signal += bytes.len() as u64;
        self.cause(ground, node, server, arrives, What::Signal(Signal::Message { session, bytes }));
    }

    pub(super) fn close_signal(&mut self, ground: &Ground, node: NodeNumber) {
        self.drop_session(ground, node, 0);
    }

    /// The connection ends; the server learns of it `notice_us` later than it could.
    pub(super) fn drop_session(&mut self, ground: &Ground, node: NodeNumber, notice_us: u64) {
        let (at, now) = (self.at(node), self.now);
        let shell = &mut self.shells[at];
        let session = std::mem::take(&mut shell.session);
        shell.signal_open = false;
        if session != 0 && !ground.is_cut(node, ground.nodes) {
            let arrives = (now + ground.one_way_us(node, ground.nodes)).max(shell.signal_arrives + 1);
            let gone = What::Signal(Signal::Gone { session });
            self.cause(ground, node, ground.nodes, arrives + notice_us, gone);
        }
    }

    /// The server, or the way to it, has something to say.
    pub(super) fn hear_server(&mut self, ground: &Ground, node: NodeNumber, signal: Signal) {
        let at = self.at(node);
        let current = self.shells[at].session;
        match signal {
            Signal::Up { session } if session == current => {
                self.shells[at].signal_open = true;
                self.feed(ground, node, Input::SignalUp(SERVER_NAME));
            }
            Signal::Down { session } if session == current => {
                self.shells[at].session = 0;
                self.shells[at].signal_open = false;
                self.feed(ground, node, Input::SignalDown);
            }
            Signal::Message { session, bytes } if session == current => {
                self.tallies[at].signal += bytes.len() as u64;
                self.feed(ground, node, Input::SignalBytes(&bytes));
            }
            _ => {}
        }
    }

    /// Something reaches the signalling server.
    pub(super) fn serve(&mut self, ground: &Ground, from: NodeNumber, what: What) {
        let What::Signal(signal) = what else { return };
        let letters = self.ask_server(ground, self.now, |server, around| server.hear(around, from, signal));
        for letter in letters {
            let signal = What::Signal(letter.signal);
            self.cause(ground, ground.nodes, letter.to, letter.arrives, signal);
        }
    }

    /// Has the server do something; what it says then.
    pub(crate) fn ask_server(
        &mut self,
        ground: &Ground,
        now: u64,
        work: impl FnOnce(&mut Server, &Around<'_>) -> Vec<Letter>,
    ) -> Vec<Letter> {
        let Some(server) = &mut self.server else { return Vec::new() };
        let way = |to: NodeNumber, length: u32, dice: &mut Dice| {
            let pass = || ground.channel.pass(length, ground.one_way_us(ground.nodes, to), dice).travel_us;
            (!ground.is_cut(ground.nodes, to)).then(pass)
        };
        work(server, &Around { now, verify: C::verify, way: &way })
    }
}
