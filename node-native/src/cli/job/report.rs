//! What a job tells whoever waits for it: progress on the standard error, with --json a line for each result on the standard output.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::journal::Accepted;
use super::state::JobState;
use crate::cli::counted::counted;
use crate::cli::lines::shown;
use crate::identity::{hex, hex_of};
use crate::task::{Outcome, Status};

/// How often a plain line of progress is written.
const LINE_EVERY: Duration = Duration::from_secs(1);

/// Failures that are told one by one; of more it is told at the end how many they were.
const TOLD_MAX: usize = 20;

/// Characters of a log that are shown; the whole is in its file.
const LOG_MAX: usize = 400;

const TEMPLATE: &str = "{bar:30} {pos} of {len} {msg}, {eta} left";

pub(super) struct Report {
    bar: ProgressBar,
    is_json: bool,
    /// When the last plain line was written; `None` where none are.
    line_at: Option<Instant>,
    /// Results that wait for those before them; `None` where they are told as they come.
    held: Option<BTreeMap<u32, Value>>,
    next: u32,
    began_with: u32,
    began: Instant,
    told: usize,
}

impl Report {
    pub(super) fn new(state: &JobState, is_in_order: bool, is_progress: bool, is_json: bool) -> Self {
        let bar = ProgressBar::new(state.graph.len().into()).with_position(state.graph.decided().into());
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        bar.set_draw_target(ProgressDrawTarget::stderr());
        let is_plain = is_progress && !std::io::stderr().is_terminal();
        let held = is_in_order.then(BTreeMap::new);
        let (began, began_with) = (Instant::now(), state.graph.decided());
        let line_at = is_plain.then_some(began);
        let mut report = Self { bar, is_json, line_at, held, next: 0, began_with, began, told: 0 };
        report.pass_decided(state);
        report
    }

    /// Whether one more may be given out, for no more than so many to be held back.
    pub(super) fn waits_for(&self, most: u32) -> bool {
        self.held.as_ref().is_none_or(|held| (held.len() as u32) < most)
    }

    pub(super) fn accepted(&mut self, state: &JobState, number: u32, name: &str, accepted: &Accepted) {
        let status =
            Status::ALL.get(usize::from(accepted.outcome.status)).map_or("?", |status| status.name());
        if accepted.outcome.status != Status::Ok.number() {
            self.complain(&format!("{name}: {status}, as {}", said_by(accepted.votes)));
        }
        self.result(
            state,
            number,
            json!({
                "number": number,
                "name": name,
                "status": status,
                "gas": accepted.outcome.gas,
                "output_bytes": accepted.outcome.length,
                "output_sha256": hex_of(&accepted.outcome.output),
                "task": hex_of(&accepted.task.0),
                "checked": accepted.is_checked,
                "votes": accepted.votes,
                "executor": hex(&accepted.executor),
            }),
        );
    }

    pub(super) fn failed(&mut self, state: &JobState, number: u32, name: &str, why: &str) {
        self.complain(&format!("{name}: {why}"));
        self.result(state, number, json!({ "number": number, "name": name, "failed": why }));
    }

    fn result(&mut self, state: &JobState, number: u32, line: Value) {
        self.bar.set_position(state.graph.decided().into());
        if !self.is_json {
            return;
        }
        match &mut self.held {
            None => say!("{line}"),
            // What was told stays told: a result that replaces it comes at once.
            Some(_) if number < self.next => say!("{line}"),
            Some(held) => {
                held.insert(number, line);
                self.pass_decided(state);
            }
        }
    }

    /// Tells what was held back for what is decided now.
    fn pass_decided(&mut self, state: &JobState) {
        let Some(held) = &mut self.held else { return };
        loop {
            match held.remove(&self.next) {
                Some(line) => say!("{line}"),
                // Decided before this command began.
                None if self.next < state.graph.len() && state.graph.is_decided(self.next) => {}
                None => return,
            }
            self.next += 1;
        }
    }

