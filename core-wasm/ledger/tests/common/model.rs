//! What operations do, written once more from `docs/LEDGER.md`: everything in wide numbers, on a copy that is thrown away if the end is not
//! allowed. Nothing is shared with the ledger but the types of operations.

use std::collections::BTreeMap;

use tabmesh_ledger::{Action, Operation, Refusal};

use super::merkle::{self, Hash, sha};

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Thing {
    Account { balance: i128, sequence: u64, bond: i128, unlock: u64, touched: u64, since: u64 },
    Reference { balance: i128, version: u64, touched: u64, owner: Hash, value: Hash },
    Open { amount: i128, expiry: u64 },
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Model {
    pub(crate) things: BTreeMap<Hash, Thing>,
    pub(crate) price: i128,
    pub(crate) taken: BTreeMap<Vec<u8>, u64>,
    pub(crate) minted: i128,
    pub(crate) received: i128,
    pub(crate) pot: i128,
    pub(crate) burned: i128,
    pub(crate) sent: i128,
    /// The first bit of every key, if there are two neighbourhoods.
    pub(crate) side: Option<bool>,
    pub(crate) units_max: usize,
    pub(crate) fee: i128,
    pub(crate) stake: i128,
    pub(crate) lowest: i128,
    /// Who asked for a seat; nobody votes here.
    pub(crate) waiting: Vec<Hash>,
}

const CREDIT: i128 = 1_000_000;

/// The key of whose id this is, or of something else.
pub(crate) fn key(mut hash: Hash, is_account: bool) -> Hash {
    hash[31] = hash[31] & 0xfe | u8::from(!is_account);
    hash
}

pub(crate) fn receipt(source: &Hash, sequence: u32, destination: &Hash, amount: u64, expiry: u32) -> Hash {
    let numbers = (sequence.to_be_bytes(), amount.to_be_bytes(), expiry.to_be_bytes());
    let mut hash = sha(&[&[3], source, &numbers.0, destination, &numbers.1, &numbers.2]);
    hash[..8].copy_from_slice(&source[..8]);
    key(hash, false)
}

impl Model {
    pub(crate) fn units(&self) -> usize {
        self.things.values().map(|thing| if matches!(thing, Thing::Reference { .. }) { 2 } else { 1 }).sum()
    }

    pub(crate) fn balances(&self) -> i128 {
        let of = |thing: &Thing| match thing {
            Thing::Account { balance, .. } | Thing::Reference { balance, .. } => *balance,
            Thing::Open { .. } => 0,
        };
        self.things.values().map(of).sum()
    }

    pub(crate) fn bonded(&self) -> i128 {
        let of = |thing: &Thing| if let Thing::Account { bond, .. } = thing { bond * CREDIT } else { 0 };
        self.things.values().map(of).sum()
    }

    pub(crate) fn root(&self) -> Hash {
        let leaf = |(key, thing): (&Hash, &Thing)| (key.to_vec(), bytes(key, thing));
        merkle::root(&self.things.iter().map(leaf).collect())
    }

    pub(crate) fn nullifiers(&self) -> Hash {
        let leaf = |(tail, last): (&Vec<u8>, &u64)| {
            (tail.clone(), [&tail[..], &(*last as u32).to_be_bytes()].concat())
        };
        merkle::root(&self.taken.iter().map(leaf).collect())
    }

    /// What the operation makes of it.
    pub(crate) fn execute(&mut self, epoch: u64, operation: &Operation) -> Result<(), Refusal> {
        let mut next = self.clone();
        next.try_execute(epoch, operation)?;
        *self = next;
        Ok(())
    }

    fn try_execute(&mut self, epoch: u64, operation: &Operation) -> Result<(), Refusal> {
        let me = key(sha(&[&operation.key.0]), true);
        refuse(u64::from(operation.until) < epoch, Refusal::Expired)?;
        let Some(Thing::Account { balance, mut sequence, bond, unlock, touched, since }) =
            self.things.get(&me).cloned()
        else {
            return Err(Refusal::UnknownAccount);
        };
        let number = u64::from(operation.sequence);
        refuse(number < sequence, Refusal::SequenceUsed)?;
        refuse(number > sequence, Refusal::SequenceEarly)?;
        refuse(number >= (epoch + 1) * 32, Refusal::TooMany)?;
        let fee = i128::from(operation.fee);
        refuse(fee < self.fee, Refusal::FeeTooLow)?;
        sequence += 1;
        let is_free = unlock != 0 && unlock <= epoch;
        let (balance, bond, unlock, since) =
            if is_free { (balance + bond * CREDIT, 0, 0, 0) } else { (balance, bond, unlock, since) };
        refuse(balance < fee, Refusal::Overspent)?;
        self.pot += fee;
        let mut mine = (balance - fee, bond, unlock, since);
        let mut put: Vec<(Hash, Thing)> = Vec::new();
        let mut gift: Option<(Hash, i128)> = None;
        match operation.action {
            Action::Transfer { to, amount } => {
                let (to, amount) = (key(to.0, true), i128::from(amount));
                refuse(to == me, Refusal::ToItself)?;
                mine.0 -= amount;
                if self.side.is_none_or(|side| side == (to[0] >= 128)) {
                    gift = Some((to, amount));
                } else {
                    refuse(fee < 2 * self.fee, Refusal::FeeTooLow)?;
                    mine.0 -= 78 * self.price;
                    self.burned += 78 * self.price;
                    self.sent += amount;
                    let expiry = epoch + 36;
                    let at = receipt(&me, operation.sequence, &to, amount as u64, expiry as u32);
                    put.push((at, Thing::Open { amount, expiry }));
                }
            }
            Action::Bond { credits } => {
                refuse(unlock != 0, Refusal::Leaving)?;
                refuse(bond + i128::from(credits) > i128::from(u32::MAX), Refusal::TooMuch)?;
                refuse(bond + i128::from(credits) < self.stake, Refusal::BelowStake)?;
                mine.3 = if bond == 0 { epoch } else { since };
                mine.1 += i128::from(credits);
                mine.0 -= i128::from(credits) * CREDIT;
            }
            Action::Leave => {
                refuse(bond == 0, Refusal::NotBonded)?;
                refuse(unlock != 0, Refusal::Leaving)?;
                mine.2 = epoch + 360;
            }
            Action::Join { .. } => {
                refuse(bond == 0, Refusal::NotBonded)?;
                refuse(unlock != 0, Refusal::Leaving)?;
                if !self.waiting.contains(&me) {
                    refuse(self.waiting.len() == 16, Refusal::TableFull)?;
                    self.waiting.push(me);
                }
            }
            Action::Thaw { .. } => {
                refuse(unlock != 0, Refusal::Leaving)?;
                return Err(Refusal::NotFrozen);
            }
            Action::Set { name, value } => {
                let at = key(sha(&[&[2], &name]), false);
                let thing = match self.things.get(&at) {
                    Some(Thing::Reference { balance, version, touched, owner, .. }) => {
                        refuse(*owner != me, Refusal::NotOwner)?;
                        let (balance, version, touched) = (*balance, version + 1, *touched);
                        Thing::Reference { balance, version, touched, owner: me, value }
                    }
                    _ => {
                        refuse(self.side.is_some_and(|side| side != (at[0] >= 128)), Refusal::WrongPlace)?;
                        let balance = 2 * 360 * self.price;
                        mine.0 -= balance;
                        Thing::Reference { balance, version: 0, touched: epoch, owner: me, value }
                    }
                };
                put.push((at, thing));
            }
            Action::Renew { name, amount } => {
                let at = key(sha(&[&[2], &name]), false);
                let Some(Thing::Reference { balance, version, touched, owner, value }) =
                    self.things.get(&at).cloned()
                else {
                    return Err(Refusal::UnknownReference);
                };
                mine.0 -= i128::from(amount);
                let balance = balance + i128::from(amount);
                put.push((at, Thing::Reference { balance, version, touched, owner, value }));
            }
        }
        let (balance, bond, unlock, since) = mine;
        refuse(balance < 0, Refusal::Overspent)?;
        self.things.remove(&me);
        if bond > 0 || balance > 0 {
            refuse(bond == 0 && balance < 64 * self.price, Refusal::TooLittleLeft)?;
            self.things.insert(me, Thing::Account { balance, sequence, bond, unlock, touched, since });
        }
        if let Some((to, amount)) = gift {
            self.give(epoch, to, amount)?;
        }
        self.things.extend(put);
        refuse(self.units() > self.units_max, Refusal::TableFull)
    }

    pub(crate) fn give(&mut self, epoch: u64, to: Hash, amount: i128) -> Result<(), Refusal> {
        if let Some(Thing::Account { balance, .. }) = self.things.get_mut(&to) {
            *balance += amount;
            return Ok(());
        }
        refuse(amount < 64 * self.price, Refusal::TooLittle)?;
        let sequence = (epoch + 1) * 32;
        let new = Thing::Account { balance: amount, sequence, bond: 0, unlock: 0, touched: epoch, since: 0 };
        self.things.insert(to, new);
        refuse(self.units() > self.units_max, Refusal::TableFull)
    }

    /// The end of a block.
    pub(crate) fn sweep(&mut self, epoch: u64) {
        let price = self.price;
        let mut burned = 0;
        let mut pay = |units: i128, balance: &mut i128, touched: &mut u64| {
            while *touched < epoch {
                if *balance < units * price {
                    return false;
                }
                *balance -= units * price;
                burned += units * price;
                *touched += 1;
            }
            true
        };
        let mut gone = Vec::new();
        for (at, thing) in &mut self.things {
            if u64::from(at[30]) % 64 != epoch % 64 {
                continue;
            }
            let stays = match thing {
                Thing::Account { balance, bond, unlock, touched, since, .. } => {
                    if *unlock != 0 && *unlock <= epoch {
                        (*balance, *bond, *unlock, *since) = (*balance + *bond * CREDIT, 0, 0, 0);
                    }
                    pay(1, balance, touched) || *bond > 0
                }
                Thing::Reference { balance, touched, .. } => pay(2, balance, touched),
                Thing::Open { .. } => true,
            };
            if !stays {
                gone.push(*at);
            }
        }
        self.burned += burned;
        for at in gone {
            let (Some(Thing::Account { balance, .. }) | Some(Thing::Reference { balance, .. })) =
                self.things.remove(&at)
            else {
                unreachable!("open receipts stay")
            };
            self.burned += balance;
        }
        self.taken.retain(|_, last| *last >= epoch);
        let (taken, most) = (self.units() as i128 * 100, self.units_max as i128 * 45);
        if taken > most {
            self.price = (price + price / 64 + 1).min(1 << 24);
        } else if taken < most {
            self.price = (price - (price / 64).max(1)).max(self.lowest);
        }
    }
}

fn refuse(is_so: bool, why: Refusal) -> Result<(), Refusal> {
    if is_so { Err(why) } else { Ok(()) }
}

/// The units of a thing.
fn bytes(key: &Hash, thing: &Thing) -> Vec<u8> {
    let mut bytes = key.to_vec();
    let mut fields = |kind: u8, balance: i128, numbers: [u64; 5]| {
        bytes.extend([kind, 0, 0, 0]);
        bytes.extend((balance as u64).to_be_bytes());
        numbers.iter().for_each(|number| bytes.extend((*number as u32).to_be_bytes()));
    };
    match thing {
        Thing::Account { balance, sequence, bond, unlock, touched, since } => {
            fields(1, *balance, [*sequence, *bond as u64, *unlock, *touched, *since]);
        }
        Thing::Reference { balance, version, touched, owner, value } => {
            fields(2, *balance, [*version, 0, 0, *touched, 0]);
            bytes.extend(owner);
            bytes.extend(value);
        }
        Thing::Open { amount, expiry } => fields(5, *amount, [0, 0, *expiry, 0, 0]),
    }
    bytes
}
