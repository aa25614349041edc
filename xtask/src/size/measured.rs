//! A module beside its twin with names, and what it takes to make the twin.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::module::Module;
use super::report::Report;
use crate::run::{cargo, run};
use crate::{parts, tools, workspace};

/// A module as it ships, and what it consists of.
pub(crate) struct Measured {
    pub(crate) report: Report,
    pub(crate) module: Module,
}

impl Measured {
    /// Measures the module at the path `shipped` of the workspace by the names in the file `named`, the same code.
    pub(crate) fn new(shipped: &str, named: &Path) -> Result<Self> {
        let shipped = workspace::path(shipped);
        let bytes =
            fs::read(&shipped).with_context(|| format!("cannot read {}", workspace::shown(&shipped)))?;
        let module = Module::parse(&fs::read(named)?)?;
        let report = Report::new(&bytes, &Module::parse(&bytes)?, &module, compressed(&shipped)?)?;
        Ok(Self { report, module })
    }
}

/// The flags of wasm-opt that change code, from the manifest of the package `name`.
pub(crate) fn optimizer_flags(name: &str) -> Result<Vec<String>> {
    let metadata = cargo("metadata --format-version 1 --no-deps").read()?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let package = packages.iter().find(|package| package["name"] == name);
    let package = package.with_context(|| format!("there is no package {name}"))?;
    let flags = &package["metadata"]["wasm-pack"]["profile"][parts::WASM_PACK_PROFILE]["wasm-opt"];
    let flags =
        flags.as_array().with_context(|| format!("the manifest of {name} names no flags for wasm-opt"))?;
    let flags = flags.iter().filter_map(serde_json::Value::as_str);
    Ok(flags.filter(|flag| !flag.starts_with("--strip-")).map(str::to_owned).collect())
}

/// Bytes as gzip -9 and as brotli of quality 11, as Node.js makes them.
fn compressed(file: &Path) -> Result<(usize, usize)> {
    tools::ensure_node()?;
    let script = "const z = require('zlib'), b = require('fs').readFileSync(process.argv[1]); \
                  console.log(z.gzipSync(b, { level: 9 }).length, z.brotliCompressSync(b).length)";
    let sizes = run("node").args(["--eval", script]).arg(file).read()?;
    let (gzip, brotli) = sizes.split_once(' ').context("Node.js printed no sizes")?;
    Ok((gzip.parse()?, brotli.parse()?))
}
