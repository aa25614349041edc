//! Lines for whoever is at the terminal. Where nobody reads them any more the command goes on: what it does is not for them alone.

use std::fmt;
use std::io::Write;

/// A line of the answer, to the standard output.
macro_rules! say {
    ($($line:tt)*) => { $crate::cli::says::put(&mut std::io::stdout(), format_args!($($line)*)) };
}

/// A line about the answer, to the standard error.
macro_rules! note {
    ($($line:tt)*) => { $crate::cli::says::put(&mut std::io::stderr(), format_args!($($line)*)) };
}

/// Writes a line to somebody who may be gone.
pub(super) fn put(to: &mut dyn Write, line: fmt::Arguments<'_>) {
    let _ = writeln!(to, "{line}");
}
