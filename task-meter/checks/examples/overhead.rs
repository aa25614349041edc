//! What metering costs in wasmtime: each kernel as it was, metered, and as it was with wasmtime's own fuel and canonical NaNs.
//! `overhead KERNELS.wasm [PROGRAM.wasm]`; ratios of the best of several runs, taken in turns. A program has a function `run` from
//! nothing to an f32.

use std::time::{Duration, Instant};

use tabmesh_meter_checks::kernels::KERNELS;
use tabmesh_meter_checks::{SETTINGS, meter};
use wasmtime::error::Context;
use wasmtime::{Config, Engine, Instance, Module, Result, Store, TypedFunc, Val, ensure};

const RUNS: usize = 200;

struct Guest {
    store: Store<()>,
    instance: Instance,
    is_metered: bool,
    has_fuel: bool,
}

impl Guest {
    fn new(module: &[u8], is_metered: bool, has_fuel: bool) -> Result<Self> {
        let mut config = Config::new();
        config.consume_fuel(has_fuel).cranelift_nan_canonicalization(has_fuel);
        let engine = Engine::new(&config)?;
        let mut store = Store::new(&engine, ());
        if has_fuel {
            store.set_fuel(u64::MAX)?;
        }
        let instance = Instance::new(&mut store, &Module::new(&engine, module)?, &[])?;
        Ok(Self { store, instance, is_metered, has_fuel })
    }

    fn run(&mut self, name: &str, rounds: i32) -> Result<(i32, Duration)> {
        if self.is_metered {
            let gas = self.instance.get_global(&mut self.store, "~g").context("no gas")?;
            gas.set(&mut self.store, Val::I64(1 << 60))?;
        }
        if self.has_fuel {
            self.store.set_fuel(u64::MAX)?;
        }
        let function: TypedFunc<i32, i32> = self.instance.get_typed_func(&mut self.store, name)?;
        let start = Instant::now();
        let result = function.call(&mut self.store, rounds)?;
        Ok((result, start.elapsed()))
    }
}

/// The time of a program's only run in a fresh instance: as it was, metered, with fuel and canonical NaNs.
fn program(path: &str) -> Result<()> {
    let module = std::fs::read(path)?;
    let metered = meter(&module, SETTINGS)?;
    let mut best = [Duration::MAX; 3];
    for _ in 0..3 {
        for (number, best) in best.iter_mut().enumerate() {
            let bytes = if number == 1 { &metered } else { &module };
            let mut guest = Guest::new(bytes, number == 1, number == 2)?;
            if number == 1 {
                let gas = guest.instance.get_global(&mut guest.store, "~g").context("no gas")?;
                gas.set(&mut guest.store, Val::I64(1 << 60))?;
            }
            let function: TypedFunc<(), f32> = guest.instance.get_typed_func(&mut guest.store, "run")?;
            let start = Instant::now();
            function.call(&mut guest.store, ())?;
            *best = (*best).min(start.elapsed());
        }
    }
    let [plain, metered, fuel] = best.map(|time| time.as_secs_f64());
    println!("{path}: {plain:.2} s, metered {:.2}x, fuel and NaN {:.2}x", metered / plain, fuel / plain);
    Ok(())
}

fn main() -> Result<()> {
    if let Some(path) = std::env::args().nth(2) {
        program(&path)?;
    }
    let path = std::env::args().nth(1).context("overhead KERNELS.wasm")?;
    let module = std::fs::read(path)?;
    let metered = meter(&module, SETTINGS)?;
    println!(
        "{} bytes, metered {} ({:.2} x)",
        module.len(),
        metered.len(),
        metered.len() as f64 / module.len() as f64
    );
    let mut guests = [
        Guest::new(&module, false, false)?,
        Guest::new(&metered, true, false)?,
        Guest::new(&module, false, true)?,
    ];
    println!("{:<12}{:>10}{:>10}{:>12}", "kernel", "ms", "metered", "fuel, NaN");
    let mut product = [1.0; 2];
    for (name, rounds) in KERNELS {
        let mut best = [Duration::MAX; 3];
        let mut results = [0; 3];
        for _ in 0..RUNS {
            for (guest, (best, result)) in guests.iter_mut().zip(best.iter_mut().zip(&mut results)) {
                let (value, time) = guest.run(name, rounds)?;
                *best = (*best).min(time);
                *result = value;
            }
        }
        ensure!(results[0] == results[1], "{name} gives something else when metered");
        let [plain, metered, fuel] = best.map(|time| time.as_secs_f64());
        println!("{name:<12}{:>10.1}{:>9.2}x{:>11.2}x", plain * 1e3, metered / plain, fuel / plain);
        if name != "bodies" {
            product[0] *= metered / plain;
            product[1] *= fuel / plain;
        }
    }
    let [metered, fuel] = product.map(|product| product.powf(1.0 / (KERNELS.len() - 1) as f64));
    println!("the first nine, geometric mean: metered {metered:.2}x, fuel and NaN {fuel:.2}x");
    Ok(())
}
