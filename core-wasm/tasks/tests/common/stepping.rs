//! Tasks that are run by steps: what honestly comes of them, what liars say, and the shells' halves of a dispute about them.

use std::collections::VecDeque;

use tabmesh_port::{NodeId, Status, sha256};
use tabmesh_tasks::bisect::{Ask, Step, Trail};
use tabmesh_tasks::{Command, Event, Nonce, Outcome, PIECE_MAX, TaskId};

use super::given::task_id;

/// How an executor of stepped tasks runs them, and what it says when it is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    Right,
    /// One field of one step is another, or of all from there on.
    Changes {
        field: usize,
        goes_on: bool,
    },
    /// So many steps more, behind the end or in its place.
    More {
        steps: u32,
        is_behind: bool,
    },
    /// The last steps are missing; the one before says that it is the end, or not.
    Fewer {
        ends: bool,
    },
    /// The steps are right, and what is said to come of them is not.
    OtherOutcome,
    /// It lies in one step and says nothing when it is asked, or nothing that fits, or what an honest one would.
    Silent,
    Garbage,
    Honestly,
    /// It lies in one step behind the first, or not, and does not give what a step left.
    KeepsStates {
        lies: bool,
    },
    /// It is right, and runs steps again for so many seconds when it is asked.
    Again,
}

/// How many steps a task has.
pub(crate) fn count(task: &TaskId) -> u32 {
    [1, 2, 3, 64, 65, 100, 1_000][task.0[3] as usize % 7]
}

/// In which of them a liar lies.
fn place(task: &TaskId) -> u32 {
    u32::from_be_bytes([0, task.0[4], task.0[5], task.0[6]]) % count(task)
}

/// What a step of so many leaves: the output by then, and the state.
pub(crate) fn left(task: &TaskId, number: u32) -> (Vec<u8>, Vec<u8>) {
    let state = sha256(&[&task.0[..], &number.to_be_bytes()].concat());
    // Some take two pieces, and some end with one.
    let times = [1, 1_024, 2_000][number as usize % 3];
    (task.0.iter().copied().cycle().take(3 * number as usize + 3).collect(), state.repeat(times))
}

/// What a step honestly comes to, of so many.
fn honest_of(task: &TaskId, number: u32, count: u32) -> Step {
    let (output, state) = left(task, number);
    Step {
        number,
        state: sha256(&state),
        gas: 100 * (u64::from(number) + 1),
        flag: if number + 1 == count { 1 } else { [0, 2][number as usize % 2] },
        position: number / 2 * 10,
        length: output.len() as u32,
        output: sha256(&output),
    }
}

pub(crate) fn honest_step(task: &TaskId, number: u32) -> Step {
    honest_of(task, number, count(task))
}

/// A step of which one field says something else.
fn changed(mut step: Step, field: usize) -> Step {
    match field {
        0 => step.state[7] ^= 1,
        1 => step.gas += 1,
        2 => step.flag = if step.goes_on() { step.flag ^ 2 } else { 130 },
        3 => step.position += 1,
        4 => step.length += 1,
        _ => step.output[31] ^= 1,
    }
    step
}

/// All steps as somebody says them.
fn said(task: &TaskId, way: Way) -> Vec<Step> {
    let all = count(task);
    let steps = |count: u32, of: u32| (0..count).map(move |number| honest_of(task, number, of));
    let lie = |field: usize, goes_on: bool| {
        let is_it = move |number| number == place(task) || goes_on && number > place(task);
        steps(all, all).map(|step| if is_it(step.number) { changed(step, field) } else { step }).collect()
    };
    match way {
        Way::Right | Way::OtherOutcome | Way::Again | Way::KeepsStates { lies: false } => {
            steps(all, all).collect()
        }
        Way::Changes { field, goes_on } => lie(field, goes_on),
        Way::More { steps: more, is_behind } => {
            let last = |number| if number < all && is_behind { all } else { all + more };
            (0..all + more).map(|number| honest_of(task, number, last(number))).collect()
        }
        Way::Fewer { .. } if all == 1 => lie(0, false),
        Way::Fewer { ends: true } => steps(all - 1, all - 1).collect(),
        Way::Fewer { ends: false } => steps(all - 1, all).collect(),
        Way::KeepsStates { lies: true } if place(task) == 0 => steps(all, all).collect(),
        Way::Silent | Way::Garbage | Way::Honestly | Way::KeepsStates { .. } => lie(0, false),
    }
}

fn trail(steps: &[Step]) -> Trail {
    let mut trail = Trail::default();
    steps.iter().for_each(|step| trail.push(step));
    trail
}

/// What comes of a task, as somebody says it.
pub(crate) fn outcome(task: &TaskId, way: Way) -> Outcome {
    let steps = said(task, way);
    let last = steps.last().expect("a step");
    let status = last.flag.saturating_sub(128);
    let length = if status == 0 { last.length } else { 0 };
    let gas = last.gas + u64::from(way == Way::OtherOutcome);
    Outcome { status, gas, length, output: last.output, steps: trail(&steps).root() }
}

