//! How far a transfer is, on the standard error: a bar on a terminal, a line a second where `--progress` asks for it.

use std::cell::{Cell, RefCell};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a plain line is written.
const LINE_EVERY: Duration = Duration::from_secs(1);

const TEMPLATE: &str = "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left {msg}";

pub(super) struct Progress {
    bar: ProgressBar,
    /// When the last plain line was written; `None` where no lines are.
    line_at: Option<Cell<Instant>>,
    message: RefCell<String>,
}

impl Progress {
    /// `length` in bytes, if it is known already; `is_forced` shows it without a terminal, too.
    pub(super) fn new(length: Option<u64>, is_forced: bool) -> Self {
        let bar = length.map_or_else(ProgressBar::no_length, ProgressBar::new);
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        let is_terminal = std::io::stderr().is_terminal();
        // On anything but a terminal it draws nothing.
        bar.set_draw_target(ProgressDrawTarget::stderr());
        let line_at = (is_forced && !is_terminal).then(|| Cell::new(Instant::now()));
        Self { bar, line_at, message: RefCell::default() }
    }

    pub(super) fn set_length(&self, length: u64) {
        self.bar.set_length(length);
    }

    pub(super) fn set_message(&self, message: String) {
        self.bar.set_message(message.clone());
        self.message.replace(message);
        self.line(false);
    }

    pub(super) fn set_position(&self, bytes: u64) {
        self.bar.set_position(bytes);
        self.line(false);
    }

    pub(super) fn add(&self, bytes: u64) {
        self.bar.inc(bytes);
        self.line(false);
    }

    pub(super) fn finish(&self) {
        self.line(true);
        self.bar.finish_and_clear();
    }

    fn line(&self, is_last: bool) {
        let Some(at) = &self.line_at else { return };
        if !is_last && at.get().elapsed() < LINE_EVERY {
            return;
        }
        at.set(Instant::now());
        let total = self.bar.length().map_or_else(|| "?".to_owned(), |length| ByteSize(length).to_string());
        note!("{} of {total} {}", ByteSize(self.bar.position()), self.message.borrow());
    }
}
