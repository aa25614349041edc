//! A genesis as people write it: TOML, amounts in credits.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tabmesh_engine::{NodeId, PublicKey, sha256};
use tabmesh_ledger::limits::CREDIT;
use tabmesh_ledger::{Flaw, Genesis, Name, Terms, Voter};
use thiserror::Error;

use crate::identity::{from_hex, hex, hex_of};

/// Longer than any genesis of 8,192 accounts.
pub(crate) const TEXT_MAX: usize = 4 << 20;

/// Decimals of a credit.
const DECIMALS: usize = 6;

/// Credits, to a millionth, as text: `12`, `0.5`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Credits(pub(crate) u64);

/// A public key as `tabmesh ledger key` prints it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct KeyText(pub(crate) PublicKey);

/// An id as `tabmesh id` prints it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct IdText(pub(crate) NodeId);

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GenesisText {
    pub(crate) network: String,
    pub(crate) starts_ms: u64,
    #[serde(default)]
    pub(crate) test: bool,
    #[serde(default)]
    pub(crate) lax: bool,
    pub(crate) terms: TermsText,
    #[serde(default)]
    pub(crate) voter: Vec<VoterText>,
    #[serde(default)]
    pub(crate) account: Vec<AccountText>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TermsText {
    pub(crate) epoch_ms: u32,
    pub(crate) stake: u32,
    pub(crate) fee: Credits,
    pub(crate) price: Credits,
    pub(crate) mint: Credits,
    pub(crate) units: u32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoterText {
    pub(crate) key: KeyText,
    pub(crate) balance: Credits,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountText {
    pub(crate) id: IdText,
    pub(crate) balance: Credits,
}

/// The first 11 bytes of the SHA-256 of what people call it.
pub(crate) fn name_of(text: &str) -> Name {
    sha256(text.as_bytes()).first_chunk().copied().unwrap_or_default()
}

impl GenesisText {
    /// The genesis that it means, checked.
    pub(crate) fn genesis(&self) -> Result<Genesis, GenesisError> {
        let TermsText { epoch_ms, stake, fee, price, mint, units } = self.terms;
        // What does not fit is more than any bound.
        let small = |credits: Credits| u32::try_from(credits.0).unwrap_or(u32::MAX);
        let terms = Terms { epoch_ms, stake, fee: small(fee), price: small(price), mint: mint.0, units };
        let mut genesis = Genesis {
            network: sha256(self.network.as_bytes()).first_chunk().copied().unwrap_or_default(),
            starts_ms: self.starts_ms,
            is_test: self.test,
            is_lax: self.lax,
            terms,
            voters: self.voter.iter().map(|it| Voter { key: it.key.0, balance: it.balance.0 }).collect(),
            accounts: self.account.iter().map(|it| (it.id.0, it.balance.0)).collect(),
        };
        genesis.sort();
        genesis.check().map_err(GenesisError::Flawed)?;
        Ok(genesis)
    }

    /// Reads what a file has.
    pub(crate) fn parse(bytes: Vec<u8>, path: &Path) -> Result<Self, GenesisError> {
        let broken = |why: String| GenesisError::NoGenesis { path: path.to_owned(), why };
        if bytes.len() > TEXT_MAX {
            return Err(broken("it is longer than any genesis".to_owned()));
        }
        let text = String::from_utf8(bytes).map_err(|_| broken("it is no text".to_owned()))?;
        toml::from_str(&text).map_err(|error| broken(error.to_string()))
    }
}

/// Reads the file of a genesis, be it text or bytes.
pub(crate) fn read_genesis(path: &Path) -> Result<Genesis, GenesisError> {
    let broken = |why: String| GenesisError::NoGenesis { path: path.to_owned(), why };
    let file = std::fs::File::open(path).map_err(|error| broken(error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(TEXT_MAX as u64 + 1).read_to_end(&mut bytes).map_err(|error| broken(error.to_string()))?;
    // Its bytes begin with their version, no text does.
    if bytes.first().is_some_and(|first| *first < 9) {
        return Genesis::read(&bytes).map_err(GenesisError::Flawed);
    }
    GenesisText::parse(bytes, path)?.genesis()
}

/// Why a file is no genesis. Every message says what to do.
#[derive(Debug, Error)]
pub enum GenesisError {
    /// It cannot be read.
    #[error("{} is no genesis file: {why}", path.display())]
    NoGenesis {
        /// Which.
        path: PathBuf,
        /// Where and why.
        why: String,
    },
    /// It can be read, and no ledger can begin so.
    #[error("no ledger can begin so: {}", said(*.0))]
    Flawed(Flaw),
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

impl FromStr for Credits {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "an amount is a number of credits with at most six decimals, such as 12 or 0.5";
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !are_digits(part) || part.len() > DECIMALS {
            return Err(wrong);
        }
        let part: u64 = format!("{part:0<DECIMALS$}").parse().map_err(|_| wrong)?;
        let whole: u64 = whole.parse().map_err(|_| wrong)?;
        let grains = whole.checked_mul(CREDIT).and_then(|grains| grains.checked_add(part));
        grains.map(Self).ok_or("an amount has at most 18,446,744,073,709 credits")
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / CREDIT, self.0 % CREDIT);
        let part = format!("{part:0DECIMALS$}");
        match part.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            part => write!(f, "{whole}.{part}"),
        }
    }
}

impl FromStr for KeyText {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let halves = text.split_at_checked(64).and_then(|(x, y)| Some((from_hex(x)?, from_hex(y)?)));
        let (x, y) = halves.ok_or("a key is 128 hexadecimal digits, as `tabmesh ledger key` prints it")?;
        let mut key = [0; 64];
        key[..32].copy_from_slice(&x.0);
        key[32..].copy_from_slice(&y.0);
        Ok(Self(PublicKey(key)))
    }
}

impl FromStr for IdText {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        from_hex(text).map(Self).ok_or("an id is 64 hexadecimal digits, as `tabmesh id` prints it")
    }
}

impl fmt::Display for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex_of(&self.0.0))
    }
}

impl fmt::Display for IdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

macro_rules! text {
    ($($Type:ty),*) => { $(
        impl TryFrom<String> for $Type {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$Type> for String {
            fn from(it: $Type) -> Self {
                it.to_string()
            }
        }
    )* };
}

text!(Credits, KeyText, IdText);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_are_read_to_a_millionth_and_no_further() {
        for (text, grains) in [
            ("0", 0),
            ("12", 12_000_000),
            ("0.5", 500_000),
            ("1.000001", 1_000_001),
            ("18446744073709.551615", u64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(Credits(grains)));
            assert_eq!(Credits(grains).to_string(), text);
        }
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "1e3",
            "1.0000001",
            "18446744073709.551616",
            "99999999999999999999",
            "+1",
        ] {
            assert!(text.parse::<Credits>().is_err(), "{text:?}");
        }
    }
}
