//! Goal: what the profile promises of single things, each by the smallest module that shows it.

use sha2::{Digest, Sha256};
use tabmesh_meter::{GAS_ABORTED, Interface, Reason, Settings, import_names, refusal, schedule};
use tabmesh_meter_checks::build::{Builder, list};
use tabmesh_meter_checks::engines::{ENGINES, End, Engine, Value};
use tabmesh_meter_checks::run::{Status, judge, run};
use tabmesh_meter_checks::{SETTINGS, is_valid, meter};

const COMMAND: Settings = Settings { pages_max: 1_024, interface: Interface::Command };

fn metered(text: &str) -> Vec<u8> {
    meter(&wat::parse_str(text).unwrap(), SETTINGS).unwrap()
}

fn importing(name: &str, parameters: &str, result: &str) -> Vec<u8> {
    let import = format!(r#"(import "wasi_snapshot_preview1" "{name}" (func {parameters} {result}))"#);
    wat::parse_str(format!("(module {import})")).unwrap()
}

#[test]
fn the_schedule_has_the_hash_that_is_published() {
    let hash: String = Sha256::digest(schedule::bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hash,
        include_str!("schedule.sha256").trim(),
        "a new schedule is a new profile: docs/METERING.md"
    );
}

#[test]
fn i5_a_run_succeeds_exactly_with_the_gas_it_used() {
    let module = metered(
        r#"(module (memory 1) (func (export "f") (param i32) (result i32) (local i32)
            (loop (local.set 1 (i32.add (local.get 1) (i32.load (local.get 0))))
              (memory.fill (i32.const 0) (i32.const 0) (i32.mul (local.get 0) (i32.const 100)))
              (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            (local.get 1)))"#,
    );
    for engine in ENGINES {
        let plenty = run(engine, &module, 1 << 40, "f", &[Value::I32(9)]).unwrap().unwrap();
        let used = plenty.used(1 << 40);
        for (gas, is_enough) in [(used, true), (used - 1, false), (used / 2, false), (0, false)] {
            let outcome = run(engine, &module, gas, "f", &[Value::I32(9)]).unwrap().unwrap();
            assert_eq!(outcome.status == Status::OutOfGas, !is_enough, "{gas} of {used} in {engine:?}");
        }
    }
}

#[test]
fn i8_a_guest_cannot_name_what_was_injected() {
    // Each index is the first one behind the module's own.
    for text in [
        "(module (func (global.set 0 (i64.const 1))))",
        "(module (func (call 1)))",
        "(module (table 1 funcref) (elem (i32.const 0) func 1) (func))",
        "(module (func (local.set 0 (i64.const 9))))",
        "(module (func (br 1)))",
        "(module (func) (export \"x\" (func 1)))",
        "(module (func) (export \"x\" (global 0)))",
        "(module (func) (start 1))",
        "(module (table 1 funcref) (func (unreachable) (call_indirect (type 1) (i32.const 0))))",
    ] {
        let module = wat::parse_str(text).unwrap();
        let refusal = meter(&module, SETTINGS).expect_err(text);
        assert_eq!(refusal.code, Reason::Index as u16, "{text}: {refusal}");
    }
    let named = wat::parse_str(r#"(module (func (export "~i")))"#).unwrap();
    assert_eq!(meter(&named, SETTINGS).unwrap_err().code, Reason::Name as u16);
}

#[test]
fn i9_a_memory_that_the_host_cannot_give_is_no_result() {
    let module =
        metered(r#"(module (memory 1) (func (export "f") (result i32) (memory.grow (i32.const 1))))"#);
    let mut guest = Engine::Wasmi.start(&module).unwrap();
    guest.set_global("~g", Value::I64(GAS_ABORTED));
    assert_eq!(judge(&mut *guest, End::Trap).status, Status::Aborted);
    assert_eq!(
        judge(&mut *guest, End::Overflow).status,
        Status::Overflow,
        "neither is the engine's own overflow"
    );
}

#[test]
fn memory_grows_to_the_tasks_limit_and_no_further() {
    let text =
        r#"(module (memory 1) (func (export "f") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    let module = meter(&wat::parse_str(text).unwrap(), Settings { pages_max: 5, ..SETTINGS }).unwrap();
    for engine in ENGINES {
        for (pages, before) in [(0, 1), (4, 1), (5, -1), (-1, -1)] {
            let outcome = run(engine, &module, 1 << 30, "f", &[Value::I32(pages)]).unwrap().unwrap();
            assert_eq!(outcome.status, Status::Ok(vec![Value::I32(before)]), "{pages} in {engine:?}");
        }
    }
}

#[test]
fn a_command_may_import_all_of_preview_1_with_its_types() {
    assert_eq!(import_names().count(), 46);
    for (name, parameters, result) in [
        ("fd_write", "(param i32 i32 i32 i32)", "(result i32)"),
        ("fd_seek", "(param i32 i64 i32 i32)", "(result i32)"),
        ("clock_time_get", "(param i32 i64 i32)", "(result i32)"),
        ("proc_exit", "(param i32)", ""),
        ("sched_yield", "", "(result i32)"),
        ("path_open", "(param i32 i32 i32 i32 i32 i64 i64 i32 i32)", "(result i32)"),
    ] {
        let module = importing(name, parameters, result);
        assert!(is_valid(&meter(&module, COMMAND).unwrap()), "{name}");
        assert_eq!(meter(&module, SETTINGS).unwrap_err().code, Reason::Import as u16, "{name}, pure");
        let other = importing(name, parameters, "(result i64)");
        assert_eq!(
            meter(&other, COMMAND).unwrap_err().code,
            Reason::Import as u16,
            "{name} with another type"
        );
    }
    for name in ["fd_writ", "fd_write2", "path_opened", ""] {
        let module = importing(name, "(param i32 i32 i32 i32)", "(result i32)");
        assert_eq!(meter(&module, COMMAND).unwrap_err().code, Reason::Import as u16, "{name}");
    }
}

#[test]
fn the_bits_of_loaded_floats_are_kept_and_those_of_made_ones_are_canonical() {
    let module = metered(
        r#"(module (memory 1) (data (i32.const 0) "\01\00\a0\7f")
          (func (export "kept") (result i32) (f32.store (i32.const 4) (f32.load (i32.const 0))) (i32.load (i32.const 4)))
          (func (export "made") (result i32) (i32.reinterpret_f32 (f32.mul (f32.load (i32.const 0)) (f32.const -1))))
          (func (export "either") (param i32) (result i32) (local f32)
            (if (local.get 0) (then (local.set 1 (f32.load (i32.const 0))))
              (else (local.set 1 (f32.sqrt (f32.const -1)))))
            (i32.reinterpret_f32 (local.get 1))))"#,
    );
    for engine in ENGINES {
        let result =
            |name, arguments: &[Value]| run(engine, &module, 1_000, name, arguments).unwrap().unwrap().status;
        assert_eq!(result("kept", &[]), Status::Ok(vec![Value::I32(0x7fa0_0001)]), "{engine:?}");
        assert_eq!(result("made", &[]), Status::Ok(vec![Value::I32(0x7fc0_0000)]), "{engine:?}");
        assert_eq!(
            result("either", &[Value::I32(1)]),
            Status::Ok(vec![Value::I32(0x7fa0_0001)]),
            "{engine:?}"
        );
        assert_eq!(
            result("either", &[Value::I32(0)]),
            Status::Ok(vec![Value::I32(0x7fc0_0000)]),
            "{engine:?}"
        );
    }
}

#[test]
fn a_refusal_names_the_feature_and_the_byte() {
    for (code, word) in
        [(0xfd, "SIMD"), (0xfe, "threads"), (0x12, "tail calls"), (0x08, "exceptions"), (0xfb, "garbage")]
    {
        let body = [4, 0, 1, code, 0x0b];
        let types = Builder::default().section(1, &list(&[[0x60, 0, 0]])).section(3, &[1, 0]);
        let module = types.section(10, &[&[1][..], &body].concat()).done();
        let refusal = meter(&module, SETTINGS).unwrap_err();
        assert!(refusal.feature().contains(word), "{refusal}");
        assert_eq!(module[refusal.offset as usize], code, "{refusal}");
    }
    assert!(refusal::reasons().map(|(code, _)| code).eq(1..=refusal::reasons().count() as u16));
}
