//! The ledger that a node takes part in.

use std::path::PathBuf;

use super::error::SettingsError;
use crate::ledger::text::Credits;

/// What a node is told of its ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerSettings {
    /// The file of its genesis: text, or its bytes.
    pub genesis: PathBuf,
    /// A person says that it begins now, and that this node has never voted in it.
    pub begins: bool,
    /// Grains that whoever asks gets, on a test network.
    pub faucet: Option<u64>,
}

/// What is said of it; `None` where the node takes part in none.
pub(super) fn ledger_of(
    genesis: Option<PathBuf>,
    begins: Option<bool>,
    faucet: Option<String>,
) -> Result<Option<LedgerSettings>, SettingsError> {
    let Some(genesis) = genesis else {
        return match (begins, faucet) {
            (Some(true), _) => Err(value("ledger-begin", true, "needs --ledger beside it")),
            (_, Some(amount)) => Err(value("faucet", amount, "needs --ledger beside it")),
            _ => Ok(None),
        };
    };
    let amount = |text: String| match text.parse::<Credits>() {
        Ok(Credits(grains)) => Ok(grains),
        Err(_) => Err(value(
            "faucet",
            text,
            "is no amount; write credits with at most six decimals, such as 5 or 0.5",
        )),
    };
    let faucet = faucet.map(amount).transpose()?;
    Ok(Some(LedgerSettings { genesis, begins: begins.unwrap_or(false), faucet }))
}

fn value(name: &'static str, value: impl ToString, problem: &'static str) -> SettingsError {
    SettingsError::Value { name, value: value.to_string(), problem: problem.into() }
}
