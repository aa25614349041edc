//! One module, every engine, before and after metering.

use anyhow::{Context, Result, bail, ensure};

use crate::engines::{ENGINES, End, Engine, Unstarted, Value};
use crate::random::{self, Random};
use crate::run::{GAS_PLENTY, Outcome, Status, judge, run};
use crate::{SETTINGS, is_valid, meter, without_custom};
use tabmesh_meter::GAS_EXPORT;

/// Gas for a random module, which may run forever.
const GAS: i64 = 200_000;

/// What was seen, so that a check that checks nothing is noticed.
#[derive(Default, Debug)]
pub struct Tally {
    /// Modules that the meter accepted.
    pub accepted: u64,
    /// Modules that it refused.
    pub refused: u64,
    /// Modules that are invalid, and stayed so or were refused.
    pub invalid: u64,
    /// Calls compared between engines.
    pub compared: u64,
    /// Calls that ended well within the gas, and were compared with the module as it was.
    pub unmetered: u64,
    /// Calls run again with exactly the gas they used, and with one less.
    pub exact: u64,
}

/// Checks the random module of a seed: I1, I2, I3, I4, I5, I7 and I8.
///
/// # Errors
/// What does not hold.
pub fn check(seed: u64, tally: &mut Tally) -> Result<()> {
    let Some(module) = random::module(seed) else { return Ok(()) };
    check_module(&module, seed, GAS, tally)
}

/// The same for any valid module.
///
/// # Errors
/// What does not hold.
pub fn check_module(module: &[u8], seed: u64, gas: i64, tally: &mut Tally) -> Result<()> {
    let metered = meter(module, SETTINGS);
    ensure!(metered == meter(module, SETTINGS), "I1: a second run gave something else");
    let Ok(metered) = metered else {
        tally.refused += 1;
        return Ok(());
    };
    tally.accepted += 1;
    ensure!(is_valid(module) == is_valid(&metered), "I2: validity changed");
    let mut guest = match Engine::Wasmtime.start(&metered) {
        Ok(guest) => guest,
        Err(Unstarted::Trap) => return same_failure(&metered),
        Err(Unstarted::Invalid(error)) => bail!("I2: {error}"),
    };
    let functions = guest.functions();
    drop(guest);
    let mut random = Random::new(seed ^ 0x5eed);
    for (name, parameters) in functions.iter().filter(|(name, _)| !name.starts_with('~')).take(8) {
        let arguments: Vec<_> = parameters.iter().map(|kind| value(*kind, &mut random)).collect();
        check_call(module, &metered, gas, name, &arguments, tally)
            .with_context(|| format!("{name} {arguments:?}"))?;
    }
    Ok(())
}

/// Damages the module of a seed in `count` ways: none of them may panic, or become valid by metering.
///
/// # Errors
/// What does not hold.
pub fn check_damaged(seed: u64, count: u64, tally: &mut Tally) -> Result<()> {
    let Some(module) = random::module(seed) else { return Ok(()) };
    let mut random = Random::new(seed);
    for number in 0..count {
        let bytes = random::damaged(&module, &mut random);
        let metered = meter(&bytes, SETTINGS);
        tally.refused += u64::from(metered.is_err());
        let was_valid = is_valid(&without_custom(&bytes));
        tally.invalid += u64::from(!was_valid);
        if let Ok(metered) = metered {
            tally.accepted += 1;
            ensure!(was_valid == is_valid(&metered), "damage {number}: validity changed from {was_valid}");
        }
    }
    Ok(())
}

/// A segment that does not fit traps in every engine.
fn same_failure(metered: &[u8]) -> Result<()> {
    for engine in ENGINES {
        ensure!(matches!(engine.start(metered), Err(Unstarted::Trap)), "I3: {engine:?} starts it");
    }
    Ok(())
}

/// A value of the type of `kind`.
pub fn value(kind: Value, random: &mut Random) -> Value {
    // Small numbers reach further than large ones; NaNs of any bits are what floats are about.
    let bits = if random.below(2) == 0 { random.below(20) } else { random.draw() };
    match kind {
        Value::I32(_) => Value::I32(bits as i32),
        Value::I64(_) => Value::I64(bits as i64),
        Value::F32(_) if random.below(3) == 0 => Value::F32(bits as u32 | 0x7f80_0000),
        Value::F32(_) => Value::F32(bits as u32),
        Value::F64(_) if random.below(3) == 0 => Value::F64(bits | 0x7ff0 << 48),
        Value::F64(_) => Value::F64(bits),
    }
}

