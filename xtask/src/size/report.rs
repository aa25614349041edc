//! The figures, as a table, as a page and as data.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::gate::Gate;
use super::module::Module;
use super::origins::{Origins, Place};
use super::rooms::room;

/// How far the build with names may be from the shipped one, in bytes: names shift a few lengths, never more.
const DRIFT_MAX: usize = 128;

/// One measurement.
#[derive(PartialEq, Eq, Debug, Default)]
pub(crate) struct Report {
    /// Bytes by room; their sum is `raw`.
    rooms: BTreeMap<String, usize>,
    /// Bytes by line; not written down.
    lines: BTreeMap<Place, usize>,
    raw: usize,
    gzip: usize,
    brotli: usize,
}

impl Report {
    /// Measures `shipped`, the `bytes` that browsers download, by the names that the same module has in `named` and by
    /// the lines that its functions come from.
    ///
    /// # Errors
    /// When `named` is not the same code.
    pub(crate) fn new(
        bytes: &[u8],
        shipped: &Module,
        named: &Module,
        origins: &Origins,
        (gzip, brotli): (usize, usize),
    ) -> Result<Self> {
        for section in ["code", "data"] {
            let (ours, theirs) = (shipped.section(section), named.section(section));
            ensure!(
                ours.abs_diff(theirs) <= DRIFT_MAX,
                "the module with names is other code than the shipped one: its {section} section has {theirs} \
                 bytes instead of {ours}; do both builds use the same flags?"
            );
        }
        let mut rooms = BTreeMap::new();
        let mut lines = BTreeMap::new();
        let left: BTreeSet<_> = named.functions.iter().map(|function| function.symbol.as_str()).collect();
        for function in &named.functions {
            let shares = origins.share_out(&function.symbol, function.bytes, |symbol| left.contains(symbol));
            for (place, bytes) in &shares {
                *rooms.entry(place.room.clone()).or_insert(0) += bytes;
                *lines.entry((*place).clone()).or_insert(0) += bytes;
            }
            if shares.is_empty() {
                *rooms.entry(room(&function.name())).or_insert(0) += function.bytes;
            }
        }
        rooms.insert("data".to_owned(), shipped.section("data"));
        let counted: usize = rooms.values().sum();
        // Whatever the rooms do not hold: the module's header, its types, imports, exports and tables.
        rooms.insert("types, imports, exports, tables".to_owned(), bytes.len().saturating_sub(counted));
        Ok(Self { rooms, lines, raw: bytes.len(), gzip, brotli })
    }

    /// Reads what [`Report::to_json`] wrote: the core's figures, and those of separate modules by their keys.
    pub(crate) fn all_from_json(text: &str) -> Result<(Self, BTreeMap<String, Self>)> {
        let value: Value = serde_json::from_str(text)?;
        let others = value.as_object().into_iter().flatten();
        let others = others.filter_map(|(key, value)| Some((key.clone(), Self::from_value(value).ok()?)));
        Ok((Self::from_value(&value)?, others.collect()))
    }

    fn from_value(value: &Value) -> Result<Self> {
        let number =
            |value: &Value| value.as_u64().map(|bytes| bytes as usize).context("not a number of bytes");
        let rooms = value["rooms"].as_object().context("no rooms")?;
        let rooms = rooms.iter().map(|(room, bytes)| Ok((room.clone(), number(bytes)?)));
        Ok(Self {
            rooms: rooms.collect::<Result<_>>()?,
            lines: BTreeMap::new(),
            raw: number(&value["raw"])?,
            gzip: number(&value["gzip"])?,
            brotli: number(&value["brotli"])?,
        })
    }

    fn to_value(&self) -> Value {
        json!({ "raw": self.raw, "gzip": self.gzip, "brotli": self.brotli, "rooms": self.rooms })
    }

