//! Says what is being done, and how long it took.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use anyhow::Result;

/// Does one step: says `what` first, and how long it took when it is done.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("{}", bold(&format!("== {what}")));
    let start = Instant::now();
    let result = work();
    let verdict = if result.is_ok() { "done in" } else { "failed after" };
    println!("   {verdict} {}", spoken(start.elapsed()));
    result
}

/// Says something about the step that is under way.
pub(crate) fn note(text: &str) {
    println!("   {text}");
}

/// `text` in bold where a person reads it.
pub(crate) fn bold(text: &str) -> String {
    if std::io::stdout().is_terminal() { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}

/// A span as a person says it: `0.4 s`, `2 min 5 s`.
pub(crate) fn spoken(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", span.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}
