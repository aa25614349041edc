//! The meter of tasks: a module of its own, with a gate of its own.

use anyhow::Result;

use super::gate::Gate;
use super::measured::Measured;
use super::twin::Twin;
use crate::parts;
use crate::step::step;

/// The limit is a ratchet, which goes down with the module.
pub(crate) const GATE: Gate = Gate { what: "the meter of tasks", limit: 10_240 };

/// Measures the module of the npm package, which is built by now, beside its twin.
///
/// # Errors
/// When the latter cannot be built, or the two are not the same code.
pub(crate) fn measured() -> Result<Measured> {
    let twin = step("the meter of tasks once more, with names and lines kept", || {
        Twin::build("tabmesh-meter-wasm", &parts::METER_INPUTS, |built, _| Ok(built.to_owned()))
    })?;
    Measured::new(parts::SHIPPED_METER, &twin)
}
