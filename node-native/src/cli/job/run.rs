//! `job run` and `job resume`: a job of a running node, from its inputs to its root.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tabmesh_engine::NodeId;
use tabmesh_engine::content::cid::Cid;
use tabmesh_port::BlockHash;
use tabmesh_tasks::Outcome;

use super::checkpoint::checkpoint;
use super::error::JobError;
use super::fetches::{Came, Fetches};
use super::given::Given;
use super::journal::Accepted;
use super::local::Local;
use super::report::Report;
use super::state::JobState;
use crate::cli::args::NodeArgs;
use crate::cli::error::CliError;
use crate::cli::lines::until_interrupted;
use crate::control::client::ClientError;
use crate::control::job::{AcceptedLine, News, Order};
use crate::control::running_job::{Heard, Job, OrderWriter};
use crate::identity::{from_hex, hex_of};
use crate::jobs::ask::{INPUT_BYTES_A_JOB, OPEN_A_JOB};
use crate::task::Status;

/// With --in-order, results are held back for at most so many others.
const AHEAD_MAX: u32 = 4_096;

/// Failed tasks that are run again here for their logs.
const LOGS_MAX: usize = 3;

/// How long such a run may take.
const LOG_TIME: Duration = Duration::from_secs(30);

/// How results are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telling {
    pub(super) is_in_order: bool,
    pub(super) is_progress: bool,
    pub(super) has_checkpoint: bool,
}

/// Brings a job to its end.
pub(super) async fn run(state: JobState, telling: Telling, node: &NodeArgs) -> Result<(), CliError> {
    let dir = state.path().to_owned();
    let socket = node.control_socket()?;
    let work = async {
        let report = Report::new(&state, telling.is_in_order, telling.is_progress, node.json);
        let mut going = Going {
            number: 0,
            state,
            report,
            open: HashMap::new(),
            open_bytes: 0,
            next: None,
            fetches: Fetches::new(&socket),
            is_missing: false,
            disputes: 0,
            closed_at: None,
            ahead_max: if telling.is_in_order { AHEAD_MAX } else { u32::MAX },
        };
        going.tell_failed_inputs();
        if !going.state.graph.is_over() {
            going.go(&socket).await?;
        }
        going.finish().await
    };
    let ended = tokio::select! {
        done = work => done,
        // The connection closes with it, and that cancels the job.
        _ = tokio::signal::ctrl_c() => Err(JobError::Interrupted(dir.clone()).into()),
    };
    if telling.has_checkpoint {
        let made = until_interrupted(checkpoint(&dir, node)).await;
        // Why the job ended comes first.
        return ended.and(made);
    }
    ended
}

struct Going {
    /// The job's, at the node, once it has one.
    number: u32,
    state: JobState,
    report: Report,
    /// What the node has, with the bytes of its input.
    open: HashMap<u32, usize>,
    open_bytes: usize,
    /// What it is given once there is room.
    next: Option<(u32, Bytes, Option<Came>)>,
    fetches: Fetches,
    /// It was told that an input does not come.
    is_missing: bool,
    disputes: u32,
    /// The disputes that were known when the job was closed last.
    closed_at: Option<u32>,
    ahead_max: u32,
}

impl Going {
    async fn go(&mut self, socket: &std::path::Path) -> Result<(), CliError> {
        let job = Job::begin(socket, self.state.description.plan.clone()).await?;
        let Job { number, news, mut orders, .. } = job;
        self.number = number;
        // News are not to be dropped half-way, as they would be beside inputs that come.
        let news = stream::unfold(news, |mut news| async { Some((news.next().await, news)) });
        tokio::pin!(news);
        for module in &self.state.modules {
            // The node tells why, if it takes none.
            let _ = orders.say(&Order::Module {}, module).await;
        }
        loop {
            // What a node says no to, it says as news.
            let _ = self.give(&mut orders).await?;
            self.tell_missing();
            tokio::select! {
                Some(heard) = news.next() => if self.hear(heard)? {
                    return Ok(());
                },
                Some(came) = self.fetches.came.recv(), if self.next.is_none() => self.come(came)?,
            }
        }
    }

