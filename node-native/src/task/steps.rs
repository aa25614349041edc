//! A pure module that is run by steps: each is a pure function of seed, state and piece, in a fresh instance.

use bytes::Bytes;

use super::command::Command;
use super::definition::{BoundError, STREAM_BYTES_MAX, Task};
use super::engine::{Guest, PAGE_BYTES, call};
use super::outcome::{End, bill, judge};
use super::prepare::Prepared;
use super::pure;
use super::stop::Stop;
use super::watchdog::Watchdog;

/// Gas for a step, about what a fresh instance takes. A module that never ends its task comes to the end of its gas by it.
const STEP_GAS: u64 = 100_000;
/// Gas for each byte of the module, because its globals, exports and segments are made anew.
const MODULE_BYTE_GAS: u64 = 8;
/// Gas for each page that the memory has at the start, as growing by it would cost.
const PAGE_GAS: u64 = 4_096;
/// Bytes that the host moves for one gas.
const BYTES_A_GAS: u64 = 8;

/// Bytes in front of the state: the flag and the state's length.
const HEAD_BYTES: usize = 8;

/// What one step leaves to the next: at most 16 MiB, none before the first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct State(Bytes);

impl State {
    /// A state that was kept.
    ///
    /// # Errors
    /// It has more than 16 MiB.
    pub fn new(bytes: impl Into<Bytes>) -> Result<Self, BoundError> {
        let bytes = bytes.into();
        if bytes.len() > STREAM_BYTES_MAX {
            return Err(BoundError::State { bytes: bytes.len() });
        }
        Ok(Self(bytes))
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }
}

/// What a step wants next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Flag {
    /// Another step, with an empty piece.
    Continue = 0,
    /// Nothing: the task is over.
    Done = 1,
    /// Another step, with the next piece of the input.
    Wait = 2,
}

impl Flag {
    fn of(number: u32) -> Option<Self> {
        [Self::Continue, Self::Done, Self::Wait].into_iter().find(|flag| *flag as u32 == number)
    }

    /// The stable number.
    #[must_use]
    pub fn number(self) -> u32 {
        self as u32
    }

    /// The name, as the interface writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::Done => "done",
            Self::Wait => "wait",
        }
    }
}

/// What a step that ended well gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// What it wants next.
    pub flag: Flag,
    /// What the next step begins with.
    pub state: State,
    /// The part of the output that it gave; with the state at most 16 MiB.
    pub emitted: Vec<u8>,
}

impl Answer {
    /// Reads flag, length of the state, state and emitted bytes.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (flag, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (state, emitted) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let flag = Flag::of(u32::from_le_bytes(*flag))?;
        Some(Self { flag, state: State(Bytes::copy_from_slice(state)), emitted: emitted.to_vec() })
    }

    fn bytes(&self) -> usize {
        self.state.0.len() + self.emitted.len()
    }
}

/// What is left of a single step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepOutcome {
    /// How it ended.
    pub end: End,
    /// The gas that is billed: what was used after a good end, the limit after other results, else none.
    pub gas_used: u64,
    /// There after a good end only.
    pub answer: Option<Answer>,
}

impl StepOutcome {
    /// What happened when nothing ran.
    pub(super) fn without_run(end: End, gas: u64) -> Self {
        Self { end, gas_used: bill(end, gas, 0), answer: None }
    }
}

/// A prepared module, ready for the steps of a task.
pub(super) struct Stepper<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) pages_max: u32,
    pub(super) task: &'a Task,
    pub(super) watchdog: &'a Watchdog,
}

impl Stepper<'_> {
    /// One step with as much gas, whatever the task's limit.
    pub(super) fn step(&self, state: &State, piece: &[u8], gas: u64) -> StepOutcome {
        let command = Command::new(self.task, self.watchdog.clone());
        let mut guest = match self.prepared.module.start(command, self.pages_max) {
            Ok(guest) => guest,
            Err(stop) => return StepOutcome::without_run(judge(Some(stop), 0, 0), gas),
        };
        let guest = &mut *guest;
        // Within 63 bits by the bound of a task.
        guest.reach().set_gas(gas as i64);
        guest.set_stack(self.task.stack_bytes());
        let (stop, answer) = match self.calls(guest, state, piece) {
            Ok(answer) => (None, Some(answer)),
            Err(stop) => (Some(stop), None),
        };
        let gas_left = guest.reach().gas();
        let end = judge(stop, gas_left, guest.stack());
        StepOutcome { end, gas_used: bill(end, gas, gas_left), answer: answer.filter(|_| end == End::Ok) }
    }

    fn calls(&self, guest: &mut dyn Guest, state: &State, piece: &[u8]) -> Result<Answer, Stop> {
        let pages = guest.reach().parts().0.len() / PAGE_BYTES;
        let instance = STEP_GAS + MODULE_BYTE_GAS * self.task.module.len() as u64 + PAGE_GAS * pages as u64;
        charge(guest, instance + (state.0.len() + piece.len()) as u64 / BYTES_A_GAS)?;
        self.prepared.begin(guest)?;
        let seed = &self.task.seed;
        let place = pure::hand_over(guest, &[seed, &state.0, piece])?;
        let length = (seed.len() + state.0.len()) as u32;
        let arguments = [place, length, place.wrapping_add(length), piece.len() as u32];
        let answer = call(guest, "step", &arguments)?;
        let answer = pure::named(guest, answer, HEAD_BYTES + STREAM_BYTES_MAX)?;
        let answer = Answer::parse(answer).ok_or(Stop::BadAbi)?;
        charge(guest, answer.bytes() as u64 / BYTES_A_GAS)?;
        Ok(answer)
    }
}

/// Takes gas for what the host does, and ends the step if there is not so much.
fn charge(guest: &mut dyn Guest, gas: u64) -> Result<(), Stop> {
    let left = guest.reach().gas().wrapping_sub(gas as i64);
    guest.reach().set_gas(left);
    if left < 0 { Err(Stop::Gas) } else { Ok(()) }
}
