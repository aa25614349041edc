//! Test credits for whoever asks.

use std::collections::HashMap;

use tabmesh_engine::{NodeId, Status};
use tabmesh_ledger::Genesis;
use tabmesh_ledger::limits::{CREDIT, ROUND, SUBMISSIONS_MAX};
use thiserror::Error;

/// An id gets credits once in so many epochs.
pub const EVERY_EPOCHS: u32 = 6;

/// Gifts of an epoch: one operation of this node's owner still finds a place beside them. One more is refused until the next epoch.
pub const GIFTS_MAX: usize = SUBMISSIONS_MAX - 1;

/// A gift is at most the stake divided by this: nobody becomes a voter of it.
const OF_STAKE: u64 = 10;

/// Why a node has no faucet.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum FaucetError {
    /// Credits are worth something.
    #[error(
        "this ledger is no test, so nothing is given away; start without --faucet, or name a genesis with `test = true`"
    )]
    NoTest,
    /// Only voters are asked.
    #[error(
        "only a voter of the genesis is asked for test credits, and this node is none; start without --faucet"
    )]
    NoVoter,
    /// The amount is too small or too large.
    #[error(
        "a faucet gives {least} credits at least, the price of a new account, and {most} at most, a tenth of the stake; choose another --faucet"
    )]
    Amount {
        /// In credits.
        least: String,
        /// The same.
        most: String,
    },
}

/// What is given to whom. It remembers no more ids than got something within [`EVERY_EPOCHS`]: that many times [`GIFTS_MAX`].
#[derive(Debug)]
pub(super) struct Faucet {
    amount: u64,
    given: HashMap<NodeId, u32>,
}

impl Faucet {
    /// One that gives so many grains.
    pub(super) fn new(amount: u64, genesis: &Genesis, own: &NodeId) -> Result<Self, FaucetError> {
        if !genesis.is_test {
            return Err(FaucetError::NoTest);
        }
        if !genesis.voters.iter().any(|voter| NodeId::of_key(&voter.key) == *own) {
            return Err(FaucetError::NoVoter);
        }
        let least = u64::from(genesis.terms.price) * u64::from(ROUND);
        let most = u64::from(genesis.terms.stake) * CREDIT / OF_STAKE;
        if !(least..=most).contains(&amount) {
            let text = |grains| super::text::Credits(grains).to_string();
            return Err(FaucetError::Amount { least: text(least), most: text(most) });
        }
        Ok(Self { amount, given: HashMap::new() })
    }

    /// Grains of a gift.
    pub(super) fn amount(&self) -> u64 {
        self.amount
    }

    /// Whether this id gets something in this epoch; noted as given.
    pub(super) fn give(&mut self, id: &NodeId, epoch: u32) -> Result<u64, Status> {
        self.given.retain(|_, given| given.saturating_add(EVERY_EPOCHS) > epoch);
        if self.given.contains_key(id) {
            return Err(Status::Forbidden);
        }
        if self.given.values().filter(|given| **given >= epoch).count() >= GIFTS_MAX {
            return Err(Status::TooManyRequests);
        }
        self.given.insert(*id, epoch);
        Ok(self.amount)
    }

    /// It came to nothing.
    pub(super) fn take_back(&mut self, id: &NodeId) {
        self.given.remove(id);
    }
}

#[cfg(test)]
mod tests {
    //! Each id and each epoch has its bound, and what is remembered stays small.

    use super::*;

    fn faucet() -> Faucet {
        Faucet { amount: 5 * CREDIT, given: HashMap::new() }
    }

    #[test]
    fn an_id_gets_once_in_six_epochs_and_an_epoch_has_a_bound() {
        let mut faucet = faucet();
        let id = |number: u32| NodeId([number as u8; 32]);
        for number in 0..GIFTS_MAX as u32 {
            assert_eq!(faucet.give(&id(number), 7), Ok(5 * CREDIT));
        }
        assert_eq!(faucet.give(&id(0), 7), Err(Status::Forbidden));
        assert_eq!(faucet.give(&id(99), 7), Err(Status::TooManyRequests));
        assert_eq!(faucet.give(&id(99), 8), Ok(5 * CREDIT));
        assert_eq!(faucet.give(&id(0), 12), Err(Status::Forbidden));
        assert_eq!(faucet.give(&id(0), 13), Ok(5 * CREDIT));
        faucet.take_back(&id(0));
        assert_eq!(faucet.give(&id(0), 13), Ok(5 * CREDIT));
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_more() {
        let mut faucet = faucet();
        for number in 0..GIFTS_MAX as u8 {
            assert!(faucet.give(&NodeId([number; 32]), 9).is_ok());
        }
        assert_eq!(faucet.give(&NodeId([77; 32]), 3), Err(Status::TooManyRequests));
    }

    #[test]
    fn it_remembers_few() {
        let mut faucet = faucet();
        for number in 0..10_000_u32 {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&number.to_be_bytes());
            let _ = faucet.give(&NodeId(id), number / 5);
            assert!(faucet.given.len() <= GIFTS_MAX * EVERY_EPOCHS as usize);
        }
    }
}
