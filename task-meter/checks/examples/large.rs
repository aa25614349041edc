//! What a module takes before it runs: to meter, to compile in wasmtime and in wasmi, in seconds, and the most memory that the process
//! ever had: `large wasmtime MODULE.wasm`, one engine and one module a process. A line for docs/METERING.md.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use tabmesh_meter::{Interface, Settings};
use tabmesh_meter_checks::meter;

const SETTINGS: Settings = Settings { pages_max: 65_536, interface: Interface::Command };

/// The most memory that this process had, in MiB, as Linux tells it; 0 elsewhere.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) >> 10
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (engine, path) =
        arguments.next().zip(arguments.next()).context("usage: large wasmtime|wasmi MODULE.wasm")?;
    let module = std::fs::read(&path)?;
    let start = Instant::now();
    let metered = meter(&module, SETTINGS).map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
    let (metering, before) = (start.elapsed().as_secs_f64(), peak_mib());
    let start = Instant::now();
    match engine.as_str() {
        "wasmtime" => drop(
            wasmtime::Module::new(&wasmtime::Engine::default(), &metered)
                .map_err(|error| anyhow::anyhow!("{error}"))?,
        ),
        "wasmi" => drop(
            wasmi::Module::new(&wasmi::Engine::default(), &metered)
                .map_err(|error| anyhow::anyhow!("{error}"))?,
        ),
        engine => bail!("no engine is called {engine}"),
    }
    let compiling = start.elapsed().as_secs_f64();
    println!(
        "{path} {engine}: {:.1} MB, metered {:.1} MB in {metering:.2} s ({before} MiB), compiled in {compiling:.1} s ({} MiB)",
        module.len() as f64 / 1e6,
        metered.len() as f64 / 1e6,
        peak_mib()
    );
    Ok(())
}
