//! Why settings do not do.

use std::borrow::Cow;
use std::path::PathBuf;

use thiserror::Error;

/// Why the settings do not do. Every message says what to change.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {source}; check the path given by --config", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("the configuration file {} is wrong:\n{message}\n`tabmesh run --help` lists the settings", path.display())]
    Syntax {
        /// Which.
        path: PathBuf,
        /// Where and why.
        message: String,
    },
    /// A value is out of its bounds or no value of its kind.
    #[error("{name} is {value:?}, which {problem}")]
    Value {
        /// The setting.
        name: &'static str,
        /// What it says.
        value: String,
        /// What is wrong, and what would be right.
        problem: Cow<'static, str>,
    },
    /// A passphrase without a salt.
    #[error(
        "a passphrase needs a salt: give --salt something of your own, such as an e-mail address, and the same one each time, for it is \
         a part of the identity; one that was made without a salt comes back with --salt \"\""
    )]
    NoSalt,
    /// There is no home directory to put the data in.
    #[error("no data directory is known on this system; name one with --data-dir or TABMESH_DATA_DIR")]
    NoDataDir,
}
