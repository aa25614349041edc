//! What a gas takes: each kernel, and each instruction in a loop of its own, metered, in every engine; a table for docs/GAS.md.
//! `fairness KERNELS.wasm`.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use tabmesh_meter::{GAS_EXPORT, START_EXPORT, Settings};
use tabmesh_meter_checks::engines::{End, Engine, Guest, Value};
use tabmesh_meter_checks::kernels::KERNELS;
use tabmesh_meter_checks::{SETTINGS, meter, probes};

/// Seconds a measurement should take.
const SECONDS: f64 = 0.003;
/// How often each is measured; the best counts.
const RUNS: usize = 40;
/// Gas that does not end.
const PLENTY: i64 = 1 << 60;

/// Pages of memory: one of the probes reads all over 64 MiB.
const PAGES_MAX: u32 = 2_048;

struct Case {
    name: String,
    function: String,
    file: PathBuf,
    metered: Vec<u8>,
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

/// What a case takes and costs in an engine.
struct Fairness {
    /// Nanoseconds a gas.
    nanoseconds: f64,
    gas_a_round: f64,
}

/// All cases in turns, so that each of them has its share of a machine's quiet moments.
fn measure(engine: Engine, cases: &[Case]) -> Result<Vec<Fairness>> {
    let mut all = cases.iter().map(|case| Timed::new(engine, case)).collect::<Result<Vec<_>>>()?;
    for _ in 0..RUNS {
        for timed in &mut all {
            timed.best = timed.run()?.min(timed.best);
        }
    }
    let fairness = |timed: &Timed| Fairness {
        nanoseconds: timed.best * 1e9 / timed.gas,
        gas_a_round: timed.gas / f64::from(timed.rounds),
    };
    Ok(all.iter().map(fairness).collect())
}

fn node(cases: &[Case]) -> Result<Vec<Fairness>> {
    let list: Vec<_> =
        cases.iter().map(|case| format!("{}\t{}", case.file.display(), case.function)).collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/fairness.mjs");
    let output = Command::new("node").arg(script).args(list).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let nanoseconds = |line: &str| Ok(Fairness { nanoseconds: line.parse()?, gas_a_round: 0.0 });
    std::str::from_utf8(&output.stdout)?.lines().map(nanoseconds).collect()
}

fn main() -> Result<()> {
    let path = std::env::args().nth(1).context("fairness KERNELS.wasm")?;
    let dir = std::env::temp_dir().join("tabmesh-fairness");
    std::fs::create_dir_all(&dir)?;
    let mut cases = Vec::new();
    let mut add = |name: &str, function: &str, module: &[u8]| -> Result<()> {
        let metered = meter(module, Settings { pages_max: PAGES_MAX, ..SETTINGS })
            .map_err(|refusal| anyhow::anyhow!("{name}: {refusal:?}"))?;
        let file = dir.join(format!("{}.wasm", cases.len()));
        std::fs::write(&file, &metered)?;
        cases.push(Case { name: name.into(), function: function.into(), file, metered });
        Ok(())
    };
    let kernels = std::fs::read(path)?;
    for (name, _) in KERNELS {
        add(name, name, &kernels)?;
    }
    for probe in probes::all() {
        let module = wat::parse_str(&probe.text).with_context(|| probe.name)?;
        add(probe.name, "run", &module)?;
    }
    let engines = [measure(Engine::Wasmtime, &cases)?, measure(Engine::Wasmi, &cases)?, node(&cases)?];
    println!("| | gas a round | wasmtime | wasmi | V8 |\n|---|---:|---:|---:|---:|");
    for (number, case) in cases.iter().enumerate() {
        let [wasmtime, wasmi, node] = engines.each_ref().map(|engine| engine[number].nanoseconds);
        let gas = engines[0][number].gas_a_round;
        println!("| {} | {gas:.0} | {wasmtime:.3} | {wasmi:.3} | {node:.3} |", case.name);
    }
    std::fs::remove_dir_all(dir)?;
    spread("dearest by cheapest kernel", &engines.each_ref().map(|engine| &engine[..KERNELS.len()]));
    Ok(())
}

fn spread(what: &str, engines: &[&[Fairness]; 3]) {
    let [wasmtime, wasmi, node] = engines.map(|engine| {
        let all = engine.iter().map(|one| one.nanoseconds);
        all.clone().fold(0.0, f64::max) / all.fold(f64::MAX, f64::min)
    });
    println!("| {what} | | {wasmtime:.2} × | {wasmi:.2} × | {node:.2} × |");
}
