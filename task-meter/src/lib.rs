//! The metering profile D1: one Wasm module in, the same module out, metered and deterministic.
//!
//! What comes out counts its gas and its stack, gives the same bits for the same input in every engine, and runs unchanged
//! otherwise. [`instrument`] is a pure function of its arguments; the profile is written down in `docs/METERING.md`.
//!
//! What this crate refuses to do:
//! - allocate, or take more memory than [`Scratch`] and the output it is given;
//! - more than two scans of a function and one pass over everything else;
//! - check types: the engine that compiles the output does, and a module that was invalid stays so. Every index is
//!   checked here, because indices behind the module's own are what is injected;
//! - run anything, or know an engine.

#![no_std]
#![forbid(unsafe_code)]

pub mod advice;
mod append;
mod control;
mod floats;
mod function;
mod gas;
mod imports;
pub mod limits;
mod meter;
mod module;
mod opcodes;
mod reader;
pub mod refusal;
pub mod schedule;
mod scratch;
mod section_id;
mod sections;
mod settings;
mod slots;
mod writer;

pub use imports::names as import_names;
pub use meter::output_bytes_max;
pub use refusal::{Reason, Refusal};
pub use scratch::Scratch;
pub use settings::{Interface, Settings};

/// The exported global that holds the gas left: i64, set by the host before it calls anything.
///
/// Below zero the run is out of gas, whatever else it reported; [`GAS_ABORTED`] says that the host had no memory to give.
pub const GAS_EXPORT: &str = "~g";

/// The exported global that holds the bytes of stack left: i32. Below zero the run trapped for want of stack.
pub const STACK_EXPORT: &str = "~s";

/// The exported function that the host calls first, with the gas set: it runs the module's start function, if there is one.
pub const START_EXPORT: &str = "~i";

/// The gas left after a run that the host's lack of memory ended: no result of the task.
pub const GAS_ABORTED: i64 = i64::MIN;

/// Meters `module` into `output` and says how many bytes that takes.
///
/// `output` should have room for [`output_bytes_max`] bytes; with less, a module may be refused that others accept.
/// What `scratch` held before makes no difference.
///
/// # Errors
/// What the profile does not accept: the feature or the limit, and the byte where it starts. `output` holds nothing of use then.
pub fn instrument(
    module: &[u8],
    settings: Settings,
    scratch: &mut Scratch,
    output: &mut [u8],
) -> Result<usize, Refusal> {
    let mut meter = meter::Meter::new(module, settings, scratch, output);
    meter.run();
    meter.result()
}
