//! What programs at ports ask other ports of this node, and are asked by them.
//!
//! The seats keep who asks whom, with bounds and times; here is only who of the programs is meant.

use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::Status;
use tabmesh_port::Port;
use tokio::time::Instant;

use super::port::{Message, PortEvent, Question};
use super::ports::millis;
use super::state::Driver;

impl Driver {
    /// A program asks under its own number.
    pub(super) fn ask_here(&mut self, asker: (u32, u32), to: u32, within: Duration, bytes: Vec<u8>) {
        let (port, op) = asker;
        let now = self.clock.now();
        self.seated.seats.ask_here(now, (Port(port), op), Port(to), millis(within), bytes);
        self.serve_modules();
    }

    /// A module or program asks whoever is at a port, if it is a program's.
    pub(super) fn pass_here(&mut self, ticket: u32, from: Port, to: Port, within_ms: u32, bytes: Bytes) {
        let port = to.0;
        let is_there =
            to != Port::APPLICATION && self.ports.at(port).is_some_and(|it| !it.events.is_closed());
        if !is_there || !self.has_room(port) {
            let status = if is_there { Status::TooManyRequests } else { Status::NotImplemented };
            return self.seated.seats.answered_here(ticket, true, status, Vec::new());
        }
        let message = Message { from: self.node.id(), is_proven: true, bytes };
        let now = Instant::now();
        let deadline = now + Duration::from_millis(within_ms.into());
        let attachment = self.ports.at(port).map_or(0, |attached| attached.number);
        let Some(number) = self.ports.open_here(attachment, ticket, deadline, now) else {
            return self.seated.seats.answered_here(ticket, true, Status::TooManyRequests, Vec::new());
        };
        let question = Question::new(message, Some(from.0), deadline, number, self.returns.clone());
        self.hear(port, PortEvent::Asked(question));
    }

    /// A program answered.
    pub(super) fn answered_here(&mut self, ticket: u32, status: Status, bytes: Bytes) {
        self.seated.seats.answered_here(ticket, false, status, bytes.into());
        self.serve_modules();
    }

    /// What a program asked ended.
    pub(super) fn hear_here(&mut self, port: Port, op: u32, is_here: bool, status: Status, bytes: Bytes) {
        let is_proven = !is_here;
        self.hear(port.0, PortEvent::Replied { op, status, is_proven, is_here, bytes });
    }

    /// A program is gone.
    pub(super) fn leave_here(&mut self, port: u32) {
        self.seated.seats.leave_here(Port(port));
        self.serve_modules();
    }
}
