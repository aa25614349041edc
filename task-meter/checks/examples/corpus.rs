//! What metering costs real modules in wasmtime: `corpus OUTPUT MODULE.wasm …`. Each runs over its input, the file beside it that
//! ends with `.in`, as it was and metered, in turns; of each a line: its name, bytes before and after, and the best time of either,
//! in milliseconds. The metered modules are left in the folder OUTPUT, for other engines to run.

use std::path::Path;
use std::time::{Duration, Instant};

use tabmesh_meter_checks::{SETTINGS, meter};
use wasmtime::error::Context;
use wasmtime::{Engine, Instance, Module, Result, Store, Val, ensure};

/// Bytes of the seed, which come before the input.
const SEED: usize = 32;
/// How often each is run.
const RUNS: u32 = 100;

/// The time of one run in a fresh instance, and what it gave.
fn run(engine: &Engine, module: &Module, input: &[u8]) -> Result<(Duration, Vec<u8>)> {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[])?;
    if let Some(gas) = instance.get_global(&mut store, "~g") {
        gas.set(&mut store, Val::I64(1 << 60))?;
    }
    if let Some(begin) = instance.get_func(&mut store, "~i") {
        begin.call(&mut store, &[], &mut [])?;
    }
    let memory = instance.get_memory(&mut store, "memory").context("no memory")?;
    let alloc = instance.get_typed_func::<u32, u32>(&mut store, "alloc")?;
    let run = instance.get_typed_func::<(u32, u32), u64>(&mut store, "run")?;
    let length = u32::try_from(SEED + input.len())?;
    let start = Instant::now();
    let place = alloc.call(&mut store, length)?;
    memory.write(&mut store, place as usize + SEED, input)?;
    let answer = run.call(&mut store, (place, length))?;
    let took = start.elapsed();
    let mut output = vec![0; (answer & u64::from(u32::MAX)) as usize];
    memory.read(&store, (answer >> 32) as usize, &mut output)?;
    Ok((took, output))
}

fn compare(engine: &Engine, path: &Path, output: &Path) -> Result<()> {
    let name = path.file_name().context("a module's file")?;
    let module = std::fs::read(path)?;
    let metered = meter(&module, SETTINGS)?;
    std::fs::write(output.join(name), &metered)?;
    let input = std::fs::read(path.with_extension("in"))?;
    let compiled = [Module::new(engine, &module)?, Module::new(engine, &metered)?];
    let mut best = [Duration::MAX; 2];
    for _ in 0..RUNS {
        let (plain, before) = run(engine, &compiled[0], &input)?;
        let (took, after) = run(engine, &compiled[1], &input)?;
        ensure!(before == after, "{} gives something else when metered", name.display());
        best = [best[0].min(plain), best[1].min(took)];
    }
    let [plain, took] = best.map(|time| time.as_secs_f64() * 1e3);
    println!("{} {} {} {plain:.3} {took:.3}", name.display(), module.len(), metered.len());
    Ok(())
}

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1);
    let output = args.next().context("corpus OUTPUT MODULE.wasm …")?;
    let engine = Engine::default();
    for path in args {
        compare(&engine, path.as_ref(), output.as_ref())?;
    }
    Ok(())
}
