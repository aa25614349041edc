//! The ledger of a neighbourhood: who has what, in a tree whose root proves it.
//!
//! A [`State`] is a table of 64-byte units in the order of their keys, and a table of nullifiers. It changes by signed [`Operation`]s, by
//! receipts that cross from one neighbourhood to another, and by rent; each refusal is a [`Refusal`] and leaves it as it was. A
//! [`Header`] commits to all of it, and a [`Proof`] shows one record, or that there is none, to who knows a root alone. The [`Genesis`]
//! says how it began, and its hash is the ledger's name in everything that is signed.
//!
//! No clock, no keys, no chance: the same operations in the same order give the same root everywhere. Signatures are the shell's to check:
//! [`Operation::claim`] says which one. `docs/LEDGER.md` has every byte.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod block;
mod crossing;
mod execute;
mod genesis;
mod group;
mod hash;
mod header;
mod key;
mod ledger;
mod light;
pub mod limits;
mod membership;
mod mountain;
mod nullifiers;
mod operation;
mod proof;
mod record;
mod refusal;
mod rent;
pub mod replica;
mod rule;
mod state;
mod sums;
mod terms;
mod tree;
mod units;
mod voters;

pub use block::Block;
pub use crossing::{Closed, Receipt, Rooted};
pub use genesis::{Flaw, Genesis, Voter};
pub use group::{
    Certificate, Command, Content, Entry, Event, Group, Lock, Member, Mode, Safety, Says, Spot, Statement,
};
pub use hash::{EMPTY, Hash};
pub use header::Header;
pub use key::{Key, Name, Prefix};
pub use ledger::Ledger;
pub use light::{Belief, Believed, Doubt, Follower, Fork, Light, LightCommand, LightEvent, Taken};
pub use mountain::{Mountain, Way};
pub use nullifiers::{Nullifier, Nullifiers};
pub use operation::{Action, Claim, LedgerId, Operation};
pub use proof::{Found, Proof};
pub use record::{Account, Open, Record, Reference};
pub use refusal::Refusal;
pub use replica::Replica;
pub use rule::Rule;
pub use state::State;
pub use sums::Sums;
pub use terms::Terms;
pub use tree::Branch;
pub use units::Units;
pub use voters::{Seat, Voters};
