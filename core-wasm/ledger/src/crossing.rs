//! Credits that cross from one neighbourhood to another: a receipt at the source, a nullifier at the destination.
//!
//! A claim shows the receipt under a root of the source. A closing shows under a root of the destination that it was taken, or that it was
//! not and never will be: then it is refunded. Which roots count is for who calls to say.

use tabmesh_port::{Reader, Writer};

use crate::hash::{Hash, Tag, tagged};
use crate::key::Key;
use crate::limits::{NULLIFIER_EPOCHS, ROOTED_WITHIN, SUPPLY_MAX};
use crate::nullifiers::tail;
use crate::proof::{Found, Proof};
use crate::record::{Open, Record};
use crate::refusal::Refusal;
use crate::state::State;

/// What a receipt's key commits to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// Who sent it.
    pub source: Key,
    /// By which of its operations.
    pub sequence: u32,
    /// To whom.
    pub destination: Key,
    /// How much, in grains.
    pub amount: u64,
    /// The last epoch in which the destination takes it.
    pub expiry: u32,
}

/// A root of nullifiers, with the epoch of the block that it stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rooted {
    /// The block's epoch.
    pub epoch: u32,
    /// The root of its nullifiers.
    pub nullifiers: Hash,
}

/// What became of a receipt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closed {
    /// Its destination has taken it.
    Taken,
    /// Its sender has it back.
    Refunded,
}

impl Receipt {
    /// How long it is.
    pub const BYTES: usize = 80;

    /// Reads its bytes; `None` if they are none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (source, sequence) = (Key(*reader.array()), reader.u32());
        let (destination, amount, expiry) = (Key(*reader.array()), reader.u64(), reader.u32());
        reader.finish()?;
        let is_one = source.is_account() && destination.is_account() && amount > 0;
        is_one.then_some(Self { source, sequence, destination, amount, expiry })
    }

    /// Its bytes: source 32, sequence 4, destination 32, amount 8, expiry 4.
    pub fn emit(&self) -> alloc::vec::Vec<u8> {
        let mut writer = Writer::with_capacity(Self::BYTES);
        writer.bytes(&self.source.0).u32(self.sequence);
        writer.bytes(&self.destination.0).u64(self.amount).u32(self.expiry);
        writer.finish()
    }

    /// Where it lies at its source, and what its nullifier is made of: SHA-256(3 ‖ its bytes), the first 8 bytes as the source's, the last
    /// bit set.
    pub fn key(&self) -> Key {
        Key::other(tagged(Tag::Receipt, &[&self.emit()])).beside(&self.source)
    }

    /// The record at its source.
    pub fn open(&self) -> Open {
        Open { key: self.key(), amount: self.amount, expiry: self.expiry }
    }

    /// Whether it was taken, by a proof under a root of its destination's nullifiers; `None` if it is no proof of that.
    pub fn taken(&self, root: &Hash, proof: &Proof) -> Option<bool> {
        proof.verify(root, &tail(&self.key())).map(|found| found != Found::Absent)
    }
}

impl State {
    /// Takes a receipt in a block of this epoch; `root` is a rooted one of the source's records.
    ///
    /// # Errors
    /// Why not; nothing has changed.
    pub fn claim(
        &mut self,
        epoch: u32,
        receipt: &Receipt,
        root: &Hash,
        proof: &Proof,
    ) -> Result<(), Refusal> {
        let key = receipt.key();
        let is_ours = self.prefix.covers(&receipt.destination) && !self.prefix.covers(&receipt.source);
        if !is_ours {
            return Err(Refusal::WrongPlace);
        }
        if epoch > receipt.expiry {
            return Err(Refusal::Expired);
        }
        if self.nullifiers.has(&key) {
            return Err(Refusal::Claimed);
        }
        let open = Record::Open(receipt.open()).emit();
        if proof.verify(root, &key.0) != Some(Found::Present(&open)) {
            return Err(Refusal::BadProof);
        }
        if !self.nullifiers.has_room() {
            return Err(Refusal::TableFull);
        }
        let received = self.flows.received.checked_add(receipt.amount).filter(|sum| *sum <= SUPPLY_MAX);
        let received = received.ok_or(Refusal::TooMuch)?;
        let account = self.credited(epoch, receipt.destination, receipt.amount, 0)?;
        self.flows.received = received;
        self.nullifiers.put(&key, receipt.expiry.saturating_add(NULLIFIER_EPOCHS));
        self.keep(Record::Account(account));
        Ok(())
    }

    /// Closes an open receipt, by a proof under a rooted root of its destination's nullifiers: what was taken is gone, what was not goes
    /// back to its sender. That it was not, only a root shows that no claim can come behind, and before its nullifier is forgotten.
    ///
    /// # Errors
    /// Why not; nothing has changed, and the receipt stays open.
    pub fn close(
        &mut self,
        epoch: u32,
        receipt: &Receipt,
        rooted: &Rooted,
        proof: &Proof,
    ) -> Result<Closed, Refusal> {
        let key = receipt.key();
        self.units.open(&key).ok_or(Refusal::UnknownReceipt)?;
        if receipt.taken(&rooted.nullifiers, proof).ok_or(Refusal::BadProof)? {
            self.units.remove(&key);
            return Ok(Closed::Taken);
        }
        let [first, last] =
            [ROOTED_WITHIN, NULLIFIER_EPOCHS].map(|after| receipt.expiry.saturating_add(after));
        if !(first..=last).contains(&rooted.epoch) {
            return Err(Refusal::WrongRoot);
        }
        let account = self.credited(epoch, receipt.source, receipt.amount, 1)?;
        self.flows.sent = self.flows.sent.saturating_sub(receipt.amount);
        self.units.remove(&key);
        self.keep(Record::Account(account));
        Ok(Closed::Refunded)
    }
}
