//! What a fresh machine lacks, installed: each tool in one exact version, named here and nowhere else.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::run::run;
use crate::step::step;
use crate::{apt, stamp, workspace};

/// What the browser runs.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// What programs are built for that become tasks.
const TASK_TARGET: &str = "wasm32-wasip1";

/// The oldest Node.js that the tests and the build of the npm packages run on.
const NODE_MAJOR_MIN: u32 = 20;

/// A program that cargo builds from source.
pub(crate) struct Tool {
    package: &'static str,
    binary: &'static str,
    version: &'static str,
    flags: &'static [&'static str],
    takes: &'static str,
}

/// Makes the JavaScript face of the Wasm module. The version is the one of the crate `wasm-bindgen` in Cargo.lock.
pub(crate) const WASM_BINDGEN: Tool = Tool {
    package: "wasm-bindgen-cli",
    binary: "wasm-bindgen",
    version: "0.2.129",
    flags: &["--no-default-features", "--debug"],
    takes: "1 to 3 minutes",
};

/// Builds the Wasm module into the npm package.
pub(crate) const WASM_PACK: Tool = Tool {
    package: "wasm-pack",
    binary: "wasm-pack",
    version: "0.15.1",
    flags: &["--debug"],
    takes: "1 to 3 minutes",
};

/// Checks licences and sources of the dependencies.
pub(crate) const CARGO_DENY: Tool = Tool {
    package: "cargo-deny",
    binary: "cargo-deny",
    version: "0.20.2",
    flags: &["--debug"],
    takes: "about 2 minutes",
};

/// Guides arbitrary bytes by coverage.
pub(crate) const CARGO_FUZZ: Tool = Tool {
    package: "cargo-fuzz",
    binary: "cargo-fuzz",
    version: "0.13.2",
    flags: &["--debug"],
    takes: "about a minute",
};

impl Tool {
    /// Whether exactly this version is on our `PATH`.
    pub(crate) fn is_there(&self) -> bool {
        let version = run(self.binary).arg("--version").read();
        version.is_ok_and(|text| text.split_whitespace().nth(1) == Some(self.version))
    }

    /// Installs the tool unless it is there.
    ///
    /// # Errors
    /// When cargo cannot build it.
    pub(crate) fn ensure(&self) -> Result<()> {
        if self.is_there() {
            return Ok(());
        }
        let what = format!(
            "{} {} is missing: building it from source, {}, once per machine",
            self.package, self.version, self.takes
        );
        step(&what, || {
            run("cargo")
                .words("install --locked --force --quiet --version")
                .args([self.version, self.package])
                .args(self.flags)
                .arg("--root")
                .arg(workspace::tools())
                .env("CARGO_PROFILE_DEV_DEBUG", "0")
                .without_env("CARGO_TARGET_DIR")
                .wait()
        })
    }
}

/// Everything that building the Wasm module and the npm packages takes.
///
/// # Errors
/// A sentence with the way out for whatever cannot be installed from here.
pub(crate) fn ensure_web_build() -> Result<()> {
    ensure_target(WASM_TARGET)?;
    ensure_node()?;
    WASM_BINDGEN.ensure()?;
    WASM_PACK.ensure()
}

/// Makes sure that clang makes Wasm of C, as the guide does.
///
/// # Errors
/// When it is missing and cannot be installed from here; the message says how.
pub(crate) fn ensure_clang() -> Result<()> {
    if ["clang", "wasm-ld"].iter().all(|program| run(program).arg("--version").read().is_ok()) {
        return Ok(());
    }
    step("clang and lld are missing: installing them by apt-get (100 MB)", || {
        apt::install("clang lld", "install clang and lld (Debian: `sudo apt-get install clang lld`)")
    })
}

/// Installs what Rust compiles to Wasm by: the browser's module, and the tasks of the tests.
pub(crate) fn ensure_targets() -> Result<()> {
    ensure_target(WASM_TARGET)?;
    ensure_target(TASK_TARGET)
}

fn ensure_target(target: &str) -> Result<()> {
    let sysroot = run("rustc").words("--print sysroot").read()?;
    if Path::new(&sysroot).join("lib/rustlib").join(target).join("lib").exists() {
        return Ok(());
    }
    step(&format!("the Rust target {target} is missing: installing it"), || {
        run("rustup").words("target add").arg(target).wait().with_context(|| {
            format!("without rustup (https://rustup.rs), install the standard library of {target} yourself")
        })
    })
}

/// Checks that Node.js and npm are there and young enough.
pub(crate) fn ensure_node() -> Result<()> {
    let way_out = format!("install Node.js {NODE_MAJOR_MIN} or newer with npm: https://nodejs.org");
    let version = run("node").arg("--version").read().with_context(|| format!("no Node.js; {way_out}"))?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR_MIN) {
        bail!("Node.js {version} is too old; {way_out}");
    }
    run("npm").arg("--version").read().with_context(|| format!("no npm; {way_out}"))?;
    Ok(())
}

/// Checks that rustfmt and clippy are there, or installs them.
pub(crate) fn ensure_components() -> Result<()> {
    for (component, probe) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if run("cargo").args([probe, "--version"]).read().is_err() {
            step(&format!("{component} is missing: installing it"), || {
                run("rustup").words("component add").arg(component).wait()
            })?;
        }
    }
    Ok(())
}

/// Installs the npm packages that `package` (a folder under the root) locks, unless they are there.
pub(crate) fn ensure_npm(package: &str) -> Result<()> {
    let dir = workspace::path(package);
    let lock = format!("{package}/package-lock.json");
    let manifest = format!("{package}/package.json");
    let wanted = stamp::digest(&[&lock, &manifest], true)?;
    let mark = dir.join("node_modules/.tabmesh-lock");
    if fs::read_to_string(&mark).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    step(&format!("{package}/: installing the npm packages of its lock file"), || {
        run("npm").words("ci --no-audit --no-fund --loglevel=error").dir(&dir).wait()?;
        stamp::write(&mark, &wanted)
    })
}
