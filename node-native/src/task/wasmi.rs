//! wasmi, an interpreter: for hosts on which no code may be made at run time.
//!
//! It can be interrupted in one way only, by fuel. So its fuel is the tick of the watchdog's clock and nothing else: whenever a
//! slice of it is spent, the run looks at the watchdog, gets the next slice and goes on where it stood. Gas is what the
//! metered module counts, as everywhere; how large a slice is makes no difference to any result, and a test says so.

use std::sync::Arc;

use ::wasmi::errors::{ErrorKind, HostError, InstantiationError, TableError};
use ::wasmi::{
    AsContextMut, Caller, CompilationMode, Config, Engine as Inner, ExternType, Func, FuncType, Global,
    Instance, Linker, Memory, Module, ResumableCall, Store, StoreLimits, StoreLimitsBuilder, TrapCode, Val,
    ValType,
};
use tabmesh_meter::{GAS_EXPORT, STACK_EXPORT, limits, schedule};

use super::command::Command;
use super::engine::{CompileError, Compiled, Engine, Export, Guest, Kind, PAGE_BYTES, Reach, Stop, Watchdog};
use super::stop::Failure;
use super::wasi::{self, FUNCTIONS};

/// Calls within calls: more than the largest stack of a task holds of the smallest frames.
const CALLS_MAX: usize = (limits::STACK_BYTES_MAX / schedule::FRAME_BYTES) as usize + 1;

/// Bytes of operands and constants: four times what the profile counts, and up to 192 small constants for each call. What is never
/// touched costs nothing.
const STACK_BYTES_MAX: usize = 4 * limits::STACK_BYTES_MAX as usize + 192 * 8 * CALLS_MAX;

/// Fuel between two looks at the watchdog: some hundredths of a second.
const SLICE_FUEL: u64 = 5_000_000;

/// How many times as large as its bytes a compiled module is taken to be: instructions of a fixed width, and tables.
const BYTES_A_BYTE: usize = 8;

/// The engine.
pub struct Interpreter {
    engine: Inner,
    linker: Arc<Linker<Data>>,
    slice_fuel: u64,
}

/// What belongs to one instance.
struct Data {
    command: Command,
    limits: StoreLimits,
    /// There from the moment at which the instance is.
    exports: Option<Exports>,
}

/// What the host's functions need of an instance.
#[derive(Clone, Copy)]
struct Exports {
    memory: Memory,
    gas: Global,
}

impl HostError for Stop {}

fn config() -> Config {
    let mut config = Config::default();
    config
        .compilation_mode(CompilationMode::Eager)
        .consume_fuel(true)
        .set_max_recursion_depth(CALLS_MAX)
        .set_max_stack_height(STACK_BYTES_MAX)
        .wasm_custom_page_sizes(false)
        .wasm_extended_const(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_wide_arithmetic(false);
    config
}

impl Default for Interpreter {
    fn default() -> Self {
        Self::new()
    }
}

impl Interpreter {
    /// The engine with its host functions.
    #[must_use]
    pub fn new() -> Self {
        Self::with_slice(SLICE_FUEL)
    }

    /// The same with another amount of fuel between two looks at the watchdog, at least 1.
    #[must_use]
    pub fn with_slice(slice_fuel: u64) -> Self {
        let engine = Inner::new(&config());
        let mut linker = Linker::new(&engine);
        for (function, name, parameters) in FUNCTIONS {
            let parameters = parameters.iter().map(|kind| match kind {
                Kind::I64 => ValType::I64,
                _ => ValType::I32,
            });
            let kind = FuncType::new(parameters, function.has_result().then_some(ValType::I32));
            let body = move |caller: Caller<'_, Data>, arguments: &[Val], results: &mut [Val]| {
                let arguments = bits_of(arguments);
                let answer = match caller.data().exports {
                    None => Err(Stop::Abort(Failure::Engine)),
                    Some(exports) => {
                        wasi::call(function, &arguments, &mut Inside { context: caller, exports })
                    }
                };
                let answer = answer.map_err(::wasmi::Error::host)?;
                if let Some(result) = results.first_mut() {
                    *result = Val::I32(answer as i32);
                }
                Ok(())
            };
            let defined = linker.func_new(wasi::MODULE, name, kind, body);
            debug_assert!(defined.is_ok(), "every function has a name of its own");
        }
        Self { engine, linker: Arc::new(linker), slice_fuel: slice_fuel.max(1) }
    }
}

