//! Goal: a host that fails makes no result, one that is impatient ends a run, and what is kept has bounds.
//! Method: engines that fail on purpose, the real ones with little memory or little time.

use std::sync::Arc;
use std::time::Duration;

use super::cache::{Cache, id};
use super::engine::{Command, CompileError, Compiled, Engine, Export, Guest, Kind, Reach, Stop, Watchdog};
use super::prepare::prepare;
use super::*;

const ENDLESS: &str = r#"(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#;
/// By steps: answers at once, with the flag 0 and nothing else, for ever.
const STEPPING: &str = r#"(module (memory (export "memory") 2) (func (export "alloc") (param i32) (result i32) (i32.const 64))
    (func (export "step") (param i32 i32 i32 i32) (result i64) (i64.const 8)))"#;
const IDLE: &str = r#"(module (memory (export "memory") 2) (func (export "_start")))"#;

/// All engines that this build has.
fn engines() -> Vec<Box<dyn Engine>> {
    let mut engines = vec![EngineKind::Wasmtime.build().expect("wasmtime works here")];
    engines.extend(EngineKind::Interpreter.build());
    engines
}

fn task(text: &str) -> Task {
    Task::new(wat::parse_str(text).expect("good text"))
}

fn expect_no_result(outcome: &Outcome, status: Status) {
    assert_eq!(outcome.status(), status);
    assert!(!outcome.status().is_result());
    assert_eq!((outcome.gas_used, outcome.output.len()), (0, 0), "{:?}", outcome.end);
}

/// What an engine does wrong.
#[derive(Clone, Copy)]
enum Fault {
    Compile,
    Start(Stop),
    Call(Stop),
    Panic,
    /// The gas says that the host had no memory, whatever the call says.
    NoMemory(Result<u64, Stop>),
}

/// An engine that fails.
struct Failing(Fault);

impl Engine for Failing {
    fn name(&self) -> &'static str {
        "failing"
    }

    fn compile(&self, _: &[u8], _: &Watchdog) -> Result<Arc<dyn Compiled>, CompileError> {
        match self.0 {
            Fault::Compile => Err(CompileError::Failed),
            fault => Ok(Arc::new(Failing(fault))),
        }
    }

    fn interrupt(&self) {}
}

impl Compiled for Failing {
    fn bytes(&self) -> usize {
        1
    }

    fn export(&self, name: &str) -> Option<Export> {
        let function = Export::Function { parameters: Vec::<Kind>::new(), results: Vec::new() };
        Some(if name == "memory" { Export::Memory { pages: 1 } } else { function })
    }

    fn imports(&self) -> Vec<String> {
        Vec::new()
    }

    fn exports(&self) -> Vec<String> {
        Vec::new()
    }

    fn start(&self, mut command: Command, _: u32) -> Result<Box<dyn Guest>, Stop> {
        command.output = b"half".to_vec();
        match self.0 {
            Fault::Start(stop) => Err(stop),
            fault => Ok(Box::new(FailingGuest { fault, gas: 0, command })),
        }
    }
}

struct FailingGuest {
    fault: Fault,
    gas: i64,
    command: Command,
}

impl Reach for FailingGuest {
    fn gas(&mut self) -> i64 {
        self.gas
    }

    fn set_gas(&mut self, gas: i64) {
        self.gas = gas;
    }

    fn parts(&mut self) -> (&mut [u8], &mut Command) {
        (&mut [], &mut self.command)
    }
}

impl Guest for FailingGuest {
    fn call(&mut self, _: &str, _: &[u32]) -> Result<u64, Stop> {
        match self.fault {
            Fault::Call(stop) => Err(stop),
            Fault::NoMemory(answer) => {
                self.gas = i64::MIN;
                answer
            }
            _ => panic!("an engine with a bug"),
        }
    }

    fn reach(&mut self) -> &mut dyn Reach {
        self
    }

    fn stack(&mut self) -> i32 {
        -1
    }

    fn set_stack(&mut self, _: i32) {}
}

