//! Commands whose operation is followed until it counts.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::error::LedgerError;
use super::node::words;
use crate::cli::args::NodeArgs;
use crate::cli::ask::within;
use crate::cli::error::CliError;
use crate::cli::lines::{short, until_interrupted};
use crate::control::Request;
use crate::control::client::{Client, LedgerHeard};
use crate::control::ledger::{LedgerWish, NewsLine, OperationLine};

/// Until when a command waits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum)]
pub(in crate::cli) enum Finality {
    /// So many voters have locked it that no other operation takes its place in this view
    Certified,
    /// So many have acknowledged it that it comes in a block of this view: what goods are handed over for
    Settled,
    /// It is in a final block
    Included,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct SendArgs {
    /// To whom: 64 hexadecimal digits, as `tabmesh id` prints them
    to: String,
    /// How many credits, with at most six decimals: 12 or 0.5
    amount: String,
    /// Wait until it is so far
    #[arg(long, value_enum, default_value_t = Finality::Included)]
    wait: Finality,
    /// The last epoch in which it may be done; 18 from now on without
    #[arg(long, value_name = "EPOCH", value_parser = clap::value_parser!(u32).range(1..))]
    until: Option<u32>,
    /// How long to wait, such as 10s or 2m: at most 2 minutes
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = within)]
    within: Duration,
    #[command(flatten)]
    node: NodeArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct FaucetArgs {
    /// Which voter: 64 hexadecimal digits; all in turn without
    #[arg(long, value_name = "ID")]
    of: Option<String>,
    /// How long to wait for the block that has it, such as 10s or 2m: at most 2 minutes
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = within)]
    within: Duration,
    #[command(flatten)]
    node: NodeArgs,
}

pub(super) async fn send(args: SendArgs) -> Result<(), CliError> {
    let SendArgs { to, amount, wait, until, within, node } = args;
    follow(LedgerWish::Send { to, amount, until }, wait, within, &node).await
}

pub(super) async fn faucet(args: FaucetArgs) -> Result<(), CliError> {
    let FaucetArgs { of, within, node } = args;
    follow(LedgerWish::Faucet { of }, Finality::Included, within, &node).await
}

async fn follow(wish: LedgerWish, wait: Finality, within: Duration, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    let began = Instant::now();
    let following = async {
        let mut client = Client::begin(&socket, Request::Ledger(wish)).await?;
        let mut until = None;
        loop {
            let heard = match timeout_at(began + within, client.ledger()).await {
                Ok(heard) => heard?,
                Err(_) => return Err(LedgerError::NotYet { wait: name(wait), until }.into()),
            };
            let LedgerHeard::News(news) = heard else { return Ok(()) };
            let ms = began.elapsed().as_millis() as u64;
            if node.json {
                print_json(&news, ms)
            } else {
                print(&news, ms)
            }
            if let NewsLine::Made(operation) | NewsLine::Given { operation, .. } = &news {
                until = Some(operation.until);
            }
            if reached(&news).is_some_and(|reached| reached >= wait) {
                return Ok(());
            }
        }
    };
    until_interrupted(following).await
}

fn name(wait: Finality) -> &'static str {
    match wait {
        Finality::Certified => "certified",
        Finality::Settled => "settled",
        Finality::Included => "in a block",
    }
}

fn reached(news: &NewsLine) -> Option<Finality> {
    match news {
        NewsLine::Certified {} => Some(Finality::Certified),
        NewsLine::Settled {} => Some(Finality::Settled),
        NewsLine::Included { .. } => Some(Finality::Included),
        _ => None,
    }
}

fn print_json(news: &NewsLine, ms: u64) {
    let mut value = json!(news);
    if let Some(object) = value.as_object_mut() {
        object.insert("ms".to_owned(), Value::from(ms));
    }
    say!("{value}");
}

fn print(news: &NewsLine, ms: u64) {
    let until = |operation: &OperationLine| format!("until epoch {}", operation.until);
    match news {
        NewsLine::Made(operation) => {
            say!("made       {}", operation.operation);
            say!("           {}, {}", words(operation), until(operation));
        }
        NewsLine::Given { voter, operation } => {
            say!("given      {}", operation.operation);
            say!("           {}, {}; by voter {}", words(operation), until(operation), short(voter));
        }
        NewsLine::Certified {} => say!("certified  {ms} ms"),
        NewsLine::Settled {} => say!("settled    {ms} ms"),
        NewsLine::Included { height } => say!("included   {ms} ms, in block {height}"),
        NewsLine::Refused { why, .. } => note!("a voter does not take it yet: {why}"),
    }
}
