//! The meter of tasks: a module of its own, with a gate of its own.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::module::Module;
use super::report::Report;
use super::{compressed, optimizer_flags};
use crate::run::{cargo, run};
use crate::stamp::unless_fresh;
use crate::step::{note, step};
use crate::{parts, tools, workspace};

/// The meter's module may not be larger than this, in raw bytes: a ratchet, which goes down with the module.
pub(crate) const LIMIT: usize = 8_560;

/// What it shall not be larger than in the end.
const GOAL: usize = 8_192;

/// The module as it ships, and what it consists of.
pub(crate) struct Measured {
    pub(crate) report: Report,
    pub(crate) module: Module,
}

/// Measures the module of the npm package, which is built by now, beside one with names.
///
/// # Errors
/// When the latter cannot be built, or the two are not the same code.
pub(crate) fn measure() -> Result<Measured> {
    let shipped = workspace::path(parts::SHIPPED_METER);
    let named = step("the meter of tasks once more, with the names of its functions kept", named)?;
    let bytes = fs::read(&shipped).with_context(|| format!("cannot read {}", workspace::shown(&shipped)))?;
    let module = Module::parse(&fs::read(&named)?)?;
    let report = Report::new(&bytes, &Module::parse(&bytes)?, &module, compressed(&shipped)?)?;
    Ok(Measured { report, module })
}

/// Fails beyond the limit.
pub(crate) fn gate(raw: usize) -> Result<()> {
    if raw > LIMIT {
        bail!(
            "the meter's module has {raw} bytes and may never have more than {LIMIT}: `cargo xtask size --functions 40`"
        );
    }
    let goal = match raw.checked_sub(GOAL) {
        None | Some(0) => format!("{} below the goal of {GOAL}", GOAL - raw),
        Some(excess) => format!("{excess} ABOVE the goal of {GOAL}"),
    };
    note(&format!("the meter: {raw} bytes: {goal}, {} below the limit of {LIMIT}", LIMIT - raw));
    Ok(())
}

/// Builds the module by the same steps as the package with the same flags, but keeps the function names.
fn named() -> Result<PathBuf> {
    let output = workspace::target().join("xtask/meter-named.wasm");
    let outputs = [output.to_str().context("the path of target/ is not UTF-8")?];
    unless_fresh("meter-named", &parts::METER_INPUTS, &outputs, || {
        cargo("build --quiet --package tabmesh-meter-wasm --profile")
            .arg(parts::WASM_PROFILE)
            .args(["--target", tools::WASM_TARGET])
            .wait()?;
        let built = workspace::target().join(tools::WASM_TARGET).join(parts::WASM_PROFILE);
        run("wasm-opt")
            .arg(built.join("tabmesh_meter_wasm.wasm"))
            .args(optimizer_flags("tabmesh-meter-wasm")?)
            .args(["--debuginfo", "--output"])
            .arg(&output)
            .wait()
    })?;
    Ok(output)
}
