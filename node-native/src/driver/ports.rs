//! What comes to ports, and what those want who are attached there.
//!
//! Nothing else tells the engine which ports are open or whom to hold: modules in this process join their lists in `tell_open` and
//! `tell_held`. What is said at their ports does not come here.

use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::limits::PORTS_MAX;
use tabmesh_engine::{Command, Input, LinkKind, NodeId, OpId, Reason, Status};
use tabmesh_port::Port;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::api::Outcome;
use super::attached::{APPLICATION, Attached};
use super::port::{AttachError, Message, PortCommand, PortEvent, Question, Return};
use super::request::Place;
use super::state::{Driver, Finding, Operation, Waiting};

/// Events that somebody at a port may be behind. Who is further behind is detached.
const BEHIND_MAX: usize = 256;

/// Of these so many places are kept for what must come: what is told is lost before, and what is asked refused.
const KEPT: usize = BEHIND_MAX / 2;

/// The kinds of what the application is asked.
pub(super) const MESSAGE: u8 = 0;
pub(super) const QUESTION: u8 = 1;

/// A port's number and the version of its protocol, in bytes.
const OPEN: usize = 5;

impl Driver {
    pub(super) fn attach(
        &mut self,
        port: u32,
        version: u8,
        reply: oneshot::Sender<Result<Place, AttachError>>,
    ) {
        self.detach_gone();
        let (sender, events) = mpsc::channel(BEHIND_MAX);
        let attached = if self.seated.has(Port(port)) {
            Err(AttachError::Taken)
        } else if port != APPLICATION && self.open_ports() >= PORTS_MAX {
            Err(AttachError::Full)
        } else {
            self.ports.attach(port, version, sender)
        };
        if attached.is_ok() && port != APPLICATION {
            self.tell_open();
        }
        let place = attached.map(|number| Place { number, events });
        // Whoever asked may have given up meanwhile, and is found gone later.
        let _ = reply.send(place);
    }

    /// Detaches those who are gone without a word.
    pub(super) fn detach_gone(&mut self) {
        for number in self.ports.gone() {
            self.detach(number);
        }
    }

    fn detach(&mut self, number: u64) {
        let Some(port) = self.ports.detach(number) else { return };
        self.cancel_those(
            |waiting| matches!(waiting, Waiting::Port { attachment, .. } if *attachment == number),
        );
        for ticket in self.ports.close_questions_of(number) {
            self.tell(Input::Command(Command::Reply { status: Status::Unavailable, bytes: &ticket }));
        }
        self.leave_here(port);
        if port != APPLICATION {
            self.tell_open();
        }
        self.tell_held();
    }

    /// Tells the engine which ports are open, after one was opened or closed. Modules have their turn after it.
    pub(super) fn tell_open(&mut self) {
        let open = [self.ports.open(), self.seated.open.clone()].concat();
        self.feed(Input::Command(Command::Open(&open)));
    }

    pub(super) fn tell_held(&mut self) {
        let held = self.ports.held(&self.seated.held, self.seated.count());
        if held != self.held {
            self.feed(Input::Command(Command::Hold(&held)));
            self.held = held;
        }
    }

    pub(super) fn on_return(&mut self, returned: Return) {
        match returned {
            Return::Detached(number) => self.detach(number),
            Return::Unseated(number) => self.unseat(number),
            Return::Answered { question, status, bytes } => {
                if let Some(ticket) = self.ports.close_here(question) {
                    return self.answered_here(ticket, status, bytes);
                }
                let Some(ticket) = self.ports.close_question(question, Instant::now()) else { return };
                let bytes = [&ticket[..], &bytes].concat();
                self.tell(Input::Command(Command::Reply { status, bytes: &bytes }));
            }
        }
    }

    /// Does what somebody wants who is attached; the port is put on here.
    pub(super) fn on_port_command(&mut self, attachment: u64, command: PortCommand) {
        let Some(port) = self.ports.port_of(attachment) else { return };
        match command {
            PortCommand::Tell { to, bytes } => {
                self.tell(Input::Command(Command::Tell { port, to: &to, bytes: &bytes }));
            }
            PortCommand::Ask { op, to, within, bytes } => {
                if !self.is_asking(attachment, port, op) {
                    self.ask_at(port, Waiting::Port { attachment, op }, to, within, bytes.into());
                }
            }
            PortCommand::AskHere { op, port: to, within, bytes } => {
                if !self.is_asking(attachment, port, op) {
                    self.ask_here((port, op), to, within, bytes);
                }
            }
            PortCommand::Hold(ids) => {
                let new = self.ports.hold(port, ids);
                self.tell_held();
                let links: Vec<_> = self.node.links().filter(|link| new.contains(&link.id)).collect();
                for link in links {
                    self.hear(port, linked(link.id, link.rtt_us, link.kind));
                }
            }
            PortCommand::Cancel(op) => {
                if let Some(op) = self.ask_of(attachment, op) {
                    self.cancel(op);
                }
                self.seated.seats.forget_here(Port(port), op);
            }
        }
    }

    /// Whether an attachment asks something under its own number, here or elsewhere.
    fn is_asking(&self, attachment: u64, port: u32, number: u32) -> bool {
        self.ask_of(attachment, number).is_some() || self.seated.seats.asks_here(Port(port), number)
    }

    /// What an attachment asks under its own number.
    fn ask_of(&self, attachment: u64, number: u32) -> Option<OpId> {
        let is_it = |waiting: &Waiting| matches!(waiting, Waiting::Port { attachment: whose, op } if (*whose, *op) == (attachment, number));
        let found = self.operations.iter().find(|(_, operation)| is_it(&operation.waiting));
        found.map(|(op, _)| *op)
    }

