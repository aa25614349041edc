//! What the shell says and does: it starts a node from what it kept, keeps records, and signs.

use alloc::vec::Vec;

use tabmesh_port::{Signature, Status};

use crate::limits::SIGNING_MAX;

use super::event::Event;
use super::face::Command;
use super::machine::Member;
use super::pending::{For, Signing};
use super::safety::{Entry, Spot};
use super::statement::Statement;
use super::wire::{self, Cast};

impl Member {
    pub(crate) fn on_command(&mut self, bytes: &[u8]) {
        match Command::read(bytes) {
            Some(Command::Replay(bytes)) if !self.has_started => self.replay(bytes),
            Some(Command::Journal(bytes)) if !self.has_started => {
                if let Some(entry) = Entry::read(bytes) {
                    self.safety.note(&entry);
                    self.recall(&entry);
                }
            }
            Some(Command::Start { is_new }) if !self.has_started => {
                self.has_started = true;
                if is_new && self.height() == 1 {
                    let entry = Entry::Opened { view: 0 };
                    self.safety.note(&entry);
                    self.keep(&entry);
                }
                self.hold_voters();
                self.is_behind();
                self.tell_head();
            }
            Some(Command::Kept { number }) => self.on_kept(number),
            Some(Command::Give { ticket, bytes }) if self.serve(ticket, bytes) => {}
            Some(Command::Give { ticket, bytes }) => {
                let status = if bytes.is_empty() { Status::NotFound } else { Status::Ok };
                self.ground.reply(ticket, status, bytes);
            }
            Some(Command::Submit(bytes)) => self.on_own(bytes),
            Some(Command::Account { ticket, id }) => self.on_account(ticket, &id),
            Some(Command::Transfer { ticket, to, amount, until }) => {
                self.on_transfer(ticket, to, amount, until);
            }
            Some(Command::Drip { ticket, status, bytes }) => self.ground.reply(ticket, status, bytes),
            Some(Command::Request { ticket, of }) => self.on_request(ticket, &of),
            _ => {}
        }
    }

    /// Records are kept in their order: with this one, all before it.
    fn on_kept(&mut self, number: u32) {
        let is_it = |signing: &Signing| signing.number == number && !signing.is_kept;
        let Some(last) = self.signing.iter().position(is_it) else { return };
        for signing in self.signing.iter_mut().take(last + 1).filter(|signing| !signing.is_kept) {
            let bytes = signing.statement.covered(self.ledger.id());
            signing.number = self.ground.sign(&bytes);
            signing.is_kept = true;
        }
    }

    pub(crate) fn on_signed(&mut self, job: u32, signature: Option<&Signature>) {
        let Some(at) = self.signing.iter().position(|signing| signing.number == job && signing.is_kept)
        else {
            return;
        };
        let Signing { statement, to, .. } = self.signing.remove(at);
        let Some(signature) = signature else {
            if let For::Ticket(ticket) = to {
                self.ground.reply(ticket, Status::Unavailable, &[]);
            }
            return;
        };
        match to {
            For::Ballot => {
                let Statement { says, height, round, subject, .. } = statement;
                if let Some(seat) = self.seat.filter(|_| height == self.height()) {
                    self.on_cast(seat, says, Cast { round, block: subject, signature: *signature });
                    self.tell_standing();
                }
            }
            For::Owner(owner) => {
                let mut writer = tabmesh_port::Writer::default();
                writer.u8(wire::LOCKED).u32(statement.view).bytes(&statement.subject).bytes(&signature.0);
                self.deliver(&owner, &writer.finish());
            }
            For::Ticket(ticket) => self.ground.reply(ticket, Status::Ok, &signature.0),
            For::Own => {
                if let Some(seat) = self.seat.filter(|_| statement.view == self.safety.view()) {
                    self.on_acknowledged(&statement.subject, seat);
                }
            }
        }
    }

    /// Writes down what will be signed, then has it signed. The rules were asked.
    pub(crate) fn promise(&mut self, statement: Statement, spot: Spot, shown: Vec<u8>, to: For) {
        let entry = Entry::Signs { statement, spot, shown };
        self.safety.note(&entry);
        let number = self.keep(&entry);
        self.signing.push(Signing { number, is_kept: false, statement, to });
    }

    /// Has a statement signed again whose record is kept; `false` while it is not, or where so much is being signed already. So whoever asks again costs a
    /// signature, and no room on the disk.
    pub(crate) fn repeat(&mut self, statement: Statement, to: For) -> bool {
        let is_it =
            |signing: &Signing| signing.statement == statement && (!signing.is_kept || signing.to == to);
        if self.signing.len() >= SIGNING_MAX / 2 || self.signing.iter().any(is_it) {
            return false;
        }
        let number = self.ground.sign(&statement.covered(self.ledger.id()));
        self.signing.push(Signing { number, is_kept: true, statement, to });
        true
    }

    pub(crate) fn keep(&mut self, entry: &Entry) -> u32 {
        let number = self.ground.number();
        self.ground.emit(&Event::Keep { number, record: &entry.emit() });
        number
    }
}
