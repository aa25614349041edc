//! What stands at a byte of a module, in words: the import or the function that a refusal means.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// Names that are shown have at most so many characters.
const SHOWN_MAX: usize = 80;

/// What stands at a byte of a module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Symbol {
    /// An import.
    Import {
        /// The module that it is imported from.
        module: String,
        /// Its name there.
        name: String,
        /// Its type: `function i32 → i32`, `memory`, `table`, `global`.
        kind: String,
    },
    /// A function.
    Function {
        /// Its index.
        index: u32,
        /// What it is called, by the custom section of names or by an export.
        name: Option<String>,
    },
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Import { module, name, kind } => write!(f, "import {module}.{name}: {kind}"),
            Self::Function { index, name: None } => write!(f, "function {index}"),
            Self::Function { index, name: Some(name) } => write!(f, "function {index}, {name}"),
        }
    }
}

/// The import with its type, or the function with its name, at a byte; none where it is neither, or the module cannot be read so far.
#[must_use]
pub fn symbol_at(module: &[u8], offset: u32) -> Option<Symbol> {
    let mut reader = Reader { bytes: module, at: 8, offset: offset as usize, ..Reader::default() };
    // What was found stays, wherever reading ends.
    let _ = reader.sections();
    let index = match (reader.import, reader.function) {
        (Some(import), _) => return Some(import),
        (None, function) => function?,
    };
    let name = reader.named.remove(&index).or_else(|| reader.exported.remove(&index));
    Some(Symbol::Function { index, name })
}

#[derive(Default)]
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    offset: usize,
    types: Vec<String>,
    imported: u32,
    exported: BTreeMap<u32, String>,
    named: BTreeMap<u32, String>,
    import: Option<Symbol>,
    function: Option<u32>,
}

impl Reader<'_> {
    fn sections(&mut self) -> Option<()> {
        while self.at < self.bytes.len() {
            let id = self.byte()?;
            let end = self.end()?;
            match id {
                0 => drop(self.names(end)),
                1 => self.each(|reader, _| {
                    let kind = reader.function_type()?;
                    reader.types.push(kind);
                    Some(())
                })?,
                2 => self.each(|reader, _| reader.import())?,
                7 => self.each(|reader, _| {
                    let (name, kind, index) = (reader.name()?, reader.byte()?, reader.number()?);
                    if kind == 0 {
                        reader.exported.insert(index, name);
                    }
                    Some(())
                })?,
                10 => self.each(|reader, number| {
                    let start = reader.at;
                    let end = reader.end()?;
                    if reader.is_within(start..end) {
                        reader.function = Some(reader.imported + number);
                    }
                    reader.at = end;
                    Some(())
                })?,
                _ => {}
            }
            self.at = end;
        }
        Some(())
    }

    fn is_within(&self, range: Range<usize>) -> bool {
        // Behind the last byte stands what was read last.
        range.contains(&self.offset)
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            number |= u32::from(byte & 127) << shift;
            if byte < 128 {
                return Some(number);
            }
        }
        None
    }

    /// Reads a length: where what has it ends.
    fn end(&mut self) -> Option<usize> {
        let length = self.number()?;
        self.at.checked_add(length as usize)
    }

    fn each(&mut self, mut read: impl FnMut(&mut Self, u32) -> Option<()>) -> Option<()> {
        (0..self.number()?).try_for_each(|number| read(self, number))
    }

    fn name(&mut self) -> Option<String> {
        let end = self.end()?;
        let name = String::from_utf8_lossy(self.bytes.get(self.at..end)?);
        let shown = name.chars().take(SHOWN_MAX).flat_map(char::escape_debug).collect();
        self.at = end;
        Some(shown)
    }

    fn function_type(&mut self) -> Option<String> {
        self.byte().filter(|form| *form == 0x60)?;
        let (parameters, results) = (self.value_types()?, self.value_types()?);
        Some(format!("function{parameters} →{results}"))
    }

    fn value_types(&mut self) -> Option<String> {
        let mut list = String::new();
        for _ in 0..self.number()? {
            list += match self.byte()? {
                0x7f => " i32",
                0x7e => " i64",
                0x7d => " f32",
                0x7c => " f64",
                0x70 => " funcref",
                0x6f => " externref",
                _ => " other",
            };
        }
        Some(list)
    }

    fn import(&mut self) -> Option<()> {
        let start = self.at;
        let (module, name, kind) = (self.name()?, self.name()?, self.byte()?);
        let kind = match kind {
            0 => {
                self.imported += 1;
                let index = self.number()? as usize;
                self.types.get(index).cloned().unwrap_or_else(|| "function".to_owned())
            }
            3 => {
                self.at += 2;
                "global".to_owned()
            }
            1 | 2 => {
                self.at += usize::from(kind == 1);
                let flags = self.byte()?;
                self.number()?;
                if flags & 1 == 1 {
                    self.number()?;
                }
                if kind == 1 { "table" } else { "memory" }.to_owned()
            }
            _ => return None,
        };
        if self.is_within(start..self.at) {
            self.import = Some(Symbol::Import { module, name, kind });
        }
        Some(())
    }

    /// The names of functions, in the custom section `name`.
    fn names(&mut self, end: usize) -> Option<()> {
        if self.name()? != "name" {
            return None;
        }
        while self.at < end {
            let id = self.byte()?;
            let next = self.end()?;
            if id == 1 {
                self.each(|reader, _| {
                    let (index, name) = (reader.number()?, reader.name()?);
                    reader.named.insert(index, name);
                    Some(())
                })?;
            }
            self.at = next;
        }
        Some(())
    }
}
