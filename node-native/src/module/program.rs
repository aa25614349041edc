//! A module's file, checked and compiled.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use tabmesh_port::Attachment;
use wasmtime::{Config, Engine, ExternType, FuncType, Module, OperatorCost, ValType};

use super::bounds::{FILE_MAX, MEMORY_MAX};
use super::error::LoadError;
use super::fault::{Watch, words};
use super::loaded::Loaded;

/// A function of the border: name, parameters, results.
type Function = (&'static str, &'static [ValType], &'static [ValType]);

/// What `core-wasm/module` exports beside the memory.
const FUNCTIONS: [Function; 5] = [
    ("room", &[ValType::I32], &[ValType::I32]),
    ("start", &[], &[ValType::I32]),
    ("handle", &[ValType::I64], &[ValType::I32]),
    ("poll", &[ValType::I64], &[ValType::I64]),
    ("wanted_at", &[], &[ValType::I64]),
];

const MEMORY: &str = "memory";

/// A module that can be attached, any number of times.
pub struct Program {
    engine: Engine,
    module: Module,
}

impl Program {
    /// Reads a `.wasm`. Takes as long as compiling does: not for a task that others wait for.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is no module.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let mut wasm = Vec::new();
        File::open(path)?.take(FILE_MAX as u64 + 1).read_to_end(&mut wasm)?;
        if wasm.len() > FILE_MAX {
            return Err(LoadError::TooLarge);
        }
        Self::new(&wasm)
    }

    /// The same of bytes.
    ///
    /// # Errors
    ///
    /// They are no module.
    pub fn new(wasm: &[u8]) -> Result<Self, LoadError> {
        let engine = Engine::new(&config()).map_err(|error| LoadError::Host(words(&error)))?;
        let module = Module::new(&engine, wasm).map_err(|error| LoadError::NoWasm(words(&error)))?;
        if let Some(import) = module.imports().next() {
            return Err(LoadError::Imports(format!("{}.{}", import.module(), import.name())));
        }
        for (name, parameters, results) in FUNCTIONS {
            let is_so =
                |function: FuncType| same(function.params(), parameters) && same(function.results(), results);
            match module.get_export(name) {
                Some(ExternType::Func(function)) if is_so(function.clone()) => {}
                _ => return Err(LoadError::Lacks(name)),
            }
        }
        match module.get_export(MEMORY) {
            Some(ExternType::Memory(memory)) if memory.minimum() <= (MEMORY_MAX >> 16) as u64 => {}
            Some(ExternType::Memory(_)) => return Err(LoadError::Memory),
            _ => return Err(LoadError::Lacks(MEMORY)),
        }
        Ok(Self { engine, module })
    }

    /// Makes a module of it, attached so. Whether and why it has a fault, from its start on, is told to `watch`.
    pub fn start(&self, attachment: &Attachment, watch: &Watch) -> Loaded {
        Loaded::start(&self.engine, &self.module, attachment, watch.clone())
    }
}

/// Fuel is what bounds a call. Instructions that call into the engine cost what they take: at one each, a module that only grows its
/// memory by nothing would take a second and more.
fn config() -> Config {
    let mut cost = OperatorCost::new();
    (cost.MemoryGrow, cost.TableGrow) = (u8::MAX, u8::MAX);
    for bulk in [
        &mut cost.MemoryCopy,
        &mut cost.MemoryFill,
        &mut cost.MemoryInit,
        &mut cost.TableCopy,
        &mut cost.TableFill,
        &mut cost.TableInit,
    ] {
        *bulk = 32;
    }
    let mut config = Config::new();
    config.consume_fuel(true).operator_cost(cost).wasm_multi_memory(false).wasm_memory64(false);
    config
}

/// Reference types apart, which none of them has.
fn same(types: impl ExactSizeIterator<Item = ValType>, expected: &[ValType]) -> bool {
    types.len() == expected.len() && types.zip(expected).all(|(one, other)| ValType::eq(&one, other))
}
