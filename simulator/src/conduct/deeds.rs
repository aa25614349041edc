//! What happens at one moment: departures, cuts, frozen tabs, a signalling server that stops.

use tabmesh_world::server::Server;

use super::Conductor;
use crate::crypto::Crypto;
use crate::event::{Event, NodeNumber, What};
use crate::model::micros;
use crate::model::place::LEAST_US;
use crate::scenario::Action;

impl<C: Crypto> Conductor<'_, C> {
    /// Does what is due.
    pub(super) fn act(&mut self) {
        let now_s = self.world.now as f64 / 1e6;
        while let Some(place) = self.actions.last().copied()
            && self.scenario.actions[place].at_s() <= now_s
        {
            self.actions.pop();
            match self.scenario.actions[place].clone() {
                Action::Leave { share, silent, .. } => {
                    self.send_away(share, silent);
                }
                Action::Exchange { share, silent, over_s, .. } => self.exchange(share, silent, over_s),
                Action::Partition { sides, server_reaches_all, .. } => {
                    self.cut(&sides, server_reaches_all);
                }
                Action::Heal { .. } => self.heal(),
                Action::Freeze { share, for_s, .. } => {
                    let (now, for_us) = (self.world.now, micros(for_s));
                    for node in self.some(share) {
                        self.census.freeze(node, now, now + for_us);
                        self.world.inject(now, node, What::Freeze { for_us });
                    }
                }
                Action::Signalling { up, .. } => self.switch_server(up),
            }
        }
    }

    /// A share of the nodes that are there, by chance.
    fn some(&mut self, share: f64) -> Vec<NodeNumber> {
        let mut nodes: Vec<NodeNumber> = self.census.present().map(|life| life.node).collect();
        let count = (nodes.len() as f64 * share).round() as usize;
        for at in 0..count {
            let other = at + self.dice.below((nodes.len() - at) as u64) as usize;
            nodes.swap(at, other);
        }
        nodes.truncate(count);
        nodes
    }

    /// A share of the nodes goes; who it was.
    fn send_away(&mut self, share: f64, silent: bool) -> Vec<NodeNumber> {
        let now = self.world.now;
        let gone = self.some(share);
        for node in &gone {
            if let Some(life) = self.census.life(*node).map(|life| life.number) {
                self.world.inject(now, *node, What::Depart { life, silent });
            }
        }
        gone
    }

    fn exchange(&mut self, share: f64, silent: bool, over_s: f64) {
        let now = self.world.now;
        for node in self.send_away(share, silent) {
            let at = now + LEAST_US + self.dice.below(micros(over_s) + 1);
            self.world.inject(at, node, What::Start);
        }
    }

    fn cut(&mut self, sides: &[f64], server_reaches_all: bool) {
        let ground = &mut self.world.ground;
        let sides = (0..ground.nodes)
            .map(|_| {
                let mut left = self.dice.unit();
                let side = sides.iter().position(|share| {
                    left -= share;
                    left <= 0.0
                });
                side.unwrap_or(0) as u8
            })
            .collect();
        ground.cut.fall_apart(sides);
        ground.cut.server = (!server_reaches_all).then_some(0);
        (self.healed_at, self.whole_after) = (None, None);
        for shard in &mut self.world.shards {
            shard.set_time(self.world.now);
            shard.notice_cut(&self.world.ground);
        }
    }

    fn heal(&mut self) {
        self.world.ground.cut.heal();
        self.healed_at = Some(self.world.now);
        let mut mail: Vec<Event> = Vec::new();
        for shard in &mut self.world.shards {
            shard.set_time(self.world.now);
            shard.resume(&self.world.ground);
            shard.outboxes.iter_mut().for_each(|outbox| mail.append(outbox));
        }
        self.deliver(mail);
    }

    fn switch_server(&mut self, up: bool) {
        let now = self.world.now;
        let shard = &mut self.world.shards[0];
        if up {
            shard.server.iter_mut().for_each(|server| server.is_up = true);
            return;
        }
        for letter in shard.ask_server(&self.world.ground, now, Server::stop) {
            self.world.inject(letter.arrives, letter.to, What::Signal(letter.signal));
        }
    }

    fn deliver(&mut self, mail: Vec<Event>) {
        for event in mail {
            let shard = (event.to % self.world.ground.shards) as usize;
            self.world.shards[shard].receive(event);
        }
    }
}
