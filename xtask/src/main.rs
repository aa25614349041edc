//! One door for every developer command of tabmesh: `cargo xtask --help`.
//!
//! Each command installs what it needs on a fresh machine, says what it does and why that takes its time, and is
//! quick the second time.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod accepted;
mod advisories;
mod apt;
mod bench;
mod border;
mod browsers;
mod check;
mod doc;
mod docker;
mod fuzz;
mod markdown;
mod namespaces;
mod parts;
mod run;
mod sim;
mod size;
mod stamp;
mod step;
mod tasks;
mod test;
mod tools;
mod up;
mod wire;
mod workspace;

/// One door for every developer command of tabmesh.
///
/// Each command installs what it needs on a fresh machine, says what it is doing, and is quick the second time.
/// Built files go to `target/`, tools to `~/.cache/tabmesh/tools` (`$XDG_CACHE_HOME/tabmesh/tools`).
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and run a small network here: web app, signalling server, native peers.
    Up(up::Options),
    /// Check that everything works: unit, property and simulation tests, npm packages, real browsers.
    Test,
    /// What a change must pass: formatting, lints, no_std build, licences, size, documentation, then `test`.
    Ci,
    /// Measure the Wasm module that browsers download: bytes per room, what changed, and the gates.
    Size(size::Options),
    /// Run the scenarios across the parts: real browsers, real native peers, a real signalling server.
    E2e(test::Options),
    /// Measure speed and memory beside the bare platform and write docs/BENCHMARKS.md.
    Bench(bench::Options),
    /// Run a scenario of the simulator: the engine over virtual time and a virtual network.
    Sim(sim::Options),
    /// Meter random modules and run them in every engine before and after, or bytes
    /// guided by coverage into the engine or the meter; any difference or panic fails.
    Fuzz(fuzz::Options),
    /// Build the corpus of tasks, modules of npm packages; what each must give can be written down anew.
    Tasks(tasks::Options),
    /// Count which modules of some eighty npm packages can be tasks: packs them, meters them, prints the tables.
    Accepted,
    /// Write the numbers of inputs and outputs for the npm package, from the engine's table.
    Border,
    /// Build the Rust documentation with warnings denied, and check every link in the Markdown files.
    Doc,
    /// Build the container images, run them by compose behind TLS, and let tabs join through them.
    Docker(docker::Options),
    /// Check that what travels between nodes changes only with the changelog or the version; record it.
    Wire(wire::Options),
    /// Check licences, sources, bans and advisories of every dependency (cargo-deny, npm audit).
    Deny,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Up(options) => up::up(&options),
        Command::Test => test::all(),
        Command::Ci => check::ci(),
        Command::Size(options) => size::size(&options),
        Command::E2e(options) => test::scenarios(&options),
        Command::Bench(options) => bench::bench(&options),
        Command::Sim(options) => sim::sim(&options),
        Command::Fuzz(options) => fuzz::fuzz(&options),
        Command::Accepted => accepted::accepted(),
        Command::Border => border::border(),
        Command::Tasks(options) => tasks::tasks(&options),
        Command::Doc => doc::doc(),
        Command::Docker(options) => docker::docker(&options),
        Command::Wire(options) => wire::wire(&options),
        Command::Deny => check::deny(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
