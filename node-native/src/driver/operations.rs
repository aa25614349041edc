//! The application's operations: begun, ended, given up.

use bytes::Bytes;
use tabmesh_engine::{Command, Input, OpId, Status};
use tokio::sync::oneshot;

use super::api::{Outcome, Wish};
use super::state::{Driver, Operation};

/// Operations under way. Beyond it new ones end with [`Status::TooManyRequests`].
const OPERATIONS_MAX: usize = 256;

impl Driver {
    pub(super) fn begin(&mut self, wish: Wish, reply: oneshot::Sender<Outcome>) {
        if self.operations.len() >= OPERATIONS_MAX {
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
                message = bytes.into();
                let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
                ("send", Command::Send { op, to: &target, length })
            }
            Wish::Publish { topic, bytes } => {
                (place, said) = (topic, bytes);
                ("publish", Command::Publish { op, topic: &place, bytes: &said })
            }
        };
        // Entered first: the engine may end it before it returns.
        self.operations.insert(op, Operation { outcome, wish, message, reply });
        self.tell(Input::Command(command));
    }

    pub(super) fn free_operation(&mut self) -> OpId {
        loop {
            self.last_operation = self.last_operation.wrapping_add(1);
            let op = OpId(self.last_operation);
            if !self.operations.contains_key(&op) {
                return op;
            }
        }
    }

    pub(super) fn end(&mut self, op: OpId, status: Status, holders: u8) {
        let Some(mut operation) = self.operations.remove(&op) else { return };
        match operation.wish {
            "put" => self.metrics.put(status as u16),
            "get" => self.metrics.get(status as u16),
            _ => {}
        }
        operation.outcome.status = status;
        operation.outcome.holders = holders;
        // Whoever asked may have given up meanwhile.
        let _ = operation.reply.send(operation.outcome);
    }

    /// Cancels what nobody waits for any more.
    pub(super) fn cancel_given_up(&mut self) {
        let given_up: Vec<OpId> = self
            .operations
            .iter()
            .filter(|(_, operation)| operation.reply.is_closed())
            .map(|(op, _)| *op)
            .collect();
        for op in given_up {
            self.operations.remove(&op);
            self.tell(Input::Command(Command::Cancel { op }));
        }
    }
}
