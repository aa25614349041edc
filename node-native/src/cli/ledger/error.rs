//! Why a command about ledgers was not done.

use std::path::PathBuf;

use tabmesh_ledger::Flaw;
use thiserror::Error;

/// Why a command about ledgers was not done. Every message says what to do.
#[derive(Debug, Error)]
pub(in crate::cli) enum LedgerError {
    #[error("{} is no genesis file: {why}", path.display())]
    NoGenesis { path: PathBuf, why: String },
    #[error("no ledger can begin so: {}", said(*.0))]
    Flawed(Flaw),
    #[error("{} is there already; remove it, or write to another file", .0.display())]
    Taken(PathBuf),
    #[error("{path}: {source}", path = path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{} is no proof of it under this root", .0.display())]
    NotVerified(PathBuf),
}

/// What to do about a flaw.
fn said(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::Malformed => "its bytes are none",
        Flaw::EpochLength => "an epoch lasts 1,000 to 3,600,000 ms",
        Flaw::NoStake => "a stake is 1 credit at least",
        Flaw::Price => "the price of a unit is 0.000001 credits at least, and 16.777216 at most",
        Flaw::Units => "a neighbourhood has 64 to 16,384 units; 384 fit tabs",
        Flaw::TooFewVoters => "name four voters at least, nodes that are always on",
        Flaw::TooManyVoters => "name 64 voters at most; others can bond later",
        Flaw::Doubled => "an account is named twice; two ids that differ in their last bit are one account",
        Flaw::Disorder => "its accounts are not in the order of their keys",
        Flaw::TooManyAccounts => {
            "accounts and voters take half of the units at most; name fewer, or have more units"
        }
        Flaw::TooLittle => "every account, of a voter too, needs the price of 64 epochs at least",
        Flaw::TooMuch => {
            "there are at most 4,611,686,018,427 credits in all, and as many are minted in an epoch at most"
        }
    }
}

impl LedgerError {
    pub(in crate::cli) fn exit_code(&self) -> u8 {
        match self {
            Self::NoGenesis { .. } | Self::Flawed(_) | Self::Taken(_) => 2,
            Self::Write { .. } => 1,
            Self::NotVerified(_) => 7,
        }
    }
}
