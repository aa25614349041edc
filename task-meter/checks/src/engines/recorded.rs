//! An interpreter whose every answer is written down, for engines that run where no test does: `tests/replay.mjs` asks theirs for the same.
//!
//! A line is a JSON object. `start` makes the next guest, `call`, `get` and `set` are what was done with one, each with what came of it. Numbers are
//! text, floats their bits; JavaScript would lose those of NaNs, so each guest is called through a *bridge*, a module that turns bits to floats and back.

use std::cell::RefCell;
use std::fmt::Write;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use wasmparser::{ExternalKind, FuncType, Parser, Payload, TypeRef, ValType};

use super::guest::{End, Guest, Unstarted, Value};

/// Bytes of a memory that are compared.
const MEMORY_BYTES: usize = 1 << 20;

thread_local! {
    static LINES: RefCell<Lines> = RefCell::default();
}

#[derive(Default)]
struct Lines {
    text: String,
    guests: usize,
}

/// What was written down in this thread so far; it begins anew.
#[must_use]
pub fn take() -> String {
    LINES.take().text
}

fn write(line: std::fmt::Arguments<'_>) {
    LINES.with_borrow_mut(|lines| writeln!(lines.text, "{{{line}}}").expect("text takes everything"));
}

struct Recorded {
    guest: Box<dyn Guest>,
    number: usize,
}

pub(super) fn start(module: &[u8]) -> Result<Box<dyn Guest>, Unstarted> {
    let started = super::wasmi::start(module);
    let end = match &started {
        Ok(_) => "Done",
        Err(Unstarted::Trap) => "Trap",
        Err(Unstarted::Invalid(_)) => "Invalid",
    };
    let functions = exported_functions(module).unwrap_or_default();
    let names: Vec<_> = functions.iter().map(|(name, _)| spelt(name)).collect();
    write(format_args!(
        r#""start":"{}","names":[{}],"bridge":"{}","end":"{end}""#,
        BASE64_STANDARD.encode(module),
        names.join(","),
        BASE64_STANDARD.encode(bridge(&functions)),
    ));
    let number = LINES.with_borrow_mut(|lines| {
        lines.guests += 1;
        lines.guests - 1
    });
    Ok(Box::new(Recorded { guest: started?, number }))
}

impl Guest for Recorded {
    fn call(&mut self, name: &str, arguments: &[Value]) -> Option<End> {
        let end = self.guest.call(name, arguments)?;
        let (word, results) = match &end {
            End::Done(results) => ("Done", results.as_slice()),
            End::Trap => ("Trap", &[][..]),
            End::Overflow => ("Overflow", &[][..]),
        };
        let memory = self.guest.memory();
        write(format_args!(
            r#""call":{},"guest":{},"values":[{}],"end":"{word}","results":[{}],"memory":{}"#,
            spelt(name),
            self.number,
            list(arguments),
            list(results),
            sum(&memory[..memory.len().min(MEMORY_BYTES)]),
        ));
        Some(end)
    }