#[test]
fn i9_host_failure_never_makes_a_result() {
    let failures = [Failure::Memory, Failure::Stack, Failure::Engine, Failure::Compiler, Failure::Thread];
    let aborts = failures.map(Stop::Abort);
    let mut faults = vec![Fault::Compile, Fault::Panic];
    faults.extend(aborts.map(Fault::Start));
    faults.extend(aborts.map(Fault::Call));
    faults.extend(
        [Ok(0), Err(Stop::Trap), Err(Stop::Exit(0)), Err(Stop::Gas), Err(Stop::Late)].map(Fault::NoMemory),
    );
    for fault in faults {
        let executor = Executor::new(Box::new(Failing(fault)), HostLimits::default());
        expect_no_result(&executor.run(&task(IDLE), None), Status::Abort);
    }
}

#[test]
fn i9_a_host_without_the_memory_for_a_step_makes_no_result() {
    let task = task(STEPPING).in_pieces(1).expect("within the bounds");
    for engine in engines() {
        let executor = Executor::new(engine, HostLimits { pages_max: 1 });
        let outcome = executor.run(&task, None);
        expect_no_result(&outcome, Status::Abort);
        assert_eq!(outcome.steps, 1);
        let step = executor.step(&task, &State::default(), None);
        assert_eq!((step.end, step.gas_used, step.answer), (outcome.end, 0, None));
    }
}

#[test]
fn i9_a_host_without_the_memory_makes_no_result() {
    let grows = r#"(module (memory (export "memory") 1)
        (func (export "_start") (drop (memory.grow (i32.const 1))) (drop (memory.grow (i32.const 4)))))"#;
    for pages_max in 1..7 {
        for engine in engines() {
            let executor = Executor::new(engine, HostLimits { pages_max });
            let outcome = executor.run(&task(grows), None);
            if pages_max < 6 {
                expect_no_result(&outcome, Status::Abort);
                assert_eq!(outcome.end, End::Abort(Failure::Memory));
            } else {
                assert_eq!(outcome.status(), Status::Ok);
            }
        }
    }
    for engine in engines() {
        let executor = Executor::new(engine, HostLimits { pages_max: 1 });
        expect_no_result(&executor.run(&task(IDLE), None), Status::Abort);
    }
}

#[test]
fn the_watchdog_ends_what_does_not_end_and_makes_no_result() {
    let endless = task(ENDLESS).with_gas(GAS_MAX).expect("within the bounds");
    // The host's own work is ended as well.
    let random = r#"(module (import "wasi_snapshot_preview1" "random_get" (func $get (param i32 i32) (result i32)))
        (memory (export "memory") 4096)
        (func (export "_start") (loop (drop (call $get (i32.const 0) (i32.const 268435456))) (br 0))))"#;
    let random =
        task(random).with_gas(GAS_MAX).and_then(|task| task.with_pages(4_096)).expect("within the bounds");
    let stepping =
        task(STEPPING).with_gas(GAS_MAX).and_then(|task| task.in_pieces(1)).expect("within the bounds");
    for engine in engines() {
        let executor = Executor::new(engine, HostLimits::default());
        for task in [&endless, &random, &stepping] {
            expect_no_result(&executor.run(task, Some(Duration::from_millis(50))), Status::Late);
        }
        expect_no_result(&executor.run(&endless, Some(Duration::ZERO)), Status::Late);
        assert_eq!(executor.run(&task(IDLE), None).status(), Status::Ok, "the next run is not late");
    }
}

#[test]
fn the_end_of_one_run_is_not_the_end_of_another() {
    let long = r#"(module (memory (export "memory") 1) (func (export "_start") (local i32)
        (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 20000000))))))"#;
    for engine in engines() {
        let executor = Executor::new(engine, HostLimits::default());
        let endless = task(ENDLESS).with_gas(GAS_MAX).expect("within the bounds");
        std::thread::scope(|scope| {
            let other = scope.spawn(|| executor.run(&task(long), None));
            for _ in 0..3 {
                expect_no_result(&executor.run(&endless, Some(Duration::from_millis(5))), Status::Late);
            }
            assert_eq!(other.join().expect("no panic").status(), Status::Ok);
        });
    }
}

