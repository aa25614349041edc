//! A running module.

use tabmesh_port::{Attachment, Duration, Input, Instant, Output, Room};
use wasmtime::{
    Engine, Instance, Memory, Module, ResourceLimiter, Store, Trap, TypedFunc, WasmParams, WasmResults,
};

use super::bounds::{FUEL, MEMORY_MAX, OUTPUT_MAX, OUTPUTS_MAX, TABLE_MAX, WAKE_US};
use super::fault::{Fault, Watch, words};

const WAKE: Duration = Duration(WAKE_US);

/// A module that runs until it has a fault; from then on it takes nothing and gives nothing.
pub struct Loaded {
    running: Option<Running>,
    wanted: Instant,
    /// It is not woken before.
    rested: Instant,
    watch: Watch,
}

struct Running {
    store: Store<Bounds>,
    memory: Memory,
    functions: Functions,
    /// Outputs since the last input.
    given: u32,
    /// It was called since it said when it wants the time.
    is_news: bool,
}

struct Functions {
    room: TypedFunc<u32, u32>,
    start: TypedFunc<(), u32>,
    handle: TypedFunc<u64, u32>,
    poll: TypedFunc<u64, u64>,
    wanted_at: TypedFunc<(), u64>,
}

impl Loaded {
    pub(super) fn start(engine: &Engine, module: &Module, attachment: &Attachment, watch: Watch) -> Self {
        let started = Running::start(engine, module, attachment);
        let mut loaded = Self { running: None, wanted: Instant::NEVER, rested: Instant(0), watch };
        match started {
            Ok(running) => loaded.running = Some(running),
            Err(fault) => loaded.watch.tell(fault),
        }
        loaded.wanted = loaded.run(Running::wanted_at).unwrap_or(Instant::NEVER);
        loaded
    }

    /// Lets it do something, if it does well so far; `None` if it does not.
    fn run<T>(&mut self, work: impl FnOnce(&mut Running) -> Result<T, Fault>) -> Option<T> {
        match work(self.running.as_mut()?) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.running = None;
                self.wanted = Instant::NEVER;
                self.watch.tell(fault);
                None
            }
        }
    }
}

impl tabmesh_port::Module for Loaded {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        if input == Input::Time {
            self.rested = now + WAKE;
        }
        self.run(|running| running.handle(now, &input.emit()));
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        let output = self.run(|running| running.poll(room))?;
        if output.is_none()
            && let Some(wanted) = self.run(Running::rest)?
        {
            self.wanted = wanted;
        }
        output
    }

    fn wanted_at(&self) -> Instant {
        self.wanted.max(self.rested)
    }
}

impl Running {
    fn start(engine: &Engine, module: &Module, attachment: &Attachment) -> Result<Self, Fault> {
        let call = "start";
        let mut store = Store::new(engine, Bounds);
        store.limiter(|bounds| bounds);
        refuel(&mut store);
        let instance = Instance::new(&mut store, module, &[]).map_err(|error| why(call, &error))?;
        let parts = Functions::of(instance, &mut store).zip(instance.get_memory(&mut store, "memory"));
        // Looked at when it was loaded.
        let (functions, memory) = parts.ok_or(Fault::NotStarted)?;
        let mut running = Self { store, memory, functions, given: 0, is_news: true };
        running.put(&attachment.emit())?;
        match call_of(&mut running.store, call, &running.functions.start, ())? {
            0 => Err(Fault::NotStarted),
            _ => Ok(running),
        }
    }

    /// Puts bytes where the next call finds them.
    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let call = "room";
        // Inputs are far shorter than 4 GiB.
        let place = call_of(&mut self.store, call, &self.functions.room, bytes.len() as u32)?;
        self.memory.write(&mut self.store, place as usize, bytes).map_err(|_| Fault::Outside { call })
    }

    fn handle(&mut self, now: Instant, flat: &[u8]) -> Result<(), Fault> {
        refuel(&mut self.store);
        (self.given, self.is_news) = (0, true);
        self.put(flat)?;
        // What it does not know it leaves alone: a node may be newer than its modules.
        call_of(&mut self.store, "handle", &self.functions.handle, now.0).map(drop)
    }

    fn poll(&mut self, room: Room) -> Result<Option<Vec<u8>>, Fault> {
        let call = "poll";
        let found = call_of(&mut self.store, call, &self.functions.poll, room.kinds())?;
        if found == 0 {
            return Ok(None);
        }
        self.given += 1;
        self.is_news = true;
        let (start, length) = ((found >> 32) as usize, found as u32 as usize);
        if length > OUTPUT_MAX {
            return Err(Fault::LongOutput { length });
        }
        if self.given > OUTPUTS_MAX {
            return Err(Fault::ManyOutputs);
        }
        let flat = self.memory.data(&self.store).get(start..).and_then(|rest| rest.get(..length));
        let flat = flat.ok_or(Fault::Outside { call })?.to_vec();
        match Output::read(&flat) {
            Ok(_) => Ok(Some(flat)),
            Err(fault) => Err(Fault::NoOutput(fault.to_string())),
        }
    }

    /// It has nothing more to give: what the next call may take is its own, and when it wants the time is asked once.
    fn rest(&mut self) -> Result<Option<Instant>, Fault> {
        self.given = 0;
        refuel(&mut self.store);
        let is_news = std::mem::take(&mut self.is_news);
        is_news.then(|| self.wanted_at()).transpose()
    }

    fn wanted_at(&mut self) -> Result<Instant, Fault> {
        call_of(&mut self.store, "wanted_at", &self.functions.wanted_at, ()).map(Instant)
    }
}

impl Functions {
    fn of(instance: Instance, store: &mut Store<Bounds>) -> Option<Self> {
        Some(Self {
            room: instance.get_typed_func(&mut *store, "room").ok()?,
            start: instance.get_typed_func(&mut *store, "start").ok()?,
            handle: instance.get_typed_func(&mut *store, "handle").ok()?,
            poll: instance.get_typed_func(&mut *store, "poll").ok()?,
            wanted_at: instance.get_typed_func(store, "wanted_at").ok()?,
        })
    }
}

fn refuel(store: &mut Store<Bounds>) {
    let fuelled = store.set_fuel(FUEL);
    debug_assert!(fuelled.is_ok(), "the engine counts fuel");
}

fn call_of<P: WasmParams, R: WasmResults>(
    store: &mut Store<Bounds>,
    name: &'static str,
    function: &TypedFunc<P, R>,
    parameters: P,
) -> Result<R, Fault> {
    function.call(store, parameters).map_err(|error| why(name, &error))
}

fn why(call: &'static str, error: &wasmtime::Error) -> Fault {
    if error.is::<TooMuch>() {
        return Fault::Memory { call };
    }
    match error.downcast_ref() {
        Some(Trap::OutOfFuel) => Fault::Endless { call },
        Some(trap) => Fault::Trap { call, trap: trap.to_string() },
        None => Fault::Trap { call, trap: words(error) },
    }
}

/// What the engine asks before it gives a module more memory.
struct Bounds;

/// A module wants more than it may have.
#[derive(Debug, thiserror::Error)]
#[error("too much memory")]
struct TooMuch;

impl ResourceLimiter for Bounds {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        // A refusal alone would end as a trap that does not say why.
        if desired > MEMORY_MAX { Err(TooMuch.into()) } else { Ok(true) }
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_MAX)
    }
}