    fn global(&mut self, name: &str) -> Option<Value> {
        let value = self.guest.global(name)?;
        write(format_args!(r#""get":{},"guest":{},"value":{}"#, spelt(name), self.number, list(&[value])));
        Some(value)
    }

    fn set_global(&mut self, name: &str, value: Value) {
        write(format_args!(r#""set":{},"guest":{},"value":{}"#, spelt(name), self.number, list(&[value])));
        self.guest.set_global(name, value);
    }

    fn memory(&mut self) -> Vec<u8> {
        self.guest.memory()
    }

    fn functions(&mut self) -> Vec<(String, Vec<Value>)> {
        self.guest.functions()
    }
}

/// A text of JSON, of any letters.
fn spelt(text: &str) -> String {
    let units = text.encode_utf16().fold(String::new(), |mut spelt, unit| {
        let _ = write!(spelt, "\\u{unit:04x}");
        spelt
    });
    format!("\"{units}\"")
}

/// Types and bits.
fn list(values: &[Value]) -> String {
    let spelt = values.iter().map(|value| match value {
        Value::I32(value) => format!(r#"["i32","{}"]"#, *value as u32),
        Value::I64(value) => format!(r#"["i64","{}"]"#, *value as u64),
        Value::F32(bits) => format!(r#"["f32","{bits}"]"#),
        Value::F64(bits) => format!(r#"["f64","{bits}"]"#),
    });
    spelt.collect::<Vec<_>>().join(",")
}

/// FNV-1a.
fn sum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// The exported functions with their types.
fn exported_functions(module: &[u8]) -> wasmparser::Result<Vec<(String, FuncType)>> {
    let (mut types, mut functions, mut exported) = (Vec::new(), Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => {
                types = section.into_iter_err_on_gc_types().collect::<wasmparser::Result<_>>()?;
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Func(kind) = import?.ty {
                        functions.push(kind);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for kind in section {
                    functions.push(kind?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        exported.push((export.name.to_owned(), export.index));
                    }
                }
            }
            _ => {}
        }
    }
    let typed = exported.into_iter().filter_map(|(name, index)| {
        let kind = types.get(*functions.get(index as usize)? as usize)?;
        (!kind.params().iter().any(|kind| kind.is_reference_type())).then(|| (name, kind.clone()))
    });
    Ok(typed.collect())
}

/// The type whose numbers are the bits of another.
fn bits(kind: ValType) -> &'static str {
    if matches!(kind, ValType::I64 | ValType::F64) { "i64" } else { "i32" }
}

/// A module that takes and gives bits in place of floats, and no references: its function `n` calls the n-th of what it imports.
fn bridge(functions: &[(String, FuncType)]) -> Vec<u8> {
    let mut imports = String::new();
    let mut bodies = String::new();
    for (number, (_, kind)) in functions.iter().enumerate() {
        let spelt = |kinds: &[ValType], word: &dyn Fn(ValType) -> String| {
            kinds.iter().map(|kind| word(*kind)).collect::<Vec<_>>().join(" ")
        };
        let itself = |kind: ValType| kind.to_string();
        let as_bits = |kind: ValType| bits(kind).to_owned();
        let _ = write!(
            imports,
            r#"(import "m" "{number}" (func ${number} (param {}) (result {})))"#,
            spelt(kind.params(), &itself),
            spelt(kind.results(), &itself),
        );
        let arguments: Vec<_> = kind
            .params()
            .iter()
            .enumerate()
            .map(|(place, kind)| match kind {
                ValType::F32 | ValType::F64 => {
                    format!("({kind}.reinterpret_{} (local.get {place}))", bits(*kind))
                }
                _ => format!("(local.get {place})"),
            })
            .collect();
        // Results come off the stack in turn, last first.
        let count = kind.params().len();
        let numbers: Vec<_> =
            kind.results().iter().copied().filter(|kind| !kind.is_reference_type()).collect();
        let mut place = numbers.len();
        let taken: Vec<_> = kind
            .results()
            .iter()
            .rev()
            .map(|kind| {
                if kind.is_reference_type() {
                    return "(drop)".to_owned();
                }
                place -= 1;
                match kind {
                    ValType::F32 | ValType::F64 => {
                        format!("({}.reinterpret_{kind}) (local.set {})", bits(*kind), count + place)
                    }
                    _ => format!("(local.set {})", count + place),
                }
            })
            .collect();
        let given: Vec<_> =
            (0..numbers.len()).map(|place| format!("(local.get {})", count + place)).collect();
        let _ = write!(
            bodies,
            r#"(func (export "{number}") (param {}) (result {}) (local {}) (call ${number} {}) {} {})"#,
            spelt(kind.params(), &as_bits),
            spelt(&numbers, &as_bits),
            spelt(&numbers, &as_bits),
            arguments.join(" "),
            taken.join(" "),
            given.join(" "),
        );
    }
    wat::parse_str(format!("(module {imports} {bodies})")).expect("numbers and types alone are good text")
}