#[test]
fn i7_the_metered_stack_always_fits_the_engines() {
    let locals = "(local i64 i64 i64 i64 i64 i64 i64 i64)".repeat(60);
    let operands = "(local.get 0) ".repeat(400);
    let adds = "i32.add ".repeat(400);
    let kinds = [
        "(func $f (param i32) (result i32) (call $f (local.get 0)))".to_owned(),
        "(func $f (param i32) (result i32) (i32.add (i32.const 1) (call $f (i32.add (local.get 0) (i32.const 1)))))".to_owned(),
        format!("(func $f (param i32) (result i32) {locals} (call $f (local.get 0)))"),
        format!("(func $f (param i32) (result i32) {operands} (call $f (local.get 0)) {adds})"),
        "(table 1 funcref) (elem (i32.const 0) $f) (type $t (func (param i32) (result i32)))
         (func $f (param i32) (result i32) (call_indirect (type $t) (local.get 0) (i32.const 0)))".to_owned(),
    ];
    for kind in kinds {
        let text = format!(
            r#"(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
               (memory (export "memory") 1) {kind}
               (func (export "_start") (drop (call $f (i32.const 0)))))"#
        );
        for engine in engines() {
            let name = engine.name();
            let executor = Executor::new(engine, HostLimits::default());
            let outcome = executor.run(&task(&text), None);
            assert_eq!(outcome.end, End::Stack, "{name}: {text:.200}");
        }
    }
}

#[test]
fn bounds_of_a_task_are_errors_of_the_caller() {
    let task = || Task::new(Vec::new());
    assert_eq!(task().with_gas(GAS_MAX + 1), Err(BoundError::Gas { gas: GAS_MAX + 1 }));
    assert!(task().with_gas(GAS_MAX).is_ok());
    assert_eq!(task().with_pages(0), Err(BoundError::Pages { pages: 0 }));
    assert_eq!(task().with_pages(65_537), Err(BoundError::Pages { pages: 65_537 }));
    assert!(task().with_pages(65_536).is_ok());
    let bytes = STREAM_BYTES_MAX + 1;
    assert_eq!(task().with_input(vec![0; bytes]), Err(BoundError::Input { bytes }));
    assert!(task().with_input(vec![0; STREAM_BYTES_MAX]).is_ok());
    assert_eq!(task().in_pieces(0), Err(BoundError::Piece { bytes: 0 }));
    assert_eq!(task().in_pieces(bytes), Err(BoundError::Piece { bytes }));
    assert!(task().in_pieces(STREAM_BYTES_MAX).is_ok());
    assert_eq!(State::new(vec![0; bytes]), Err(BoundError::State { bytes }));
    assert!(State::new(vec![0; STREAM_BYTES_MAX]).is_ok());
}

#[test]
fn a_module_that_is_too_large_is_refused_as_the_profile_says() {
    // A section of data of so many bytes, nothing of which is data.
    let data =
        |bytes: usize, length: [u8; 4]| [&b"\0asm\x01\0\0\0\x0b"[..], &length, &vec![0; bytes]].concat();
    for engine in engines() {
        let executor = Executor::new(engine, HostLimits::default());
        for (module, code) in [
            (vec![0; (64 << 20) + 1], 1),
            (data((16 << 20) + 1, [0x81, 0x80, 0x80, 8]), 1),
            (data(16 << 20, [0x80, 0x80, 0x80, 8]), 3),
        ] {
            let outcome = executor.run(&Task::new(module), None);
            expect_no_result(&outcome, Status::Refused);
            assert_eq!(outcome.end.code(), code);
        }
    }
}

#[test]
fn the_cache_is_bounded_by_count_and_by_bytes_and_keeps_the_last_used() {
    let engine = EngineKind::Wasmtime.build().expect("wasmtime works here");
    let module = task(IDLE).module().clone();
    let prepared = Arc::new(prepare(&*engine, &module, 2, &Watchdog::default()).expect("accepted"));
    let fill = |cache: &Cache| {
        for pages in 1..=3 {
            cache.keep(id(&module, pages), prepared.clone());
            cache.find(&id(&module, 1));
        }
    };
    let by_count = Cache::new(2, usize::MAX);
    fill(&by_count);
    assert_eq!(by_count.len(), 2);
    assert!(by_count.find(&id(&module, 1)).is_some() && by_count.find(&id(&module, 2)).is_none());
    let by_bytes = Cache::new(usize::MAX, prepared.bytes() * 5 / 2);
    fill(&by_bytes);
    assert_eq!(by_bytes.len(), 2);
    let too_small = Cache::new(usize::MAX, 1);
    fill(&too_small);
    assert_eq!(too_small.len(), 1, "one module is kept however large it is");
}

