//! Goal: I2 and I3 in V8. What an interpreter says of a metered module, V8 says too.
//! Method: corpus and random modules, written to files and run by `run.mjs` in Node.js; functions of integers only, because floats
//! do not cross the border as bits.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tabmesh_meter_checks::engines::{Engine, Value};
use tabmesh_meter_checks::run::{Outcome, Status, run};
use tabmesh_meter_checks::{SETTINGS, corpus, meter, random};

const GAS: i64 = 1_000_000;
const SEEDS: u64 = 400;
/// Larger ones take Node.js seconds each, and say nothing more.
const BYTES_MAX: usize = 3_000_000;

/// A case's line for Node.js, and the line that it shall answer.
struct Case {
    asked: String,
    expected: String,
}

fn spelt(outcome: &Outcome) -> String {
    let status = match &outcome.status {
        Status::Ok(results) => {
            let results: Vec<_> = results.iter().map(|result| integer(*result).unwrap_or_default()).collect();
            format!("Ok {}", results.join(","))
        }
        other => format!("{other:?}"),
    };
    let sum = outcome
        .memory
        .iter()
        .fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    let sum = if outcome.memory.is_empty() { 0 } else { sum };
    format!("{status} {} {} {sum}", outcome.gas_left, outcome.stack_left)
}

fn integer(value: Value) -> Option<String> {
    match value {
        Value::I32(value) => Some(value.to_string()),
        Value::I64(value) => Some(value.to_string()),
        Value::F32(_) | Value::F64(_) => None,
    }
}

fn kind(value: Value) -> &'static str {
    if matches!(value, Value::I64(_)) { "i64" } else { "i32" }
}

/// The calls of a module's functions that take and give integers.
fn cases(dir: &std::path::Path, label: &str, module: &[u8]) -> Vec<Case> {
    let Ok(metered) = meter(module, SETTINGS) else { return Vec::new() };
    let Ok(mut guest) = Engine::Wasmi.start(&metered) else { return Vec::new() };
    if metered.len() > BYTES_MAX {
        return Vec::new();
    }
    let file = dir.join(format!("{label}.wasm"));
    fs::write(&file, &metered).unwrap();
    let functions = guest.functions().into_iter().filter(|(name, _)| !name.starts_with('~'));
    let functions =
        functions.filter(|(_, parameters)| parameters.iter().all(|value| integer(*value).is_some()));
    let mut cases = Vec::new();
    for (name, parameters) in functions.take(4) {
        let outcome = run(Engine::Wasmi, &metered, GAS, &name, &parameters).unwrap().unwrap();
        if matches!(&outcome.status, Status::Ok(results) if results.iter().any(|result| integer(*result).is_none()))
        {
            continue;
        }
        let values = parameters.iter().map(|value| format!(r#"["{}","0"]"#, kind(*value)));
        let values = values.collect::<Vec<_>>().join(",");
        let name: String = name.chars().fold(String::new(), |mut text, letter| {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                let _ = write!(text, "\\u{unit:04x}");
            }
            text
        });
        let asked = format!(r#"{{"file":{file:?},"gas":"{GAS}","name":"{name}","values":[{values}]}}"#);
        cases.push(Case { asked, expected: spelt(&outcome) });
    }
    cases
}

#[test]
fn i3_v8_says_what_an_interpreter_says() {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("node");
    fs::create_dir_all(&dir).unwrap();
    let mut all = Vec::new();
    for (number, case) in corpus::all().iter().enumerate() {
        all.extend(cases(&dir, &format!("corpus-{number}"), &case.module));
    }
    for seed in 0..SEEDS {
        let Some(module) = random::module(seed) else { continue };
        all.extend(cases(&dir, &format!("seed-{seed}"), &module));
    }
    let asked: Vec<_> = all.iter().map(|case| case.asked.as_str()).collect();
    fs::write(dir.join("cases"), asked.join("\n")).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/run.mjs");
    let output = Command::new("node").arg(script).arg(dir.join("cases")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<_> = text.lines().collect();
    assert_eq!(answers.len(), all.len());
    for (case, answer) in all.iter().zip(answers) {
        assert_eq!(case.expected, answer, "{}", case.asked);
    }
    println!("{} calls alike", all.len());
    assert!(all.len() > 100, "only {} calls", all.len());
}
