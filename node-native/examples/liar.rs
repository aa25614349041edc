//! A native peer that offers to run tasks of others, runs them, and lies about every outcome: an output of the right length with other
//! bytes, or where it is run by steps another gas in one of them, signed as any other. For tests of jobs.
//!
//! `liar run …` takes what `tabmesh run` takes, logs as that does, and answers the same commands in its data directory; it ends with SIGTERM or
//! SIGINT. It offers whatever `--offer` says.

use std::error::Error;
use std::io::stderr;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use tabmesh_native::identity::hex;
use tabmesh_native::jobs::runner::Runner;
use tabmesh_native::jobs::{Ground, Jobs};
use tabmesh_native::peer::Peer;
use tabmesh_native::settings::{Layer, Settings};
use tabmesh_native::task::{Course, EngineKind, Executor, HostLimits, Outcome, Seen, Task, Watchdog};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
enum Line {
    /// Run it.
    Run {
        #[command(flatten)]
        layer: Box<Layer>,
    },
}

/// The step of which it says something else, where tasks are run by steps.
const LIE_AT: u32 = 2;

/// Runs tasks, and says something else of them.
struct Liar(Executor);

impl Runner for Liar {
    fn executor(&self) -> &Executor {
        &self.0
    }

    fn run(&self, task: &Task, time: Duration, watchdog: &Watchdog) -> Outcome {
        let mut outcome = self.0.run_watched(task, Some(time), watchdog);
        match outcome.output.first_mut() {
            Some(byte) => *byte ^= 1,
            // An output without bytes has no other of its length.
            None => outcome.gas_used ^= 1,
        }
        outcome
    }

    fn walk(
        &self,
        task: &Task,
        from: Course,
        time: Duration,
        watchdog: &Watchdog,
        seen: &mut Seen<'_>,
    ) -> Outcome {
        self.0.walk(task, from, Some(time), watchdog, &mut |taken| {
            let mut said = taken.clone();
            said.gas ^= u64::from(taken.number == LIE_AT);
            seen(&said)
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Line::Run { layer } = Line::parse();
    let settings = Settings { offers: false, ..Settings::resolve(*layer)? };
    tracing_subscriber::fmt().with_writer(stderr).with_env_filter(&settings.log).init();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let peer = Peer::start(&settings).await?;
    let runner = Liar(Executor::new(EngineKind::default().build()?, HostLimits::default()));
    let (runner, network) = (Arc::new(runner), settings.network_tag());
    let ground = Ground { runner, network, data_dir: settings.data_dir.clone() };
    let jobs = Jobs::attach(peer.handle(), ground).await?;
    jobs.offer(settings.offer).await;
    tracing::info!(id = %hex(&peer.handle().id()), listen = ?peer.listen_address(), "the node runs");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    drop(jobs);
    peer.stop().await;
    Ok(())
}
