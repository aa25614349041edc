//! Where the code of a module was written: the line that each instruction came from, inlined ones included.
//!
//! Read off the DWARF of the module as the compiler left it. `wasm-opt` drops DWARF and keeps names, so a function's
//! bytes in the shipped module are shared out as its lines, and those of the functions that `wasm-opt` inlined into it,
//! share them before.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use addr2line::Context as Addresses;
use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};
use anyhow::{Context, Result, ensure};
use wasmparser::{FunctionBody, Operator, Parser, Payload};

use super::module::{self, Module};
use super::rooms;

type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// A line of code, and the room that it counts for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Place {
    pub(crate) room: String,
    /// Below the root of the repository where it is ours.
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: u32,
}

/// The functions of a module, by symbol.
#[derive(Default)]
pub(crate) struct Origins(HashMap<String, Function>);

/// The places of a function's code, and the symbols of those that it calls.
#[derive(Default)]
struct Function {
    places: BTreeMap<Place, usize>,
    calls: BTreeSet<String>,
}

impl Origins {
    /// Reads a module with DWARF and names.
    ///
    /// # Errors
    /// When the bytes are no Wasm module, or have no DWARF.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let mut sections: HashMap<&str, &[u8]> = HashMap::new();
        let (mut bodies, mut start, mut imported) = (Vec::new(), 0, 0);
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.context("the Wasm module is broken")?;
            let section = payload.as_section();
            match payload {
                Payload::CustomSection(custom) if custom.name().starts_with(".debug_") => {
                    sections.insert(custom.name(), custom.data());
                }
                Payload::ImportSection(reader) => imported = module::imported_functions(reader)?,
                Payload::CodeSectionStart { .. } => start = section.map_or(0, |(_, range)| range.start),
                Payload::CodeSectionEntry(body) => bodies.push(body),
                _ => {}
            }
        }
        ensure!(
            sections.contains_key(".debug_info"),
            "the module has no DWARF: was it built with debug information?"
        );
        let section = |id: SectionId| -> Result<Bytes<'_>> {
            Ok(EndianSlice::new(sections.get(id.name()).copied().unwrap_or_default(), LittleEndian))
        };
        let symbols: Vec<_> =
            Module::parse(bytes)?.functions.into_iter().map(|function| function.symbol).collect();
        let reader = Reader {
            addresses: Addresses::from_dwarf(Dwarf::load(section)?)?,
            start,
            imported,
            symbols: &symbols,
        };
        let read = |(symbol, body): (&String, FunctionBody<'_>)| {
            Ok((symbol.clone(), reader.function(symbol, &body)?))
        };
        Ok(Self(symbols.iter().zip(bodies).map(read).collect::<Result<_>>()?))
    }

    /// Shares out the `bytes` of the function called `symbol` of another build, in which there `is_left` a function of
    /// its own for only some of the symbols: the others were inlined where they are called. Nothing, if it is not known.
    pub(crate) fn share_out(
        &self,
        symbol: &str,
        bytes: usize,
        is_left: impl Fn(&str) -> bool,
    ) -> Vec<(&Place, usize)> {
        let (mut inside, mut open) = (BTreeSet::new(), vec![symbol]);
        while let Some(symbol) = open.pop() {
            if inside.insert(symbol) {
                let calls = self.0.get(symbol).into_iter().flat_map(|function| &function.calls);
                open.extend(calls.map(String::as_str).filter(|callee| !is_left(callee)));
            }
        }
        let mut places: BTreeMap<&Place, usize> = BTreeMap::new();
        for (place, share) in inside.iter().filter_map(|symbol| self.0.get(*symbol)).flat_map(|it| &it.places)
        {
            *places.entry(place).or_insert(0) += share;
        }
        let total: usize = places.values().sum();
        let (mut before, mut given) = (0, 0);
        let shares = places.into_iter().map(|(place, share)| {
            before += share;
            let upto = (bytes * before + total / 2) / total;
            let part = upto - given;
            given = upto;
            (place, part)
        });
        shares.collect()
    }
}

/// What it takes to read a function.
struct Reader<'a> {
    addresses: Addresses<Bytes<'a>>,
    /// Where the code section starts: DWARF counts addresses from there.
    start: u64,
    /// How many functions are imported: they come first.
    imported: u32,
    symbols: &'a [String],
}

impl Reader<'_> {
    fn function(&self, symbol: &str, body: &FunctionBody<'_>) -> Result<Function> {
        let mut found = Function::default();
        let home = rooms::room(&module::demangled(symbol));
        let mut operators = body.get_operators_reader()?;
        // What stands before the first instruction, the locals, counts for that.
        let mut from = body.range().start;
        while !operators.eof() {
            let (operator, at) = operators.read_with_offset()?;
            let end = operators.original_position();
            if let Some(place) = self.place(at - self.start, &home)? {
                *found.places.entry(place).or_insert(0) += (end - from) as usize;
            }
            if let Operator::Call { function_index } = operator {
                let own = function_index.checked_sub(self.imported);
                found.calls.extend(own.and_then(|index| self.symbols.get(index as usize)).cloned());
            }
            from = end;
        }
        Ok(found)
    }

    /// The place of the instruction at `address`: the innermost of the lines that were inlined into each other there
    /// which is more than the Rust library. What is nothing else counts for the room `home` of the function.
    fn place(&self, address: u64, home: &str) -> Result<Option<Place>> {
        let mut frames = self.addresses.find_frames(address).skip_all_loads()?;
        let mut outermost = None;
        while let Some(frame) = frames.next()? {
            let Some(location) = frame.location else { continue };
            let (Some(file), Some(line)) = (location.file, location.line) else { continue };
            let file = rooms::shown(file);
            let room = rooms::room_of_file(file);
            let is_known = room != rooms::LIBRARY;
            let room = if is_known { room.into_owned() } else { home.to_owned() };
            outermost = Some(Place { room, file: file.to_owned(), line });
            if is_known {
                break;
            }
        }
        Ok(outermost)
    }
}
