//! `size`: what the Wasm modules cost a browser to download, room by room, and the gates.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::run::run;
use crate::stamp;
use crate::step::{note, step};
use crate::{parts, workspace};
use download::Download;
use gate::Gate;
use measured::Measured;
use report::Report;
use separate::Separate;
use twin::Twin;

mod download;
mod gate;
mod measured;
mod module;
mod origins;
mod report;
mod rooms;
mod separate;
mod twin;

/// The core. Between its limit and 65,536 bytes, which the first page may take in memory, is room for the ports to come.
const GATE: Gate = Gate { what: "the core", limit: 65_536 };

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
    /// Also show this many of the lines that cost most.
    #[arg(long, default_value_t = 0, value_name = "COUNT")]
    lines: usize,
}

impl Options {
    fn details(&self, measured: &Measured) {
        if self.functions > 0 {
            print!("\n{}", report::functions(&measured.module, self.functions));
        }
        if self.lines > 0 {
            print!("\n{}", measured.report.lines(self.lines));
        }
    }
}

/// Builds the shipped module, measures it, compares it with the committed figures, and fails beyond the limit.
pub(crate) fn size(options: &Options) -> Result<()> {
    parts::package()?;
    let twin = step("the same module once more, with names and lines kept", || {
        Twin::build("tabmesh-core", &parts::WASM_INPUTS, bound)
    })?;
    let core = Measured::new(parts::SHIPPED_WASM, &twin)?;
    let separate = separate::ALL.iter().map(|one| Ok((one, one.measured()?)));
    let separate: Vec<(&Separate, Measured)> = separate.collect::<Result<_>>()?;
    let download = Download::measured()?;

    let known = fs::read_to_string(workspace::path(KNOWN)).ok();
    let known = known.map(|text| Report::all_from_json(&text)).transpose();
    let known = known.with_context(|| format!("in {KNOWN}"))?;
    print!("\n{}", core.report.table(known.as_ref().map(|(core, _)| core)));
    options.details(&core);
    for (one, measured) in &separate {
        let known = known.as_ref().and_then(|(_, others)| others.get(one.key));
        print!("\n   {}, a module of its own:\n{}", one.gate.what, measured.report.table(known));
        options.details(measured);
    }
    println!("\n{}", download.table());
    if options.update {
        let others = separate.iter().map(|(one, measured)| (one.key, &measured.report));
        stamp::write(&workspace::path(KNOWN), &core.report.to_json(others))?;
        let pages: String = separate.iter().map(|(one, measured)| one.page(&measured.report)).collect();
        stamp::write(&workspace::path(PAGE), &(core.report.page(&GATE) + &pages + &download.page()))?;
        note(&format!("wrote {KNOWN} and {PAGE}"));
    }
    download.check()?;
    for (one, measured) in &separate {
        one.gate.check(measured.report.raw())?;
    }
    GATE.check(core.report.raw())
}

/// Does to the core what wasm-pack does.
fn bound(built: &Path, folder: &Path) -> Result<PathBuf> {
    let folder = folder.join("bound");
    run("wasm-bindgen")
        .arg(built)
        .words("--target web --no-typescript --no-demangle --out-name tabmesh_core --out-dir")
        .arg(&folder)
        .wait()?;
    Ok(folder.join("tabmesh_core_bg.wasm"))
}

#[cfg(test)]
mod tests;
