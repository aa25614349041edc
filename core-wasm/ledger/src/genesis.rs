//! How a ledger began: who had what, who votes first, and what is in force for good.

use alloc::sync::Arc;
use alloc::vec::Vec;

use tabmesh_port::{NodeId, PublicKey, Reader, Writer};

use crate::hash::{Hash, Tag, tagged};
use crate::key::{Key, Prefix};
use crate::limits::{EPOCH_MS, PRICE_MAX, ROUND, SUPPLY_MAX, UNITS_MAX, UNITS_MIN, VOTERS_MAX, VOTERS_MIN};
use crate::operation::LedgerId;
use crate::record::{Account, Record};
use crate::state::State;
use crate::sums::Sums;
use crate::terms::Terms;
use crate::voters::{Seat, Voters};

const VERSION: u8 = 1;

/// Who votes from the first block on, with a bond of the stake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Voter {
    /// The key of its node.
    pub key: PublicKey,
    /// What it can spend besides, in grains.
    pub balance: u64,
}

/// The first state of a ledger, and its terms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Genesis {
    /// The overlay's network, as [`Attachment::network`](tabmesh_port::Attachment::network) names it.
    pub network: [u8; 8],
    /// When epoch 0 begins: milliseconds since 1970.
    pub starts_ms: u64,
    /// Credits are worth nothing here, and may be given away.
    pub is_test: bool,
    /// Any share of voters may be unsteady, however few there are.
    pub is_lax: bool,
    /// What is in force.
    pub terms: Terms,
    /// In the order of their accounts.
    pub voters: Vec<Voter>,
    /// Who else has how many grains, in the order of their accounts.
    pub accounts: Vec<(NodeId, u64)>,
}

/// What is wrong with a genesis.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Flaw {
    /// These bytes are none.
    Malformed = 1,
    /// An epoch is shorter than a second or longer than an hour.
    EpochLength = 2,
    /// The stake is 0.
    NoStake = 3,
    /// The price of a unit is 0, or higher than it may become.
    Price = 4,
    /// There are fewer units than a neighbourhood needs, or more than it may have.
    Units = 5,
    /// There are fewer than four voters.
    TooFewVoters = 6,
    /// There are more than 64 voters.
    TooManyVoters = 7,
    /// An account is named twice.
    Doubled = 8,
    /// Accounts are not in the order of their keys.
    Disorder = 9,
    /// There are more accounts than half of the units.
    TooManyAccounts = 10,
    /// An account has less than a round's rent.
    TooLittle = 11,
    /// There are more credits than there may be.
    TooMuch = 12,
}