fn in_engine(engine: Engine, metered: &[u8], gas: i64, name: &str, arguments: &[Value]) -> Result<Outcome> {
    let outcome = run(engine, metered, gas, name, arguments)
        .map_err(|error| anyhow::anyhow!("{engine:?}: {error:?}"))?;
    let outcome = outcome.context("no such function")?;
    ensure!(outcome.status != Status::Overflow, "I7: {engine:?} met its own stack's end");
    ensure!(outcome.status != Status::Aborted, "{engine:?} had no memory");
    Ok(outcome)
}

fn check_call(
    module: &[u8],
    metered: &[u8],
    gas: i64,
    name: &str,
    arguments: &[Value],
    tally: &mut Tally,
) -> Result<()> {
    let outcome = in_engine(Engine::Wasmtime, metered, gas, name, arguments)?;
    for engine in ENGINES {
        let other = in_engine(engine, metered, gas, name, arguments)?;
        if other != outcome {
            bail!("I3: {engine:?} ends with {}, not {}", short(&other), short(&outcome));
        }
        tally.compared += 1;
    }
    if let Status::Ok(results) = &outcome.status {
        check_unmetered(module, name, arguments, results, &outcome.memory)?;
        tally.unmetered += 1;
        let used = outcome.used(gas);
        let exact = in_engine(Engine::Wasmi, metered, used, name, arguments)?;
        ensure!(exact.status == outcome.status && exact.gas_left == 0, "I5: {used} gas: {}", short(&exact));
        if used > 0 {
            let less = in_engine(Engine::Wasmi, metered, used - 1, name, arguments)?;
            ensure!(less.status == Status::OutOfGas, "I5: {used} gas less one: {}", short(&less));
            tally.exact += 1;
        }
    }
    Ok(())
}

fn short(outcome: &Outcome) -> String {
    let Outcome { status, gas_left, stack_left, memory } = outcome;
    format!("{status:?}, gas {gas_left}, stack {stack_left}, {} bytes of memory", memory.len())
}

/// The module as it was gives the same, but for the bits of NaNs. Where those decide something else there is nothing to compare.
fn check_unmetered(
    module: &[u8],
    name: &str,
    arguments: &[Value],
    results: &[Value],
    memory: &[u8],
) -> Result<()> {
    let Ok(mut guest) = Engine::Wasmtime.start(module) else { bail!("I4: does not start unmetered") };
    let Some(end) = guest.call(name, arguments) else { bail!("no such function") };
    let End::Done(unmetered) = end else { bail!("I4: ends with {end:?} unmetered") };
    if shows_bits(module)? {
        return Ok(());
    }
    let is_alike = results.iter().zip(&unmetered).all(|(one, other)| alike(*one, *other));
    ensure!(results.len() == unmetered.len() && is_alike, "I4: {results:?}, unmetered {unmetered:?}");
    ensure!(memory == guest.memory(), "I4: another memory");
    Ok(())
}

/// Whether the module has instructions by which the bits of a NaN decide something else.
fn shows_bits(module: &[u8]) -> Result<bool> {
    use wasmparser::{Operator, Parser, Payload};
    for payload in Parser::new(0).parse_all(module) {
        let Payload::CodeSectionEntry(body) = payload? else { continue };
        for operator in body.get_operators_reader()? {
            if matches!(
                operator?,
                Operator::F32Store { .. }
                    | Operator::F64Store { .. }
                    | Operator::F32Copysign
                    | Operator::F64Copysign
                    | Operator::I32ReinterpretF32
                    | Operator::I64ReinterpretF64
            ) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn alike(one: Value, other: Value) -> bool {
    match (one, other) {
        (Value::F32(one), Value::F32(other)) => {
            one == other || f32::from_bits(one).is_nan() && f32::from_bits(other).is_nan()
        }
        (Value::F64(one), Value::F64(other)) => {
            one == other || f64::from_bits(one).is_nan() && f64::from_bits(other).is_nan()
        }
        _ => one == other,
    }
}

/// Runs a call of a metered module with plenty of gas: the outcome, for modules that are known to end.
///
/// # Errors
/// When there is no instance or no such function.
pub fn outcome(engine: Engine, metered: &[u8], name: &str, arguments: &[Value]) -> Result<Outcome> {
    let mut guest = engine.start(metered).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    guest.set_global(GAS_EXPORT, Value::I64(GAS_PLENTY));
    let end = guest.call(name, arguments).context("no such function")?;
    Ok(judge(&mut *guest, end))
}
