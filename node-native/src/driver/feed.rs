//! Handing the engine what happened, and what follows from that.

use tabmesh_engine::{Command, Input, JobResult};

use super::state::{Driver, Finding};

impl Driver {
    /// Hands one input to the engine and does all it asks for, what follows from that, and what modules want then.
    pub(super) fn tell(&mut self, input: Input<'_>) {
        self.feed(input);
        self.serve_modules();
    }

    /// The same but for the modules, whose turn comes later.
    pub(super) fn feed(&mut self, input: Input<'_>) {
        self.hand(input);
        self.drain();
        while let Some(finding) = self.findings.pop_front() {
            self.tell_finding(finding);
            self.drain();
        }
    }

    fn tell_finding(&mut self, finding: Finding) {
        let (message, signed);
        let input = match finding {
            Finding::Signed(job, Some(signature)) => {
                signed = signature;
                Input::JobDone { job, result: JobResult::Signature(&signed) }
            }
            Finding::Signed(job, None) | Finding::NotDone(job) => {
                Input::JobDone { job, result: JobResult::Failed }
            }
            Finding::Wanted(job, op) => {
                let own = self.operations.get(&op).map(|operation| &operation.message);
                message = own.or_else(|| self.seated.questions.get(&op)).cloned();
                let result = message.as_ref().map_or(JobResult::Missing, |bytes| JobResult::Loaded(bytes));
                Input::JobDone { job, result }
            }
            Finding::Message(job, ref raw) => {
                let result = raw.as_deref().map_or(JobResult::Missing, JobResult::Loaded);
                Input::JobDone { job, result }
            }
            Finding::Reply(status, ref ticket) => Input::Command(Command::Reply { status, bytes: ticket }),
            Finding::LinkLost(link) => Input::LinkDown(link),
            Finding::LinkUp(link) => Input::LinkUp(link),
            Finding::Described(link, ref key) => Input::Described { link, description: &key.0 },
            Finding::Sealed(link, ref bytes) => Input::Sealed { link, bytes },
            Finding::Unsealed(link, ref bytes) => Input::LinkBytes { link, bytes },
            Finding::SignalLost => Input::SignalDown,
            Finding::Addresses(count) => Input::Command(Command::Addresses(count)),
        };
        self.hand(input);
    }

    fn hand(&mut self, input: Input<'_>) {
        tracing::trace!(?input);
        self.metrics.input(input_name(&input));
        self.node.handle_input(self.clock.now(), input);
    }
}

fn input_name(input: &Input<'_>) -> &'static str {
    match input {
        Input::Timeout => "timeout",
        Input::WallTime(_) => "wall_time",
        Input::Incoming => "incoming",
        Input::Described { .. } => "described",
        Input::LinkUp(_) => "link_up",
        Input::LinkDown(_) => "link_down",
        Input::LinkBytes { .. } => "packet",
        Input::LinkDrained { .. } => "drained",
        Input::Sealed { .. } => "sealed",
        Input::SignalUp(_) => "signal_up",
        Input::SignalDown => "signal_down",
        Input::SignalBytes(_) => "signal",
        Input::JobDone { .. } => "job",
        Input::Command(_) => "command",
    }
}
