//! The invocations of a job: which of them wait for which, and the root of all. It knows no network and no file.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use thiserror::Error;

use super::root::Root;

/// Invocations that one may await.
pub const ARITY_MAX: u32 = 1_024;

/// Invocations of one job.
pub const INVOCATIONS_MAX: u32 = 1 << 30;

/// What a job is made of, in this order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Inputs: each is mapped.
    pub inputs: u32,
    /// What becomes of the outputs.
    pub after: Vec<After>,
}

/// What becomes of the outputs of what was before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum After {
    /// Each is the input of one invocation.
    Then,
    /// Each so many in order, 2 to 1,024, are the input of one; so are their outputs, up to one.
    Reduce(u32),
}

/// Why there is no such graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ShapeError {
    /// Nothing to reduce.
    #[error("there is nothing to reduce: a reduction needs an input at least")]
    Nothing,
    /// An arity that is none.
    #[error("an arity is 2 to {ARITY_MAX}, not {0}")]
    Arity(u32),
    /// Too many invocations.
    #[error("a job has at most {INVOCATIONS_MAX} invocations; make several of it")]
    TooMany,
}

/// Where the input of an invocation comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum From {
    /// It is that of this number.
    Input(u32),
    /// It is the output of this invocation.
    One(u32),
    /// It is a list of the outputs of these: see [`awaited`].
    List(Range<u32>),
}

/// Invocations of one module, in a row.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Level {
    numbers: Range<u32>,
    module: u16,
    /// How many of the level before each awaits; 0 for inputs.
    arity: u32,
    is_list: bool,
}

/// How an invocation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// It awaits others.
    Waiting,
    /// Its input is known.
    Ready,
    /// It is given out.
    Given,
    /// It is given out with an input that is another by now.
    Stale,
    /// It ended as `OK`.
    Ok,
    /// It has another result, or none, or an input that has.
    NotOk,
}

/// The invocations of one job, numbered from 0.
pub struct Graph {
    levels: Vec<Level>,
    states: Vec<State>,
    leaves: Vec<[u8; 32]>,
    /// How many outputs each one above the inputs still awaits.
    missing: Vec<u16>,
    /// Above the inputs; some are not ready any more.
    ready: VecDeque<u32>,
    /// The next input that was not looked at.
    next_input: u32,
    /// Those that fail because of an input: which, and that input.
    failed: VecDeque<(u32, u32)>,
    decided: u32,
}

