//! `size`: what the Wasm modules cost a browser to download, room by room, and the gates.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;

use crate::run::{cargo, run};
use crate::stamp::{self, unless_fresh};
use crate::step::{note, step};
use crate::{parts, tools, workspace};
use gate::Gate;
use measured::{Measured, optimizer_flags};
use report::Report;

mod gate;
mod measured;
mod meter;
mod module;
mod report;
mod rooms;

/// The core. What it is below its limit is room for what is still to come.
const GATE: Gate = Gate { what: "the core", limit: 65_536, goal: 40_960 };

/// The committed figures, which the next measurement is compared with.
const KNOWN: &str = "docs/size.json";

/// The same figures for people.
const PAGE: &str = "docs/SIZE.md";

/// How to measure.
#[derive(Args, Default)]
pub(crate) struct Options {
    /// Write docs/size.json and docs/SIZE.md: do so in the commit that changes the size.
    #[arg(long)]
    update: bool,
    /// Also show this many of the largest functions.
    #[arg(long, default_value_t = 0, value_name = "COUNT")]
    functions: usize,
}

/// Builds the shipped module, measures it, compares it with the committed figures, and fails beyond the limit.
pub(crate) fn size(options: &Options) -> Result<()> {
    parts::package()?;
    let named = workspace::target().join("xtask/named.wasm");
    step("the same module once more, with the names of its functions kept", || build_named(&named))?;
    let core = Measured::new(parts::SHIPPED_WASM, &named)?;
    let meter = meter::measured()?;

    let known = fs::read_to_string(workspace::path(KNOWN)).ok();
    let known = known.map(|text| Report::pair_from_json(&text)).transpose();
    let known = known.with_context(|| format!("in {KNOWN}"))?;
    print!("\n{}", core.report.table(known.as_ref().map(|(core, _)| core)));
    if options.functions > 0 {
        print!("\n{}", report::functions(&core.module, options.functions));
    }
    print!(
        "\n   the meter of tasks, a module of its own:\n{}",
        meter.report.table(known.as_ref().map(|(_, meter)| meter))
    );
    if options.functions > 0 {
        print!("\n{}", report::functions(&meter.module, options.functions));
    }
    println!();
    if options.update {
        stamp::write(&workspace::path(KNOWN), &core.report.to_json(&meter.report))?;
        stamp::write(
            &workspace::path(PAGE),
            &(core.report.page(&GATE) + &meter.report.meter_page(&meter::GATE)),
        )?;
        note(&format!("wrote {KNOWN} and {PAGE}"));
    }
    meter::GATE.check(meter.report.raw())?;
    GATE.check(core.report.raw())
}

/// Builds what the npm package ships, by the same steps with the same flags, but keeps the function names.
fn build_named(named: &Path) -> Result<()> {
    let outputs = [named.to_str().context("the path of target/ is not UTF-8")?];
    unless_fresh("named", &parts::WASM_INPUTS, &outputs, || {
        cargo("build --quiet --package tabmesh-core --profile")
            .arg(parts::WASM_PROFILE)
            .args(["--target", tools::WASM_TARGET])
            .wait()?;
        let built = workspace::target().join(tools::WASM_TARGET).join(parts::WASM_PROFILE);
        let dir = workspace::target().join("xtask/named");
        run("wasm-bindgen")
            .arg(built.join("tabmesh_core.wasm"))
            .words("--target web --no-typescript --out-name tabmesh_core --out-dir")
            .arg(&dir)
            .wait()?;
        run("wasm-opt")
            .arg(dir.join("tabmesh_core_bg.wasm"))
            .args(optimizer_flags("tabmesh-core")?)
            .args(["--debuginfo", "--output"])
            .arg(named)
            .wait()
    })
}

#[cfg(test)]
mod tests;
