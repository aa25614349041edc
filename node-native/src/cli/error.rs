//! Why a command was not done, and the exit code that tells it.

use std::path::PathBuf;

use thiserror::Error;

use super::exit_code::exit_code_of;
use super::job::error::JobError;
use super::ledger::error::LedgerError;
use super::task::error::TaskError;
use crate::control::client::ClientError;
use crate::peer::StartError;
use crate::settings::SettingsError;

/// Why a command was not done.
#[derive(Debug, Error)]
pub(super) enum CliError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("{path}: {source}", path = path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error(
        "the log filter {0:?} is none; write a level such as info, or filters such as info,tabmesh_native=debug"
    )]
    LogFilter(String),
    #[error("there is no program {0} that can be run; write its path, or a name that is found in PATH")]
    NoProgram(String),
    #[error("there is no standard input; pipe something into the command, or name a file")]
    NoInput,
    #[error("a message of a topic has at most 8 KiB; put what is longer, and publish its CID")]
    TooLong,
    #[error("a question has at most 32 KiB; put what is longer, and ask about its CID")]
    LongQuestion,
    #[error("an answer has at most 32 KiB; put what is longer, and answer its CID")]
    LongAnswer,
    #[error(
        "no other node holds all of it, so it can be read only while this one runs; put it again when others are linked"
    )]
    Alone,
    #[error(
        "no peer is linked and nobody listens at this node, so no node took {0}; see `tabmesh status`, and publish again when a peer is \
         linked"
    )]
    Unheard(String),
    #[error(
        "with --lines the messages come from the standard input; write - or nothing in place of the text"
    )]
    LinesOfText,
    #[error(
        "a command to a module is bytes in hexadecimal, two digits each; give a text by --text, or - to read the standard input"
    )]
    NoHex,
    #[error("a command to a module has at most 64 KiB")]
    LongCommand,
    #[error(transparent)]
    Task(#[from] TaskError),
    #[error(transparent)]
    Job(#[from] JobError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("{0}")]
    Host(std::io::Error),
    #[error("interrupted")]
    Interrupted,
}

impl CliError {
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_)
            | Self::LogFilter(_)
            | Self::NoInput
            | Self::LinesOfText
            | Self::NoProgram(_) => 2,
            Self::TooLong | Self::LongQuestion | Self::LongAnswer | Self::NoHex | Self::LongCommand => 2,
            Self::Client(error) => exit_code_of(error),
            Self::Start(_) | Self::File { .. } | Self::Host(_) => 1,
            // As the status NotReplicated of the package.
            Self::Alone | Self::Unheard(_) => 5,
            Self::Task(error) => error.exit_code(),
            Self::Job(error) => error.exit_code(),
            Self::Ledger(error) => error.exit_code(),
            Self::Interrupted => 130,
        }
    }
}
