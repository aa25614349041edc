//! A module's `.wasm` as a shell has it, in an engine.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::path::PathBuf;
use std::process::Command as Program;

use tabmesh_port::{Attachment, Input, Instant, Module, Room};
use wasmtime::{Engine, Instance, Memory, Store, TypedFunc};

/// The module of a package, in an engine.
pub(crate) struct Built {
    engine: Engine,
    module: wasmtime::Module,
}

impl Built {
    /// Builds it, and sees that it imports nothing.
    pub(crate) fn of(package: &str) -> Self {
        Self::with(package, "")
    }

    /// The same with features of its package.
    pub(crate) fn with(package: &str, features: &str) -> Self {
        let engine = Engine::default();
        let module = wasmtime::Module::from_file(&engine, built(package, features)).unwrap();
        assert_eq!(module.imports().len(), 0);
        Self { engine, module }
    }

    pub(crate) fn load(&self) -> Loaded {
        Loaded::new(&self.engine, &self.module)
    }

    /// The same, made of its attachment.
    pub(crate) fn start(&self, attachment: &Attachment) -> Loaded {
        let mut loaded = self.load();
        assert!(loaded.start(&attachment.emit()));
        loaded
    }
}

/// Builds the module of a package as it ships but for wasm-opt: where it lies.
fn built(package: &str, features: &str) -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("module");
    let status = Program::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", package, "--profile", "wasm", "--features", features])
        .args(["--target", "wasm32-unknown-unknown", "--target-dir"])
        .arg(&target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(status.success(), "the Wasm module does not build");
    let file = format!("{}.wasm", package.replace('-', "_"));
    target.join("wasm32-unknown-unknown/wasm").join(file)
}

/// The functions of a module's `.wasm`.
pub(crate) struct Loaded {
    store: Store<()>,
    memory: Memory,
    room: TypedFunc<u32, u32>,
    start: TypedFunc<(), u32>,
    handle: TypedFunc<u64, u32>,
    poll: TypedFunc<u64, u64>,
    wanted_at: TypedFunc<(), u64>,
    wanted: Instant,
}

impl Loaded {
    fn new(engine: &Engine, module: &wasmtime::Module) -> Self {
        let mut store = Store::new(engine, ());
        let instance = Instance::new(&mut store, module, &[]).unwrap();
        Self {
            memory: instance.get_memory(&mut store, "memory").unwrap(),
            room: instance.get_typed_func(&mut store, "room").unwrap(),
            start: instance.get_typed_func(&mut store, "start").unwrap(),
            handle: instance.get_typed_func(&mut store, "handle").unwrap(),
            poll: instance.get_typed_func(&mut store, "poll").unwrap(),
            wanted_at: instance.get_typed_func(&mut store, "wanted_at").unwrap(),
            wanted: Instant::NEVER,
            store,
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        let place = self.room.call(&mut self.store, bytes.len() as u32).unwrap();
        self.memory.write(&mut self.store, place as usize, bytes).unwrap();
    }

    pub(crate) fn start(&mut self, attachment: &[u8]) -> bool {
        self.put(attachment);
        self.start.call(&mut self.store, ()).unwrap() == 1
    }

    /// When it says that it wants to be woken.
    pub(crate) fn wants_at(&mut self) -> u64 {
        self.wanted_at.call(&mut self.store, ()).unwrap()
    }

    pub(crate) fn hand(&mut self, now: u64, flat: &[u8]) -> bool {
        self.put(flat);
        self.handle.call(&mut self.store, now).unwrap() == 1
    }
}

impl Module for Loaded {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        assert!(self.hand(now.0, &input.emit()));
        self.wanted = Instant(self.wants_at());
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        let found = self.poll.call(&mut self.store, room.kinds()).unwrap();
        let start = (found >> 32) as usize;
        let length = found as u32 as usize;
        (found != 0).then(|| self.memory.data(&self.store)[start..start + length].to_vec())
    }

    fn wanted_at(&self) -> Instant {
        self.wanted
    }
}
