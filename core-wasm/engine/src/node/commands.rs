//! What the application asks for.

use super::Node;
use super::requests::Goal;
use crate::io::{Command, Event, OpId};
use crate::limits::MESSAGE_MAX;
use crate::status::Status;

impl Node {
    #[inline(always)]
    pub(super) fn on_command(&mut self, command: Command<'_>) {
        match command {
            Command::Put { op, hash } => self.begin_or_refuse(op, Goal::Put, hash),
            Command::Get { op, hash } => self.begin_or_refuse(op, Goal::Get, hash),
            Command::Find { op, target } => self.begin_or_refuse(op, Goal::Find, target),
            Command::Send { op, length, .. } if length > MESSAGE_MAX as u32 => {
                self.report(Event::Done { op, status: Status::BadRequest, holders: 0 });
            }
            Command::Send { op, to, length } => self.begin_or_refuse(op, Goal::Send(length as u16), to),
            Command::Subscribe { op, topic } => self.subscribe(op, topic),
            Command::Unsubscribe { topic } => self.unsubscribe(&topic),
            Command::Publish { op, topic, bytes } => self.publish(op, &topic, bytes),
            Command::Cancel { op } => self.cancel(op),
            Command::Addresses(count) => self.set_addresses(count),
            Command::Wake => self.wake_up(),
            Command::Leave => self.leave(),
        }
    }

    fn begin_or_refuse(&mut self, op: OpId, goal: Goal, target: crate::id::NodeId) {
        if !self.begin_request(Some(op), goal, &target) {
            self.report(Event::Done { op, status: Status::TooManyRequests, holders: 0 });
        }
    }
}
