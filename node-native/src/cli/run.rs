//! `tabmesh run`: a node until somebody says stop.

use std::io::IsTerminal;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::error::CliError;
use crate::identity::hex;
use crate::peer::Peer;
use crate::settings::{LogFormat, Settings};
use crate::task::Compiler;

/// Threads of a node. The engine is one task and most of the rest is waiting; more threads would only spread the
/// allocator's memory.
const THREADS: usize = 2;

/// The WebRTC stack tells of every stray packet; only what breaks is of use in a node's log, and an
/// address of the other end's that cannot be reached from here breaks nothing.
const QUIET: &str = "webrtc=error,webrtc::peer_connection::driver=off,rtc=error,rtc_ice=error,rtc_dtls=error,rtc_sctp=error,rtc_stun=error,rtc_turn=error";

pub(super) fn runtime(is_node: bool) -> std::io::Result<Runtime> {
    match is_node {
        true => Builder::new_multi_thread().worker_threads(THREADS).enable_all().build(),
        false => Builder::new_current_thread().enable_all().build(),
    }
}

pub(super) async fn run(mut settings: Settings, unknown_variables: &[String]) -> Result<(), CliError> {
    settings.compiler = Compiler::of_this_program();
    start_log(&settings)?;
    for name in unknown_variables {
        tracing::warn!(name, "this environment variable is no setting; `tabmesh run --help` lists them");
    }
    // Taken before the start, so that a stop that comes early is not missed.
    let mut terminate = signal(SignalKind::terminate()).map_err(CliError::Host)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CliError::Host)?;
    let peer = tokio::select! {
        peer = Peer::start(&settings) => peer?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    tracing::info!(
        id = %hex(&peer.handle().id()),
        version = env!("CARGO_PKG_VERSION"),
        network = %settings.network,
        data_dir = %settings.data_dir.display(),
        listen = peer.listen_address().map(tracing::field::display),
        http = peer.http_address().map(tracing::field::display),
        "the node runs"
    );
    if settings.signalling.is_empty() && settings.peers.is_empty() && settings.listen.is_none() {
        tracing::warn!(
            "nothing says how to find other nodes; give --signalling or --peer, or --listen to be found"
        );
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    // A second signal does not wait for goodbyes.
    tokio::select! {
        () = peer.stop() => tracing::info!("stopped"),
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn start_log(settings: &Settings) -> Result<(), CliError> {
    // What the operator says comes last and so wins.
    let filter = EnvFilter::try_new(format!("{QUIET},{}", settings.log))
        .map_err(|_| CliError::LogFilter(settings.log.clone()))?;
    let is_terminal = std::io::stderr().is_terminal();
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(is_terminal).with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}
