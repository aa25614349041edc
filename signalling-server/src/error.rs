//! What can keep the server from starting.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::ConfigError;

/// Why the server did not start. Every sentence says the way out; [`Error::code`] names the error for machines.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}: {source}; choose another address with --listen, port 0 takes any free one"
    )]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The real address cannot be written down.
    #[error("cannot write the address to {path}: {source}; check the path given with --address-file")]
    AddressFile {
        /// Where to.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no web app to serve.
    #[error("there is no index.html in {path}; build the web app first, or leave --web out")]
    Web {
        /// Where.
        path: PathBuf,
    },
    /// The genesis cannot be served.
    #[error("{path} is no genesis: {why}; `tabmesh ledger genesis pack` makes the bytes that are served")]
    Genesis {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The log filter does not parse.
    #[error("the log filter {filter:?} is wrong: {message}; write a level such as info, or target=level")]
    Log {
        /// The filter.
        filter: String,
        /// Why.
        message: String,
    },
    /// The system refuses what every server needs: threads, signals.
    #[error("the system refuses to run the server: {0}; check its limits of threads, files and memory")]
    System(#[from] io::Error),
}

impl Error {
    /// A stable name for the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config(error) => error.code(),
            Self::Listen { .. } => "listen",
            Self::AddressFile { .. } => "address-file",
            Self::Web { .. } => "web",
            Self::Genesis { .. } => "genesis",
            Self::Log { .. } => "log-filter",
            Self::System(_) => "system",
        }
    }
}
