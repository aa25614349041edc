//! `ledger`: how a ledger begins, what can be checked of it without a node or a network, and what a node does in it.

pub(super) mod error;
mod genesis;
mod given;
mod node;
mod send;
mod verify;

use clap::Subcommand;

use super::args::{NodeArgs, RunArgs};
use super::error::CliError;
use crate::identity::hex_of;
use crate::peer::identity_of;
use genesis::{CheckArgs, NewArgs, PackArgs, ProveArgs};
use node::{BalanceArgs, HistoryArgs, TopArgs};
use send::{FaucetArgs, SendArgs};
use verify::VerifyArgs;

const SEND: &str = "Examples:
  tabmesh ledger send 3f0c…9a 2.5                    until it is in a final block
  tabmesh ledger send 3f0c…9a 2.5 --wait settled     until nothing but a block of liars stops it: some 100 ms
  tabmesh ledger send 3f0c…9a 2.5 --json             one object a line: what, and after how many ms
Exit code 2: it cannot be done so, 4: this node has no account, 5: not within the time, or not now; it may still come.";

const FAUCET: &str = "Examples:
  tabmesh ledger faucet
  tabmesh ledger faucet --of 77ab…01    this voter alone
An id gets test credits once in 6 epochs. Exit code 5: ask again later, 7: nobody gives any.";

const HISTORY: &str = "Examples:
  tabmesh ledger history
  tabmesh ledger history --since 120 --json    one object a line, from block 120 on";

#[derive(Subcommand, Debug)]
pub(super) enum LedgerCommand {
    /// Show what an account has
    #[command(after_help = "Example: tabmesh ledger balance 3f0c…9a --json")]
    Balance(BalanceArgs),
    /// Send credits, and follow that until it counts
    #[command(after_help = SEND)]
    Send(SendArgs),
    /// List what an account did and got, as final blocks have it
    #[command(after_help = HISTORY)]
    History(HistoryArgs),
    /// Show who votes, and how they do
    #[command(
        after_help = "SIGNED counts the certificates of the last 100 blocks: each has the signatures that came first, so many as it needs. So a voter \
that is far away has fewer, and one that is silent has none."
    )]
    Voters(NodeArgs),
    /// Show how the node is in the ledger: blocks, journal, store, clock
    Status(NodeArgs),
    /// Show status and voters, live, on one screen
    #[command(after_help = "Example: tabmesh ledger top --once --json")]
    Top(TopArgs),
    /// Get credits on a test network
    #[command(after_help = FAUCET)]
    Faucet(FaucetArgs),
    /// How a ledger begins: make and check the file that says so
    Genesis {
        #[command(subcommand)]
        command: GenesisCommand,
    },
    /// Check a proof of an account or a name, without a node or a network
    #[command(
        after_help = "A proof shows what is under a key of a ledger's records, or that nothing is, to who knows their root. Exit code 7: it shows \
neither."
    )]
    Verify(VerifyArgs),
    /// Print the public key of the node, by which a genesis names a voter; makes its key if there is none
    Key(Box<RunArgs>),
}

#[derive(Subcommand, Debug)]
pub(super) enum GenesisCommand {
    /// Make a genesis file
    New(NewArgs),
    /// Check a genesis file, and print the ledger's id and the root of its first state
    Check(CheckArgs),
    /// Write the bytes of a genesis, as `tabmesh-signalling --genesis` serves them to pages
    Pack(PackArgs),
    /// Write the proof of an account, or of a name, in the first state
    Prove(ProveArgs),
}

pub(super) async fn dispatch(command: LedgerCommand) -> Result<(), CliError> {
    match command {
        LedgerCommand::Balance(args) => node::balance(args).await,
        LedgerCommand::Send(args) => send::send(args).await,
        LedgerCommand::History(args) => node::history(args).await,
        LedgerCommand::Voters(node) => node::voters(node).await,
        LedgerCommand::Status(node) => node::status(node).await,
        LedgerCommand::Top(args) => node::top(args).await,
        LedgerCommand::Faucet(args) => send::faucet(args).await,
        LedgerCommand::Genesis { command: GenesisCommand::Pack(args) } => genesis::pack(&args),
        LedgerCommand::Genesis { command: GenesisCommand::New(args) } => genesis::new(args),
        LedgerCommand::Genesis { command: GenesisCommand::Check(args) } => genesis::check(&args),
        LedgerCommand::Genesis { command: GenesisCommand::Prove(args) } => genesis::prove(&args),
        LedgerCommand::Verify(args) => verify::verify(&args),
        LedgerCommand::Key(args) => {
            say!("{}", hex_of(&identity_of(&args.settings()?)?.public_key().0));
            Ok(())
        }
    }
}
