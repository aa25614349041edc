//! Takes a Wasm module apart into sections and functions.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use wasmparser::{ImportSectionReader, KnownCustom, Name, NameSectionReader, Parser, Payload, TypeRef};

/// Sizes within one module.
pub(crate) struct Module {
    /// Bytes by section, its header included: `code`, `data`, …; custom ones by their name.
    pub(crate) sections: BTreeMap<String, usize>,
    /// The functions with code, in order.
    pub(crate) functions: Vec<Function>,
}

/// One function.
pub(crate) struct Function {
    /// Its name as the linker knows it; `function 17` where the module does not say.
    pub(crate) symbol: String,
    /// Bytes of its body, the length in front of it included.
    pub(crate) bytes: usize,
}

impl Module {
    /// Reads the sizes off a module.
    ///
    /// # Errors
    /// When the bytes are no Wasm module.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let mut sections = BTreeMap::new();
        let mut bodies = Vec::new();
        let mut names = BTreeMap::new();
        let mut imported = 0;
        let mut end = 8;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.context("the Wasm module is broken")?;
            match &payload {
                Payload::ImportSection(reader) => imported = imported_functions(reader.clone())?,
                Payload::CodeSectionEntry(body) => {
                    let range = body.range();
                    let length = (range.end - range.start) as usize;
                    bodies.push(length + leb_bytes(length));
                }
                Payload::CustomSection(custom) => {
                    if let KnownCustom::Name(reader) = custom.as_known() {
                        names = function_names(reader);
                    }
                }
                _ => {}
            }
            if let Some((id, range)) = payload.as_section() {
                *sections.entry(section_name(id, &payload)).or_insert(0) += (range.end - end) as usize;
                end = range.end;
            }
        }
        let functions = (imported..).zip(bodies).map(|(index, bytes)| {
            let symbol = names.remove(&index).unwrap_or_else(|| format!("function {index}"));
            Function { symbol, bytes }
        });
        let functions = functions.collect();
        Ok(Self { sections, functions })
    }

    /// Bytes of one section, 0 where there is none.
    pub(crate) fn section(&self, name: &str) -> usize {
        self.sections.get(name).copied().unwrap_or(0)
    }
}

impl Function {
    /// Its name as it is written in Rust, without the hash at its end.
    pub(crate) fn name(&self) -> String {
        demangled(&self.symbol)
    }
}

/// A symbol as it is written in Rust, without the hash at its end.
pub(crate) fn demangled(symbol: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(symbol));
    match name.rsplit_once("::h") {
        Some((path, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            path.to_owned()
        }
        _ => name,
    }
}

/// How many functions a module imports: their indices come first.
pub(crate) fn imported_functions(reader: ImportSectionReader<'_>) -> Result<u32> {
    let mut count = 0;
    for import in reader.into_imports() {
        count += u32::from(matches!(import?.ty, TypeRef::Func(_)));
    }
    Ok(count)
}

fn section_name(id: u8, payload: &Payload<'_>) -> String {
    let name = match id {
        0 => match payload {
            Payload::CustomSection(custom) => custom.name(),
            _ => "custom",
        },
        1 => "type",
        2 => "import",
        3 => "function",
        4 => "table",
        5 => "memory",
        6 => "global",
        7 => "export",
        8 => "start",
        9 => "element",
        10 => "code",
        11 => "data",
        12 => "data count",
        _ => "other",
    };
    name.to_owned()
}

/// Names by function index; what the section says wrongly is left out.
fn function_names(reader: NameSectionReader<'_>) -> BTreeMap<u32, String> {
    let mut names = BTreeMap::new();
    for subsection in reader.into_iter().flatten() {
        if let Name::Function(map) = subsection {
            let namings = map.into_iter().flatten();
            names.extend(namings.map(|naming| (naming.index, naming.name.to_owned())));
        }
    }
    names
}

/// How many bytes a number takes in a Wasm module (LEB128).
fn leb_bytes(number: usize) -> usize {
    let bits = usize::BITS - number.leading_zeros();
    bits.div_ceil(7).max(1) as usize
}
