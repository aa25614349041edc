//! Seconds per gas: each probe and kernel, metered, in every engine. `fairness KERNELS.wasm`.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use tabmesh_meter::{GAS_EXPORT, START_EXPORT};
use tabmesh_meter_checks::engines::{End, Engine, Guest, Value};
use tabmesh_meter_checks::{SETTINGS, meter, probes};

const KERNELS: [&str; 10] = [
    "fibonacci", "sieve", "matrix", "checksum", "hash", "sorting", "machine", "mandelbrot", "spectral", "bodies",
];

/// Seconds a measurement should take.
const SECONDS: f64 = 0.003;
const RUNS: usize = 40;
const PLENTY: i64 = 1 << 60;

struct Case {
    name: String,
    function: String,
    file: PathBuf,
    metered: Vec<u8>,
    is_kernel: bool,
}

/// A case in an engine, with as many rounds as take long enough to be timed.
struct Timed<'a> {
    guest: Box<dyn Guest>,
    function: &'a str,
    rounds: i32,
    gas: f64,
    best: f64,
}

impl<'a> Timed<'a> {
    fn new(engine: Engine, case: &'a Case) -> Result<Self> {
        let mut guest = engine.start(&case.metered).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        guest.set_global(GAS_EXPORT, Value::I64(PLENTY));
        guest.call(START_EXPORT, &[]);
        let mut timed = Self { guest, function: &case.function, rounds: 1, gas: 0.0, best: f64::MAX };
        while timed.run().with_context(|| case.name.clone())? < SECONDS && timed.rounds < 1 << 28 {
            timed.rounds *= 2;
        }
        Ok(timed)
    }

    /// Runs once more; how long it took, in seconds.
    fn run(&mut self) -> Result<f64> {
        self.guest.set_global(GAS_EXPORT, Value::I64(PLENTY));
        let start = Instant::now();
        let end = self.guest.call(self.function, &[Value::I32(self.rounds)]).context("no such function")?;
        let time = start.elapsed().as_secs_f64();
        ensure!(matches!(end, End::Done(_)), "{end:?}");
        let Some(Value::I64(left)) = self.guest.global(GAS_EXPORT) else { bail!("no gas") };
        self.gas = (PLENTY - left) as f64;
        Ok(time)
    }
}

/// Nanoseconds a gas and gas a round of each case. All cases in turns, so that each of them has its share of a machine's quiet moments.
fn measure(engine: Engine, cases: &[Case]) -> Result<Vec<(f64, f64)>> {
    let mut all = cases.iter().map(|case| Timed::new(engine, case)).collect::<Result<Vec<_>>>()?;
    for _ in 0..RUNS {
        for timed in &mut all {
            timed.best = timed.run()?.min(timed.best);
        }
    }
    Ok(all.iter().map(|timed| (timed.best * 1e9 / timed.gas, timed.gas / f64::from(timed.rounds))).collect())
}

fn node(cases: &[Case]) -> Result<Vec<f64>> {
    let list: Vec<_> = cases.iter().map(|case| format!("{}\t{}", case.file.display(), case.function)).collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/fairness.mjs");
    let output = Command::new("node").arg(script).args(list).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.lines().map(str::parse).collect::<Result<_, _>>()?)
}

fn main() -> Result<()> {
    let path = std::env::args().nth(1).context("fairness KERNELS.wasm")?;
    let dir = std::env::temp_dir().join("tabmesh-fairness");
    std::fs::create_dir_all(&dir)?;
    let mut cases = Vec::new();
    let mut add = |name: &str, function: &str, module: &[u8], is_kernel| -> Result<()> {
        let pages = tabmesh_meter::Settings { pages_max: 2_048, ..SETTINGS };
        let metered = meter(module, pages).map_err(|refusal| anyhow::anyhow!("{name}: {refusal:?}"))?;
        let file = dir.join(format!("{}.wasm", cases.len()));
        std::fs::write(&file, &metered)?;
        cases.push(Case { name: name.into(), function: function.into(), file, metered, is_kernel });
        Ok(())
    };
    let kernels = std::fs::read(path)?;
    for name in KERNELS {
        add(name, name, &kernels, true)?;
    }
    for probe in probes::all().into_iter().filter(|_| std::env::var("KERNELS").is_err()) {
        let module = wat::parse_str(&probe.text).with_context(|| probe.name)?;
        add(probe.name, "run", &module, false)?;
    }
    let node = node(&cases)?;
    println!("{:<42}{:>10}{:>10}{:>10}{:>10}", "ns a gas", "gas", "wasmtime", "wasmi", "node");
    let mut bounds = [(f64::MAX, 0.0_f64); 3];
    let (wasmtime, wasmi) = (measure(Engine::Wasmtime, &cases)?, measure(Engine::Wasmi, &cases)?);
    for (((case, node), (wasmtime, gas)), (wasmi, _)) in cases.iter().zip(node).zip(wasmtime).zip(wasmi) {
        println!("{:<42}{gas:>10.1}{wasmtime:>10.3}{wasmi:>10.3}{node:>10.3}", case.name);
        if case.is_kernel {
            for (bound, value) in bounds.iter_mut().zip([wasmtime, wasmi, node]) {
                *bound = (bound.0.min(value), bound.1.max(value));
            }
        }
    }
    for (low, high) in bounds {
        println!("kernels: {low:.3} to {high:.3}: {:.2} x", high / low);
    }
    Ok(())
}
