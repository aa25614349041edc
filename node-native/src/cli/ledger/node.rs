//! Commands about the ledger that a running node takes part in.

use std::io::IsTerminal;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::cli::args::NodeArgs;
use crate::cli::error::CliError;
use crate::cli::lines::{short, until_enough};
use crate::cli::show::{ask, out_of_turn, print_json};
use crate::control::ledger::{
    BalanceLine, LedgerDone, LedgerWish, OperationLine, PastLine, StatusLine, VoterLine,
};
use crate::control::{Done, Request};

/// How often `top` looks.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Args, Debug)]
pub(in crate::cli) struct BalanceArgs {
    /// Whose: 64 hexadecimal digits; without, this node's
    id: Option<String>,
    #[command(flatten)]
    node: NodeArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct HistoryArgs {
    /// Whose: 64 hexadecimal digits; without, this node's
    id: Option<String>,
    /// From this block on
    #[arg(long, value_name = "HEIGHT", default_value_t = 1)]
    since: u32,
    #[command(flatten)]
    node: NodeArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct TopArgs {
    /// Print once, and end
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    node: NodeArgs,
}

async fn wish(node: &NodeArgs, wish: LedgerWish) -> Result<LedgerDone, CliError> {
    let Done::Ledger(done) = ask(node, Request::Ledger(wish)).await? else { return Err(out_of_turn()) };
    Ok(*done)
}

pub(super) async fn balance(args: BalanceArgs) -> Result<(), CliError> {
    let BalanceArgs { id, node } = args;
    let LedgerDone::Balance(line) = wish(&node, LedgerWish::Balance { id }).await? else {
        return Err(out_of_turn());
    };
    if node.json {
        print_json(&line);
        return Ok(());
    }
    let BalanceLine { id, exists, spendable, promised, bond, unlock, head, .. } = line;
    say!("account    {id}");
    if !exists {
        say!("           is not in the ledger; it is once somebody sends it credits");
    }
    say!("spendable  {spendable}");
    if promised != "0" {
        say!("promised   {promised} to operations on their way");
    }
    if bond != "0" {
        let until = unlock.map_or_else(String::new, |epoch| format!(", free from epoch {epoch} on"));
        say!("bond       {bond}{until}");
    }
    say!("as of      block {}, epoch {}; {}", head.height, head.epoch, mode(&head.mode));
    Ok(())
}

fn mode(mode: &str) -> &'static str {
    match mode {
        "strong" => "blocks come",
        "eventual" => "no block for more than 3 epochs: operations wait",
        _ => "this node is catching up, or the ledger has not begun",
    }
}

pub(super) async fn history(args: HistoryArgs) -> Result<(), CliError> {
    let HistoryArgs { id, mut since, node } = args;
    loop {
        let next = {
            let asked = LedgerWish::History { id: id.clone(), since };
            let LedgerDone::History { operations, next } = wish(&node, asked).await? else {
                return Err(out_of_turn());
            };
            operations.iter().for_each(|line| print_past(line, node.json));
            if operations.is_empty() {
                return Ok(());
            }
            next
        };
        since = next;
    }
}

fn print_past(line: &PastLine, json: bool) {
    if json {
        return print_json(line);
    }
    let conflict = if line.conflict { "  conflict: both paid their fee, and did nothing" } else { "" };
    say!("{:>7}  {}  {}{conflict}", line.height, short(&line.operation.operation), words(&line.operation));
}

/// An operation in words.
pub(super) fn words(line: &OperationLine) -> String {
    let from = short(&line.from);
    let amount = line.amount.as_deref().unwrap_or_default();
    let does = match (&line.to, line.kind.as_str()) {
        (Some(to), _) => format!("{from} sends {amount} to {}", short(to)),
        (None, "bond") => format!("{from} bonds {amount}"),
        (None, "leave") => format!("{from} takes its bond back"),
        (None, "renew") => format!("{from} pays {amount} for a name"),
        (None, _) => format!("{from} sets a name"),
    };
    format!("{does}, fee {}", line.fee)
}

pub(super) async fn voters(node: NodeArgs) -> Result<(), CliError> {
    let LedgerDone::Voters(lines) = wish(&node, LedgerWish::Voters {}).await? else {
        return Err(out_of_turn());
    };
    if node.json {
        print_json(&lines)
    } else {
        print_voters(&lines)
    }
    Ok(())
}

fn print_voters(lines: &[VoterLine]) {
    say!("{:64}  {:>9}  {:>9}  LAST", "VOTER", "RTT", "SIGNED");
    for line in lines {
        let rtt = match (line.own, line.linked, line.rtt_ms) {
            (true, ..) => "this node".to_owned(),
            (_, false, _) => "no link".to_owned(),
            (_, _, Some(rtt)) => format!("{rtt:.1} ms"),
            (_, _, None) => "-".to_owned(),
        };
        let last = line.last.map_or_else(|| "-".to_owned(), |last| last.to_string());
        let signed = format!("{} / {}", line.signed, line.of);
        say!("{:64}  {rtt:>9}  {signed:>9}  {last}", line.id);
    }
}

pub(super) async fn status(node: NodeArgs) -> Result<(), CliError> {
    let LedgerDone::Status(line) = wish(&node, LedgerWish::Status {}).await? else {
        return Err(out_of_turn());
    };
    if node.json {
        print_json(&line)
    } else {
        print_status(&line)
    }
    Ok(())
}

fn print_status(line: &StatusLine) {
    let test = if line.test { ", a test: credits are worth nothing" } else { "" };
    say!("ledger     {}{test}", line.ledger);
    let role = match line.role.as_str() {
        "votes" => "votes",
        "no journal" => "is a voter without its journal: it follows, and does not vote",
        _ => "follows",
    };
    say!("this node  {role}; {} voters", line.voters);
    say!(
        "block      {} of epoch {}, view {}; {}",
        line.head.height,
        line.head.epoch,
        line.head.view,
        mode(&line.head.mode)
    );
    match line.epoch_now {
        Some(epoch) => say!("epoch now  {epoch}, of {} ms each", line.epoch_ms),
        None => say!("epoch now  none: the ledger begins later, by this host's clock"),
    }
    if line.clock_doubtful {
        say!("           neighbours have other times: set this host's clock");
    }
    say!("waiting    {} operations of this node", line.waiting);
    say!("store      {}, {} blocks, {} records", bytesize::ByteSize(line.bytes), line.blocks, line.records);
    if let Some(trouble) = &line.trouble {
        say!("           cannot be written, so nothing is signed: {trouble}");
    }
    if let Some(faucet) = &line.faucet {
        say!("faucet     {faucet} for whoever asks");
    }
}

pub(super) async fn top(args: TopArgs) -> Result<(), CliError> {
    let TopArgs { once, node } = args;
    let look = async {
        loop {
            let LedgerDone::Status(status) = wish(&node, LedgerWish::Status {}).await? else {
                return Err(out_of_turn());
            };
            let LedgerDone::Voters(voters) = wish(&node, LedgerWish::Voters {}).await? else {
                return Err(out_of_turn());
            };
            if node.json {
                print_json(&json!({ "status": status, "voters": voters }));
            } else {
                if !once && std::io::stdout().is_terminal() {
                    say!("\x1b[H\x1b[2J");
                }
                print_status(&status);
                say!("");
                print_voters(&voters);
            }
            if once {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    until_enough(look).await
}