impl Genesis {
    /// Reads its bytes, and checks it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, Flaw> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8();
        let (network, starts_ms, flags) = (*reader.array(), reader.u64(), reader.u8());
        let terms = Terms {
            epoch_ms: reader.u32(),
            stake: reader.u32(),
            fee: reader.u32(),
            price: reader.u32(),
            mint: reader.u64(),
            units: reader.u32(),
        };
        let mut genesis = Self {
            network,
            starts_ms,
            is_test: flags & 1 != 0,
            is_lax: flags & 2 != 0,
            terms,
            voters: Vec::new(),
            accounts: Vec::new(),
        };
        for _ in 0..reader.u8() {
            genesis.voters.push(Voter { key: *reader.key(), balance: reader.u64() });
        }
        let (accounts, rest) = reader.rest().as_chunks::<40>();
        for account in accounts {
            let mut reader = Reader::new(account);
            genesis.accounts.push((*reader.id(), reader.u64()));
        }
        if version != VERSION || flags > 3 || !rest.is_empty() || reader.finish().is_none() {
            return Err(Flaw::Malformed);
        }
        genesis.check()?;
        Ok(genesis)
    }

    /// Its bytes: version 1, network 8, start 8, flags 1 (1 a test, 2 lax), epoch 4, stake 4, fee 4, price 4, mint 8, units 4, voters 1, for
    /// each key 64 and balance 8, and for each account id 32 and balance 8.
    pub fn emit(&self) -> Vec<u8> {
        let Terms { epoch_ms, stake, fee, price, mint, units } = self.terms;
        let mut writer = Writer::default();
        writer.u8(VERSION).bytes(&self.network).u64(self.starts_ms);
        writer.u8(u8::from(self.is_test) | u8::from(self.is_lax) << 1);
        writer.u32(epoch_ms).u32(stake).u32(fee).u32(price).u64(mint).u32(units);
        writer.u8(self.voters.len() as u8);
        for Voter { key, balance } in &self.voters {
            writer.bytes(&key.0).u64(*balance);
        }
        for (id, balance) in &self.accounts {
            writer.bytes(&id.0).u64(*balance);
        }
        writer.finish()
    }

    /// Puts voters and accounts into their order.
    pub fn sort(&mut self) {
        self.voters.sort_unstable_by_key(|voter| Key::account(&NodeId::of_key(&voter.key)));
        self.accounts.sort_unstable_by_key(|(id, _)| Key::account(id));
    }

    /// Whether a ledger can begin so.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), Flaw> {
        let Terms { epoch_ms, stake, price, units, mint, .. } = self.terms;
        let (voters, accounts) = (self.voters.len(), self.accounts.len());
        let flaw = match () {
            () if !EPOCH_MS.contains(&epoch_ms) => Flaw::EpochLength,
            () if stake == 0 => Flaw::NoStake,
            () if price == 0 || price > PRICE_MAX => Flaw::Price,
            () if !(UNITS_MIN..=UNITS_MAX).contains(&units) => Flaw::Units,
            () if voters < VOTERS_MIN => Flaw::TooFewVoters,
            () if voters > VOTERS_MAX => Flaw::TooManyVoters,
            () if voters + accounts > units as usize / 2 => Flaw::TooManyAccounts,
            () if mint > SUPPLY_MAX => Flaw::TooMuch,
            () => return self.check_accounts(),
        };
        Err(flaw)
    }

    fn check_accounts(&self) -> Result<(), Flaw> {
        let (mut sum, mut last) = (0, None);
        let mut keys = Vec::new();
        for (is_voter, account) in self.all() {
            // Voters come first, and each of the two lists is in order.
            match last {
                Some((was_voter, last)) if was_voter == is_voter && last > account.key => {
                    return Err(Flaw::Disorder);
                }
                _ => last = Some((is_voter, account.key)),
            }
            if keys.contains(&account.key) {
                return Err(Flaw::Doubled);
            }
            keys.push(account.key);
            if account.balance < u64::from(self.terms.price) * u64::from(ROUND) {
                return Err(Flaw::TooLittle);
            }
            let has = account.balance.saturating_add(account.bonded());
            sum = has.saturating_add(sum);
        }
        if sum > SUPPLY_MAX { Err(Flaw::TooMuch) } else { Ok(()) }
    }

    /// Its accounts, as the first state has them; whether they vote.
    fn all(&self) -> impl Iterator<Item = (bool, Account)> {
        let bond = self.terms.stake;
        let none =
            Account { key: Key([0; 32]), balance: 0, sequence: 0, bond: 0, unlock: 0, touched: 0, since: 0 };
        let voters = self.voters.iter().map(move |voter| {
            let key = Key::account(&NodeId::of_key(&voter.key));
            (true, Account { key, balance: voter.balance, bond, ..none })
        });
        let others = self.accounts.iter();
        voters.chain(
            others.map(move |(id, balance)| {
                (false, Account { key: Key::account(id), balance: *balance, ..none })
            }),
        )
    }

    /// The ledger's name: SHA-256(6 ‖ its bytes).
    pub fn hash(&self) -> Hash {
        tagged(Tag::Genesis, &[&self.emit()])
    }

    /// What its signatures name.
    pub fn id(&self) -> LedgerId {
        LedgerId { network: self.network, genesis: self.hash() }
    }

    /// The state before the first block.
    pub fn state(&self) -> State {
        let mut state = State::new(self.terms, Prefix::default());
        let mut minted = 0;
        for (_, account) in self.all() {
            minted += account.balance + account.bonded();
            // It was checked that they fit.
            let is_in = state.units.put(&Record::Account(account));
            debug_assert!(is_in);
        }
        state.flows = Sums { minted, ..Sums::default() };
        let mut seats = Vec::with_capacity(self.voters.len());
        for voter in &self.voters {
            seats.push(Seat::new(voter.key, 0, 0, true));
        }
        state.voters = Arc::new(Voters::first(seats, &self.hash(), self.is_lax));
        state
    }
}
