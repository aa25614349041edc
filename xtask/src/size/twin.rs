//! A shipped module built once more by the same steps, with what it takes to find its way about in it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::run::{cargo, run};
use crate::stamp::unless_fresh;
use crate::{parts, tools, workspace};

/// The same code as a shipped module.
pub(crate) struct Twin {
    /// With the names of its functions.
    pub(crate) named: PathBuf,
    /// As the compiler left it, before `wasm-opt`: with names and DWARF.
    pub(crate) traced: PathBuf,
}

impl Twin {
    /// Builds the package `package`, which is made of `inputs`; `bind` does between compiler and `wasm-opt` what the shipped
    /// module had done, from the first path to the second.
    ///
    /// # Errors
    /// When a step fails.
    pub(crate) fn build(
        package: &str,
        inputs: &[&str],
        bind: impl FnOnce(&Path, &Path) -> Result<PathBuf>,
    ) -> Result<Self> {
        let folder = workspace::target().join("xtask");
        let twin = Self {
            named: folder.join(format!("{package}-named.wasm")),
            traced: folder.join(format!("{package}-traced.wasm")),
        };
        let outputs = [&twin.named, &twin.traced].map(|path| path.to_str());
        let [Some(named), Some(traced)] = outputs else { anyhow::bail!("the path of target/ is not UTF-8") };
        unless_fresh(&format!("{package}-twin"), inputs, &[named, traced], || {
            let name = format!("{}.wasm", package.replace('-', "_"));
            cargo("build --quiet --profile")
                .args([parts::WASM_PROFILE, "--package", package, "--target", tools::WASM_TARGET])
                // Says for each instruction the lines that were inlined into each other; the code stays the same.
                .env("CARGO_PROFILE_WASM_DEBUG", "line-tables-only")
                .wait()?;
            let built = workspace::target().join(tools::WASM_TARGET).join(parts::WASM_PROFILE).join(name);
            fs::create_dir_all(&folder)?;
            fs::copy(&built, traced).with_context(|| format!("cannot read {}", workspace::shown(&built)))?;
            let bound = bind(&built, &folder)?;
            run("wasm-opt")
                .arg(bound)
                // Where there is DWARF, wasm-opt leaves out what would spoil it.
                .arg("--strip-dwarf")
                .args(optimizer_flags(package)?)
                .args(["--debuginfo", "--output", named])
                .wait()
        })?;
        Ok(twin)
    }
}

/// The flags of wasm-opt that change code, from the manifest of the package `name`.
fn optimizer_flags(name: &str) -> Result<Vec<String>> {
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