    pub(super) fn progress(&mut self, state: &JobState, done: u32, executors: usize) {
        let decided = state.graph.decided();
        self.bar.set_position(decided.into());
        let at_it = counted(executors, "executor");
        self.bar.set_message(format!("({done} more done at executors), {at_it}"));
        if self.is_json {
            let eta = self.eta(state).map(|eta| eta.as_secs());
            say!(
                "{}",
                json!({ "progress": { "decided": decided, "all": state.graph.len(), "done": done,
                "executors": executors, "eta_s": eta } })
            );
        }
        if self.line_at.is_some_and(|at| at.elapsed() >= LINE_EVERY) {
            self.line_at = Some(Instant::now());
            let eta = self.eta(state).map_or_else(String::new, |eta| format!(", {} s left", eta.as_secs()));
            note!("{decided} of {}, {at_it}{eta}", state.graph.len());
        }
    }

    fn eta(&self, state: &JobState) -> Option<Duration> {
        let done = state.graph.decided().checked_sub(self.began_with).filter(|done| *done > 0)?;
        let left = state.graph.len() - state.graph.decided();
        Some(self.began.elapsed().mul_f64(f64::from(left) / f64::from(done)))
    }

    pub(super) fn stalled(&mut self, why: Option<&str>) {
        if self.is_json {
            say!("{}", json!({ "stalled": why }));
        }
        match why {
            Some(why) => self.note(&format!("the job does not go on: {why}")),
            None => self.note("the job goes on"),
        }
    }

    /// `number`: the job's, at the node.
    pub(super) fn paused(&mut self, is_paused: bool, number: u32) {
        if self.is_json {
            say!("{}", json!({ "paused": is_paused }));
        }
        if is_paused {
            self.note(&format!("the job is paused: `tabmesh job unpause {number}` has it go on"));
        } else {
            self.note("the job goes on");
        }
    }

    pub(super) fn late(&self, decided: u32, all: u32, why: &str) {
        self.bar.finish_and_clear();
        if self.is_json {
            say!("{}", json!({ "late": { "decided": decided, "all": all, "why": why } }));
        }
    }

    pub(super) fn dispute(&mut self, name: &str, number: u32, liar: &str, again: usize) {
        if self.is_json {
            say!(
                "{}",
                json!({ "dispute": { "number": number, "name": name, "liar": liar, "again": again } })
            );
        }
        let results = counted(again, "result");
        self.note(&format!("{liar} lied about {name}: what it alone gave, {results}, is made again"));
    }

    /// What a task that failed told its user.
    pub(super) fn log(&self, name: &str, outcome: &Outcome) {
        let log = String::from_utf8_lossy(&outcome.log);
        let end: String =
            log.trim_end().chars().rev().take(LOG_MAX).collect::<Vec<_>>().into_iter().rev().collect();
        note!("{name}: {}", outcome.end.sentence());
        if !end.is_empty() {
            note!("{name}: its log, in {name}.log, ends with: {}", shown(Some(&end), None));
        }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    pub(super) fn root(&self, state: &JobState, root: &str) {
        let (failed, not_ok) = (state.failed.len(), state.not_ok.len());
        let (all, executors) = (state.graph.len(), state.executors.len());
        let result = state.result().map(|path| path.display().to_string());
        if self.is_json {
            say!(
                "{}",
                json!({ "root": root, "cid": state.cid(), "all": all, "failed": failed, "not_ok": not_ok,
                "executors": executors, "result": result, "output": state.path().display().to_string() })
            );
            return;
        }
        if self.told > TOLD_MAX {
            note!("and {} more", self.told - TOLD_MAX);
        }
        say!("job       {}", state.cid());
        say!("root      {root}");
        say!(
            "tasks     {all}: {} OK, {not_ok} not OK, {failed} without a result",
            all as usize - failed - not_ok
        );
        say!("executors {executors}");
        say!("output    {}", result.unwrap_or_else(|| state.path().display().to_string()));
    }

    fn complain(&mut self, line: &str) {
        self.told += 1;
        if self.told <= TOLD_MAX {
            self.note(line);
        }
    }

    fn note(&self, line: &str) {
        self.bar.suspend(|| note!("{}", shown(Some(line), None)));
    }
}

/// Who came to a result.
fn said_by(votes: u8) -> String {
    match votes {
        0 => "this node found".to_owned(),
        1 => "1 executor says".to_owned(),
        _ => format!("{votes} executors say"),
    }
}
