//! What the application asks for.

use super::Node;
use super::requests::Goal;
use crate::id::NodeId;
use crate::io::{Command, OpId};
use crate::limits::MESSAGE_MAX;
use crate::status::Status;

impl Node {
    #[inline(always)]
    pub(super) fn on_command(&mut self, command: Command<'_>) {
        match command {
            Command::Put { op, hash } => self.begin_or_refuse(op, Goal::Put, hash),
            Command::Get { op, hash } => self.begin_or_refuse(op, Goal::Get, hash),
            Command::Find { op, target } => self.begin_or_refuse(op, Goal::Find, target),
            Command::Send { op, to, length } => self.send_message(op, to, length),
            Command::Subscribe { op, topic } => self.subscribe(op, topic),
            Command::Unsubscribe { topic } => self.unsubscribe(topic),
            Command::Publish { op, topic, bytes } => self.publish(op, topic, bytes),
            Command::Cancel { op } => self.cancel(op),
            Command::Addresses(count) => self.set_addresses(count),
            Command::Wake => self.wake_up(),
            Command::Leave => self.leave(),
        }
    }

    pub(super) fn send_message(&mut self, op: OpId, to: &NodeId, length: u32) {
        if length > MESSAGE_MAX as u32 {
            return self.ground.done(op, Status::BadRequest, 0);
        }
        self.begin_or_refuse(op, Goal::Send(length as u16), to);
    }

    pub(super) fn begin_or_refuse(&mut self, op: OpId, goal: Goal, target: &NodeId) {
        if !self.begin_request(Some(op), goal, target) {
            self.ground.done(op, Status::TooManyRequests, 0);
        }
    }
}