/// Numbers without their signs.
fn bits_of(values: &[Val]) -> Vec<u64> {
    let bits = |value: &Val| match value {
        Val::I32(value) => u64::from(*value as u32),
        Val::I64(value) => *value as u64,
        _ => 0,
    };
    values.iter().map(bits).collect()
}

impl Engine for Interpreter {
    fn name(&self) -> &'static str {
        "interpreter"
    }

    fn compile(&self, metered: &[u8], _: &Watchdog) -> Result<Arc<dyn Compiled>, CompileError> {
        let module = Module::new(&self.engine, metered).map_err(|error| match error.kind() {
            ErrorKind::Wasm(_) => CompileError::Invalid,
            _ => CompileError::Failed,
        })?;
        let (linker, slice_fuel) = (self.linker.clone(), self.slice_fuel);
        Ok(Arc::new(Ready { module, linker, slice_fuel, metered_bytes: metered.len() }))
    }

    fn interrupt(&self) {
        // Every run looks at its watchdog by itself, slice by slice.
    }
}

struct Ready {
    module: Module,
    linker: Arc<Linker<Data>>,
    slice_fuel: u64,
    metered_bytes: usize,
}

fn kinds(kinds: &[ValType]) -> Vec<Kind> {
    let kind = |kind: &ValType| match kind {
        ValType::I32 => Kind::I32,
        ValType::I64 => Kind::I64,
        _ => Kind::Other,
    };
    kinds.iter().map(kind).collect()
}

impl Compiled for Ready {
    fn bytes(&self) -> usize {
        self.metered_bytes * BYTES_A_BYTE
    }

    fn export(&self, name: &str) -> Option<Export> {
        Some(match self.module.get_export(name)? {
            ExternType::Memory(memory) => Export::Memory { pages: memory.minimum() },
            ExternType::Func(function) => {
                Export::Function { parameters: kinds(function.params()), results: kinds(function.results()) }
            }
            _ => Export::Other,
        })
    }

    fn imports(&self) -> Vec<String> {
        self.module.imports().map(|import| import.name().to_owned()).collect()
    }

    fn exports(&self) -> Vec<String> {
        self.module.exports().map(|export| export.name().to_owned()).collect()
    }

    fn start(&self, command: Command, pages_max: u32) -> Result<Box<dyn Guest>, Stop> {
        let limits = StoreLimitsBuilder::new().memory_size(pages_max as usize * PAGE_BYTES).build();
        let data = Data { command, limits, exports: None };
        let mut store = Store::new(self.module.engine(), data);
        store.limiter(|data| &mut data.limits);
        let instance = self.linker.instantiate_and_start(&mut store, &self.module).map_err(|error| {
            match error.kind() {
                ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. }) => Stop::Trap,
                ErrorKind::Instantiation(_) => Stop::Abort(Failure::Memory),
                _ => stop(&error),
            }
        })?;
        let gas = instance.get_global(&store, GAS_EXPORT);
        let memory = instance.get_memory(&store, "memory");
        let (Some(memory), Some(gas)) = (memory, gas) else { return Err(Stop::Abort(Failure::Engine)) };
        let exports = Exports { memory, gas };
        store.data_mut().exports = Some(exports);
        let inside = Inside { context: store, exports };
        Ok(Box::new(Running { inside, instance, slice_fuel: self.slice_fuel }))
    }
}