    /// Gives the node what it has room for, and says when there is no more.
    async fn give(&mut self, orders: &mut OrderWriter) -> Result<Result<(), ClientError>, CliError> {
        while self.open.len() < OPEN_A_JOB && self.prepare()? {
            let Some((number, input, place)) = self.next.take() else { break };
            if self.open_bytes + input.len() > INPUT_BYTES_A_JOB {
                self.next = Some((number, input, place));
                break;
            }
            self.open_bytes += input.len();
            self.open.insert(number, input.len());
            let module = self.state.graph.module(number);
            if let Err(error) = orders.say(&Order::Add { number, module }, &input).await {
                return Ok(Err(error));
            }
        }
        let is_all = self.state.graph.decided() as usize + self.open.len() == self.state.graph.len() as usize;
        if is_all && self.next.is_none() && self.closed_at != Some(self.disputes) {
            self.closed_at = Some(self.disputes);
            return Ok(orders.say(&Order::Close { disputes: self.disputes }, &Bytes::new()).await);
        }
        Ok(Ok(()))
    }

    /// Reads what is given next; whether there is something.
    fn prepare(&mut self) -> Result<bool, CliError> {
        while self.next.is_none() && self.report.waits_for(self.ahead_max) && !self.fetches.is_full() {
            let Some(number) = self.state.graph.give() else { return Ok(false) };
            match self.state.input(number)? {
                Some(Given::Bytes(input)) => self.take(number, input, None)?,
                Some(Given::Content(cid)) => self.fetches.begin(number, cid),
                None => self.fail(number, "the outputs that it awaits have more than 16 MiB together"),
            }
        }
        Ok(self.next.is_some())
    }

    /// Has a task given out next, unless it was run before.
    fn take(&mut self, number: u32, input: Bytes, came: Option<Came>) -> Result<(), CliError> {
        match self.state.recall(number, input.clone())? {
            Some(accepted) => {
                self.report.accepted(&self.state, number, &self.state.name(number), &accepted);
                self.tell_failed_inputs();
            }
            None => self.next = Some((number, input, came)),
        }
        Ok(())
    }

    /// Takes an input that came, or did not.
    fn come(&mut self, came: Came) -> Result<(), CliError> {
        self.fetches.note(&came);
        match came {
            Came::Input { number, input: Some(ref input), .. } => {
                let input = input.clone();
                self.take(number, input, Some(came))?;
            }
            Came::Input { number, .. } => self.fail(number, "its input has more than 16 MiB"),
            Came::Missed(..) => {}
            Came::Broken(source) => {
                return Err(JobError::Broken { dir: self.state.path().to_owned(), source }.into());
            }
        }
        Ok(())
    }

    /// Tells that an input is missing, where nothing else is left to do, and that it came.
    fn tell_missing(&mut self) {
        let why = self.missing().map(|cid| format!("input missing: {cid}; it is looked for again"));
        if why.is_some() != self.is_missing {
            self.is_missing = why.is_some();
            self.report.stalled(why.as_deref());
        }
    }

    /// An input that is missing, where nothing else is left to do.
    fn missing(&self) -> Option<&Cid> {
        self.fetches.missing().filter(|_| self.open.is_empty() && self.next.is_none())
    }

    /// Takes what the node tells; whether that was the end.
    fn hear(&mut self, heard: Result<Heard, ClientError>) -> Result<bool, CliError> {
        let dir = || self.state.path().to_owned();
        let heard = heard.map_err(|source| JobError::Broken { dir: dir(), source })?;
        match heard {
            Heard::Cancelled => return Err(JobError::Cancelled(dir()).into()),
            Heard::Late(why) => return Err(self.late(why)),
            // A dispute that crossed with it may have opened the graph again.
            Heard::Done => return Ok(true),
            Heard::News(News::Accepted(line), data) => self.accept(&line, &data)?,
            Heard::News(News::Failed { number, why }, _) => {
                self.close_one(number);
                self.fail(number, &why);
            }
            Heard::News(News::Progress { done, executors }, _) => {
                self.report.progress(&self.state, done, executors)
            }
            Heard::News(News::Stalled { why }, _) => self.report.stalled(why.as_deref()),
            Heard::News(News::Paused { paused }, _) => self.report.paused(paused, self.number),
            Heard::News(News::Dispute { number, liar, disputes }, _) => {
                self.disputes = disputes;
                if let Some(id) = from_hex(&liar) {
                    let again = self.state.doubt(&id)?;
                    self.report.dispute(&self.state.name(number), number, &liar, again);
                }
            }
        }
        Ok(false)
    }

