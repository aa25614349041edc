//! The application's operations: begun, ended, given up.

use tabmesh_engine::{Command, Input, OpId, Status};
use tokio::sync::oneshot;

use super::{Driver, Outcome, Wish};

/// Operations under way. Beyond it new ones end with [`Status::TooManyRequests`].
const OPERATIONS_MAX: usize = 256;

/// An operation under way.
pub(super) struct Operation {
    pub(super) outcome: Outcome,
    wish: &'static str,
    reply: oneshot::Sender<Outcome>,
}

impl Driver {
    pub(super) fn begin(&mut self, wish: Wish, reply: oneshot::Sender<Outcome>) {
        if self.operations.len() >= OPERATIONS_MAX {
            let _ = reply.send(Outcome::of(Status::TooManyRequests));
            return;
        }
        let op = self.free_operation();
        let name = match &wish {
            Wish::Put(_) => "put",
            Wish::Get(_) => "get",
            Wish::Find(_) => "find",
            Wish::Send { .. } => "send",
        };
        // Entered first: the engine may end it before it returns.
        self.operations.insert(op, Operation { outcome: Outcome::of(Status::Ok), wish: name, reply });
        let command = match &wish {
            Wish::Put(hash) => Command::Put { op, hash: *hash },
            Wish::Get(hash) => Command::Get { op, hash: *hash },
            Wish::Find(target) => Command::Find { op, target: *target },
            Wish::Send { to, bytes } => Command::Send { op, to: *to, bytes },
        };
        self.tell(Input::Command(command));
    }

    fn free_operation(&mut self) -> OpId {
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
