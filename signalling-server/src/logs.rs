//! Structured logs on standard error.

use std::io::{self, IsTerminal};

use tracing::subscriber::set_global_default;
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};
use crate::error::Error;

/// Starts logging for the whole process; once.
///
/// Only `tracing` is listened to, never the `log` crate: the WebSocket library writes whole messages there, and no filter
/// an operator may set shall bring envelopes into a log.
///
/// # Errors
///
/// [`Error::Log`]: the filter does not parse, or something else logs already.
pub fn start(config: &Config) -> Result<(), Error> {
    let wrong = |message: String| Error::Log { filter: config.log.clone(), message };
    let filter = EnvFilter::try_new(&config.log).map_err(|error| wrong(error.to_string()))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match config.log_format {
        LogFormat::Text => set_global_default(builder.with_ansi(io::stderr().is_terminal()).finish()),
        LogFormat::Json => set_global_default(builder.json().flatten_event(true).finish()),
    };
    started.map_err(|error| wrong(error.to_string()))
}
