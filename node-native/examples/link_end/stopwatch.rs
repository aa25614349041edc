//! When the first envelope left for the signalling server: read off the driver's own trace, which tells every output.

use std::fmt::{self, Debug};
use std::sync::OnceLock;
use std::time::Instant;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::SetGlobalDefaultError;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// How the trace begins that tells of a message of kind 2, which asks the server to relay an envelope.
const ENVELOPE: &str = "Signal([2,";

static FIRST_ENVELOPE: OnceLock<Instant> = OnceLock::new();

/// Starts watching. After the first envelope nothing is looked at any more, and traces cost as little as when they are off.
pub(crate) fn install() -> Result<(), SetGlobalDefaultError> {
    let until_first = dynamic_filter_fn(|event, _| {
        event.target() == "tabmesh_native::driver::outputs" && FIRST_ENVELOPE.get().is_none()
    });
    let stopwatch = Stopwatch.with_filter(until_first.with_max_level_hint(LevelFilter::TRACE));
    // Not `init`, which would also make webrtc write all it does to a log that nobody reads.
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(stopwatch))
}

/// When the first envelope left, if one did.
pub(crate) fn first_envelope() -> Option<Instant> {
    FIRST_ENVELOPE.get().copied()
}

struct Stopwatch;

impl<S: Subscriber> Layer<S> for Stopwatch {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Reader);
    }
}

struct Reader;

impl Visit for Reader {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "output" && begins(value, ENVELOPE) {
            FIRST_ENVELOPE.get_or_init(Instant::now);
        }
    }
}

/// Whether `value` shows as something that begins with `start`; no more of it is written than that.
fn begins(value: &dyn Debug, start: &str) -> bool {
    let mut head = Head { rest: start.as_bytes(), is_same: true };
    // An error ends the writing early: either all of `start` was seen, or something else.
    let _ = fmt::write(&mut head, format_args!("{value:?}"));
    head.is_same && head.rest.is_empty()
}

/// Compares what is written with what is expected.
struct Head<'a> {
    rest: &'a [u8],
    is_same: bool,
}

impl fmt::Write for Head<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            let Some((expected, rest)) = self.rest.split_first() else { return Err(fmt::Error) };
            self.is_same &= byte == *expected;
            self.rest = rest;
        }
        if self.is_same { Ok(()) } else { Err(fmt::Error) }
    }
}
