//! The meter of tasks: a module of its own, with a gate of its own.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::gate::Gate;
use super::measured::{Measured, optimizer_flags};
use crate::run::{cargo, run};
use crate::stamp::unless_fresh;
use crate::step::step;
use crate::{parts, tools, workspace};

/// The limit is a ratchet, which goes down with the module.
pub(crate) const GATE: Gate = Gate { what: "the meter of tasks", limit: 8_192, goal: 8_192 };

/// Measures the module of the npm package, which is built by now, beside one with names.
///
/// # Errors
/// When the latter cannot be built, or the two are not the same code.
pub(crate) fn measured() -> Result<Measured> {
    let named = step("the meter of tasks once more, with the names of its functions kept", named)?;
    Measured::new(parts::SHIPPED_METER, &named)
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
