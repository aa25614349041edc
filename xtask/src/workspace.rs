//! Where things are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The npm packages, in the order in which they build on each other.
pub(crate) const NPM_PACKAGES: [&str; 4] = ["pkg", "web", "tests", "task-meter/corpus"];

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the repository")
}

/// Cargo's target directory: `$CARGO_TARGET_DIR`, or `target/`.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// A path under the root.
pub(crate) fn path(relative: &str) -> PathBuf {
    root().join(relative)
}

/// `path` as the reader of a message knows it: relative to the root where it lies in it.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Where the tools are kept: `$XDG_CACHE_HOME/tabmesh/tools`, or `~/.cache/tabmesh/tools`.
pub(crate) fn tools() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_else(|| "/tmp".into())).join(".cache");
    cache.unwrap_or_else(home).join("tabmesh").join("tools")
}

/// `PATH` with our tools first: the cache, then the npm package's programs (`wasm-opt`).
pub(crate) fn search_path() -> OsString {
    let ours = [tools().join("bin"), path("pkg/node_modules/.bin")];
    let theirs = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(ours.into_iter().chain(std::env::split_paths(&theirs))).unwrap_or(theirs)
}
