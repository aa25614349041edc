//! What a task costs around its gas: metering, a run of nothing, the watchdog.
//!
//! `cargo run --release --features interpreter --example task_times MODULE.wasm`
//!
//! Prints JSON: `metering` and wasmtime's `validation` of the module in bytes a second, the best of many, taken in turns; and for each
//! engine the milliseconds of `idle` tasks, and those from a `late` one's time until its end.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tabmesh_meter::{Interface, Scratch, Settings, instrument, output_bytes_max};
use tabmesh_native::task::{EngineKind, Executor, HostLimits, PAGES_DEFAULT, Status, Task};

const IDLE: &str = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
const ENDLESS: &str = r#"(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#;

const SPEEDS: usize = 50;
const IDLES: usize = 200;
const LATES: usize = 20;

/// When the watchdog ends a run.
const TIMEOUT: Duration = Duration::from_millis(100);

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("task_times MODULE.wasm")?;
    let module = std::fs::read(path)?;
    let [metering, validation] = speeds(&module)?;
    let mut said = Map::new();
    said.insert("metering".to_owned(), json!(metering));
    said.insert("validation".to_owned(), json!(validation));
    for (name, kind) in [("wasmtime", EngineKind::Wasmtime), ("wasmi", EngineKind::Interpreter)] {
        let executor = Executor::new(kind.build()?, HostLimits::default());
        said.insert(name.to_owned(), json!({ "idle": idle(&executor)?, "late": late(&executor)? }));
    }
    println!("{}", Value::Object(said));
    Ok(())
}

/// Bytes a second: metered, and validated by wasmtime.
fn speeds(module: &[u8]) -> Result<[f64; 2], Box<dyn Error>> {
    let settings = Settings { pages_max: PAGES_DEFAULT, interface: Interface::Command };
    let engine = wasmtime::Engine::default();
    let mut scratch = Box::new(Scratch::new());
    let mut output = vec![0; output_bytes_max(module.len())];
    let mut best = [Duration::MAX; 2];
    for _ in 0..SPEEDS {
        let start = Instant::now();
        let length = instrument(black_box(module), settings, &mut scratch, &mut output);
        best[0] = best[0].min(start.elapsed());
        black_box(length.map_err(|refusal| format!("refused: {refusal:?}"))?);
        let start = Instant::now();
        wasmtime::Module::validate(&engine, black_box(module))?;
        best[1] = best[1].min(start.elapsed());
    }
    Ok(best.map(|time| module.len() as f64 / time.as_secs_f64()))
}

/// Milliseconds that each of many runs of nothing takes, its module compiled before.
fn idle(executor: &Executor) -> Result<Vec<f64>, Box<dyn Error>> {
    let task = Task::new(wat::parse_str(IDLE)?);
    let mut times = Vec::new();
    for _ in 0..=IDLES {
        let start = Instant::now();
        let status = executor.run(&task, None).status();
        times.push(start.elapsed().as_secs_f64() * 1e3);
        expect(status, Status::Ok)?;
    }
    // The first one compiled it.
    Ok(times.split_off(1))
}

/// Milliseconds from the time at which an endless task should end until it has.
fn late(executor: &Executor) -> Result<Vec<f64>, Box<dyn Error>> {
    let task = Task::new(wat::parse_str(ENDLESS)?).with_gas(1 << 62)?;
    let mut times = Vec::new();
    for _ in 0..LATES {
        let start = Instant::now();
        let status = executor.run(&task, Some(TIMEOUT)).status();
        times.push((start.elapsed() - TIMEOUT).as_secs_f64() * 1e3);
        expect(status, Status::Late)?;
    }
    Ok(times)
}

fn expect(status: Status, expected: Status) -> Result<(), Box<dyn Error>> {
    if status == expected { Ok(()) } else { Err(format!("it ended {status:?}").into()) }
}