    fn ask_at(&mut self, port: u32, waiting: Waiting, to: NodeId, within: Duration, message: Bytes) {
        if self.is_busy() {
            let outcome = Outcome::of(Status::TooManyRequests);
            return self.tell_end(waiting, outcome);
        }
        let op = self.free_operation();
        let (within_ms, length) = (millis(within), length(&message));
        let outcome = Outcome::of(Status::Ok);
        self.operations.insert(op, Operation { outcome, wish: "ask", message, waiting });
        self.tell(Input::Command(Command::Ask { op, to: &to, port, within_ms, length, kind: 0 }));
    }

    /// Tells an end to somebody at a port.
    pub(super) fn hear_reply(&mut self, attachment: u64, op: u32, outcome: Outcome) {
        let Some(port) = self.ports.port_of(attachment) else { return };
        let Outcome { status, answer: bytes, is_proven, is_told, .. } = outcome;
        self.hear(port, PortEvent::Replied { op, status, is_proven, is_here: !is_told, bytes });
    }

    pub(super) fn on_said(&mut self, port: u32, message: Message) {
        // Nobody speaks so to the application.
        if port != APPLICATION && self.has_room(port) {
            self.hear(port, PortEvent::Said(message));
        }
    }

    pub(super) fn on_asked(
        &mut self,
        (port, kind): (u32, u8),
        message: Message,
        within_ms: u32,
        ticket: Vec<u8>,
    ) {
        if (port, kind) == (APPLICATION, MESSAGE) {
            // Nobody has to listen.
            let _ = self.messages.send(message);
            return self.findings.push_back(Finding::Reply(Status::Ok, ticket));
        }
        let attached = self.ports.at(port).filter(|_| port != APPLICATION || kind == QUESTION);
        let Some(number) = attached.filter(|it| !it.events.is_closed()).map(|attached| attached.number)
        else {
            return self.findings.push_back(Finding::Reply(Status::NotImplemented, ticket));
        };
        let now = Instant::now();
        let deadline = now + Duration::from_millis(within_ms.into());
        let (question, refused) = match self.has_room(port) {
            true => self.ports.open_question(number, ticket, deadline, now),
            false => (None, Some(ticket)),
        };
        if let Some(refused) = refused {
            self.findings.push_back(Finding::Reply(Status::TooManyRequests, refused));
        }
        if let Some(question) = question {
            let question = Question::new(message, None, deadline, question, self.returns.clone());
            self.hear(port, PortEvent::Asked(question));
        }
    }

    /// A linked peer told which ports are open there.
    pub(super) fn on_ports(&mut self, id: NodeId, open: &[u8]) {
        let version_of = |port: u32| {
            let entries = open.chunks_exact(OPEN);
            entries
                .map(|entry| entry.split_at(4))
                .find(|(at, _)| *at == port.to_be_bytes())
                .map(|(_, version)| version[0])
        };
        self.ports.all().for_each(|(port, attached)| attached.note(id, version_of(port)));
        self.tell_peers();
    }

    /// Tells where ports are open, as far as there is room; the rest later.
    pub(super) fn tell_peers(&mut self) {
        let ports: Vec<u32> = self.ports.all().map(|(port, _)| port).collect();
        for port in ports {
            while self.has_room(port)
                && let Some((id, version)) = self.ports.at_mut(port).and_then(Attached::next_news)
            {
                self.hear(port, PortEvent::Peer { id, version });
            }
        }
    }

    pub(super) fn on_linked(&mut self, id: NodeId, kind: LinkKind) {
        let rtt_us = self.node.links().find(|link| link.id == id).map_or(0, |link| link.rtt_us);
        for port in self.holders(&id) {
            self.hear(port, linked(id, rtt_us, kind));
        }
    }

    /// A link is lost, or was not made.
    pub(super) fn on_unlinked(&mut self, id: NodeId, reason: Reason) {
        // A better one may have taken its place.
        if self.node.links().any(|link| link.id == id) {
            return;
        }
        self.on_ports(id, &[]);
        for port in self.holders(&id) {
            self.hear(port, PortEvent::Unlinked { id, reason });
        }
    }

    fn holders(&mut self, id: &NodeId) -> Vec<u32> {
        self.ports.all().filter(|(_, attached)| attached.holds(id)).map(|(port, _)| port).collect()
    }

    /// Whether somebody at a port keeps up so well that more may come than what must.
    pub(super) fn has_room(&self, port: u32) -> bool {
        self.ports.at(port).is_some_and(|attached| attached.events.capacity() > KEPT)
    }

    /// Hands an event to whoever is attached at a port: here, and nowhere else.
    pub(super) fn hear(&mut self, port: u32, event: PortEvent) {
        let Some(attached) = self.ports.at(port) else { return };
        if let Err(mpsc::error::TrySendError::Full(_)) = attached.events.try_send(event) {
            tracing::warn!(port, "the program at this port reads too slowly, and is detached");
            // Soon: the engine may be in the middle of something.
            let _ = self.returns.send(Return::Detached(attached.number));
        }
    }
}

fn linked(id: NodeId, rtt_us: u32, kind: LinkKind) -> PortEvent {
    PortEvent::Linked { id, rtt_us, is_relayed: kind == LinkKind::Relayed }
}

pub(super) fn millis(within: Duration) -> u32 {
    u32::try_from(within.as_millis()).unwrap_or(u32::MAX)
}

pub(super) fn length(message: &Bytes) -> u32 {
    u32::try_from(message.len()).unwrap_or(u32::MAX)
}
