//! `job verify`: whether receipts hold. It needs no node and no network.

use serde_json::json;
use tabmesh_engine::sha256;
use tabmesh_meter::limits::FILE_BYTES_MAX;
use tabmesh_tasks::Receipt;

use super::args::VerifyArgs;
use super::error::JobError;
use crate::cli::counted::counted;
use crate::cli::error::CliError;
use crate::cli::task::common::read;
use crate::identity::{hex, hex_of, verify as holds};
use crate::jobs::batch::Input;
use crate::task::{STREAM_BYTES_MAX, Status};

/// Bytes of the longest receipt: a path of eight.
const RECEIPT_MAX: usize = 1 << 10;

/// What receipts are compared with, beside their own signature.
struct Expected {
    task: Option<[u8; 32]>,
    output: Option<[u8; 32]>,
    network: Option<[u8; 8]>,
}

pub(super) fn verify(args: VerifyArgs) -> Result<(), CliError> {
    let expected = expected(&args)?;
    let (mut bad, mut unread) = (0, 0);
    for path in &args.receipts {
        let name = path.display().to_string();
        // One that is not there keeps no other from being checked.
        let bytes = match read(path, RECEIPT_MAX) {
            Ok(bytes) => bytes,
            Err(error) => {
                unread += 1;
                tell_unread(&name, error, args.json);
                continue;
            }
        };
        let checked = check(&bytes, &expected);
        bad += usize::from(checked.is_err());
        match (checked, args.json) {
            (Ok(receipt), true) => say!("{}", in_json(&name, &receipt)),
            (Ok(receipt), false) => say!("{name}: {}", in_words(&receipt)),
            (Err(why), true) => say!("{}", json!({ "receipt": name, "holds": false, "why": why })),
            (Err(why), false) => say!("{name}: does not hold: {why}"),
        }
    }
    match (bad, unread) {
        (0, 0) => Ok(()),
        _ => Err(JobError::NotVerified { all: args.receipts.len(), bad, unread }.into()),
    }
}

fn tell_unread(name: &str, error: CliError, is_json: bool) {
    let why = match error {
        CliError::File { source, .. } => source.to_string(),
        other => other.to_string(),
    };
    let why = format!("cannot be read: {why}");
    if is_json {
        say!("{}", json!({ "receipt": name, "holds": false, "why": why }));
    } else {
        say!("{name}: {why}");
    }
}

fn expected(args: &VerifyArgs) -> Result<Expected, CliError> {
    let task = match (&args.module, &args.input) {
        (Some(module), Some(input)) => {
            let terms = args.terms.plan(0, 0).terms(&read(module, FILE_BYTES_MAX)?);
            Some(Input::new(read(input, STREAM_BYTES_MAX)?.into()).id(&terms).0)
        }
        (None, None) => None,
        _ => return Err(JobError::HalfATask.into()),
    };
    let output = args.output.as_ref().map(|path| read(path, STREAM_BYTES_MAX)).transpose()?;
    let network = args.network.as_ref().and_then(|name| sha256(name.as_bytes()).first_chunk().copied());
    Ok(Expected { task, output: output.map(|output| sha256(&output)), network })
}

fn check(bytes: &[u8], expected: &Expected) -> Result<Receipt, &'static str> {
    let receipt = Receipt::read(bytes).ok_or("these bytes are no receipt")?;
    let claim = receipt.check().ok_or("its path leads to no root")?;
    if !holds(&claim.key, &claim.signature, &claim.bytes) {
        return Err("the signature is not the executor's over this");
    }
    if expected.task.is_some_and(|task| task != receipt.task.0) {
        return Err(
            "it is for another task: module, input, or one of --gas, --pages, --seed, --time and --piece is another",
        );
    }
    if expected.output.is_some_and(|output| output != receipt.outcome.output) {
        return Err("it is for another output");
    }
    if expected.network.is_some_and(|network| network != receipt.network) {
        return Err("it is of another network");
    }
    Ok(receipt)
}

fn status(receipt: &Receipt) -> &'static str {
    Status::ALL.get(usize::from(receipt.outcome.status)).map_or("?", |status| status.name())
}

fn in_words(receipt: &Receipt) -> String {
    let (status, outcome) = (status(receipt), &receipt.outcome);
    format!(
        "holds: {status}, gas {}, {} with SHA-256 {}, by {} for {}",
        outcome.gas,
        counted(outcome.length as usize, "byte"),
        hex_of(&outcome.output),
        hex(&receipt.executor()),
        hex(&receipt.requester)
    )
}

fn in_json(name: &str, receipt: &Receipt) -> serde_json::Value {
    json!({
        "receipt": name,
        "holds": true,
        "status": status(receipt),
        "gas": receipt.outcome.gas,
        "output_bytes": receipt.outcome.length,
        "output_sha256": hex_of(&receipt.outcome.output),
        "task": hex_of(&receipt.task.0),
        "executor": hex(&receipt.executor()),
        "requester": hex(&receipt.requester),
        "network": hex_of(&receipt.network),
    })
}
