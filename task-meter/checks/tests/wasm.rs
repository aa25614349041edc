//! Goal: I1. The meter that browsers load is the one that native hosts run.
//! Method: the Wasm build in an engine against the native one, byte for byte: corpus, random modules, damaged ones.

use std::path::PathBuf;
use std::process::Command;

use tabmesh_meter::{Interface, Reason, Refusal, Settings};
use tabmesh_meter_checks::random::{self, Random};
use tabmesh_meter_checks::{corpus, meter};
use wasmtime::{Engine, Instance, Memory, Module, Store, TypedFunc};

/// The Wasm module tells no larger number.
const FOUND_MAX: u32 = (1 << 26) - 1;

/// The meter as a Wasm module in an engine.
struct Loaded {
    store: Store<()>,
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
    instrument: TypedFunc<(u32, u32, u32), i64>,
}

/// Builds the module as it ships but for wasm-opt: where it lies.
fn built() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("meter");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "tabmesh-meter-wasm", "--profile", "wasm"])
        .args(["--target", "wasm32-unknown-unknown", "--target-dir"])
        .arg(&target)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .status()
        .unwrap();
    assert!(status.success(), "the Wasm module does not build");
    target.join("wasm32-unknown-unknown/wasm/tabmesh_meter_wasm.wasm")
}

impl Loaded {
    fn new() -> Self {
        let engine = Engine::default();
        let module = Module::from_file(&engine, built()).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let alloc = instance.get_typed_func(&mut store, "alloc").unwrap();
        let instrument = instance.get_typed_func(&mut store, "instrument").unwrap();
        Self { store, memory, alloc, instrument }
    }

    /// The metered module, or the refusal.
    fn meter(&mut self, module: &[u8], settings: Settings) -> Result<Vec<u8>, Refusal> {
        let length = u32::try_from(module.len()).unwrap();
        let place = self.alloc.call(&mut self.store, length).unwrap();
        if place == 0 {
            return Err(Refusal {
                code: Reason::ModuleBytes as u16,
                offset: 0,
                found: length.min(FOUND_MAX),
            });
        }
        self.memory.write(&mut self.store, place as usize, module).unwrap();
        let command = u32::from(settings.interface == Interface::Command);
        let done = self.instrument.call(&mut self.store, (length, settings.pages_max, command)).unwrap();
        if done < 0 {
            let refusal = -1 - done;
            return Err(Refusal {
                code: (refusal >> 53) as u16,
                offset: (refusal >> 26) as u32 & 0x7ff_ffff,
                found: refusal as u32 & FOUND_MAX,
            });
        }
        let start = (done >> 32) as usize;
        Ok(self.memory.data(&self.store)[start..start + done as u32 as usize].to_vec())
    }

    fn agrees(&mut self, module: &[u8], settings: Settings) {
        let native = meter(module, settings);
        let native = native.map_err(|refusal| Refusal { found: refusal.found.min(FOUND_MAX), ..refusal });
        let wasm = self.meter(module, settings);
        assert!(
            native == wasm,
            "{:?} natively, {:?} in Wasm",
            native.map(|m| m.len()),
            wasm.map(|m| m.len())
        );
    }
}

#[test]
fn i1_the_wasm_build_and_the_native_one_agree_byte_for_byte() {
    let mut loaded = Loaded::new();
    let pure = Settings { pages_max: 1_024, interface: Interface::Pure };
    let small = Settings { pages_max: 3, interface: Interface::Command };
    for case in corpus::all() {
        loaded.agrees(&case.module, pure);
        loaded.agrees(&case.module, small);
    }
    let mut random = Random::new(1);
    for module in (0..200).filter_map(random::module) {
        loaded.agrees(&module, pure);
        loaded.agrees(&module, small);
        for _ in 0..10 {
            loaded.agrees(&random::damaged(&module, &mut random), pure);
        }
    }
}
