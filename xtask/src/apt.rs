//! What apt-get installs on a fresh machine.

use anyhow::{Context, Result};

use crate::run::run;
use crate::step::note;

/// Whether this machine has apt-get.
pub(crate) fn is_there() -> bool {
    run("apt-get").arg("--version").read().is_ok()
}

/// Whether this is root, who may make network namespaces.
pub(crate) fn is_root() -> bool {
    run("id").arg("-u").read().is_ok_and(|id| id == "0")
}

/// Installs packages, as root or by a sudo that asks nothing.
///
/// # Errors
/// `way_out`, when there is no apt-get, no permission, or no such package.
pub(crate) fn install(packages: &str, way_out: &str) -> Result<()> {
    let is_root = is_root();
    let apt = |words: &str| {
        let command = if is_root { run("apt-get") } else { run("sudo").words("-n apt-get") };
        let command = command.words("-q").words(words).env("DEBIAN_FRONTEND", "noninteractive");
        command.wait().with_context(|| way_out.to_owned())
    };
    apt("update").or_else(|error| {
        // A stale list may still name the package; the installation below decides.
        note(&format!("{error:#}"));
        anyhow::Ok(())
    })?;
    apt(&format!("install --yes --no-install-recommends {packages}"))
}
