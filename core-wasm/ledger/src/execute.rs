//! What operations do. Each looks first, and changes something only when nothing can be in its way any more.

use tabmesh_port::NodeId;

use crate::crossing::Receipt;
use crate::key::{Key, Name};
use crate::limits::{
    CREDIT, RECEIPT_EPOCHS, RECEIPT_RENT, REFERENCE_EPOCHS, SUPPLY_MAX, UNBONDING, first_sequence,
};
use crate::operation::{Action, Operation};
use crate::record::{Account, Record, Reference};
use crate::refusal::Refusal;
use crate::state::State;

impl State {
    /// Does an operation, whose signature was verified, in a block of this epoch.
    ///
    /// # Errors
    /// Why not; nothing has changed.
    pub fn execute(&mut self, epoch: u32, operation: &Operation) -> Result<(), Refusal> {
        self.execute_due(epoch, epoch, operation)
    }

    /// The same, of an operation that has to be valid until `due`.
    pub(crate) fn execute_due(&mut self, epoch: u32, due: u32, operation: &Operation) -> Result<(), Refusal> {
        let payer = self.payer(epoch, due, operation)?;
        match operation.action {
            Action::Transfer { to, amount } => {
                let to = Key::account(&to);
                if to == payer.key {
                    return Err(Refusal::ToItself);
                }
                if self.prefix.covers(&to) {
                    self.transfer(epoch, payer, to, amount)?;
                } else {
                    self.send(epoch, operation, payer, to, amount)?;
                }
            }
            Action::Bond { credits } => self.bond(epoch, payer, credits)?,
            Action::Leave => self.leave(epoch, payer)?,
            Action::Join { .. } => self.join(epoch, payer, &operation.key)?,
            Action::Thaw { proof, .. } => self.thaw(payer, &NodeId::of_key(&operation.key), &proof)?,
            Action::Set { name, value } => self.set(epoch, payer, &name, value)?,
            Action::Renew { name, amount } => self.renew(payer, &name, amount)?,
        }
        self.flows.pot += u64::from(operation.fee);
        Ok(())
    }

    /// The account that pays, the fee already taken from it and the sequence number used.
    fn payer(&self, epoch: u32, due: u32, operation: &Operation) -> Result<Account, Refusal> {
        let mut payer = self.claimed(epoch, due, operation)?;
        payer.sequence += 1;
        payer.release(epoch);
        payer.spend(operation.fee.into())?;
        Ok(payer)
    }

    /// Two operations with one sequence number: both pay their fees, as far as the account has them, and the number is used. What is left below
    /// a round's rent goes with them, where no bond stands for it.
    ///
    /// # Errors
    /// Why one of them could not come at all; nothing has changed.
    pub(crate) fn conflict(
        &mut self,
        epoch: u32,
        due: u32,
        one: &Operation,
        other: &Operation,
    ) -> Result<(), Refusal> {
        self.claimed(epoch, due, other)?;
        let mut payer = self.claimed(epoch, due, one)?;
        payer.sequence += 1;
        payer.release(epoch);
        let fees = payer.balance.min(u64::from(one.fee) + u64::from(other.fee));
        payer.balance -= fees;
        let rest = if payer.bond == 0 && payer.balance < self.existential() { payer.balance } else { 0 };
        payer.balance -= rest;
        self.flows.pot += fees + rest;
        let closes = payer.bond == 0 && payer.balance == 0;
        self.settle(payer, closes);
        Ok(())
    }

    /// The account as it is, whose next operation this may be.
    fn claimed(&self, epoch: u32, due: u32, operation: &Operation) -> Result<Account, Refusal> {
        if operation.until < due {
            return Err(Refusal::Expired);
        }
        let payer = self.units.account(&operation.payer()).ok_or(Refusal::UnknownAccount)?;
        if operation.sequence < payer.sequence {
            return Err(Refusal::SequenceUsed);
        }
        if operation.sequence > payer.sequence {
            return Err(Refusal::SequenceEarly);
        }
        if operation.sequence >= first_sequence(epoch) {
            return Err(Refusal::TooMany);
        }
        if operation.fee < self.terms.fee {
            return Err(Refusal::FeeTooLow);
        }
        Ok(payer)
    }

    /// Whether an account is closed, which has nothing left; one with a bond is not. What is left has to last until its next rent, as
    /// far as no bond stands for it.
    fn closes(&self, account: &Account) -> Result<bool, Refusal> {
        match account.balance {
            _ if account.bond > 0 => Ok(false),
            0 => Ok(true),
            left if left >= self.existential() => Ok(false),
            _ => Err(Refusal::TooLittleLeft),
        }
    }

    /// Writes the payer back, or takes it out.
    fn settle(&mut self, payer: Account, closes: bool) {
        if closes {
            self.units.remove(&payer.key);
        } else {
            self.keep(Record::Account(payer));
        }
    }

