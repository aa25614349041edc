//! `ci` and `deny`: what a change must pass before it lands.

use anyhow::Result;

use crate::run::cargo;
use crate::step::step;
use crate::tools::{CARGO_DENY, WASM_TARGET};
use crate::{advisories, doc, parts, size, test, tools};

/// Everything, cheapest first.
pub(crate) fn ci() -> Result<()> {
    tools::ensure_components()?;
    tools::ensure_web_build()?;
    step("formatting", || cargo("fmt --all --check").wait())?;
    step("lints of everything native (checks every dependency when cold: some 5 minutes of CPU)", || {
        parts::cargo_native("clippy")
            .words("--features tabmesh-native/interpreter --all-targets --quiet -- --deny warnings")
            .wait()
    })?;
    step("lints of what runs in the browser, and that the engine needs no std there", || {
        let packages = parts::WASM_ONLY.iter().chain(&["tabmesh-engine", "tabmesh-meter"]);
        packages
            .fold(cargo("clippy"), |run, package| run.words("--package").arg(package))
            .words("--quiet --target")
            .arg(WASM_TARGET)
            .words("-- --deny warnings")
            .wait()
    })?;
    deny()?;
    size::size(&size::Options::default())?;
    doc::doc()?;
    test::all()
}

/// Licences, sources, bans and advisories of the dependencies.
pub(crate) fn deny() -> Result<()> {
    CARGO_DENY.ensure()?;
    step("licences, sources and bans of every dependency (deny.toml)", || {
        for manifest in ["Cargo.toml", "core-wasm/fuzz/Cargo.toml", "task-meter/fuzz/Cargo.toml"] {
            cargo("deny --all-features --config deny.toml --manifest-path")
                .arg(manifest)
                .words("check --hide-inclusion-graph bans licenses sources")
                // None of them has every licence of the list.
                .words("--allow license-not-encountered --allow license-exception-not-encountered")
                .wait()?;
        }
        Ok(())
    })?;
    advisories::advisories()
}