/// What an error of the engine means.
fn stop(error: &::wasmi::Error) -> Stop {
    if let Some(stop) = error.downcast_ref() {
        return *stop;
    }
    if matches!(error.kind(), ErrorKind::Table(TableError::CopyOutOfBounds)) {
        // Which the engine does not count among its traps.
        return Stop::Trap;
    }
    match error.as_trap_code() {
        Some(TrapCode::StackOverflow) => Stop::Abort(Failure::Stack),
        Some(TrapCode::GrowthOperationLimited) => Stop::Abort(Failure::Memory),
        Some(TrapCode::OutOfFuel) | None => Stop::Abort(Failure::Engine),
        Some(_) => Stop::Trap,
    }
}

/// An instance, seen from one of the host's functions or from outside.
struct Inside<C> {
    context: C,
    exports: Exports,
}

impl<C: AsContextMut<Data = Data>> Reach for Inside<C> {
    fn gas(&mut self) -> i64 {
        self.exports.gas.get(&self.context).i64().unwrap_or(0)
    }

    fn set_gas(&mut self, gas: i64) {
        let result = self.exports.gas.set(&mut self.context, Val::I64(gas));
        debug_assert!(result.is_ok(), "the meter's global is mutable and an i64");
    }

    fn parts(&mut self) -> (&mut [u8], &mut Command) {
        let (bytes, data) = self.exports.memory.data_and_store_mut(self.context.as_context_mut());
        (bytes, &mut data.command)
    }
}

/// An instance.
struct Running {
    inside: Inside<Store<Data>>,
    instance: Instance,
    slice_fuel: u64,
}

impl Running {
    /// Calls a function slice by slice.
    fn call_sliced(&mut self, function: Func, arguments: &[Val], results: &mut [Val]) -> Result<(), Stop> {
        let mut next = None::<::wasmi::ResumableCallOutOfFuel>;
        loop {
            if self.inside.context.data().command.watchdog.is_late() {
                return Err(Stop::Late);
            }
            let needed = next.as_ref().map_or(0, |call| call.required_fuel());
            let fueled = self.inside.context.set_fuel(needed.max(self.slice_fuel));
            debug_assert!(fueled.is_ok(), "fuel is on");
            let call = match next.take() {
                None => function.call_resumable(&mut self.inside.context, arguments, results),
                Some(call) => call.resume(&mut self.inside.context, results),
            };
            match call.map_err(|error| stop(&error))? {
                ResumableCall::Finished => return Ok(()),
                ResumableCall::HostTrap(call) => return Err(stop(call.host_error())),
                ResumableCall::OutOfFuel(call) => next = Some(call),
            }
        }
    }
}

impl Guest for Running {
    fn call(&mut self, name: &str, arguments: &[u32]) -> Result<u64, Stop> {
        let missing = Stop::Abort(Failure::Engine);
        let function = self.instance.get_func(&self.inside.context, name).ok_or(missing)?;
        let arguments: Vec<_> = arguments.iter().map(|argument| Val::I32(*argument as i32)).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.inside.context).results().len()];
        self.call_sliced(function, &arguments, &mut results)?;
        Ok(bits_of(&results).first().copied().unwrap_or(0))
    }

    fn reach(&mut self) -> &mut dyn Reach {
        &mut self.inside
    }

    fn stack(&mut self) -> i32 {
        let global = self.instance.get_global(&self.inside.context, STACK_EXPORT);
        global.and_then(|global| global.get(&self.inside.context).i32()).unwrap_or(0)
    }

    fn set_stack(&mut self, bytes: i32) {
        let global = self.instance.get_global(&self.inside.context, STACK_EXPORT);
        let result = global.map(|global| global.set(&mut self.inside.context, Val::I32(bytes)));
        debug_assert!(result.is_some_and(|set| set.is_ok()), "the meter's global is mutable and an i32");
    }
}
