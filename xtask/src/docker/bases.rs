//! The images that ours are built from: pulled, or made from Debian's packages where none can be.

use std::fs;

use anyhow::{Context, Result};

use super::engine::Engine;
use crate::run::run;
use crate::step::{note, step};
use crate::workspace;

/// Debian's release in the official images.
const RELEASE: &str = "bookworm";

/// Where to find what `image` stands for: its build argument, the official image, and what makes the stand-in.
struct Base {
    argument: &'static str,
    official: &'static str,
    stand_in: &'static str,
}

/// In the order in which the stand-ins build on each other.
const BASES: [Base; 3] = [
    Base { argument: "RUNTIME_IMAGE", official: "debian:bookworm-slim", stand_in: "debian" },
    Base { argument: "RUST_IMAGE", official: "rust:1.95.0-slim-bookworm", stand_in: "rust" },
    Base { argument: "CADDY_IMAGE", official: "caddy:2-alpine", stand_in: "caddy" },
];

/// Makes sure of every base: build argument and image. One that the environment names is taken as it is.
pub(super) fn ensure(engine: &Engine) -> Result<Vec<(&'static str, String)>> {
    BASES.iter().map(|base| Ok((base.argument, image_of(engine, base)?))).collect()
}

fn image_of(engine: &Engine, base: &Base) -> Result<String> {
    if let Ok(named) = std::env::var(base.argument) {
        return Ok(named);
    }
    let stand_in = format!("tabmesh-standin/{}", base.stand_in);
    for known in [base.official, &stand_in] {
        if engine.docker().args(["image", "inspect", known]).read().is_ok() {
            return Ok(known.to_owned());
        }
    }
    let pulled = step(&format!("pulling {}", base.official), || {
        Ok(engine.docker().args(["pull", "--quiet", base.official]).read().is_ok())
    })?;
    if pulled {
        return Ok(base.official.to_owned());
    }
    step(&format!("it cannot be pulled: making the stand-in {stand_in}"), || match base.stand_in {
        "debian" => debian(engine, &stand_in),
        "rust" => rust(engine, &stand_in),
        name => stand_in_from(engine, name, &stand_in, "docker/standins"),
    })?;
    Ok(stand_in)
}

/// Debian's smallest system, by debootstrap.
fn debian(engine: &Engine, image: &str) -> Result<()> {
    super::engine::ensure_packages(&["debootstrap"])?;
    let dir = workspace::target().join("docker").join(RELEASE);
    // What an earlier run left unfinished is no system.
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    run("debootstrap")
        .args(["--variant=minbase", "--include=ca-certificates", RELEASE])
        .arg(&dir)
        .read()
        .context("debootstrap needs root and a mirror of Debian")?;
    // What this machine trusts is trusted in the builds too: they download from where it does.
    let bundle = "etc/ssl/certs/ca-certificates.crt";
    if fs::metadata(format!("/{bundle}")).is_ok() {
        fs::copy(format!("/{bundle}"), dir.join(bundle))?;
    }
    let archive = workspace::target().join("docker/debian.tar");
    run("tar")
        .args([
            "--exclude=./var/cache/apt/archives/*.deb",
            "--exclude=./var/lib/apt/lists/*",
            "--create",
            "--file",
        ])
        .arg(&archive)
        .arg("--directory")
        .arg(&dir)
        .arg(".")
        .wait()?;
    engine.docker().arg("import").arg(&archive).arg(image).read()?;
    fs::remove_file(&archive)?;
    fs::remove_dir_all(&dir)?;
    Ok(())
}

/// A copy of the toolchain that this machine builds with.
fn rust(engine: &Engine, image: &str) -> Result<()> {
    let sysroot = run("rustc").words("--print sysroot").read()?;
    note(&format!("with the toolchain {sysroot}"));
    stand_in_from(engine, "rust", image, &sysroot)
}

fn stand_in_from(engine: &Engine, name: &str, image: &str, context: &str) -> Result<()> {
    engine
        .build()
        .args(["--quiet", "--build-arg", "DEBIAN_IMAGE=tabmesh-standin/debian"])
        .args(["--file", &format!("docker/standins/{name}.Dockerfile"), "--tag", image, context])
        .read()
        .map(drop)
}
