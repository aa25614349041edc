//! What a page downloads in all: the share of each part, and the gate.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Context, Result, ensure};

use crate::run::run;
use crate::step::{note, step};
use crate::{tools, workspace};

/// All that a page downloads which takes part and executes tasks, as brotli: 64 KiB on the wire.
const LIMIT: usize = 65_536;

/// Parts with their shares of the limit. A part may have more while another has that much less.
const SHARES: [(&str, &str, usize); 4] = [
    ("core", "the Wasm core", 28_000),
    ("package", "`tabmesh` and `tabmesh/task`, bundled and minified", 22_000),
    ("worker", "the Worker that executes tasks", 6_000),
    ("meter", "the meter of tasks", 5_000),
];

/// What not every page loads that executes tasks: not of the limit.
const BESIDES: [(&str, &str); 3] = [
    ("words", "words of what goes wrong with tasks, where it does"),
    ("job", "`tabmesh/job`, where jobs are asked for or offered"),
    ("tasks", "the coordination of jobs, likewise"),
];

/// Bytes by part.
pub(crate) struct Download(BTreeMap<String, usize>);

impl Download {
    /// Bundles the built package as an application would.
    ///
    /// # Errors
    /// When it cannot be bundled, or the bundle has a part that is not known here.
    pub(crate) fn measured() -> Result<Self> {
        tools::ensure_npm("web")?;
        let parts = step("what a page downloads: the package as an application bundles it", || {
            run("node").arg(workspace::path("xtask/src/size/download.mjs")).arg(workspace::path("web")).read()
        })?;
        Ok(Self(serde_json::from_str(&parts).context("the bundle's sizes are no JSON")?))
    }

    fn total(&self) -> usize {
        self.rows().map(|(_, bytes, _)| bytes).sum()
    }

    fn of(&self, part: &str) -> usize {
        self.0.get(part).copied().unwrap_or(0)
    }

    fn rows(&self) -> impl Iterator<Item = (&str, usize, usize)> {
        SHARES.iter().map(|(part, name, share)| (*name, self.of(part), *share))
    }

    fn besides(&self) -> impl Iterator<Item = (&str, usize)> {
        BESIDES.iter().map(|(part, name)| (*name, self.of(part)))
    }

    /// The parts for a terminal.
    pub(crate) fn table(&self) -> String {
        let mut text = "   what a page downloads, brotli:\n".to_owned();
        for (name, bytes, share) in self.rows() {
            let _ = writeln!(text, "   {name:<52}{bytes:>8}  of {share}");
        }
        let _ = writeln!(text, "   {:<52}{:>8}  of {LIMIT}", "in all", self.total());
        for (name, bytes) in self.besides() {
            let _ = writeln!(text, "   {name:<52}{bytes:>8}  besides");
        }
        text
    }

    /// The parts as a page of the documentation.
    pub(crate) fn page(&self) -> String {
        let mut text = format!(
            "\n## What a page downloads\n\n\
             A page that takes part and executes tasks, as brotli of quality 11, bundled by Vite as an application would. \
             All together never take more than {LIMIT} bytes. What is *besides* is not of that limit.\n\n\
             | part | bytes | share |\n|---|---:|---:|\n"
        );
        for (name, bytes, share) in self.rows() {
            let _ = writeln!(text, "| {name} | {bytes} | {share} |");
        }
        let _ = writeln!(text, "| **in all** | **{}** | {LIMIT} |", self.total());
        for (name, bytes) in self.besides() {
            let _ = writeln!(text, "| {name} | {bytes} | besides |");
        }
        let besides: usize = self.besides().map(|(_, bytes)| bytes).sum();
        let _ = writeln!(text, "| in all, with jobs | {} | |", self.total() + besides);
        text
    }

    /// Fails beyond the limit.
    pub(crate) fn check(&self) -> Result<()> {
        let total = self.total();
        ensure!(
            total <= LIMIT,
            "a page downloads {total} bytes and may never download more than {LIMIT}: see the parts above"
        );
        note(&format!("what a page downloads: {total} bytes, {} below the limit of {LIMIT}", LIMIT - total));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_downloads_too_much_fails_and_shows_its_parts() {
        let download =
            |package| Download(BTreeMap::from([("core".into(), 30_000), ("package".into(), package)]));
        assert!(download(35_536).check().is_ok());
        assert!(download(35_537).check().unwrap_err().to_string().contains("65537"));
        assert!(download(1).table().contains("30001  of 65536"), "{}", download(1).table());
        assert!(download(1).page().contains("| the Wasm core | 30000 | 28000 |"));
    }
}
