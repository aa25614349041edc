//! `tasks`: the corpus of tasks, and what every task that is written down must give.

use anyhow::Result;
use clap::Args;

use crate::parts;
use crate::run::cargo;
use crate::step::step;

/// Whether to write.
#[derive(Args)]
pub(crate) struct Options {
    /// Write down anew what tasks give and cost, after a change of the schedule, the meter or the tasks themselves:
    /// `expected.json` of the corpus and of the guests, and `tests/vectors/tasks.json`.
    #[arg(long)]
    write: bool,
}

/// Builds the corpus, and writes the lists if that is wanted.
///
/// # Errors
/// When a package cannot be had, or a task does not end well.
pub(crate) fn tasks(options: &Options) -> Result<()> {
    parts::corpus()?;
    if !options.write {
        return Ok(());
    }
    step("what tasks give and cost, written down by the native engine", || {
        cargo("test --quiet --package tabmesh-native --features interpreter --test task_guests --test task_vectors -- --ignored")
            .wait()
    })
}
