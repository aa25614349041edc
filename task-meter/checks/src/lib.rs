//! What the checks of the profile D1 share: engines behind one face, modules to run in them, and how a run is judged.
//!
//! This crate ships with nothing; the meter itself depends on nothing.

#![forbid(unsafe_code)]

pub mod build;
pub mod case;
pub mod corpus;
pub mod differential;
pub mod edges;
pub mod engines;
pub mod kept;
pub mod kernels;
pub mod probes;
pub mod random;
mod references;
pub mod run;
pub mod spec;
pub mod validity;

use tabmesh_meter::{Interface, Refusal, Scratch, Settings};

pub use validity::{is_valid, without_custom};

/// What a task allows by default: 64 MiB, no imports.
pub const SETTINGS: Settings = Settings { pages_max: 1_024, interface: Interface::Pure };

/// Meters a module with memory of its own.
///
/// # Errors
/// The refusal.
pub fn meter(module: &[u8], settings: Settings) -> Result<Vec<u8>, Refusal> {
    let mut scratch = Box::new(Scratch::new());
    let mut output = vec![0; tabmesh_meter::output_bytes_max(module.len())];
    let length = tabmesh_meter::instrument(module, settings, &mut scratch, &mut output)?;
    output.truncate(length);
    Ok(output)
}