    fn transfer(&mut self, epoch: u32, mut payer: Account, to: Key, amount: u64) -> Result<(), Refusal> {
        payer.spend(amount)?;
        let closes = self.closes(&payer)?;
        let receiver = self.credited(epoch, to, amount, closes.into())?;
        self.settle(payer, closes);
        self.keep(Record::Account(receiver));
        Ok(())
    }

    /// To another neighbourhood: the receipt pays its rent until it is certain to be closed.
    fn send(
        &mut self,
        epoch: u32,
        operation: &Operation,
        mut payer: Account,
        destination: Key,
        amount: u64,
    ) -> Result<(), Refusal> {
        if u64::from(operation.fee) < 2 * u64::from(self.terms.fee) {
            return Err(Refusal::FeeTooLow);
        }
        let rent = self.rent(1, RECEIPT_RENT);
        payer.spend(amount)?;
        payer.spend(rent)?;
        let closes = self.closes(&payer)?;
        if !self.units.has_room(usize::from(!closes)) {
            return Err(Refusal::TableFull);
        }
        let sent = self.flows.sent.checked_add(amount).filter(|sent| *sent <= SUPPLY_MAX);
        let expiry = epoch.saturating_add(RECEIPT_EPOCHS);
        let receipt =
            Receipt { source: payer.key, sequence: operation.sequence, destination, amount, expiry };
        self.flows.sent = sent.ok_or(Refusal::TooMuch)?;
        self.flows.burned += rent;
        self.settle(payer, closes);
        self.keep(Record::Open(receipt.open()));
        Ok(())
    }

    fn bond(&mut self, epoch: u32, mut payer: Account, credits: u32) -> Result<(), Refusal> {
        if payer.unlock != 0 {
            return Err(Refusal::Leaving);
        }
        if payer.bond == 0 {
            payer.since = epoch;
        }
        payer.bond = payer.bond.checked_add(credits).ok_or(Refusal::TooMuch)?;
        if payer.bond < self.terms.stake {
            return Err(Refusal::BelowStake);
        }
        payer.spend(u64::from(credits) * CREDIT)?;
        self.write(payer)
    }

    fn leave(&mut self, epoch: u32, mut payer: Account) -> Result<(), Refusal> {
        if payer.bond == 0 {
            return Err(Refusal::NotBonded);
        }
        if payer.unlock != 0 {
            return Err(Refusal::Leaving);
        }
        payer.unlock = epoch.saturating_add(UNBONDING);
        self.write(payer)
    }

    /// A new reference has its first rent from its owner; later it is renewed.
    fn set(&mut self, epoch: u32, mut payer: Account, name: &Name, value: [u8; 32]) -> Result<(), Refusal> {
        let reference = match self.units.reference(name) {
            Some(old) if old.owner == payer.key => {
                Reference { value, version: old.version.saturating_add(1), ..old }
            }
            Some(_) => return Err(Refusal::NotOwner),
            None => {
                let (key, owner) = (Key::reference(name), payer.key);
                if !self.prefix.covers(&key) {
                    return Err(Refusal::WrongPlace);
                }
                let balance = self.rent(2, REFERENCE_EPOCHS);
                payer.spend(balance)?;
                Reference { key, balance, version: 0, touched: epoch, owner, value }
            }
        };
        let closes = self.closes(&payer)?;
        if reference.version == 0 && !self.units.has_room(2 - usize::from(closes)) {
            return Err(Refusal::TableFull);
        }
        self.settle(payer, closes);
        self.keep(Record::Reference(reference));
        Ok(())
    }

    fn renew(&mut self, mut payer: Account, name: &Name, amount: u64) -> Result<(), Refusal> {
        let mut reference = self.units.reference(name).ok_or(Refusal::UnknownReference)?;
        payer.spend(amount)?;
        reference.balance = reference.balance.checked_add(amount).ok_or(Refusal::TooMuch)?;
        self.write(payer)?;
        self.keep(Record::Reference(reference));
        Ok(())
    }

    /// Writes a payer back, if it may go on.
    pub(crate) fn write(&mut self, payer: Account) -> Result<(), Refusal> {
        let closes = self.closes(&payer)?;
        self.settle(payer, closes);
        Ok(())
    }
}

impl Account {
    fn spend(&mut self, amount: u64) -> Result<(), Refusal> {
        self.balance = self.balance.checked_sub(amount).ok_or(Refusal::Overspent)?;
        Ok(())
    }

    /// Gives a bond back whose time is over.
    pub(crate) fn release(&mut self, epoch: u32) {
        if self.unlock != 0 && self.unlock <= epoch {
            self.balance = self.balance.saturating_add(self.bonded());
            (self.bond, self.unlock, self.since) = (0, 0, 0);
        }
    }
}
