//! Structured logs on standard error.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};
use crate::error::Error;

/// Starts logging for the whole process; once.
///
/// # Errors
///
/// [`Error::Log`]: the filter does not parse.
pub fn start(config: &Config) -> Result<(), Error> {
    let wrong = |message: String| Error::Log { filter: config.log.clone(), message };
    let filter = EnvFilter::try_new(&config.log).map_err(|error| wrong(error.to_string()))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match config.log_format {
        LogFormat::Text => builder.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| wrong(error.to_string()))
}
