//! All that a neighbourhood has agreed on.

use alloc::sync::Arc;

use tabmesh_port::{Reader, Writer};

use crate::hash::Hash;
use crate::key::{Key, Prefix};
use crate::limits::{PRICE_MAX, ROUND, nullifiers_max};
use crate::nullifiers::Nullifiers;
use crate::proof::Proof;
use crate::record::{Account, Record};
use crate::refusal::Refusal;
use crate::sums::Sums;
use crate::terms::Terms;
use crate::tree;
use crate::units::Units;
use crate::voters::Voters;

/// What a neighbourhood holds, and what went in and out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct State {
    pub(crate) terms: Terms,
    pub(crate) prefix: Prefix,
    /// Of a unit for an epoch, in grains.
    pub(crate) price: u32,
    pub(crate) units: Units,
    pub(crate) nullifiers: Nullifiers,
    /// All sums but those that the table tells: balances and bonds are 0 here.
    pub(crate) flows: Sums,
    /// Shared with who counts their votes.
    pub(crate) voters: Arc<Voters>,
    /// As it was before a block that may be taken back.
    before: Option<(u32, Nullifiers, Sums, Arc<Voters>)>,
}

impl State {
    /// Nobody has anything.
    pub fn new(terms: Terms, prefix: Prefix) -> Self {
        Self {
            terms,
            prefix,
            price: terms.price,
            units: Units::new(terms.units),
            nullifiers: Nullifiers::new(nullifiers_max(terms.units)),
            flows: Sums::default(),
            voters: Arc::default(),
            before: None,
        }
    }

    /// Reads what [`State::emit`] gave; `None` if it is no state, or its sums do not add up.
    pub fn read(bytes: &[u8], terms: Terms) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (prefix, price) = (Prefix::read(&mut reader)?, reader.u32());
        let flows = Sums::read(&mut reader);
        let length = reader.u32() as usize;
        let nullifiers = Nullifiers::read(reader.bytes(length), nullifiers_max(terms.units))?;
        let voters = Arc::new(Voters::read(&mut reader)?);
        reader.intact()?;
        let units = Units::read(reader.rest(), terms.units, prefix)?;
        let state = Self { terms, prefix, price, units, nullifiers, flows, voters, before: None };
        let is_price = (terms.price..=PRICE_MAX).contains(&price);
        (is_price && flows.balances == 0 && flows.bonded == 0 && state.sums().hold()).then_some(state)
    }

    /// Its bytes: prefix 9, price 4, sums 56 without balances and bonds, the nullifiers' length 4 and they, the voters, and the units.
    pub fn emit(&self) -> alloc::vec::Vec<u8> {
        let mut writer = Writer::default();
        self.prefix.emit(&mut writer);
        writer.u32(self.price);
        self.flows.emit(&mut writer);
        writer.u32(self.nullifiers.bytes().len() as u32).bytes(self.nullifiers.bytes());
        self.voters.emit(&mut writer);
        writer.bytes(self.units.bytes());
        writer.finish()
    }

    /// The root of the tree of records.
    pub fn root(&self) -> Hash {
        tree::root(&self.units.leaves())
    }

    /// What is under this key, as anybody can check who has the root.
    pub fn prove(&self, key: &Key) -> Proof {
        Proof::of(&self.units.leaves(), &key.0)
    }

    /// The sums: those of the table are counted anew, so that they check the others.
    pub fn sums(&self) -> Sums {
        let mut sums = self.flows;
        for place in 0..self.units.records() {
            match self.units.at(place) {
                Some(Record::Account(account)) => {
                    sums.balances = sums.balances.saturating_add(account.balance);
                    sums.bonded = sums.bonded.saturating_add(account.bonded());
                }
                Some(Record::Reference(reference)) => {
                    sums.balances = sums.balances.saturating_add(reference.balance);
                }
                _ => {}
            }
        }
        sums
    }

    /// The records.
    pub fn units(&self) -> &Units {
        &self.units
    }

    /// The receipts that were taken here.
    pub fn nullifiers(&self) -> &Nullifiers {
        &self.nullifiers
    }

    /// Which keys lie here.
    pub fn prefix(&self) -> Prefix {
        self.prefix
    }

    /// The price of a unit for an epoch, in grains.
    pub fn price(&self) -> u32 {
        self.price
    }

    /// What so many units cost for so many epochs.
    pub(crate) fn rent(&self, units: u32, epochs: u32) -> u64 {
        // No product of these is too large: two units, 2^32 epochs, 2^24 grains.
        u64::from(self.price) * u64::from(units) * u64::from(epochs)
    }

    /// What an account needs in order to be made, or to stay: the rent until its next turn.
    pub fn existential(&self) -> u64 {
        self.rent(1, ROUND)
    }

    /// From here on changes can be taken back.
    pub(crate) fn begin(&mut self) {
        self.units.begin();
        self.before = Some((self.price, self.nullifiers.clone(), self.flows, self.voters.clone()));
    }

    /// Ends that: changes stay, or are taken back.
    pub(crate) fn end(&mut self, stay: bool) {
        self.units.end(stay);
        if let Some(before) = self.before.take().filter(|_| !stay) {
            (self.price, self.nullifiers, self.flows, self.voters) = before;
        }
    }

    /// Gives credits to an account, which is made if it is not there; `freed` units will be free besides.
    ///
    /// # Errors
    /// The account would have too little or too much, or there is no room for it. Nothing has changed.
    pub(crate) fn credited(
        &self,
        epoch: u32,
        key: Key,
        amount: u64,
        freed: usize,
    ) -> Result<Account, Refusal> {
        let old = self.units.account(&key);
        if old.is_none() && amount < self.existential() {
            return Err(Refusal::TooLittle);
        }
        if old.is_none() && !self.units.has_room(1_usize.saturating_sub(freed)) {
            return Err(Refusal::TableFull);
        }
        let mut account = old.unwrap_or_else(|| Account::new(key, epoch));
        account.balance = account.balance.checked_add(amount).ok_or(Refusal::TooMuch)?;
        Ok(account)
    }

    /// Puts a record for which there is room.
    pub(crate) fn keep(&mut self, record: Record) {
        debug_assert!(self.prefix.covers(record.key()), "it lies here");
        let is_kept = self.units.put(&record);
        debug_assert!(is_kept, "there was room");
    }
}
