//! `accepted`: which modules of npm packages the metering profile accepts.

use std::time::Duration;

use anyhow::Result;

use crate::run::run;
use crate::step::step;
use crate::{parts, workspace};

/// The first time, when every package is fetched.
const LIMIT: Duration = Duration::from_secs(40 * 60);

/// Packs the packages, meters their modules and prints the tables.
///
/// # Errors
/// When the npm package cannot be built. A package that cannot be had is named and left out.
pub(crate) fn accepted() -> Result<()> {
    parts::package()?;
    step("modules of npm packages, metered and compiled (minutes, and 400 MB the first time)", || {
        run("node")
            .args(["task-meter/accepted/survey.js", "target/accepted"])
            .dir(workspace::root())
            .wait_within(LIMIT)
    })
}