impl Graph {
    /// Nothing of it is given out.
    ///
    /// # Errors
    ///
    /// [`ShapeError`].
    pub fn new(shape: &Shape) -> Result<Self, ShapeError> {
        let mut levels = vec![Level { numbers: 0..shape.inputs, module: 0, arity: 0, is_list: false }];
        for (at, after) in shape.after.iter().enumerate() {
            let module = at as u16 + 1;
            match *after {
                After::Then => add_level(&mut levels, module, 1, false)?,
                After::Reduce(arity) if !(2..=ARITY_MAX).contains(&arity) => {
                    return Err(ShapeError::Arity(arity));
                }
                After::Reduce(arity) => {
                    if last(&levels).is_empty() {
                        return Err(ShapeError::Nothing);
                    }
                    while last(&levels).len() > 1 {
                        add_level(&mut levels, module, arity, true)?;
                    }
                }
            }
        }
        let count = last(&levels).end;
        if count > INVOCATIONS_MAX {
            return Err(ShapeError::TooMany);
        }
        let awaiting = (shape.inputs..count).map(|number| awaited_by(&levels, number).len() as u16);
        Ok(Self {
            states: vec![State::Waiting; count as usize],
            leaves: vec![[0; 32]; count as usize],
            missing: awaiting.collect(),
            ready: VecDeque::new(),
            next_input: 0,
            failed: VecDeque::new(),
            decided: 0,
            levels,
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.states.len() as u32
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// Which of the job's modules an invocation is of: 0 for inputs, then one for each [`After`].
    #[must_use]
    pub fn module(&self, number: u32) -> u16 {
        level_of(&self.levels, number).map_or(0, |at| self.levels[at].module)
    }

    /// Its level, and its place there, both from 0.
    #[must_use]
    pub fn place(&self, number: u32) -> (usize, u32) {
        level_of(&self.levels, number).map_or((0, number), |at| (at, number - self.levels[at].numbers.start))
    }

    /// The numbers of the last level: what the job is for.
    #[must_use]
    pub fn last(&self) -> Range<u32> {
        last(&self.levels)
    }

    /// Where its input comes from.
    #[must_use]
    pub fn input(&self, number: u32) -> From {
        match level_of(&self.levels, number).map(|at| &self.levels[at]) {
            Some(level) if level.is_list => From::List(awaited_by(&self.levels, number)),
            Some(level) if level.arity == 1 => From::One(awaited_by(&self.levels, number).start),
            _ => From::Input(number),
        }
    }

    /// One whose input is known and that is not given out; from now on it is.
    pub fn give(&mut self) -> Option<u32> {
        while let Some(number) = self.ready.pop_front() {
            if self.states[number as usize] == State::Ready {
                self.states[number as usize] = State::Given;
                return Some(number);
            }
        }
        while self.next_input < self.levels[0].numbers.end {
            let number = self.next_input;
            self.next_input += 1;
            if self.states[number as usize] == State::Waiting {
                self.states[number as usize] = State::Given;
                return Some(number);
            }
        }
        None
    }

    /// One has a result, with this leaf; whether it counts: what came of an input that is another by now does not.
    pub fn accept(&mut self, number: u32, leaf: [u8; 32], is_ok: bool) -> bool {
        match self.states.get(number as usize) {
            None => false,
            Some(State::Stale) => {
                self.wait(number);
                false
            }
            Some(_) => {
                self.leaves[number as usize] = leaf;
                self.set(number, if is_ok { State::Ok } else { State::NotOk });
                true
            }
        }
    }

    /// One has no result; whether that counts, as in [`Graph::accept`].
    pub fn fail(&mut self, number: u32) -> bool {
        self.accept(number, [0; 32], false)
    }

    /// What one came to counts no more, nor does what came of that: it is given out again.
    pub fn doubt(&mut self, number: u32) {
        if matches!(self.states.get(number as usize), Some(State::Ok | State::NotOk)) {
            self.unsettle_above(number);
            self.leaves[number as usize] = [0; 32];
            self.wait(number);
        }
    }

    /// One that failed because of an input that did not end as `OK`: its number and that of the input.
    pub fn next_failed(&mut self) -> Option<(u32, u32)> {
        while let Some((number, input)) = self.failed.pop_front() {
            let is_so =
                self.states[number as usize] == State::NotOk && self.states[input as usize] == State::NotOk;
            if is_so {
                return Some((number, input));
            }
        }
        None
    }

    /// How many are decided.
    #[must_use]
    pub fn decided(&self) -> u32 {
        self.decided
    }

    /// Whether all are.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.decided == self.len()
    }

    /// Whether this one is.
    #[must_use]
    pub fn is_decided(&self, number: u32) -> bool {
        matches!(self.states.get(number as usize), Some(State::Ok | State::NotOk))
    }

    /// Whether this one ended as `OK`, so that its output is another's input.
    #[must_use]
    pub fn is_ok(&self, number: u32) -> bool {
        self.states.get(number as usize) == Some(&State::Ok)
    }

    /// The root over the leaves of all, zeros for those that failed.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        let mut root = Root::default();
        self.leaves.iter().for_each(|leaf| root.push(*leaf));
        root.finish()
    }

    fn wait(&mut self, number: u32) {
        self.set(number, State::Waiting);
        if self.levels[0].numbers.contains(&number) || self.missing_of(number) == 0 {
            self.states[number as usize] = State::Ready;
            self.ready.push_back(number);
        } else if let Some(input) = self.bad_input(number) {
            self.fail_by(number, input);
        }
    }

    fn set(&mut self, number: u32, state: State) {
        let before = std::mem::replace(&mut self.states[number as usize], state);
        let is_decided = |state| matches!(state, State::Ok | State::NotOk);
        self.decided += u32::from(is_decided(state));
        self.decided -= u32::from(is_decided(before));
        let Some(above) = self.above(number) else { return };
        let at = self.missing_at(above);
        match (before == State::Ok, state == State::Ok) {
            (true, false) => self.missing[at] += 1,
            (false, true) => self.missing[at] -= 1,
            _ => {}
        }
        if self.states[above as usize] != State::Waiting {
            return;
        }
        if self.missing[at] == 0 {
            self.states[above as usize] = State::Ready;
            self.ready.push_back(above);
        } else if state == State::NotOk {
            self.fail_by(above, number);
        }
    }

    fn fail_by(&mut self, number: u32, input: u32) {
        self.failed.push_back((number, input));
        self.leaves[number as usize] = [0; 32];
        self.set(number, State::NotOk);
    }

    /// Those that came of it are to be done again.
    fn unsettle_above(&mut self, number: u32) {
        let Some(above) = self.above(number) else { return };
        match self.states[above as usize] {
            State::Ok | State::NotOk => {
                self.unsettle_above(above);
                self.leaves[above as usize] = [0; 32];
                self.set(above, State::Waiting);
            }
            State::Given => self.states[above as usize] = State::Stale,
            State::Ready => self.states[above as usize] = State::Waiting,
            State::Waiting | State::Stale => {}
        }
    }

    fn bad_input(&self, number: u32) -> Option<u32> {
        awaited_by(&self.levels, number).find(|input| self.states[*input as usize] == State::NotOk)
    }

    fn above(&self, number: u32) -> Option<u32> {
        let at = level_of(&self.levels, number)?;
        let above = self.levels.get(at + 1)?;
        Some(above.numbers.start + (number - self.levels[at].numbers.start) / above.arity)
    }

    fn missing_at(&self, number: u32) -> usize {
        (number - self.levels[0].numbers.end) as usize
    }

    fn missing_of(&self, number: u32) -> u16 {
        self.missing[self.missing_at(number)]
    }
}

fn last(levels: &[Level]) -> Range<u32> {
    levels.last().map_or(0..0, |level| level.numbers.clone())
}

fn add_level(levels: &mut Vec<Level>, module: u16, arity: u32, is_list: bool) -> Result<(), ShapeError> {
    let before = last(levels);
    let count = (before.len() as u32).div_ceil(arity);
    let end = before.end.checked_add(count).ok_or(ShapeError::TooMany)?;
    levels.push(Level { numbers: before.end..end, module, arity, is_list });
    Ok(())
}

fn level_of(levels: &[Level], number: u32) -> Option<usize> {
    levels.iter().position(|level| level.numbers.contains(&number))
}

/// The invocations that one awaits.
fn awaited_by(levels: &[Level], number: u32) -> Range<u32> {
    let Some(at) = level_of(levels, number).filter(|at| *at > 0) else { return 0..0 };
    let (level, before) = (&levels[at], &levels[at - 1].numbers);
    let start = before.start + (number - level.numbers.start) * level.arity;
    start..before.end.min(start + level.arity)
}

/// The input of an invocation that awaits a list: count u32, the lengths of the outputs u32 each, and the outputs.
#[must_use]
pub fn awaited(outputs: &[Bytes]) -> Bytes {
    let all: usize = outputs.iter().map(Bytes::len).sum();
    let mut input = BytesMut::with_capacity(4 + 4 * outputs.len() + all);
    input.put_u32(outputs.len() as u32);
    outputs.iter().for_each(|output| input.put_u32(output.len() as u32));
    outputs.iter().for_each(|output| input.extend_from_slice(output));
    input.freeze()
}

#[cfg(test)]
mod tests;