#[test]
fn the_functions_of_a_command_are_those_that_the_meter_lets_in() {
    let here: Vec<_> = wasi::FUNCTIONS.iter().map(|(_, name, _)| *name).collect();
    let mut there: Vec<_> = tabmesh_meter::import_names().collect();
    there.sort_unstable();
    assert_eq!(here, there);
}

#[test]
fn the_symbol_of_a_refusal_is_its_import_or_its_function() {
    let text = r#"(module (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
        (import "env" "abort" (func (param i32 f64)))
        (func $long (export "short") (drop (i32.const 7))) (func (export "shown") (drop (i32.const 8))) (func unreachable))"#;
    let module = wat::parse_str(text).expect("it is well-formed");
    let of = |bytes: &[u8]| {
        let at = module.windows(bytes.len()).position(|window| window == bytes).expect("it is there");
        super::symbol::symbol_at(&module, at as u32).map(|symbol| symbol.to_string())
    };
    assert_eq!(of(b"abort").as_deref(), Some("import env.abort: function i32 f64 →"));
    assert_eq!(of(&[0x41, 7]).as_deref(), Some("function 2, long"));
    assert_eq!(of(&[0x41, 8]).as_deref(), Some("function 3, shown"));
    assert_eq!(of(&[0x00, 0x00, 0x0b]).as_deref(), Some("function 4"));
    assert_eq!(super::symbol::symbol_at(&module, 0), None);
    for length in 0..module.len() {
        let _ = super::symbol::symbol_at(&module[..length], length as u32);
    }
}

#[test]
fn a_refusal_says_what_it_is_where_how_many_and_what_to_do() {
    use super::why::why;
    let said = |module: &[u8]| {
        let outcome =
            Executor::new(engines().remove(0), HostLimits::default()).run(&Task::new(module.to_vec()), None);
        let End::Refused(refusal) = outcome.end else { panic!("not refused: {:?}", outcome.end) };
        why(&refusal, module).to_string()
    };
    let text = |text: &str| said(&wat::parse_str(text).expect("it is well-formed"));
    assert_eq!(said(b""), "there are no bytes at all; give the .wasm file that the compiler wrote");
    assert!(said(b"\n (module)").starts_with("this is the text of a module"));
    assert!(said(b"<!DOCTYPE html><p>").starts_with("this is an HTML page"));
    assert!(said(b"\x1f\x8b\x08").contains("gunzip"));
    assert!(said(b"\0asm\x0d\0\x01\0").starts_with("this is a component"));
    let abort = text(r#"(module (import "env" "abort" (func (param i32))))"#);
    assert!(abort.contains("import env.abort: function i32 →") && abort.ends_with("--use abort="), "{abort}");
    let locals = text(&format!("(module (func $wide {}))", "(local i32)".repeat(15_000)));
    assert!(locals.contains("12,794") && locals.contains("15000 found, in function 0, wide; "), "{locals}");
    let simd = text("(module (func (drop (v128.const i64x2 0 0))))");
    assert!(simd.starts_with("SIMD, in function 0; ") && simd.contains("-mno-simd128"), "{simd}");
}

#[test]
fn a_program_that_waits_for_time_to_pass_is_told_that_it_does_not() {
    let waits = r#"(module (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start") (loop (drop (call $time (i32.const 0) (i64.const 0) (i32.const 0))) (br 0))))"#;
    for engine in engines() {
        let executor = Executor::new(engine, HostLimits::default());
        let outcome = executor.run(&task(waits).with_gas(20_000_000).expect("within the bounds"), None);
        assert_eq!(outcome.status(), Status::OutOfGas);
        assert!(outcome.sentence().contains("stands still"), "{}", outcome.sentence());
        let outcome = executor.run(&task(waits).with_gas(200_000).expect("within the bounds"), None);
        assert!(!outcome.sentence().contains("stands still"), "{}", outcome.sentence());
    }
}
