//! `ledger`: how a ledger begins, and what can be checked of it without a node or a network.

pub(super) mod error;
mod file;
mod genesis;
mod verify;

use clap::Subcommand;

use super::args::RunArgs;
use super::error::CliError;
use crate::identity::hex_of;
use crate::peer::identity_of;
use genesis::{CheckArgs, NewArgs, ProveArgs};
use verify::VerifyArgs;

#[derive(Subcommand, Debug)]
pub(super) enum LedgerCommand {
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
    /// Write the proof of an account, or of a name, in the first state
    Prove(ProveArgs),
}

pub(super) fn dispatch(command: LedgerCommand) -> Result<(), CliError> {
    match command {
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
