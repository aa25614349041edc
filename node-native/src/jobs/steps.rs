//! The steps of tasks as the module compares them (`docs/JOBS.md`).

use std::ops::ControlFlow;
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tabmesh_engine::sha256;
use tabmesh_tasks::bisect::{NOT_OK, Step, Trail};

use super::runner::Runner;
use crate::task::{BoundError, Course, End, Flag, Outcome, State, Taken, Task, Watchdog};

/// Makes steps of what was taken.
#[derive(Clone, Default)]
pub(super) struct Recorder {
    output: Sha256,
    length: u32,
}

impl Recorder {
    /// Behind a step with this output by then.
    fn behind(output: &[u8]) -> Self {
        Self { output: Sha256::new_with_prefix(output), length: output.len() as u32 }
    }

    /// The next one.
    pub(super) fn step(&mut self, taken: &Taken) -> Step {
        if taken.end == End::Ok {
            self.output.update(&taken.emitted);
            self.length += taken.emitted.len() as u32;
        } else {
            *self = Self::default();
        }
        let flag = if taken.end == End::Ok { taken.flag as u8 } else { NOT_OK + taken.end.status().number() };
        Step {
            number: taken.number,
            state: sha256(taken.state.bytes()),
            gas: taken.gas,
            flag,
            position: taken.position,
            length: self.length,
            output: self.output.clone().finalize().into(),
        }
    }
}

/// Runs a task by steps, and keeps their trail.
pub fn run(runner: &dyn Runner, task: &Task, time: Duration, watchdog: &Watchdog) -> (Outcome, Trail) {
    let (mut recorder, mut trail) = (Recorder::default(), Trail::default());
    let outcome = runner.walk(task, Course::default(), time, watchdog, &mut |taken| {
        trail.push(&recorder.step(taken));
        ControlFlow::Continue(())
    });
    (outcome, trail)
}

/// The step behind that one (the first behind none), from what that left: the output by then, and behind it the state. `None` where
/// these bytes are not that, or this host cannot run it.
pub(super) fn one(
    runner: &dyn Runner,
    task: &Task,
    before: Option<(&Step, &Bytes)>,
    time: Duration,
    watchdog: &Watchdog,
) -> Option<Step> {
    let (course, mut recorder) = match before {
        None => (Course::default(), Recorder::default()),
        Some((step, left)) => {
            let (output, state) = split(step, left)?;
            (course_behind(step, output.len(), state).ok()?, Recorder::behind(&output))
        }
    };
    let mut found = None;
    runner.walk(task, course, time, watchdog, &mut |taken| {
        found = Some(recorder.step(taken));
        ControlFlow::Break(())
    });
    found
}

/// The output by then, and the state, where these bytes are what that step left.
pub(super) fn split(step: &Step, left: &Bytes) -> Option<(Bytes, Bytes)> {
    let length = step.length as usize;
    let (output, state) = (left.get(..length)?, left.get(length..)?);
    let is_it = sha256(output) == step.output && sha256(state) == step.state;
    is_it.then(|| (left.slice(..length), left.slice(length..)))
}

fn course_behind(step: &Step, output_bytes: usize, state: Bytes) -> Result<Course, BoundError> {
    let flag = if step.flag == Flag::Continue as u8 { Flag::Continue } else { Flag::Wait };
    Ok(Course {
        number: step.number.saturating_add(1),
        flag,
        state: State::new(state)?,
        gas: step.gas,
        position: step.position,
        output_bytes,
    })
}
