//! The faucet here, and asking those of others.

use tabmesh_engine::{NodeId, Status};
use tabmesh_ledger::{Action, Command, Key, Mode, Operation};

use super::hub::Hub;
use super::view::{News, NoGift};
use super::waits::{Asking, For};

/// Questions to faucets under way; one more is refused.
const ASKING_MAX: usize = 16;

impl Hub {
    pub(super) fn ask_faucets(&mut self, of: Option<NodeId>, news: super::waits::Told) {
        if self.gifts.asked.len() >= ASKING_MAX {
            return drop(news.send(News::NoGift(NoGift::Later)));
        }
        let others = self.voters.iter().copied().filter(|id| *id != self.own);
        let mut left: Vec<NodeId> = others.filter(|id| of.is_none_or(|of| of == *id)).collect();
        if left.is_empty() {
            return drop(news.send(News::NoGift(NoGift::NoVoter)));
        }
        // Not all begin with the same one.
        let first = usize::from(self.own.0[0]) % left.len();
        left.rotate_left(first);
        self.ask_next(Asking { voter: self.own, left, why: NoGift::Nobody, news });
    }

    fn ask_next(&mut self, mut asking: Asking) {
        // Who does not wait any more is not asked for.
        if asking.news.is_closed() {
            return;
        }
        match asking.left.pop() {
            Some(voter) => {
                let ticket = self.ticket();
                self.commands.push(Command::Request { ticket, of: voter }.emit());
                self.gifts.asked.insert(ticket, Asking { voter, ..asking });
            }
            None => drop(asking.news.send(News::NoGift(asking.why))),
        }
    }

    pub(super) fn on_dripped(&mut self, ticket: u32, status: Status, bytes: &[u8]) {
        let Some(mut asking) = self.gifts.asked.remove(&ticket) else { return };
        let why = match status {
            Status::Ok => match gift(&self.own, bytes) {
                Some(operation) => {
                    let given = News::Given { voter: asking.voter, operation: Box::new(operation) };
                    let _ = asking.news.send(given);
                    return self.watch(&operation, asking.news);
                }
                None => NoGift::Wrong,
            },
            Status::Forbidden => NoGift::Had,
            Status::TooManyRequests => NoGift::Later,
            Status::NotImplemented | Status::BadRequest => NoGift::Nobody,
            _ => NoGift::Unreachable,
        };
        // Whoever has a faucet says more than who has none.
        if asking.why == NoGift::Nobody || matches!(why, NoGift::Had | NoGift::Later) {
            asking.why = why;
        }
        self.ask_next(asking);
    }
}

impl Hub {
    /// Somebody asks the faucet here.
    pub(super) fn on_requested(&mut self, question: u32, id: NodeId) {
        let epoch = self.head.epoch;
        let is_strong = self.head.mode == Mode::Strong;
        let given = match &mut self.faucet {
            None => Err(Status::NotImplemented),
            Some(_) if !is_strong => Err(Status::TooManyRequests),
            Some(faucet) => faucet.give(&id, epoch),
        };
        match given {
            Ok(amount) => {
                let ticket = self.ticket();
                self.transfers.insert(ticket, For::Gift(question, id));
                self.commands.push(Command::Transfer { ticket, to: id, amount, until: 0 }.emit());
            }
            Err(status) => self.commands.push(Command::Drip { ticket: question, status, bytes: &[] }.emit()),
        }
    }
}

/// A transfer to this node, as far as its bytes say so.
fn gift(own: &NodeId, bytes: &[u8]) -> Option<Operation> {
    let operation = Operation::read(bytes).ok()?;
    let is_own =
        matches!(&operation.action, Action::Transfer { to, .. } if Key::account(to) == Key::account(own));
    is_own.then_some(operation)
}
