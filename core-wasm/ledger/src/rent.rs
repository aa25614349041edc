//! Rent: what stays in the table pays for it, and what cannot is taken out.

use crate::key::Key;
use crate::limits::{OCCUPANCY, PRICE_MAX, ROUND};
use crate::record::Record;
use crate::state::State;

/// Whether a record pays in this epoch: by the last bits of the byte before the last of its key.
fn is_due(key: &Key, epoch: u32) -> bool {
    key.0.get(30).is_some_and(|byte| u32::from(*byte) % ROUND == epoch % ROUND)
}

impl State {
    /// Ends a block of this epoch: takes rent from whose turn it is, in the order of keys, gives bonds back, forgets nullifiers, and moves
    /// the price.
    pub fn sweep(&mut self, epoch: u32) {
        let mut place = 0;
        while let Some(record) = self.units.at(place) {
            let stays = !is_due(record.key(), epoch) || self.charge(epoch, record);
            place += usize::from(stays);
        }
        self.nullifiers.sweep(epoch);
        self.price = self.next_price();
    }

    /// Takes a record's rent up to this epoch. `false` if it could not pay all, and is gone: what it had left is burned.
    fn charge(&mut self, epoch: u32, mut record: Record) -> bool {
        let (stays, left) = match &mut record {
            Record::Account(account) => {
                account.release(epoch);
                let is_paid = self.pay(epoch, 1, &mut account.balance, &mut account.touched);
                // A bond that is there stays there, and what it owes waits.
                (is_paid || account.bond > 0, account.balance)
            }
            Record::Reference(reference) => {
                let is_paid = self.pay(epoch, 2, &mut reference.balance, &mut reference.touched);
                (is_paid, reference.balance)
            }
            // It has paid.
            Record::Open(_) => return true,
        };
        if stays {
            self.keep(record);
        } else {
            self.flows.burned += left;
            self.units.remove(record.key());
        }
        stays
    }

    /// Pays for as many epochs as the balance lasts; whether these were all.
    fn pay(&mut self, epoch: u32, units: u32, balance: &mut u64, touched: &mut u32) -> bool {
        let rate = self.rent(units, 1).max(1);
        let owed = epoch.saturating_sub(*touched);
        let paid = u64::from(owed).min(*balance / rate) as u32;
        let rent = rate * u64::from(paid);
        *balance -= rent;
        *touched += paid;
        self.flows.burned += rent;
        paid == owed
    }

    /// A step up while more than 45 hundredths of the table are taken, and a step down while less are.
    fn next_price(&self) -> u32 {
        let (taken, most) = (self.units.len() as u64 * 100, self.units.most() as u64 * OCCUPANCY);
        let step = self.price / 64;
        match taken.cmp(&most) {
            core::cmp::Ordering::Greater => (self.price + step + 1).min(PRICE_MAX),
            core::cmp::Ordering::Less => (self.price - step.max(1)).max(self.terms.price),
            core::cmp::Ordering::Equal => self.price,
        }
    }
}
