//! The application's operations: begun, ended, given up.

use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::{Command, Input, OpId, Status};
use tokio::sync::oneshot;

use super::api::{Outcome, Wish};
use super::attached::APPLICATION;
use super::ports::{MESSAGE, QUESTION, length, millis};
use super::state::{Driver, Operation, Waiting};

/// Operations under way. Beyond it new ones end with [`Status::TooManyRequests`].
const OPERATIONS_MAX: usize = 256;

/// How long the receipt of a message is waited for.
const SEND_WITHIN: Duration = Duration::from_secs(30);

/// The numbers of operations leave the highest bit to modules in this process.
pub(super) const OWN: u32 = u32::MAX >> 1;

impl Driver {
    pub(super) fn begin(&mut self, wish: Wish, reply: oneshot::Sender<Outcome>) {
        if self.is_busy() {
            let _ = reply.send(Outcome::of(Status::TooManyRequests));
            return;
        }
        let mut outcome = Outcome::of(Status::Ok);
        if let Wish::Publish { topic, .. } = wish {
            match self.linger(topic) {
                Ok(listeners) => outcome.reached = listeners + self.node.links().count(),
                Err(status) => {
                    let _ = reply.send(Outcome::of(status));
                    return;
                }
            }
        }
        let op = self.free_operation();
        let mut message = Bytes::new();
        let said;
        let (block, target, place);
        let mut ask = |bytes: Vec<u8>| {
            message = bytes.into();
            length(&message)
        };
        let (wish, command) = match wish {
            Wish::Put(hash) => {
                block = hash;
                ("put", Command::Put { op, hash: &block })
            }
            Wish::Get(hash) => {
                block = hash;
                ("get", Command::Get { op, hash: &block })
            }
            Wish::Find(id) => {
                target = id;
                ("find", Command::Find { op, target: &target })
            }
            Wish::Send { to, bytes } => {
                target = to;
                let (length, within_ms) = (ask(bytes), millis(SEND_WITHIN));
                let (port, kind) = (APPLICATION, MESSAGE);
                ("send", Command::Ask { op, to: &target, port, within_ms, length, kind })
            }
            Wish::Ask { to, bytes, within } => {
                target = to;
                let (length, within_ms) = (ask(bytes), millis(within));
                let (port, kind) = (APPLICATION, QUESTION);
                ("ask", Command::Ask { op, to: &target, port, within_ms, length, kind })
            }
            Wish::Publish { topic, bytes } => {
                (place, said) = (topic, bytes);
                ("publish", Command::Publish { op, topic: &place, bytes: &said })
            }
        };
        // Entered first: the engine may end it before it returns.
        self.operations.insert(op, Operation { outcome, wish, message, waiting: Waiting::Caller(reply) });
        self.tell(Input::Command(command));
    }

    pub(super) fn is_busy(&self) -> bool {
        self.operations.len() >= OPERATIONS_MAX
    }

    pub(super) fn free_operation(&mut self) -> OpId {
        loop {
            self.last_operation = self.last_operation.wrapping_add(1) & OWN;
            let op = OpId(self.last_operation);
            if !self.operations.contains_key(&op) {
                return op;
            }
        }
    }

    /// Ends an operation; `say` completes what is known of it.
    pub(super) fn end(&mut self, op: OpId, status: Status, say: impl FnOnce(&mut Outcome)) {
        let Some(mut operation) = self.operations.remove(&op) else { return };
        match operation.wish {
            "put" => self.metrics.put(status as u16),
            "get" => self.metrics.get(status as u16),
            _ => {}
        }
        operation.outcome.status = status;
        say(&mut operation.outcome);
        self.tell_end(operation.waiting, operation.outcome);
    }

    pub(super) fn tell_end(&mut self, waiting: Waiting, outcome: Outcome) {
        match waiting {
            // Whoever asked may have given up meanwhile.
            Waiting::Caller(reply) => drop(reply.send(outcome)),
            Waiting::Port { attachment, op } => self.hear_reply(attachment, op, outcome),
        }
    }

    /// Cancels what nobody waits for any more.
    pub(super) fn cancel_given_up(&mut self) {
        self.cancel_those(|waiting| matches!(waiting, Waiting::Caller(reply) if reply.is_closed()));
    }

    /// Cancels what these wait for.
    pub(super) fn cancel_those(&mut self, is_one: impl Fn(&Waiting) -> bool) {
        let theirs = self.operations.iter().filter(|(_, operation)| is_one(&operation.waiting));
        for op in theirs.map(|(op, _)| *op).collect::<Vec<_>>() {
            self.cancel(op);
        }
    }

    pub(super) fn cancel(&mut self, op: OpId) {
        self.operations.remove(&op);
        self.tell(Input::Command(Command::Cancel { op }));
    }
}
