//! How large a module may be.

use anyhow::{Result, bail};

use crate::step::note;

/// A limit in raw bytes, and what shall be reached.
pub(crate) struct Gate {
    /// The module.
    pub(crate) what: &'static str,
    /// It may never be larger.
    pub(crate) limit: usize,
    /// It shall not be larger.
    pub(crate) goal: usize,
}

impl Gate {
    /// Fails beyond the limit; says how far the goal is.
    pub(crate) fn check(&self, raw: usize) -> Result<()> {
        let Self { what, limit, goal } = self;
        let Some(below) = limit.checked_sub(raw) else {
            bail!(
                "{what} has {raw} bytes and may never have more than {limit}: see which room grew with \
                 `cargo xtask size --functions 40`"
            );
        };
        let goal = match raw.checked_sub(*goal) {
            None | Some(0) => format!("{} below the goal of {goal}", goal - raw),
            Some(excess) => format!("{excess} ABOVE the goal of {goal}"),
        };
        note(&format!("{what}: {raw} bytes: {goal}, {below} below the limit of {limit}"));
        Ok(())
    }
}
