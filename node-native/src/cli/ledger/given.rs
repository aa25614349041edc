//! A genesis file that is named on the command line.

use std::path::Path;

use super::error::LedgerError;
use crate::cli::error::CliError;
use crate::cli::task::common::read;
use crate::ledger::text::{GenesisText, TEXT_MAX};

/// Reads it; `-` is the standard input.
pub(super) fn text_of(path: &Path) -> Result<GenesisText, CliError> {
    Ok(GenesisText::parse(read(path, TEXT_MAX)?, path).map_err(LedgerError::from)?)
}
