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
            Command::Send { op, to, length } => self.requests.send(&mut self.ground, op, to, length),
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
        let verdict = self.requests.look_up(&mut self.ground, Some(op), Aim::Find, target);
        debug_assert!(verdict.is_none(), "nothing but the application waits for it");
    }
}
