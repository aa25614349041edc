//! The command `tabmesh-signalling`.

use std::io::Write;
use std::pin::pin;
use std::process::ExitCode;

use clap::Parser;
use tabmesh_signalling::{Config, Error, Server, Settings, raise_limit, start_logs};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

/// The signalling server of tabmesh: peers prove their keys, meet three others, and exchange envelopes unread.
///
/// Every option can also be given as an environment variable or as a line of the configuration file, under the same
/// name: --message-rate 5, TABMESH_SIGNALLING_MESSAGE_RATE=5, message-rate = 5. A flag goes before the environment, the
/// environment before the file, the file before the default. SIGTERM and SIGINT drain; a second one stops at once.
#[derive(Parser)]
#[command(name = "tabmesh-signalling", version, max_term_width = 110)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,

    /// Print the configuration that would be used, as TOML, and exit
    #[arg(long)]
    print_config: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match start(arguments) {
        Ok(code) => code,
        Err(error) => {
            // Whoever started it may not listen any more.
            let _ = writeln!(std::io::stderr(), "error[{}]: {error}", error.code());
            ExitCode::from(2)
        }
    }
}

fn start(arguments: Arguments) -> Result<ExitCode, Error> {
    let config = Config::load(arguments.settings)?;
    if arguments.print_config {
        print!("{config}");
        return Ok(ExitCode::SUCCESS);
    }
    start_logs(&config)?;
    raise_limit(&config.limits);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(serve(config));
    // What is left has had its time; files being read do not hold up the end.
    runtime.shutdown_background();
    code
}

/// Serves until a signal comes and the peers have been sent away.
async fn serve(config: Config) -> Result<ExitCode, Error> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server = Server::bind(config).await?;
    let stopper = server.stopper();
    let mut run = pin!(server.run());
    tokio::select! {
        _ = &mut run => return Ok(ExitCode::SUCCESS),
        () = either(&mut terminate, &mut interrupt) => stopper.stop(),
    }
    tokio::select! {
        _ = &mut run => Ok(ExitCode::SUCCESS),
        () = either(&mut terminate, &mut interrupt) => {
            info!("stopping at once");
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
