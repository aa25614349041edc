//! What the application asks for.

use super::Node;
use crate::id::NodeId;
use crate::io::{Command, OpId};
use crate::requests::Aim;

impl Node {
    #[inline(always)]
    pub(super) fn on_command(&mut self, command: Command<'_>) {
        match command {
            Command::Put { op, hash } => self.requests.put(&mut self.ground, op, hash),
            Command::Get { op, hash } => self.requests.fetch(&mut self.ground, Some(op), None, hash),
            Command::Find { op, target } => self.find(op, target),
            Command::Open(open) => self.ports.set(&mut self.ground, open),
            Command::Tell { port, to, bytes } => self.tell(port, to, bytes),
            Command::Ask { op, to, port, within_ms, length, kind } => {
                self.ask(op, to, port, within_ms, length, kind);
            }
            Command::Reply { status, bytes } => self.reply(status, bytes),
            Command::Hold(ids) => self.hold(ids),
            Command::Subscribe { op, topic } => self.topics.subscribe(&mut self.ground, op, topic),
            Command::Unsubscribe { topic } => self.topics.unsubscribe(&mut self.ground, topic),
            Command::Publish { op, topic, bytes } => self.topics.publish(&mut self.ground, op, topic, bytes),
            Command::Cancel { op } => self.requests.cancel(op),
            Command::Addresses(count) => self.upkeep.set_addresses(&mut self.ground, count),
            Command::Wake => self.wake_up(),
            Command::Leave => self.leave(),
        }
    }

    pub(super) fn find(&mut self, op: OpId, target: &NodeId) {
        self.requests.look_up(&mut self.ground, Some(op), Aim::Find, target);
    }
}
