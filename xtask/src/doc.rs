//! `doc`: the Rust documentation, and the links of the Markdown files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::markdown::{self, Link};
use crate::run::{cargo, run};
use crate::step::{note, step};
use crate::{parts, tools, workspace};

/// Builds the documentation with warnings denied and checks every link.
pub(crate) fn doc() -> Result<()> {
    tools::ensure_web_build()?;
    step("documentation of the Rust crates, warnings denied", || {
        // The texts of command lines stand in doc comments too: an example address there is no link. And who reads the
        // documentation of these programs has their private items at hand.
        let flags = "--deny warnings --allow rustdoc::bare_urls --allow rustdoc::private_intra_doc_links";
        parts::cargo_native("doc").words("--no-deps --quiet").env("RUSTDOCFLAGS", flags).wait()?;
        cargo("doc --package tabmesh-core --no-deps --quiet --target")
            .arg(tools::WASM_TARGET)
            .env("RUSTDOCFLAGS", flags)
            .wait()
    })?;
    step("links in the Markdown files", links)
}

fn links() -> Result<()> {
    let files = run("git").words("ls-files --cached --others --exclude-standard -- *.md").read()?;
    let mut broken = Vec::new();
    let mut count = 0;
    for file in files.lines().map(workspace::path).filter(|file| file.exists()) {
        let text = fs::read_to_string(&file)?;
        for link in markdown::links(&text) {
            count += 1;
            if let Some(why) = problem(&file, &text, &link) {
                broken.push(format!("{}:{}: [{}]: {why}", workspace::shown(&file), link.line, link.target));
            }
        }
    }
    note(&format!("{count} links"));
    if broken.is_empty() { Ok(()) } else { bail!("links that lead nowhere:\n  {}", broken.join("\n  ")) }
}

/// Why a link leads nowhere; `None` if it does lead somewhere, or out of the repository.
fn problem(file: &Path, text: &str, link: &Link) -> Option<String> {
    if link.target.contains("://") || link.target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
    let target = if path.is_empty() { file.to_owned() } else { file.parent()?.join(path) };
    if !target.exists() {
        return Some(format!("there is no {}", workspace::shown(&normal(&target))));
    }
    if anchor.is_empty() || target.extension().is_none_or(|extension| extension != "md") {
        return None;
    }
    let other;
    let headings_of = if path.is_empty() {
        text
    } else {
        other = fs::read_to_string(&target).ok()?;
        &other
    };
    let anchors: BTreeSet<_> = markdown::anchors(headings_of).into_iter().collect();
    (!anchors.contains(anchor)).then(|| format!("no heading there has the anchor #{anchor}"))
}

fn normal(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
