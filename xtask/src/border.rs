//! `border`: what is made from the table of inputs and outputs.

use anyhow::Result;

use crate::run::cargo;
use crate::step::step;

/// Writes `pkg/src/kinds` from `core-wasm/engine/src/io/table/`.
///
/// # Errors
/// When the engine does not build, or the table does not hold together.
pub(crate) fn border() -> Result<()> {
    step("pkg/src/kinds, from the engine's table of inputs and outputs", || {
        cargo("test --quiet --package tabmesh-engine --test border").env("TABMESH_WRITE", "1").wait()
    })
}
