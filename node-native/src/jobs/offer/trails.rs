//! The steps of tasks that were run, for whoever doubts them: until their batch is forgotten, or newer ones need their room.

use std::collections::{BTreeMap, VecDeque};
use std::ops::{ControlFlow, Range};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tabmesh_engine::Status;
use tabmesh_tasks::PIECE_MAX;
use tabmesh_tasks::bisect::{Ask, Step, Trail};

use crate::jobs::runner::Runner;
use crate::jobs::steps::Recorder;
use crate::jobs::terms::Terms;
use crate::task::{Course, Task, Watchdog};

/// Bytes of trails and inputs that are kept; of more the oldest batch's go.
const BYTES_MAX: usize = 64 << 20;

/// A task's steps are run again so often at most.
const RERUNS_MAX: u8 = 8;

/// Steps of which one question may want leaves; of a longer row none is given.
const ROW_MAX: u64 = 1 << 17;

/// What was run again is kept for so many tasks; of more the first goes.
const AGAIN_MAX: usize = 4;

/// A task of a batch.
pub(super) type Place = (u32, u16);

/// A task that was run by steps.
pub(super) struct Kept {
    pub(super) terms: Terms,
    pub(super) input: Bytes,
    pub(super) trail: Trail,
    reruns: u8,
}

/// Steps that were run again.
pub(in crate::jobs) struct Again {
    first: u32,
    steps: Vec<Step>,
    /// What one of them left: the output by then, and behind it the state.
    left: Option<(u32, Bytes)>,
}

/// What is to be run again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wish {
    steps: Range<u32>,
    left: Option<u32>,
}

/// What is said to a question.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Said {
    Bytes(Bytes),
    /// Steps have to be run again first.
    Later(Wish),
    Nothing(Status),
}

/// Trails by batch and index.
#[derive(Default)]
pub(super) struct Trails {
    kept: BTreeMap<Place, Kept>,
    bytes: usize,
    again: VecDeque<(Place, Again)>,
}

impl Kept {
    pub(super) fn new(terms: Terms, input: Bytes, trail: Trail) -> Self {
        Self { terms, input, trail, reruns: 0 }
    }

    fn bytes(&self) -> usize {
        self.input.len() + 32 * self.trail.kept()
    }
}

impl Trails {
    pub(super) fn keep(&mut self, place: Place, kept: Kept) {
        self.bytes += kept.bytes();
        if let Some(before) = self.kept.insert(place, kept) {
            self.bytes -= before.bytes();
        }
        while self.bytes > BYTES_MAX {
            let Some((place, kept)) = self.kept.pop_first() else { return };
            self.bytes -= kept.bytes();
            self.again.retain(|(of, _)| *of != place);
        }
    }

    pub(super) fn forget(&mut self, assignment: u32) {
        while let Some((place, kept)) = self.kept.range((assignment, 0)..=(assignment, u16::MAX)).next() {
            let place = *place;
            self.bytes -= kept.bytes();
            self.kept.remove(&place);
        }
        self.again.retain(|((of, _), _)| *of != assignment);
    }

    /// Notes that steps of it are run again: of which task.
    pub(super) fn begin_again(&mut self, place: Place) -> Option<&Kept> {
        let kept = self.kept.get_mut(&place)?;
        kept.reruns += 1;
        Some(kept)
    }

    /// They were.
    pub(super) fn ran_again(&mut self, place: Place, again: Again) {
        if !self.kept.contains_key(&place) {
            return;
        }
        self.again.retain(|(of, _)| *of != place);
        if self.again.len() >= AGAIN_MAX {
            self.again.pop_front();
        }
        self.again.push_back((place, again));
    }

    pub(super) fn answer(&self, place: Place, ask: Ask) -> Said {
        let Some(kept) = self.kept.get(&place) else { return Said::Nothing(Status::NotFound) };
        let again = self.again.iter().find(|(of, _)| *of == place).map(|(_, again)| again);
        let later = |wish| if kept.reruns < RERUNS_MAX { Said::Later(wish) } else { NOTHING };
        if let Ask::Left { number, offset } = ask {
            if number >= kept.trail.count() {
                return Said::Nothing(Status::BadRequest);
            }
            let left = again.and_then(|again| again.left.as_ref()).filter(|(of, _)| *of == number);
            return match left {
                Some((_, left)) => Said::Bytes(piece(left, offset)),
                // The leaves that are known now will not be asked for again.
                None => later(Wish { steps: number..number, left: Some(number) }),
            };
        }
        let mut lacks = None;
        let found = kept.trail.answer(ask, &mut |first, count| {
            let found = again.and_then(|again| again.row(first, count));
            lacks = lacks.or(found.is_none().then_some((first, count)));
            found.unwrap_or_default()
        });
        match (found, lacks) {
            (Some(bytes), _) => Said::Bytes(bytes.into()),
            (None, Some((first, count))) => wish(&kept.trail, ask, first, count).map_or(NOTHING, later),
            (None, None) => NOTHING,
        }
    }
}

const NOTHING: Said = Said::Nothing(Status::NotFound);

/// All that a question wants, where these steps are the first that it lacks; `None` where it wants too many.
fn wish(trail: &Trail, ask: Ask, first: u32, count: u32) -> Option<Wish> {
    let level = match ask {
        Ask::Nodes { level, .. } => level.max(trail.level()),
        _ => trail.level(),
    };
    let row = 1_u64 << level;
    if row > ROW_MAX {
        return None;
    }
    let from = u64::from(first) / row * row;
    let to = (from + row).max(u64::from(first) + u64::from(count)).min(trail.count().into());
    let left = if let Ask::Step(number) = ask { Some(number) } else { None };
    Some(Wish { steps: from as u32..to as u32, left })
}

fn piece(left: &Bytes, offset: u32) -> Bytes {
    let from = left.len().min(offset as usize);
    left.slice(from..left.len().min(from + PIECE_MAX))
}

impl Again {
    fn row(&self, first: u32, count: u32) -> Option<Vec<Step>> {
        let at = first.checked_sub(self.first)? as usize;
        Some(self.steps.get(at..at + count as usize)?.to_vec())
    }
}

impl Wish {
    /// Runs a task again as far as is needed; `None` where it came to fewer steps.
    pub(super) fn run(
        &self,
        runner: &dyn Runner,
        task: &Task,
        time: Duration,
        watchdog: &Watchdog,
    ) -> Option<Again> {
        let (mut recorder, mut output) = (Recorder::default(), BytesMut::new());
        let mut again = Again { first: self.steps.start, steps: Vec::new(), left: None };
        let end = self.steps.end.max(self.left.map_or(0, |left| left + 1));
        let mut seen = 0;
        runner.walk(task, Course::default(), time, watchdog, &mut |taken| {
            let step = recorder.step(taken);
            seen = taken.number + 1;
            if self.steps.contains(&taken.number) {
                again.steps.push(step);
            }
            if self.left.is_some_and(|left| taken.number <= left) {
                output.extend_from_slice(&taken.emitted);
            }
            if self.left == Some(taken.number) {
                output.extend_from_slice(taken.state.bytes());
                again.left = Some((taken.number, std::mem::take(&mut output).freeze()));
            }
            if seen < end { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        (seen >= end).then_some(again)
    }
}
