//! A metered run and how it is judged: the rules that hosts follow, once more and apart from them.

use tabmesh_meter::{GAS_ABORTED, GAS_EXPORT, STACK_EXPORT, START_EXPORT};

use crate::engines::{End, Engine, Guest, Unstarted, Value};

/// Gas without end, for all a test can use.
pub const GAS_PLENTY: i64 = 1 << 50;

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Status {
    /// With these results.
    Ok(Vec<Value>),
    /// With a trap of the module's own.
    Trap,
    /// For want of gas.
    OutOfGas,
    /// For want of stack, as the profile counts it.
    Stack,
    /// The host had no memory to give: no result.
    Aborted,
    /// The engine's own stack came to its end: no result, and a bug of the profile.
    Overflow,
}

/// What all engines must agree about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The gas left, as the module says it.
    pub gas_left: i64,
    /// The stack left, likewise.
    pub stack_left: i32,
    /// What the memory held in the end.
    pub memory: Vec<u8>,
}

impl Outcome {
    /// The gas that was used of `limit`.
    #[must_use]
    pub fn used(&self, limit: i64) -> i64 {
        limit - self.gas_left
    }
}

/// Judges how a call of a metered guest ended.
pub fn judge(guest: &mut dyn Guest, end: End) -> Outcome {
    let Some(Value::I64(gas_left)) = guest.global(GAS_EXPORT) else { panic!("no gas") };
    let Some(Value::I32(stack_left)) = guest.global(STACK_EXPORT) else { panic!("no stack") };
    let status = match end {
        End::Overflow => Status::Overflow,
        _ if gas_left == GAS_ABORTED => Status::Aborted,
        _ if gas_left < 0 => Status::OutOfGas,
        End::Done(results) => Status::Ok(results),
        End::Trap if stack_left < 0 => Status::Stack,
        End::Trap => Status::Trap,
    };
    Outcome { status, gas_left, stack_left, memory: guest.memory() }
}

/// A fresh instance of a metered module: its start function, then one call. None where there is nothing of that name.
///
/// # Errors
/// Why there is no instance.
pub fn run(
    engine: Engine,
    metered: &[u8],
    gas: i64,
    name: &str,
    arguments: &[Value],
) -> Result<Option<Outcome>, Unstarted> {
    let mut guest = engine.start(metered)?;
    guest.set_global(GAS_EXPORT, Value::I64(gas));
    if let Some(end) = guest.call(START_EXPORT, &[]) {
        let outcome = judge(&mut *guest, end);
        if !matches!(outcome.status, Status::Ok(_)) {
            return Ok(Some(outcome));
        }
    }
    let end = guest.call(name, arguments);
    Ok(end.map(|end| judge(&mut *guest, end)))
}
