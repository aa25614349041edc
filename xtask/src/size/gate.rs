//! How large a module may be.

use anyhow::{Result, bail};

use crate::step::note;

/// A limit in raw bytes.
pub(crate) struct Gate {
    /// The module.
    pub(crate) what: &'static str,
    /// It may never be larger.
    pub(crate) limit: usize,
}

impl Gate {
    /// Fails beyond the limit; says how much room is left.
    pub(crate) fn check(&self, raw: usize) -> Result<()> {
        let Self { what, limit } = self;
        let Some(below) = limit.checked_sub(raw) else {
            bail!(
                "{what} has {raw} bytes and may never have more than {limit}: see which room grew with \
                 `cargo xtask size --lines 40`"
            );
        };
        note(&format!("{what}: {raw} bytes, {below} below the limit of {limit}"));
        Ok(())
    }
}
