//! What a run leaves behind: a hash of all inputs and outputs, and each host's last lines in words.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::thread;

use tabmesh_engine::{Flat, Input, Instant, Output};
use tabmesh_world::dice::fold;
use tabmesh_world::time::MS;
use tabmesh_world::{trace, words};

use super::ids::HostId;

/// How many bytes of a message a line keeps.
const HEAD_MAX: usize = 256;

/// A running hash over what engines took in and put out: when, whose, and all that it says.
#[derive(Default)]
pub(crate) struct Trace(u64);

impl Trace {
    /// Adds an input.
    pub(crate) fn add(&mut self, now: u64, host: HostId, input: &Input<'_>) {
        self.0 = trace::add_input(fold(self.0, &host.0.to_le_bytes()), now, input);
    }

    /// Adds an output that the input led to.
    pub(crate) fn add_output(&mut self, output: &Flat) {
        self.0 = trace::add_output(self.0, output);
    }

    /// Adds when the engine wants its next input.
    pub(crate) fn add_deadline(&mut self, deadline: Instant) {
        self.0 = trace::add_deadline(self.0, deadline);
    }

    /// The hash so far.
    pub(crate) fn hash(&self) -> u64 {
        self.0
    }
}

/// Adds a line to a file: the test that runs on this thread, the world's seed, the trace hash.
pub(super) fn write_down(path: &Path, seed: u64, hash: u64) {
    let thread = thread::current();
    let line = format!("{} seed {seed} {hash:016x}\n", thread.name().unwrap_or("a test"));
    let file = OpenOptions::new().create(true).append(true).open(path);
    if let Err(error) = file.and_then(|mut file| file.write_all(line.as_bytes())) {
        eprintln!("TABMESH_HASHES: {}: {error}", path.display());
    }
}

/// One input or output, kept raw and put into words only for a report.
pub(crate) struct Line {
    at: u64,
    what: What,
}

enum What {
    Said(String),
    LinkIn(u16, Head),
    LinkOut(u16, Head),
    SignalIn(Head),
    SignalOut(Head),
    JobStart(u32, &'static str),
    JobDone(u32),
    Timeout,
}

/// The first bytes of a message, and its whole length.
struct Head(Vec<u8>, usize);

impl Head {
    fn of(bytes: &[u8]) -> Self {
        Self(bytes[..bytes.len().min(HEAD_MAX)].to_vec(), bytes.len())
    }
}

impl Line {
    /// An input.
    pub(crate) fn input(at: u64, input: &Input<'_>) -> Self {
        let what = match input {
            Input::Timeout => What::Timeout,
            Input::LinkBytes { link, bytes } => What::LinkIn(link.number(), Head::of(bytes)),
            Input::SignalBytes(bytes) => What::SignalIn(Head::of(bytes)),
            Input::JobDone { job, .. } => What::JobDone(job.0),
            Input::Described { link, .. } => What::Said(format!("> link {} described", link.number())),
            Input::Command(command) => What::Said(format!("> {}", words::command(command))),
            other => What::Said(format!("> {other:?}")),
        };
        Self { at, what }
    }

    /// An output.
    pub(crate) fn output(at: u64, output: &Output) -> Self {
        let what = match output {
            Output::Send { link, bytes } => What::LinkOut(link.number(), Head::of(bytes)),
            Output::Signal(bytes) => What::SignalOut(Head::of(bytes)),
            Output::Job { job, work } => What::JobStart(job.0, words::work(work)),
            Output::Open { link, route } => {
                What::Said(format!("    < link {} opens by {}", link.number(), words::route(route)))
            }
            Output::Seal { link, .. } => What::Said(format!("    < link {} sealed", link.number())),
            Output::Answered { link, .. } => What::Said(format!("    < link {} answered", link.number())),
            other => What::Said(format!("    < {other:?}")),
        };
        Self { at, what }
    }

    /// The line in words.
    pub(crate) fn render(&self) -> String {
        let line = match &self.what {
            What::Said(words) => words.clone(),
            What::Timeout => "> time-out".into(),
            What::LinkIn(link, head) => format!("> link {link}: {}", words::packet(&head.0, head.1)),
            What::LinkOut(link, head) => format!("    < link {link}: {}", words::packet(&head.0, head.1)),
            What::SignalIn(head) => format!("> server: {}", words::from_server(&head.0, head.1)),
            What::SignalOut(head) => format!("    < server: {}", words::to_server(&head.0, head.1)),
            What::JobStart(job, kind) => format!("    < job {job}: {kind}"),
            What::JobDone(job) => format!("> job {job} is done"),
        };
        format!("{:>9}.{:03} {line}", self.at / MS, self.at % MS)
    }
}
