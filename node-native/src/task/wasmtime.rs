//! wasmtime: Cranelift's code, on the profile's instructions alone. Its fuel is off; its epochs are the watchdog.

use std::sync::Arc;

use ::wasmtime::{
    AsContextMut, Caller, Config, Engine as Inner, ExternType, FuncType, Global, Instance, InstancePre,
    Linker, Memory, Module, OptLevel, Store, StoreLimits, StoreLimitsBuilder, Trap, UpdateDeadline, Val,
    ValType,
};
use tabmesh_meter::{GAS_EXPORT, STACK_EXPORT};

use super::command::Command;
use super::compiler::{self, Compiler};
use super::engine::{
    CompileError, Compiled, Engine, EngineError, Export, Guest, Kind, PAGE_BYTES, Reach, Stop, Watchdog,
};
use super::executor::ENGINE_STACK_BYTES;
use super::room::Room;
use super::stop::Failure;
use super::wasi::{self, FUNCTIONS};

/// What a memory keeps free to grow into where room is narrow.
const NARROW_BYTES: u64 = 4 << 20;

/// The engine.
pub struct Wasmtime {
    engine: Inner,
    linker: Linker<Data>,
    compiler: Compiler,
    room: Room,
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

fn config(room: Room) -> Config {
    let mut config = Config::new();
    if room == Room::Narrow {
        // A memory takes what it has and some to grow into, and bounds are tested in place of 4 GiB kept free behind it.
        config
            .memory_reservation(NARROW_BYTES)
            .memory_reservation_for_growth(NARROW_BYTES)
            .memory_guard_size(PAGE_BYTES as u64)
            .gc_heap_reservation(NARROW_BYTES)
            .gc_heap_reservation_for_growth(NARROW_BYTES)
            .gc_heap_guard_size(PAGE_BYTES as u64);
    }
    config
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .max_wasm_stack(ENGINE_STACK_BYTES)
        // Nothing here is asynchronous, but the one may not be larger than the other.
        .async_stack_size(ENGINE_STACK_BYTES)
        .wasm_custom_page_sizes(false)
        .wasm_extended_const(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .wasm_simd(false)
        .wasm_tail_call(false)
        .wasm_wide_arithmetic(false);
    config
}

impl Wasmtime {
    /// The engine with its host functions.
    ///
    /// # Errors
    /// This host is none that it makes code for.
    pub fn new(compiler: Compiler) -> Result<Self, EngineError> {
        let host = |error: ::wasmtime::Error| EngineError::Host(error.to_string());
        let room = Room::here();
        let engine = Inner::new(&config(room)).map_err(host)?;
        let mut linker = Linker::new(&engine);
        for (function, name, parameters) in FUNCTIONS {
            let parameters = parameters.iter().map(|kind| match kind {
                Kind::I64 => ValType::I64,
                _ => ValType::I32,
            });
            let kind = FuncType::new(&engine, parameters, function.has_result().then_some(ValType::I32));
            let body = move |caller: Caller<'_, Data>, arguments: &[Val], results: &mut [Val]| {
                let arguments = bits_of(arguments);
                let exports = caller.data().exports.ok_or(Stop::Abort(Failure::Engine))?;
                let answer = wasi::call(function, &arguments, &mut Inside { context: caller, exports })?;
                if let Some(result) = results.first_mut() {
                    *result = Val::I32(answer as i32);
                }
                Ok(())
            };
            linker.func_new(wasi::MODULE, name, kind, body).map_err(host)?;
        }
        Ok(Self { engine, linker, compiler, room })
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

impl Engine for Wasmtime {
    fn name(&self) -> &'static str {
        "wasmtime"
    }

    fn compile(&self, metered: &[u8], watchdog: &Watchdog) -> Result<Arc<dyn Compiled>, CompileError> {
        let module = match &self.compiler {
            Compiler::Here => {
                Module::new(&self.engine, metered).map_err(|_| why_not(&self.engine, metered))?
            }
            Compiler::Apart(program) => {
                load(&self.engine, &compiler::compile(program, self.room, metered, watchdog)?)?
            }
        };
        let ready = self.linker.instantiate_pre(&module).map_err(|_| CompileError::Failed)?;
        Ok(Arc::new(Ready { ready, metered_bytes: metered.len() }))
    }

    fn interrupt(&self) {
        self.engine.increment_epoch();
    }
}

/// What [`Compiler::Apart`] does in its process: the code of a metered module, for this program alone and a process with such room.
///
/// # Errors
/// The module is invalid, or the engine failed.
pub fn code(metered: &[u8], room: Room) -> Result<Vec<u8>, CompileError> {
    let engine = Inner::new(&config(room)).map_err(|_| CompileError::Failed)?;
    engine.precompile_module(metered).map_err(|_| why_not(&engine, metered))
}

fn why_not(engine: &Inner, metered: &[u8]) -> CompileError {
    match Module::validate(engine, metered) {
        Err(_) => CompileError::Invalid,
        Ok(()) => CompileError::Failed,
    }
}

#[allow(unsafe_code)]
fn load(engine: &Inner, code: &[u8]) -> Result<Module, CompileError> {
    // SAFETY: the bytes are what `precompile_module` made in a process of this same program, which nobody else writes to; wasmtime
    // compares its version and its settings with its own.
    unsafe { Module::deserialize(engine, code) }.map_err(|_| CompileError::Failed)
}

struct Ready {
    ready: InstancePre<Data>,
    metered_bytes: usize,
}

fn kinds(kinds: impl Iterator<Item = ValType>) -> Vec<Kind> {
    let kind = |kind| match kind {
        ValType::I32 => Kind::I32,
        ValType::I64 => Kind::I64,
        _ => Kind::Other,
    };
    kinds.map(kind).collect()
}

impl Compiled for Ready {
    fn bytes(&self) -> usize {
        let code = self.ready.module().image_range();
        (code.end as usize).saturating_sub(code.start as usize) + self.metered_bytes
    }

    fn export(&self, name: &str) -> Option<Export> {
        Some(match self.ready.module().get_export(name)? {
            ExternType::Memory(memory) => Export::Memory { pages: memory.minimum() },
            ExternType::Func(function) => {
                Export::Function { parameters: kinds(function.params()), results: kinds(function.results()) }
            }
            _ => Export::Other,
        })
    }

    fn imports(&self) -> Vec<String> {
        self.ready.module().imports().map(|import| import.name().to_owned()).collect()
    }

    fn exports(&self) -> Vec<String> {
        self.ready.module().exports().map(|export| export.name().to_owned()).collect()
    }

    fn start(&self, command: Command, pages_max: u32) -> Result<Box<dyn Guest>, Stop> {
        let limits = StoreLimitsBuilder::new().memory_size(pages_max as usize * PAGE_BYTES).build();
        let data = Data { command, limits, exports: None };
        let mut store = Store::new(self.ready.module().engine(), data);
        store.limiter(|data| &mut data.limits);
        store.epoch_deadline_callback(|context| match context.data().command.watchdog.is_late() {
            true => Err(Stop::Late.into()),
            false => Ok(UpdateDeadline::Continue(1)),
        });
        store.set_epoch_deadline(1);
        let instance = self.ready.instantiate(&mut store).map_err(|error| match stop(&error) {
            // An engine that has not got the memory says so in words only.
            Stop::Abort(Failure::Engine) => Stop::Abort(Failure::Memory),
            stop => stop,
        })?;
        let gas = instance.get_global(&mut store, GAS_EXPORT);
        let memory = instance.get_memory(&mut store, "memory");
        let (Some(memory), Some(gas)) = (memory, gas) else { return Err(Stop::Abort(Failure::Engine)) };
        let exports = Exports { memory, gas };
        store.data_mut().exports = Some(exports);
        let inside = Inside { context: store, exports };
        Ok(Box::new(Running { inside, instance }))
    }
}

/// What an error of the engine means.
fn stop(error: &::wasmtime::Error) -> Stop {
    match (error.downcast_ref(), error.downcast_ref()) {
        (Some(stop), _) => *stop,
        (_, Some(Trap::StackOverflow)) => Stop::Abort(Failure::Stack),
        (_, Some(Trap::Interrupt)) => Stop::Late,
        (
            _,
            Some(
                Trap::MemoryOutOfBounds
                | Trap::TableOutOfBounds
                | Trap::IndirectCallToNull
                | Trap::BadSignature
                | Trap::IntegerOverflow
                | Trap::IntegerDivisionByZero
                | Trap::BadConversionToInteger
                | Trap::UnreachableCodeReached,
            ),
        ) => Stop::Trap,
        _ => Stop::Abort(Failure::Engine),
    }
}

/// An instance, seen from one of the host's functions or from outside.
struct Inside<C> {
    context: C,
    exports: Exports,
}

impl<C: AsContextMut<Data = Data>> Reach for Inside<C> {
    fn gas(&mut self) -> i64 {
        self.exports.gas.get(&mut self.context).i64().unwrap_or(0)
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
}

impl Guest for Running {
    fn call(&mut self, name: &str, arguments: &[u32]) -> Result<u64, Stop> {
        let missing = Stop::Abort(Failure::Engine);
        let function = self.instance.get_func(&mut self.inside.context, name).ok_or(missing)?;
        let arguments: Vec<_> = arguments.iter().map(|argument| Val::I32(*argument as i32)).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.inside.context).results().len()];
        // A bark that comes before the deadline is set would not be heard.
        self.inside.context.set_epoch_deadline(1);
        if self.inside.context.data().command.watchdog.is_late() {
            return Err(Stop::Late);
        }
        function.call(&mut self.inside.context, &arguments, &mut results).map_err(|error| stop(&error))?;
        Ok(bits_of(&results).first().copied().unwrap_or(0))
    }

    fn reach(&mut self) -> &mut dyn Reach {
        &mut self.inside
    }

    fn stack(&mut self) -> i32 {
        let global = self.instance.get_global(&mut self.inside.context, STACK_EXPORT);
        global.and_then(|global| global.get(&mut self.inside.context).i32()).unwrap_or(0)
    }

    fn set_stack(&mut self, bytes: i32) {
        let global = self.instance.get_global(&mut self.inside.context, STACK_EXPORT);
        let result = global.map(|global| global.set(&mut self.inside.context, Val::I32(bytes)));
        debug_assert!(result.is_some_and(|set| set.is_ok()), "the meter's global is mutable and an i32");
    }
}
