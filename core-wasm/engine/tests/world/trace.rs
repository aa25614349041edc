//! What a run leaves behind: a hash of all inputs and outputs, and each host's last lines in words.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::thread;

use sha2::{Digest, Sha256};
use tabmesh_engine::{Flat, Input, Instant, Output, Work};

use super::describe;
use super::ids::HostId;
use super::time::MS;

/// How many bytes of a message a line keeps.
const HEAD_MAX: usize = 256;

/// A running SHA-256 over what engines took in and put out: when, whose, and all that it says.
#[derive(Clone, Default)]
pub(crate) struct Trace(Sha256);

impl Trace {
    /// Adds an input.
    pub(crate) fn add(&mut self, now: u64, host: HostId, input: &Input<'_>) {
        self.0.update(now.to_be_bytes());
        self.0.update((host.0 as u64).to_be_bytes());
        let mut length = 0;
        let (kind, number) = input.flat(&mut |piece| {
            length += piece.len() as u64;
            self.0.update(piece);
        });
        self.0.update(length.to_be_bytes());
        self.0.update([kind, number].map(u32::to_be_bytes).as_flattened());
    }

    /// Adds an output that the input led to.
    pub(crate) fn add_output(&mut self, output: &Flat) {
        for number in [output.kind, output.number, output.value, output.id.len() as u32] {
            self.0.update(number.to_be_bytes());
        }
        self.0.update(&output.id);
        self.0.update((output.bytes.len() as u64).to_be_bytes());
        self.0.update(&output.bytes);
    }

    /// Adds when the engine wants its next input.
    pub(crate) fn add_deadline(&mut self, deadline: Instant) {
        self.0.update(deadline.0.to_be_bytes());
    }

    /// The hash so far.
    pub(crate) fn hash(&self) -> [u8; 32] {
        self.0.clone().finalize().into()
    }
}

/// Adds a line to a file: the test that runs on this thread, the world's seed, the trace hash.
pub(super) fn write_down(path: &Path, seed: u64, hash: &[u8; 32]) {
    let thread = thread::current();
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let line = format!("{} seed {seed} {hash}\n", thread.name().unwrap_or("a test"));
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
            Input::Command(command) => What::Said(format!("> {}", describe::command(command))),
            other => What::Said(format!("> {other:?}")),
        };
        Self { at, what }
    }

    /// An output.
    pub(crate) fn output(at: u64, output: &Output) -> Self {
        let what = match output {
            Output::Send { link, bytes } => What::LinkOut(link.number(), Head::of(bytes)),
            Output::Signal(bytes) => What::SignalOut(Head::of(bytes)),
            Output::Job { job, work } => What::JobStart(job.0, kind_of(work)),
            Output::Open { link, route } => {
                What::Said(format!("    < link {} opens by {}", link.number(), describe::route(route)))
            }
            Output::Seal { link, .. } => What::Said(format!("    < link {} sealed", link.number())),
            Output::Answered { link, .. } => What::Said(format!("    < link {} answered", link.number())),
            other => What::Said(format!("    < {other:?}")),
        };
        Self { at, what }
    }

    /// The line in words.
    pub(crate) fn render(&self) -> String {
        let words = match &self.what {
            What::Said(words) => words.clone(),
            What::Timeout => "> time-out".into(),
            What::LinkIn(link, head) => format!("> link {link}: {}", describe::packet(&head.0, head.1)),
            What::LinkOut(link, head) => format!("    < link {link}: {}", describe::packet(&head.0, head.1)),
            What::SignalIn(head) => format!("> server: {}", describe::from_server(&head.0, head.1)),
            What::SignalOut(head) => format!("    < server: {}", describe::to_server(&head.0, head.1)),
            What::JobStart(job, kind) => format!("    < job {job}: {kind}"),
            What::JobDone(job) => format!("> job {job} is done"),
        };
        format!("{:>9}.{:03} {words}", self.at / MS, self.at % MS)
    }
}

fn kind_of(work: &Work) -> &'static str {
    match work {
        Work::Sign(_) => "sign",
        Work::Verify { .. } => "verify",
        Work::Load(_) => "load",
        Work::Message(_) => "message",
        Work::Recall(_) => "recall",
        Work::SignMessage(_) => "sign message",
        Work::CheckMessage(_) => "check message",
        Work::Store { .. } => "store",
        Work::Absent(_) => "absent",
        Work::Scan { .. } => "scan",
    }
}
