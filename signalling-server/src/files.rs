//! The limit of open files: every connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{debug, warn};

use crate::config::Limits;
use crate::http::SOCKETS_MAX;

/// Files that are open besides the connections: listener, logs, timers, files of the web app.
const SPARE: u64 = 64;

/// Raises the process's soft limit of open files to its hard limit, and warns when `limits` allow more connections
/// than that.
pub fn raise_limit(limits: &Limits) {
    let before = getrlimit(Resource::Nofile);
    if before.current != before.maximum {
        let raised = Rlimit { current: before.maximum, maximum: before.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            warn!(%error, "the limit of open files could not be raised");
        }
    }
    let needed = limits.connections as u64 + SOCKETS_MAX as u64 + SPARE;
    match getrlimit(Resource::Nofile).current {
        Some(files) if files < needed => warn!(
            files,
            needed,
            connections = limits.connections,
            "the system allows fewer open files than the connections may need: raise its hard limit (ulimit -Hn) or \
             lower --connections"
        ),
        files => debug!(files, needed, "limit of open files"),
    }
}
