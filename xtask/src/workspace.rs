//! Where things are.

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
