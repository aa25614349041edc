//! Lines for whoever is at the terminal. Where nobody reads them any more the command goes on: what it does is not for them alone.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

/// Why an answer could not be written, to a full disk say.
static UNWRITTEN: OnceLock<io::Error> = OnceLock::new();

/// A line of the answer, to the standard output.
macro_rules! say {
    ($($line:tt)*) => { $crate::cli::says::answer(format_args!($($line)*)) };
}

/// A line about the answer, to the standard error.
macro_rules! note {
    ($($line:tt)*) => { $crate::cli::says::note(format_args!($($line)*)) };
}

/// Writes a line of the answer; see [`unwritten`].
pub(super) fn answer(line: fmt::Arguments<'_>) {
    if let Err(error) = writeln!(io::stdout(), "{line}")
        && error.kind() != ErrorKind::BrokenPipe
    {
        let _ = UNWRITTEN.set(error);
    }
}

/// Writes a line to somebody who may be gone: there is nobody else to tell.
pub(super) fn note(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The first line of the answer that could not be written, though somebody would have read it.
pub(super) fn unwritten() -> Option<&'static io::Error> {
    UNWRITTEN.get()
}
