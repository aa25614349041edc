//! `cargo xtask sim`: runs scenarios and says what they found.

#![forbid(unsafe_code)]

use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use tabmesh_simulator::{Follow, Options, Report, Scenario, plots, run, table};

/// Runs the engine over virtual time and a virtual network, and compares what comes out with the truth.
///
/// The same scenario, number of nodes and seed give the same trace hash, on any number of threads.
#[derive(Parser)]
#[command(name = "cargo xtask sim", bin_name = "cargo xtask sim", max_term_width = 100)]
struct Cli {
    /// A scenario of simulator/scenarios/, or a file's path; without one, the names are listed.
    name: Option<String>,
    /// How many nodes, instead of the scenario's number.
    #[arg(long)]
    nodes: Option<u32>,
    /// Several runs of so many nodes each, such as 100,1000,10000.
    #[arg(long, value_delimiter = ',', conflicts_with = "nodes")]
    sweep: Vec<u32>,
    /// Where all chance comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// So many runs, with this seed and those that follow; stops at the first that misses a goal.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seeds: u64,
    /// Threads; each takes a share of the nodes.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    threads: u32,
    /// How long it lasts in seconds of virtual time, instead of what the scenario says.
    #[arg(long)]
    seconds: Option<f64>,
    /// Follow one lookup or one node in words: `lookup`, `lookup:17`, `node`, `node:3`.
    #[arg(long, value_parser = follow)]
    trace: Option<Follow>,
    /// Write the report of each run here; several runs make a list.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Write drawings (SVG) into this folder.
    #[arg(long)]
    plots: Option<PathBuf>,
    /// Fail when a goal of the scenario is missed.
    #[arg(long)]
    check: bool,
    /// Print the trace hash of every scenario (or of NAME alone), made small: two engines that print the same do the same.
    #[arg(long, conflicts_with_all = ["nodes", "sweep", "seeds", "seconds", "trace", "json", "plots", "check"])]
    hashes: bool,
}

fn follow(text: &str) -> Result<Follow, String> {
    let (what, number) = text.split_once(':').unwrap_or((text, "0"));
    let number = number.parse().map_err(|_| format!("`{number}` is no number"))?;
    match what {
        "lookup" => Ok(Follow::Lookup(number)),
        "node" => Ok(Follow::Node(number)),
        _ => Err("`lookup`, `lookup:NUMBER`, `node` or `node:NUMBER`".into()),
    }
}

fn main() -> ExitCode {
    match simulate(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// True unless a goal was to be reached and was not.
fn simulate(cli: &Cli) -> Result<bool> {
    if cli.hashes {
        return hashes(cli);
    }
    let Some(name) = &cli.name else {
        list();
        return Ok(true);
    };
    let mut scenario = Scenario::load(name)?;
    if let Some(seconds) = cli.seconds {
        scenario.seconds = seconds;
    }
    let own = vec![cli.nodes.unwrap_or(scenario.nodes)];
    let sizes = if cli.sweep.is_empty() { &own } else { &cli.sweep };
    let mut reports = Vec::new();
    let mut is_good = true;
    for nodes in sizes {
        scenario.nodes = *nodes;
        for seed in cli.seed..cli.seed + cli.seeds {
            let report = run_one(name, &scenario, Options { seed, threads: cli.threads, follow: cli.trace })?;
            is_good &= report.is_good();
            let is_over = cli.seeds > 1 && !report.is_good();
            reports.push(report);
            if is_over {
                eprintln!("seed {seed} misses a goal: run it again with --seed {seed}");
                return Ok(false);
            }
        }
    }
    keep(cli, &reports)?;
    Ok(is_good || !cli.check)
}

fn list() {
    println!("Scenarios of simulator/scenarios/:");
    for name in Scenario::names() {
        match Scenario::load(&name) {
            Ok(scenario) => println!("  {name:18} {}", scenario.about),
            Err(error) => println!("  {name:18} {error:#}"),
        }
    }
}

/// One line a scenario; true unless an engine broke a rule.
fn hashes(cli: &Cli) -> Result<bool> {
    let names = cli.name.clone().map_or_else(Scenario::names, |name| vec![name]);
    let mut is_good = true;
    for name in names {
        let scenario = Scenario::load(&name)?.small();
        let options = Options { seed: cli.seed, threads: cli.threads, follow: None };
        let report = run(&scenario, options, &mut |_| {}).with_context(|| name.clone())?;
        let (hash, events) = (&report.trace_hash, report.events);
        println!("{name:22} {hash} {events:>9} events, {} rules broken", report.broken);
        is_good &= report.broken == 0;
    }
    Ok(is_good)
}

fn run_one(name: &str, scenario: &Scenario, options: Options) -> Result<Report> {
    let bar = ProgressBar::new((scenario.seconds * 1e3) as u64);
    let is_shown = std::io::stderr().is_terminal();
    if !is_shown {
        bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template("{prefix} {bar:30} {msg} {elapsed} (left {eta})");
    bar.set_style(style.context("the progress bar's template")?);
    bar.set_prefix(name.to_owned());
    let started = Instant::now();
    let mut told = started;
    let report = run(scenario, options, &mut |progress| {
        bar.set_position((progress.now_s * 1e3) as u64);
        let rate = progress.events as f64 / started.elapsed().as_secs_f64() / 1e6;
        let (joined, alive) = (progress.joined, progress.alive);
        let message = format!("{:.1} s, {joined}/{alive} joined, {rate:.2} M events/s", progress.now_s);
        // Into a file or a pipe a line a minute.
        if !is_shown && told.elapsed() >= Duration::from_secs(60) {
            told = Instant::now();
            eprintln!("{name}: {message} of {} s", scenario.seconds);
        }
        bar.set_message(message);
    })?;
    bar.finish_and_clear();
    println!("{name}: {}", scenario.about);
    for line in &report.words {
        println!("{line}");
    }
    print!("{}", table::render(&report));
    Ok(report)
}

fn keep(cli: &Cli, reports: &[Report]) -> Result<()> {
    if let Some(path) = &cli.json {
        let texts: Vec<String> = reports.iter().map(Report::json).collect();
        let text =
            if let [one] = texts.as_slice() { one.clone() } else { format!("[{}]", texts.join(",\n")) };
        write(path, &text)?;
    }
    let Some(folder) = &cli.plots else { return Ok(()) };
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let drawings = match reports {
        [one] => plots::of_run(one),
        [] => bail!("nothing was run"),
        several => plots::of_sweep(several),
    };
    drawings.iter().try_for_each(|(name, drawing)| write(&folder.join(name), drawing))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
