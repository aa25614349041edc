//! `ledger genesis`: the file from which a ledger begins.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::json;
use tabmesh_engine::{NodeId, PublicKey};
use tabmesh_ledger::Ledger;
use tabmesh_ledger::limits::UNITS_TAB;

use super::error::LedgerError;
use super::given::text_of;
use super::verify::What;
use crate::cli::error::CliError;
use crate::identity::{hex, hex_of};
use crate::ledger::text::{AccountText, Credits, GenesisText, IdText, KeyText, TermsText, VoterText};

#[derive(Args, Debug)]
pub(in crate::cli) struct NewArgs {
    /// Where to write it; the standard output without
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The name of the network on which its module speaks
    #[arg(long, value_name = "NAME", default_value = "tabmesh")]
    network: String,
    /// A voter's public key, as `tabmesh ledger key` prints it, with what it can spend: its bond comes on top. Four at least
    #[arg(long = "voter", value_name = "KEY=CREDITS", value_parser = voter, required = true)]
    voters: Vec<(KeyText, Credits)>,
    /// Another account, by its id
    #[arg(long = "account", value_name = "ID=CREDITS", value_parser = account)]
    accounts: Vec<(IdText, Credits)>,
    /// Milliseconds of an epoch
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    epoch_ms: u32,
    /// Credits that a voter bonds at least
    #[arg(long, value_name = "CREDITS", default_value_t = 1_000)]
    stake: u32,
    /// What an operation costs at least
    #[arg(long, value_name = "CREDITS", default_value = "0.001")]
    fee: Credits,
    /// What a unit of 64 bytes costs an epoch at least
    #[arg(long, value_name = "CREDITS", default_value = "0.00001")]
    price: Credits,
    /// What is minted for the voters each epoch
    #[arg(long, value_name = "CREDITS", default_value = "1")]
    mint: Credits,
    /// Units of a neighbourhood: 384 fit tabs; up to 16384, where all voters are native
    #[arg(long, value_name = "N", default_value_t = UNITS_TAB)]
    units: u32,
    /// When epoch 0 begins, in milliseconds since 1970; now without
    #[arg(long, value_name = "MS")]
    starts_ms: Option<u64>,
    /// Credits are worth nothing in it, and may be given away
    #[arg(long)]
    test: bool,
    /// Let any share of its voters be tabs that come and go, however few there are: it may stop for good
    #[arg(long)]
    lax: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct CheckArgs {
    /// The genesis file; - is the standard input
    file: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ProveArgs {
    /// The genesis file; - is the standard input
    file: PathBuf,
    #[command(flatten)]
    what: What,
    /// Where to write the proof
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct PackArgs {
    /// The genesis file; - is the standard input
    file: PathBuf,
    /// Where to write its bytes
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

fn voter(text: &str) -> Result<(KeyText, Credits), &'static str> {
    let (key, credits) = text.split_once('=').ok_or("a voter is KEY=CREDITS")?;
    Ok((key.parse()?, credits.parse()?))
}

fn account(text: &str) -> Result<(IdText, Credits), &'static str> {
    let (id, credits) = text.split_once('=').ok_or("an account is ID=CREDITS")?;
    Ok((id.parse()?, credits.parse()?))
}

pub(super) fn new(args: NewArgs) -> Result<(), CliError> {
    let NewArgs { epoch_ms, stake, fee, price, mint, units, .. } = args;
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let text = GenesisText {
        network: args.network,
        starts_ms: args.starts_ms.unwrap_or_else(now),
        test: args.test,
        lax: args.lax,
        terms: TermsText { epoch_ms, stake, fee, price, mint, units },
        voter: args.voters.into_iter().map(|(key, balance)| VoterText { key, balance }).collect(),
        account: args.accounts.into_iter().map(|(id, balance)| AccountText { id, balance }).collect(),
    };
    text.genesis().map_err(LedgerError::from)?;
    let text = toml::to_string_pretty(&text)
        .map_err(|error| CliError::Host(std::io::Error::other(error.to_string())))?;
    match args.output {
        Some(path) => write_new(&path, text.as_bytes()),
        None => {
            say!("{}", text.trim_end());
            Ok(())
        }
    }
}

pub(super) fn check(args: &CheckArgs) -> Result<(), CliError> {
    let text = text_of(&args.file)?;
    let genesis = text.genesis().map_err(LedgerError::from)?;
    let ledger = Ledger::new(&genesis);
    let (id, root, block) = (genesis.hash(), ledger.head().state, ledger.head().hash());
    let total = Credits(ledger.state().sums().minted);
    let voters: Vec<String> =
        genesis.voters.iter().map(|voter| hex(&NodeId::of_key(&PublicKey(voter.key.0)))).collect();
    if args.json {
        let ids = json!({ "id": hex_of(&id), "root": hex_of(&root), "block": hex_of(&block) });
        let rest = json!({
            "network": text.network,
            "credits": total.to_string(),
            "voters": voters,
            "accounts": genesis.accounts.len(),
            "bytes": genesis.emit().len(),
        });
        say!("{}", merged(ids, rest));
        return Ok(());
    }
    say!("id        {}", hex_of(&id));
    say!("root      {}", hex_of(&root));
    say!("block     {}", hex_of(&block));
    say!("network   {}", text.network);
    say!("credits   {total}");
    voters.iter().for_each(|voter| say!("voter     {voter}"));
    say!("accounts  {} besides", genesis.accounts.len());
    Ok(())
}

fn merged(mut one: serde_json::Value, two: serde_json::Value) -> serde_json::Value {
    if let (Some(one), serde_json::Value::Object(two)) = (one.as_object_mut(), two) {
        one.extend(two);
    }
    one
}

pub(super) fn prove(args: &ProveArgs) -> Result<(), CliError> {
    let state = text_of(&args.file)?.genesis().map_err(LedgerError::from)?.state();
    write_new(&args.output, &state.prove(&args.what.key()).emit())
}

pub(super) fn pack(args: &PackArgs) -> Result<(), CliError> {
    let genesis = text_of(&args.file)?.genesis().map_err(LedgerError::from)?;
    write_new(&args.output, &genesis.emit())
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let broken = |source: std::io::Error| match source.kind() {
        ErrorKind::AlreadyExists => LedgerError::Taken(path.to_owned()),
        _ => LedgerError::Write { path: path.to_owned(), source },
    };
    let mut file = File::create_new(path).map_err(broken)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|source| {
        // Half a file would be in the way of the next try.
        let _ = std::fs::remove_file(path);
        broken(source)
    })?;
    Ok(())
}
