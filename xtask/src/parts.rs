//! Builds the parts: Wasm module and npm package, web app, signalling server, native peer.

use std::path::PathBuf;

use anyhow::Result;

use crate::run::{Run, cargo, run};
use crate::stamp::unless_fresh;
use crate::step::step;
use crate::{tools, workspace};

/// The shipped core: exactly this file is what browsers download.
pub(crate) const SHIPPED_WASM: &str = "pkg/wasm/tabmesh_core_bg.wasm";

/// The meter of tasks: what Workers download that execute tasks.
pub(crate) const SHIPPED_METER: &str = "pkg/wasm/tabmesh_meter.wasm";

/// Streams: what pages download that import `tabmesh/stream`.
pub(crate) const SHIPPED_STREAM: &str = "pkg/wasm/tabmesh_stream.wasm";

/// Tags: what pages download that import `tabmesh/tag`.
pub(crate) const SHIPPED_TAG: &str = "pkg/wasm/tabmesh_tag.wasm";

/// A node of a ledger: what pages download that import `tabmesh/ledger`.
pub(crate) const SHIPPED_LEDGER: &str = "pkg/wasm/tabmesh_ledger.wasm";

/// The coordination of jobs: what pages download that import `tabmesh/job`.
pub(crate) const SHIPPED_TASKS: &str = "pkg/wasm/tabmesh_tasks.wasm";

/// The cargo profile that they are built with.
pub(crate) const WASM_PROFILE: &str = "wasm";

/// The profile of `core-wasm`'s manifest that names the flags of wasm-opt: wasm-pack's name for a cargo profile that is
/// none of its own.
pub(crate) const WASM_PACK_PROFILE: &str = "custom";

/// Crates that exist in Wasm only: cargo leaves them out where it builds for this machine.
pub(crate) const WASM_ONLY: [&str; 7] = [
    "tabmesh-core",
    "tabmesh-counter-wasm",
    "tabmesh-ledger-wasm",
    "tabmesh-meter-wasm",
    "tabmesh-stream-wasm",
    "tabmesh-tag-wasm",
    "tabmesh-tasks-wasm",
];

/// A cargo command for all crates that there are on this machine.
pub(crate) fn cargo_native(command: &str) -> Run {
    let all = cargo(command).words("--workspace");
    WASM_ONLY.into_iter().fold(all, |run, package| run.words("--exclude").arg(package))
}

/// What decides the bytes of the core, beside the npm package's own build.
pub(crate) const WASM_INPUTS: [&str; 5] =
    ["core-wasm", "Cargo.toml", "Cargo.lock", ".cargo/config.toml", "rust-toolchain.toml"];

/// What decides the bytes of the meter.
pub(crate) const METER_INPUTS: [&str; 7] = [
    "task-meter/Cargo.toml",
    "task-meter/src",
    "task-meter/wasm",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "rust-toolchain.toml",
];

/// What decides the tasks of the corpus.
const CORPUS_INPUTS: [&str; 8] = [
    "task-meter/corpus/build.js",
    "task-meter/corpus/doors",
    "task-meter/corpus/files.js",
    "task-meter/corpus/inputs",
    "task-meter/corpus/inputs.js",
    "task-meter/corpus/list.js",
    "task-meter/corpus/package-lock.json",
    "task-meter/corpus/package.json",
];

/// The native programs, as cargo built them.
pub(crate) struct Programs {
    /// `tabmesh`.
    pub(crate) native: PathBuf,
    /// The signalling server.
    pub(crate) signalling: PathBuf,
}

/// What decides the npm package.
fn package_inputs() -> Vec<&'static str> {
    [&WASM_INPUTS[..], &METER_INPUTS, &["pkg"]].concat()
}

/// The npm package with the shipped Wasm modules in it.
pub(crate) fn package() -> Result<()> {
    tools::ensure_web_build()?;
    tools::ensure_npm("pkg")?;
    step(
        "the npm package: Wasm core (30 s when cold), meter, streams, tags, ledger, tasks, wasm-opt, TypeScript",
        || {
            unless_fresh(
                "pkg",
                &package_inputs(),
                &[
                    "pkg/dist",
                    SHIPPED_WASM,
                    SHIPPED_METER,
                    SHIPPED_STREAM,
                    SHIPPED_TAG,
                    SHIPPED_LEDGER,
                    SHIPPED_TASKS,
                ],
                || run("npm").words("run --silent build").dir(&workspace::path("pkg")).wait(),
            )
        },
    )
}

/// The web app, and what it stands on.
pub(crate) fn web() -> Result<()> {
    package()?;
    tools::ensure_npm("web")?;
    let mut inputs = package_inputs();
    inputs.extend(["web", "task-meter/guests/built"]);
    step("the web app", || {
        unless_fresh("web", &inputs, &["web/dist"], || {
            run("npm").words("run --silent build").dir(&workspace::path("web")).wait()
        })
    })
}

/// Modules of npm packages as tasks, and CoreMark if `COREMARK` names it.
pub(crate) fn corpus() -> Result<()> {
    tools::ensure_node()?;
    tools::ensure_npm("task-meter/corpus")?;
    let name = if std::env::var_os("COREMARK").is_some() { "corpus-coremark" } else { "corpus" };
    step("the corpus of tasks: modules of npm packages (half a minute of CPU when they changed)", || {
        unless_fresh(name, &CORPUS_INPUTS, &["task-meter/corpus/built"], || {
            run("npm").words("run --silent build").dir(&workspace::path("task-meter/corpus")).wait()
        })
    })
}

/// The counter of the examples, as a module that tabs attach.
pub(crate) fn counter() -> Result<PathBuf> {
    let (profile, target) = (WASM_PROFILE, tools::WASM_TARGET);
    step("the counter as a Wasm module", || {
        let build = cargo("build --quiet --package tabmesh-counter-wasm");
        build.args(["--profile", profile, "--target", target]).wait()
    })?;
    Ok(workspace::target().join(target).join(profile).join("tabmesh_counter_wasm.wasm"))
}

/// A native peer that lies about what it runs for others, for the tests.
pub(crate) fn liar() -> Result<PathBuf> {
    step("a native peer that lies, for the tests", || {
        cargo("build --quiet --package tabmesh-native --example liar").wait()
    })?;
    Ok(workspace::target().join("debug/examples/liar"))
}

/// Signalling server and native peer.
pub(crate) fn programs() -> Result<Programs> {
    step("signalling server and native peer (WebRTC takes some 8 minutes of CPU when cold)", || {
        cargo("build --package tabmesh-signalling --package tabmesh-native").wait()
    })?;
    let built = workspace::target().join("debug");
    Ok(Programs { native: built.join("tabmesh"), signalling: built.join("tabmesh-signalling") })
}
