//! A genesis as people write it: TOML, amounts in credits.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tabmesh_engine::{NodeId, PublicKey, sha256};
use tabmesh_ledger::limits::CREDIT;
use tabmesh_ledger::{Genesis, Name, Terms, Voter};

use super::error::LedgerError;
use crate::cli::error::CliError;
use crate::cli::task::common::read;
use crate::identity::{from_hex, hex, hex_of};

/// Longer than any genesis of 8,192 accounts.
const TEXT_MAX: usize = 4 << 20;

/// Decimals of a credit.
const DECIMALS: usize = 6;

/// Credits, to a millionth, as text: `12`, `0.5`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Credits(pub(super) u64);

/// A public key as `tabmesh ledger key` prints it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct KeyText(pub(super) PublicKey);

/// An id as `tabmesh id` prints it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct IdText(pub(super) NodeId);

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GenesisText {
    pub(super) network: String,
    pub(super) starts_ms: u64,
    #[serde(default)]
    pub(super) test: bool,
    #[serde(default)]
    pub(super) lax: bool,
    pub(super) terms: TermsText,
    #[serde(default)]
    pub(super) voter: Vec<VoterText>,
    #[serde(default)]
    pub(super) account: Vec<AccountText>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TermsText {
    pub(super) epoch_ms: u32,
    pub(super) stake: u32,
    pub(super) fee: Credits,
    pub(super) price: Credits,
    pub(super) mint: Credits,
    pub(super) units: u32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VoterText {
    pub(super) key: KeyText,
    pub(super) balance: Credits,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountText {
    pub(super) id: IdText,
    pub(super) balance: Credits,
}

/// The first 11 bytes of the SHA-256 of what people call it.
pub(super) fn name_of(text: &str) -> Name {
    sha256(text.as_bytes()).first_chunk().copied().unwrap_or_default()
}

impl GenesisText {
    /// The genesis that it means, checked.
    pub(super) fn genesis(&self) -> Result<Genesis, LedgerError> {
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
        genesis.check().map_err(LedgerError::Flawed)?;
        Ok(genesis)
    }

    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, CliError> {
        let bytes = read(path, TEXT_MAX)?;
        let broken = |why: String| LedgerError::NoGenesis { path: path.to_owned(), why };
        if bytes.len() > TEXT_MAX {
            return Err(broken("it is longer than any genesis".to_owned()).into());
        }
        let text = String::from_utf8(bytes).map_err(|_| broken("it is no text".to_owned()))?;
        Ok(toml::from_str(&text).map_err(|error| broken(error.to_string()))?)
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
