//! `ledger verify`: what a proof shows.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use tabmesh_ledger::{Account, Found, Key, Open, Proof, Record, Reference};

use super::error::LedgerError;
use super::given::text_of;
use crate::cli::error::CliError;
use crate::cli::task::common::read;
use crate::identity::hex_of;
use crate::ledger::text::{Credits, IdText, name_of};

/// A leaf of 128 bytes, and 256 branches.
const PROOF_MAX: usize = 1 + 128 + 256 * 33;

#[derive(Args, Debug)]
pub(in crate::cli) struct VerifyArgs {
    /// The proof; - is the standard input
    proof: PathBuf,
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    under: Under,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// What is to be shown.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(in crate::cli) struct What {
    /// The account of this node
    #[arg(long, value_name = "ID")]
    account: Option<IdText>,
    /// The reference with this name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// Under which root.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Under {
    /// The root of the records, as a block's header has it: 64 hexadecimal digits
    #[arg(long, value_name = "HEX")]
    root: Option<IdText>,
    /// That of the first state of this genesis
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
}

impl What {
    pub(super) fn key(&self) -> Key {
        match (&self.account, &self.name) {
            (Some(id), _) => Key::account(&id.0),
            (_, name) => Key::reference(&name_of(name.as_deref().unwrap_or_default())),
        }
    }
}

pub(super) fn verify(args: &VerifyArgs) -> Result<(), CliError> {
    let root = match (&args.under.root, &args.under.genesis) {
        (Some(root), _) => root.0.0,
        (None, Some(path)) => text_of(path)?.genesis().map_err(LedgerError::from)?.state().root(),
        (None, None) => unreachable!("clap asks for one of them"),
    };
    let key = args.what.key();
    let proof = Proof::read(&read(&args.proof, PROOF_MAX)?);
    let found = proof.as_ref().and_then(|proof| shown(proof, &root, &key));
    match (&found, args.json) {
        (Some(record), true) => say!("{}", in_json(&key, record.as_ref())),
        (Some(record), false) => say!("{}", in_words(record.as_ref())),
        (None, true) => say!("{}", json!({ "holds": false })),
        (None, false) => {}
    }
    found.map(|_| ()).ok_or_else(|| LedgerError::NotVerified(args.proof.clone()).into())
}

/// The record, or that there is none; `None` if it is no proof of either.
fn shown(proof: &Proof, root: &[u8; 32], key: &Key) -> Option<Option<Record>> {
    match proof.verify(root, &key.0)? {
        Found::Present(leaf) => Some(Some(Record::read(leaf)?)),
        Found::Absent => Some(None),
    }
}

fn in_words(record: Option<&Record>) -> String {
    match record {
        None => "absent: nothing is there under this root".to_owned(),
        Some(Record::Account(Account { balance, bond, sequence, .. })) => {
            format!("present: {} credits, {bond} bonded, next operation {sequence}", Credits(*balance))
        }
        Some(Record::Reference(Reference { balance, version, owner, value, .. })) => format!(
            "present: value {}, version {version}, owner {}, {} credits for its rent",
            hex_of(value),
            hex_of(&owner.0),
            Credits(*balance)
        ),
        Some(Record::Open(Open { amount, expiry, .. })) => {
            format!("present: a receipt of {} credits until epoch {expiry}", Credits(*amount))
        }
    }
}

fn in_json(key: &Key, record: Option<&Record>) -> Value {
    let key = hex_of(&key.0);
    match record {
        None => json!({ "holds": true, "present": false, "key": key }),
        Some(Record::Account(account)) => json!({
            "holds": true,
            "present": true,
            "key": key,
            "balance": Credits(account.balance).to_string(),
            "bonded": account.bond,
            "sequence": account.sequence,
        }),
        Some(Record::Reference(reference)) => json!({
            "holds": true,
            "present": true,
            "key": key,
            "balance": Credits(reference.balance).to_string(),
            "value": hex_of(&reference.value),
            "version": reference.version,
            "owner": hex_of(&reference.owner.0),
        }),
        Some(Record::Open(open)) => json!({
            "holds": true,
            "present": true,
            "key": key,
            "amount": Credits(open.amount).to_string(),
            "expiry": open.expiry,
        }),
    }
}
