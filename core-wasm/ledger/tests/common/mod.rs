//! What the tests of the ledger begin with.

#![allow(dead_code, reason = "not every test needs all of it")]

pub(crate) mod merkle;
pub(crate) mod model;

use tabmesh_ledger::{Action, Genesis, Key, LedgerId, Operation, Refusal, State, Terms, Voter};
use tabmesh_port::{NodeId, PublicKey, Signature};
use tabmesh_world::dice::Dice;

/// A credit, in grains.
pub(crate) const CREDIT: u64 = 1_000_000;

pub(crate) const TERMS: Terms =
    Terms { epoch_ms: 10_000, stake: 100, fee: 10, price: 3, mint: 1_000, units: 384 };

/// The key of the person with this number; nobody signs with it.
pub(crate) fn key(person: u32) -> PublicKey {
    let mut key = [7; 64];
    key[..4].copy_from_slice(&person.to_be_bytes());
    PublicKey(key)
}

pub(crate) fn id(person: u32) -> NodeId {
    NodeId::of_key(&key(person))
}

pub(crate) fn account(person: u32) -> Key {
    Key::account(&id(person))
}

/// Persons 1 to 4 vote and have 10 credits besides; the next `others` have 1,000 each.
pub(crate) fn genesis(others: u32) -> Genesis {
    let voters = (1..=4).map(|person| Voter { key: key(person), balance: 10 * CREDIT });
    let accounts = (5..5 + others).map(|person| (id(person), 1_000 * CREDIT));
    let mut genesis = Genesis {
        network: *b"tests v1",
        starts_ms: 1_800_000_000_000,
        is_test: true,
        is_lax: true,
        terms: TERMS,
        voters: voters.collect(),
        accounts: accounts.collect(),
    };
    genesis.sort();
    genesis
}

pub(crate) fn ledger_id() -> LedgerId {
    genesis(2).id()
}

/// What a person wants, with the fee that it costs and the number that is next.
pub(crate) fn operation(state: &State, person: u32, action: Action) -> Operation {
    let sequence = state.units().account(&account(person)).map_or(0, |account| account.sequence);
    Operation { action, fee: 20, sequence, until: u32::MAX, key: key(person), signature: Signature::BLANK }
}

pub(crate) fn transfer(to: u32, amount: u64) -> Action {
    Action::Transfer { to: id(to), amount }
}

pub(crate) fn balance(state: &State, person: u32) -> u64 {
    state.units().account(&account(person)).map_or(0, |account| account.balance)
}

/// Does it, and sees that sums hold and that a refusal changes nothing.
pub(crate) fn execute(state: &mut State, epoch: u32, operation: &Operation) -> Result<(), Refusal> {
    let before = state.clone();
    let result = state.execute(epoch, operation);
    assert!(state.sums().hold(), "{:?} after {operation:?}", state.sums());
    assert!(result.is_ok() || before == *state, "a refusal changes nothing: {operation:?}");
    result
}

/// Another value with one bit turned over, for every bit.
pub(crate) fn flips(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> + '_ {
    (0..bytes.len() * 8).map(|bit| {
        let mut other = bytes.to_vec();
        other[bit / 8] ^= 1 << (bit % 8);
        (bit, other)
    })
}

/// One of these.
pub(crate) fn choose<T: Copy>(dice: &mut Dice, of: &[T]) -> T {
    of[dice.below(of.len() as u64) as usize]
}
