//! A module beside its twin.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::module::Module;
use super::origins::Origins;
use super::report::Report;
use super::twin::Twin;
use crate::run::run;
use crate::{tools, workspace};

/// A module as it ships, and what it consists of.
pub(crate) struct Measured {
    pub(crate) report: Report,
    pub(crate) module: Module,
}

impl Measured {
    /// Measures the module at the path `shipped` of the workspace by its `twin`.
    pub(crate) fn new(shipped: &str, twin: &Twin) -> Result<Self> {
        let shipped = workspace::path(shipped);
        let bytes =
            fs::read(&shipped).with_context(|| format!("cannot read {}", workspace::shown(&shipped)))?;
        let module = Module::parse(&fs::read(&twin.named)?)?;
        let origins = Origins::read(&fs::read(&twin.traced)?)?;
        let report = Report::new(&bytes, &Module::parse(&bytes)?, &module, &origins, compressed(&shipped)?)?;
        Ok(Self { report, module })
    }
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
