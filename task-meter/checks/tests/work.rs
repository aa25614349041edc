//! Goal: I6 and I10. What a module can make an engine do is bounded by its gas, and so is what it does once that is spent.
//! Method: the work that an interpreter counts, instruction by instruction, held against the gas; a count and no time, which a machine's
//! other work cannot change. What a gas takes in seconds is measured by the example `fairness` (docs/GAS.md).

use tabmesh_meter::limits::STACK_BYTES;
use tabmesh_meter::schedule::{FRAME_BYTES, LEAF_GAS_MAX, UNTESTED_GAS_MAX};
use tabmesh_meter::{GAS_EXPORT, STACK_EXPORT, START_EXPORT, Settings};
use tabmesh_meter_checks::{SETTINGS, corpus, meter, probes};
use wasmi::{CompilationMode, Config, Engine, Instance, Linker, Module, Store, Val};

/// Gas for what does not end by itself.
const GAS: i64 = 20_000_000;

/// What a function can spend between two tests: its own way, and ten leaves that it calls on it.
const UNTESTED_GAS: i64 = (UNTESTED_GAS_MAX + 10 * LEAF_GAS_MAX + 1_000) as i64;
/// The most calls that are open at once.
const FRAMES_MAX: i64 = (STACK_BYTES / FRAME_BYTES) as i64;
const ROUNDS: i32 = 200;

/// Work that a gas may be at the most.
const WORK_A_GAS: u64 = 2;
/// Work that is done before any gas is taken.
const WORK_FREE: u64 = 10_000;

struct Run {
    store: Store<()>,
    instance: Instance,
}

impl Run {
    fn new(module: &[u8]) -> Option<Self> {
        let metered = meter(module, Settings { pages_max: 2_048, ..SETTINGS }).ok()?;
        // Or translating a function would count as work of its first call.
        let mode = CompilationMode::Eager;
        let engine = Engine::new(Config::default().consume_fuel(true).compilation_mode(mode));
        let module = Module::new(&engine, &metered).ok()?;
        let mut store = Store::new(&engine, ());
        store.set_fuel(u64::MAX).ok()?;
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module).ok()?;
        let mut run = Self { store, instance };
        run.call(START_EXPORT, &[]);
        Some(run)
    }

    /// The gas and the work that a call took. One that comes to the end of the stack is billed all its gas; the work of a function is
    /// counted when it is entered, whether or not it goes on.
    fn call(&mut self, name: &str, arguments: &[Val]) -> Option<(u64, u64)> {
        let left = self.call_with(GAS, name, arguments)?;
        let stack = self.instance.get_global(&self.store, STACK_EXPORT)?.get(&self.store).i32()?;
        let left = if stack < 0 { 0 } else { left.max(0) };
        Some(((GAS - left) as u64, u64::MAX - self.store.get_fuel().ok()?))
    }

    /// The gas that is left of a limit behind a call, below zero if more was used.
    fn call_with(&mut self, limit: i64, name: &str, arguments: &[Val]) -> Option<i64> {
        let gas = self.instance.get_global(&self.store, GAS_EXPORT)?;
        gas.set(&mut self.store, Val::I64(limit)).ok()?;
        self.store.set_fuel(u64::MAX).ok()?;
        let function = self.instance.get_func(&self.store, name)?;
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        let _ = function.call(&mut self.store, arguments, &mut results);
        gas.get(&self.store).i64()
    }
}

#[test]
fn i6_the_work_of_a_gas_is_bounded() {
    let mut worst = (0.0, String::new());
    let mut count = 0;
    let mut hold = |name: &str, run: Option<(u64, u64)>| {
        let Some((gas, work)) = run else { return };
        count += 1;
        assert!(work <= WORK_A_GAS * gas + WORK_FREE, "{name}: {work} for {gas} gas");
        let ratio = work as f64 / (gas + WORK_FREE) as f64;
        if ratio > worst.0 {
            worst = (ratio, name.to_owned());
        }
    };
    for probe in probes::all() {
        let module = wat::parse_str(&probe.text).unwrap();
        let run = Run::new(&module).and_then(|mut run| run.call("run", &[Val::I32(ROUNDS)]));
        hold(probe.name, run);
    }
    for case in corpus::all().into_iter().filter(|case| case.module.len() < 1 << 20) {
        hold(&case.name, Run::new(&case.module).and_then(|mut run| run.call("f0", &[])));
    }
    println!("{count} runs, at most {:.2} a gas: {}", worst.0, worst.1);
    assert!(count > 70, "only {count} runs");
}

#[test]
fn i10_what_a_run_spends_behind_the_end_of_its_gas_is_bounded() {
    let mut worst = (0, String::new());
    for case in corpus::all() {
        let Some((gas, _)) = Run::new(&case.module).and_then(|mut run| run.call("f0", &[])) else { continue };
        let is_deep = case.name.starts_with("recursion") || case.name.contains("way back");
        let frames = if is_deep { FRAMES_MAX } else { 2 };
        for limit in [0, gas / 3, gas / 2, gas.saturating_sub(1)] {
            let run = Run::new(&case.module);
            let left = run.and_then(|mut run| run.call_with(limit as i64, "f0", &[])).unwrap();
            assert!(-left <= frames * UNTESTED_GAS, "{}: {left} left of {limit} gas", case.name);
            if frames == 2 && -left > worst.0 {
                worst = (-left, case.name.clone());
            }
        }
    }
    println!("at most {} behind the end, without recursion: {}", worst.0, worst.1);
    assert!(worst.0 > 5_000, "hardly anything is left untested");
}