    /// `held_up`: what the node says of that.
    fn late(&self, held_up: Option<String>) -> CliError {
        let (decided, all) = (self.state.graph.decided(), self.state.graph.len());
        let missing = self.missing().map(|cid| format!("input missing: {cid}"));
        let why = missing.or(held_up).unwrap_or_else(|| "there was too little time".to_owned());
        self.report.late(decided, all, &why);
        JobError::Late { dir: self.state.path().to_owned(), decided, all, why }.into()
    }

    fn close_one(&mut self, number: u32) {
        self.open_bytes -= self.open.remove(&number).unwrap_or(0);
    }

    fn accept(&mut self, line: &AcceptedLine, data: &[u8]) -> Result<(), CliError> {
        self.close_one(line.number);
        let (receipt, output) = data.split_at(data.len().min(line.receipt_bytes as usize));
        let accepted = Accepted {
            task: BlockHash(from_hex(&line.task).map_or([0; 32], |id| id.0)),
            outcome: Outcome {
                status: line.status,
                gas: line.gas,
                length: output.len() as u32,
                output: tabmesh_engine::sha256(output),
                steps: line.steps.as_deref().and_then(from_hex).map_or([0; 32], |root| root.0),
            },
            is_checked: line.checked,
            votes: line.votes,
            executor: from_hex(&line.executor).unwrap_or(NodeId([0; 32])),
        };
        if self.state.accept(line.number, &accepted, receipt, output)? {
            let name = self.state.name(line.number);
            self.report.accepted(&self.state, line.number, &name, &accepted);
            self.tell_failed_inputs();
        }
        Ok(())
    }

    fn fail(&mut self, number: u32, why: &str) {
        if self.state.fail(number) {
            self.report.failed(&self.state, number, &self.state.name(number), why);
            self.tell_failed_inputs();
        }
    }

    fn tell_failed_inputs(&mut self) {
        while let Some((number, input)) = self.state.graph.next_failed() {
            self.state.failed.insert(number);
            let why = format!("INPUT_FAILED: {} has no output that it could take", self.state.name(input));
            self.report.failed(&self.state, number, &self.state.name(number), &why);
        }
    }

    /// The root, and what did not end well.
    async fn finish(mut self) -> Result<(), CliError> {
        self.state.sync()?;
        self.report.end();
        let (dir, all) = (self.state.path().to_owned(), self.state.graph.len());
        if !self.state.graph.is_over() {
            return Err(JobError::Broken { dir, source: ClientError::Closed }.into());
        }
        let (failed, not_ok) = (self.state.failed.len() as u32, self.state.not_ok.len() as u32);
        if not_ok > 0 {
            self.tell_logs().await?;
        }
        self.report.root(&self.state, &hex_of(&self.state.graph.root()));
        if failed + not_ok > 0 {
            return Err(JobError::NotAll { dir, all, failed, not_ok }.into());
        }
        Ok(())
    }

    /// Runs some of those that did not end as `OK` again here, for what they told their user.
    async fn tell_logs(&mut self) -> Result<(), CliError> {
        let mut numbers: Vec<u32> = self.state.not_ok.iter().copied().collect();
        numbers.sort_unstable();
        let local = Local::new()?;
        for number in numbers.into_iter().take(LOGS_MAX) {
            let (terms, module) = (*self.state.terms_of(number), self.state.graph.module(number));
            let Some(Given::Bytes(input)) = self.state.input(number)? else { continue };
            let module = self.state.modules[usize::from(module)].clone();
            let outcome = local.run(terms, module, input, LOG_TIME).await?;
            if outcome.status() != Status::Late {
                self.state.write_log(number, &outcome.log)?;
                self.report.log(&self.state.name(number), &outcome);
            }
        }
        Ok(())
    }
}

/// The paths of a job's files, made absolute: it may be resumed from elsewhere.
pub(super) fn absolute(path: PathBuf) -> Result<PathBuf, CliError> {
    std::path::absolute(&path).map_err(|source| CliError::File { path, source })
}
