//! The graphs of the repository.

use super::edge::Edge;
use super::{rust, typescript};
use crate::sources::{Source, sources};

/// The imports between all Rust files below `folder`.
///
/// A module that declares a child, or hands on what it does not use itself, does not need it. Who imports something
/// that was handed on needs the file that hands it on and the one that defines it. Unit tests inside a file do not
/// count.
pub(crate) fn of_rust(folder: &str) -> Vec<Edge> {
    rust::edges(texts(&sources(folder, &[".rs"])))
}

/// The imports between all files of TypeScript and JavaScript below `folder`.
pub(crate) fn of_typescript(folder: &str) -> Vec<Edge> {
    typescript::edges(texts(&sources(folder, &[".ts", ".tsx", ".js", ".mjs"])))
}

fn texts(sources: &[Source]) -> impl Iterator<Item = (&str, &str)> {
    sources.iter().map(|source| (source.path.as_str(), source.text.as_str()))
}