    /// The measurement as data, with those of separate modules in it.
    pub(crate) fn to_json<'a>(&self, others: impl IntoIterator<Item = (&'a str, &'a Self)>) -> String {
        let mut value = self.to_value();
        for (key, other) in others {
            value[key] = other.to_value();
        }
        format!("{value:#}\n")
    }

    /// Bytes of the module.
    pub(crate) fn raw(&self) -> usize {
        self.raw
    }

    /// The measurement for a terminal, with what changed since `known`.
    pub(crate) fn table(&self, known: Option<&Self>) -> String {
        let mut text = String::new();
        for (room, bytes, before) in self.rows(known) {
            let _ = writeln!(text, "   {room:<34}{bytes:>8}{}", change(bytes, before));
        }
        let totals = |report: &Self| [report.raw, report.gzip, report.brotli];
        let before = known.map(totals);
        for (index, name) in ["total, raw", "total, gzip", "total, brotli"].into_iter().enumerate() {
            let bytes = totals(self)[index];
            let _ = writeln!(text, "   {name:<34}{bytes:>8}{}", change(bytes, before.map(|all| all[index])));
        }
        text
    }

    /// The `count` largest lines.
    pub(crate) fn lines(&self, count: usize) -> String {
        let mut lines: Vec<_> = self.lines.iter().collect();
        lines.sort_by_key(|(_, bytes)| std::cmp::Reverse(**bytes));
        let lines = lines.iter().take(count);
        lines.map(|(place, bytes)| format!("   {bytes:>6}  {}:{}\n", place.file, place.line)).collect()
    }

    /// The measurement as a page of the documentation.
    pub(crate) fn page(&self, Gate { limit, .. }: &Gate) -> String {
        let mut text = format!(
            "# What the Wasm module costs\n\n\
             Bytes of the module that browsers download, by room of the code. `cargo xtask size` measures and fails \
             above {limit} raw bytes, which leaves room for what is still to come. \
             `cargo xtask size --update` writes this page.\n\n"
        );
        self.page_rows(&mut text);
        text.push_str(
            "\nCode counts for the room of the line that it comes from, wherever it was inlined; code of the Rust library for \
             the line that called it there, or for the type that it was made for. `wasm-opt` drops what tells lines: a function's bytes are shared out as they were before. \
             `cargo xtask size --lines 40` shows the largest lines.\n",
        );
        text
    }

    /// A separate module's part of the page.
    pub(crate) fn separate_page(&self, title: &str, about: &str, Gate { limit, .. }: &Gate) -> String {
        let mut text = format!("\n## {title}\n\n{about} The limit is {limit} raw bytes.\n\n");
        self.page_rows(&mut text);
        text
    }

    fn page_rows(&self, text: &mut String) {
        text.push_str("| room | bytes | share |\n|---|---:|---:|\n");
        for (room, bytes, _) in self.rows(None) {
            let _ =
                writeln!(text, "| {room} | {bytes} | {} % |", (bytes * 100 + self.raw / 2) / self.raw.max(1));
        }
        let _ = writeln!(text, "| **raw** | **{}** | |", self.raw);
        let _ = writeln!(text, "| gzip | {} | |\n| brotli | {} | |", self.gzip, self.brotli);
    }

    /// Rooms with their bytes and what they had before; largest first, vanished ones last.
    fn rows<'a>(&'a self, known: Option<&'a Self>) -> Vec<(&'a str, usize, Option<usize>)> {
        let before = |room: &String| known.map(|known| known.rooms.get(room).copied().unwrap_or(0));
        let mut rows: Vec<_> =
            self.rooms.iter().map(|(room, bytes)| (room.as_str(), *bytes, before(room))).collect();
        let gone = known
            .into_iter()
            .flat_map(|known| &known.rooms)
            .filter(|(room, _)| !self.rooms.contains_key(*room));
        rows.extend(gone.map(|(room, bytes)| (room.as_str(), 0, Some(*bytes))));
        rows.sort_by_key(|(_, bytes, _)| std::cmp::Reverse(*bytes));
        rows
    }
}

fn change(bytes: usize, before: Option<usize>) -> String {
    match before {
        Some(before) if before != bytes => format!("  {:+}", bytes as i64 - before as i64),
        _ => String::new(),
    }
}

/// The `count` largest functions.
pub(crate) fn functions(module: &Module, count: usize) -> String {
    let mut functions: Vec<_> = module.functions.iter().collect();
    functions.sort_by_key(|function| std::cmp::Reverse(function.bytes));
    let lines = functions
        .iter()
        .take(count)
        .map(|function| format!("   {:>6}  {}\n", function.bytes, function.name()));
    lines.collect()
}
