//! Where a task that is run by steps is between two of them, and how it goes on from there.

use std::ops::ControlFlow;

use super::definition::{STREAM_BYTES_MAX, Task};
use super::outcome::{End, Outcome};
use super::steps::{Flag, State, Stepper};

/// What is so before a step. Whoever has it can go on from it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Course {
    /// The step's number, from 0.
    pub number: u32,
    /// What the one before wanted.
    pub flag: Flag,
    /// What it left.
    pub state: State,
    /// The gas that was used by then.
    pub gas: u64,
    /// How many bytes of the input were given by then, and one more where its end was.
    pub position: u32,
    /// How many bytes were emitted by then.
    pub output_bytes: usize,
}

impl Default for Course {
    /// Before the first step.
    fn default() -> Self {
        let state = State::default();
        Self { number: 0, flag: Flag::Wait, state, gas: 0, position: 0, output_bytes: 0 }
    }
}

/// What one step came to, as a part of its task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Its number.
    pub number: u32,
    /// `Ok`, or the end of the task.
    pub end: End,
    /// What it wants next, where it is `Ok`.
    pub flag: Flag,
    /// What it left; nothing where it is not `Ok`.
    pub state: State,
    /// What it emitted; nothing where it is not `Ok`.
    pub emitted: Vec<u8>,
    /// The gas that was used by then; the task's limit where it is not `Ok`.
    pub gas: u64,
    /// How many bytes of the input were given by then, and one more where its end was.
    pub position: u32,
}

/// Hears of each step, and says whether to go on.
pub type Seen<'a> = dyn FnMut(&Taken) -> ControlFlow<()> + Send + 'a;

impl Course {
    /// The piece of the next step, and the position behind it.
    fn piece<'t>(&self, task: &'t Task) -> (&'t [u8], u32) {
        let (Flag::Wait, Some(piece_bytes)) = (self.flag, task.piece_bytes) else {
            return (&[], self.position);
        };
        let rest = task.input.get(self.position as usize..).unwrap_or_default();
        let piece = &rest[..rest.len().min(piece_bytes.get())];
        // Behind the last piece comes an empty one: the end of the input.
        (piece, self.position.saturating_add(piece.len().max(1) as u32))
    }

    /// A step that is not `Ok`, whatever became of it.
    pub(super) fn ended(&self, task: &Task, end: End) -> Taken {
        let (number, position) = (self.number, self.piece(task).1);
        let (state, emitted) = (State::default(), Vec::new());
        Taken { number, end, flag: Flag::Done, state, emitted, gas: task.gas, position }
    }

    fn behind(&self, taken: &Taken) -> Self {
        let &Taken { number, flag, gas, position, .. } = taken;
        let output_bytes = self.output_bytes + taken.emitted.len();
        // No task has the gas for more steps than this counts; if it had, the last ones would have one number.
        let number = number.saturating_add(1);
        Self { number, flag, state: taken.state.clone(), gas, position, output_bytes }
    }
}

impl Stepper<'_> {
    /// The steps of the task from there on, until it ends or `seen` has enough. Of one that was ended so there is no outcome: `Late`.
    /// The outcome's output is what was emitted from there on.
    pub(super) fn walk(&self, from: Course, seen: &mut Seen<'_>) -> Outcome {
        let (mut course, mut output, mut steps) = (from, Vec::new(), 0);
        loop {
            let taken = self.take(&course);
            steps += 1;
            let ended = |end, gas| Outcome { steps, ..Outcome::without_run(end, gas) };
            // What the host failed at is no step.
            if !taken.end.status().is_result() {
                return ended(taken.end, self.task.gas);
            }
            let goes_on = seen(&taken).is_continue();
            if taken.end != End::Ok {
                return ended(taken.end, self.task.gas);
            }
            output.extend_from_slice(&taken.emitted);
            if taken.flag == Flag::Done {
                return Outcome { output, gas_used: taken.gas, ..ended(End::Ok, self.task.gas) };
            }
            if !goes_on {
                return ended(End::Late, self.task.gas);
            }
            course = course.behind(&taken);
        }
    }

    /// The next step. It is the end of the task as well where it emits too much, or waits behind the end of the input.
    fn take(&self, course: &Course) -> Taken {
        let (task, (piece, position)) = (self.task, course.piece(self.task));
        // Who is wrong about the gas may say more than there is.
        let step = self.step(&course.state, piece, task.gas.saturating_sub(course.gas));
        let Some(answer) = step.answer else { return course.ended(task, step.end) };
        let is_over = answer.flag == Flag::Wait && position as usize > task.input.len();
        if is_over || course.output_bytes + answer.emitted.len() > STREAM_BYTES_MAX {
            return course.ended(task, End::BadAbi);
        }
        let gas = course.gas + step.gas_used;
        let (number, end) = (course.number, End::Ok);
        Taken { number, end, flag: answer.flag, state: answer.state, emitted: answer.emitted, gas, position }
    }
}