/// The executor's half.
#[derive(Default)]
pub(crate) struct Answering {
    /// Questions that it was asked about each task, but for the pieces of what a step left.
    pub(crate) asked: Vec<(TaskId, u32)>,
    /// Of these, how many more are put off.
    put_off: u32,
}

impl Answering {
    /// What it says to a question.
    pub(crate) fn answer(&mut self, task: &TaskId, way: Way, ask: Ask) -> (Status, Vec<u8>) {
        if way == Way::Again && self.put_off < 3 {
            self.put_off += 1;
            return (Status::TooManyRequests, Vec::new());
        }
        self.put_off = 0;
        if !matches!(ask, Ask::Left { offset: 1.., .. }) {
            match self.asked.iter_mut().find(|(of, _)| of == task) {
                Some((_, times)) => *times += 1,
                None => self.asked.push((*task, 1)),
            }
        }
        let says = if way == Way::Honestly { Way::Right } else { way };
        if let Ask::Left { number, offset } = ask {
            let (output, state) = left(task, number);
            let whole = [output, state].concat();
            let end = whole.len().min(offset as usize + PIECE_MAX);
            let piece = whole.get(offset as usize..end).unwrap_or_default().to_vec();
            return if matches!(way, Way::KeepsStates { .. }) {
                (Status::NotFound, Vec::new())
            } else {
                (Status::Ok, piece)
            };
        }
        let steps = said(task, says);
        let again = |first: u32, count: u32| steps[first as usize..(first + count) as usize].to_vec();
        match way {
            Way::Silent => (Status::NotFound, Vec::new()),
            Way::Garbage => (Status::Ok, task.0.repeat(9)),
            _ => match trail(&steps).answer(ask, &mut { again }) {
                Some(bytes) => (Status::Ok, bytes),
                None => (Status::NotFound, Vec::new()),
            },
        }
    }
}

/// A step that the requester's shell has yet to run.
struct Running {
    job: u32,
    number: u32,
    step: u32,
    before: Step,
    sides: VecDeque<(NodeId, Nonce, u16)>,
    came: Vec<u8>,
    fetch: u32,
}

/// The requester's half.
#[derive(Default)]
pub(crate) struct Settling {
    running: Vec<Running>,
    /// Steps that were run here, by task.
    pub(crate) ran: Vec<(u32, u32)>,
    pub(crate) most_at_once: usize,
    last: u32,
}

/// Fetches of what steps left have the numbers from here on.
const FIRST_FETCH: u32 = 1 << 30;

impl Settling {
    /// Whether it was for this.
    pub(crate) fn hear(&mut self, event: &Event<'_>, say: &mut VecDeque<Vec<u8>>) -> bool {
        match *event {
            Event::RunStep { job, number, step, before, sides } => {
                let Some(before) = before else {
                    self.ran(job, number, step, say);
                    return true;
                };
                let sides = sides.iter().map(|side| (*side.executor, *side.nonce, side.index)).collect();
                self.running.push(Running { job, number, step, before, sides, came: Vec::new(), fetch: 0 });
                self.most_at_once = self.most_at_once.max(self.running.len());
                self.fetch(self.running.len() - 1, say);
                true
            }
            Event::Fetched { fetch: fetch @ FIRST_FETCH.., status, bytes } => {
                self.on_fetched((fetch, status, bytes), say);
                true
            }
            _ => false,
        }
    }

    fn ran(&mut self, job: u32, number: u32, step: u32, say: &mut VecDeque<Vec<u8>>) {
        self.ran.push((job, number));
        let step = honest_step(&task_id(job, number), step);
        say.push_back(Command::RanStep { job, number, step }.emit());
    }

    fn fetch(&mut self, at: usize, say: &mut VecDeque<Vec<u8>>) {
        self.last += 1;
        self.running[at].fetch = FIRST_FETCH + self.last;
        let Running { step, sides, came, fetch, .. } = &self.running[at];
        let (executor, nonce, index) = &sides[0];
        let (fetch, offset) = (*fetch, came.len() as u32);
        let (index, number) = (*index, step - 1);
        say.push_back(Command::FetchLeft { fetch, executor, nonce, index, number, offset }.emit());
    }

    fn on_fetched(&mut self, piece: (u32, Status, &[u8]), say: &mut VecDeque<Vec<u8>>) {
        let (fetch, status, bytes) = piece;
        // Its job may have been cancelled.
        let Some(at) = self.running.iter().position(|running| running.fetch == fetch) else { return };
        let running = &mut self.running[at];
        running.came.extend(bytes);
        if status == Status::Ok && bytes.len() == PIECE_MAX {
            return self.fetch(at, say);
        }
        let Running { job, number, step, before, .. } = *running;
        let (output, state) = running.came.split_at(running.came.len().min(before.length as usize));
        if status == Status::Ok && (sha256(output), sha256(state)) == (before.output, before.state) {
            self.running.remove(at);
            return self.ran(job, number, step, say);
        }
        running.came.clear();
        running.sides.pop_front();
        if running.sides.is_empty() {
            self.running.remove(at);
            return say.push_back(Command::CannotStep { job, number, are_silent: true }.emit());
        }
        self.fetch(at, say);
    }
}
