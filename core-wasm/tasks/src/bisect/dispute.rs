//! A requester between two executors.

use alloc::vec::Vec;

use tabmesh_port::Reader;

use super::ask::{Ask, LEVELS, Placed, height};
use super::step::{Step, steps_root};
use crate::outcome::{Outcome, climb, root};

/// Two executors of one task whose roots differ, and how far it is known where.
pub struct Dispute {
    sides: [Side; 2],
    stage: Stage,
}

/// What is to be done next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// Ask both sides this: [`Dispute::answer`] or [`Dispute::silent`] for each.
    Ask(Ask),
    /// Run one step: [`Dispute::ran`].
    Run {
        /// Its number.
        number: u32,
        /// The step before it, about which both agree; nothing before the first. The state that it left, and the output by then, are
        /// to be had from either side: it says their hashes.
        before: Option<Step>,
    },
    /// It is over.
    Over(Verdict),
}

/// What came of a dispute. Each says which of the sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// They are proven to lie.
    Liars([bool; 2]),
    /// They did not answer, or with something that does not fit their root. That proves nothing.
    Silent([bool; 2]),
    /// Both ran the same steps.
    Same,
}

#[derive(Clone, Copy)]
enum Stage {
    Asking(Ask),
    Running { number: u32, before: Option<Step> },
    Over(Verdict),
}

struct Side {
    outcome: Outcome,
    count: u32,
    top: [u8; 32],
    last: Option<Step>,
    /// The node that it is asked about, and in the end the leaf.
    known: [u8; 32],
    heard: Heard,
}

enum Heard {
    Nothing,
    Silence,
    Nodes(Vec<[u8; 32]>),
    Step(Step),
}

impl Dispute {
    /// Between two that signed these outcomes.
    pub fn new(sides: [Outcome; 2]) -> Self {
        let sides = sides.map(|outcome| Side {
            outcome,
            count: 0,
            top: [0; 32],
            last: None,
            known: [0; 32],
            heard: Heard::Nothing,
        });
        Self { sides, stage: Stage::Asking(Ask::Open) }
    }

    /// What is to be done.
    pub fn next(&self) -> Next {
        match self.stage {
            Stage::Asking(ask) => Next::Ask(ask),
            Stage::Running { number, before } => Next::Run { number, before },
            Stage::Over(verdict) => Next::Over(verdict),
        }
    }

    /// A side answered. A second answer to one question is ignored, as is one to none.
    pub fn answer(&mut self, side: usize, bytes: &[u8]) {
        let Stage::Asking(ask) = self.stage else { return };
        let Some(side) = self.sides.get_mut(side).filter(|side| matches!(side.heard, Heard::Nothing)) else {
            return;
        };
        side.heard = side.read(ask, bytes).unwrap_or(Heard::Silence);
        self.go_on();
    }

    /// A side did not answer.
    pub fn silent(&mut self, side: usize) {
        // No answer has no bytes.
        self.answer(side, &[]);
    }

    /// The step was run.
    pub fn ran(&mut self, step: &Step) {
        if let Stage::Running { .. } = self.stage {
            let leaf = step.leaf();
            self.end([0, 1].map(|at| self.sides.get(at).is_some_and(|side: &Side| side.known != leaf)));
        }
    }

    /// It ends without a proof: these did not give what they ought to.
    pub fn end_without(&mut self, silent: [bool; 2]) {
        self.stage = Stage::Over(Verdict::Silent(silent));
    }

    fn end(&mut self, liars: [bool; 2]) {
        self.stage = Stage::Over(Verdict::Liars(liars));
    }

    /// Both answered, or did not.
    fn go_on(&mut self) {
        let [one, other] = &self.sides;
        let Stage::Asking(ask) = self.stage else { return };
        let silent = [one, other].map(|side| matches!(side.heard, Heard::Silence));
        match (ask, &one.heard, &other.heard) {
            (_, Heard::Nothing, _) | (_, _, Heard::Nothing) => {}
            // What both agree about one alone can say.
            (Ask::Step(number), Heard::Step(step), _) | (Ask::Step(number), _, Heard::Step(step)) => {
                let step = *step;
                if step.number == number && step.goes_on() {
                    self.stage = Stage::Running { number: number + 1, before: Some(step) };
                } else {
                    // Nothing comes behind an end, and each step has its number.
                    self.end([true; 2]);
                }
            }
            (Ask::Open, Heard::Nodes(_), Heard::Nodes(_)) => self.opened(),
            (Ask::Nodes { level, number }, Heard::Nodes(_), Heard::Nodes(_)) => self.descend(level, number),
            _ => self.stage = Stage::Over(Verdict::Silent(silent)),
        }
    }

    /// What both say of the whole is known.
    fn opened(&mut self) {
        let [one, other] = &self.sides;
        let is_end = |side: &Side, last: Step| {
            Some(last.number) == side.count.checked_sub(1) && last.ends_as(&side.outcome)
        };
        let liars = [one, other].map(|side| !side.last.is_some_and(|last| is_end(side, last)));
        if liars.contains(&true) {
            return self.end(liars);
        }
        if one.outcome.steps == other.outcome.steps {
            return self.stage = Stage::Over(Verdict::Same);
        }
        let (level, is_alike) = (height(one.count.max(other.count)), one.count == other.count);
        if is_alike {
            return self.descend(level, 0);
        }
        // Their highest levels are not of the same steps.
        self.sides.iter_mut().for_each(|side| (side.known, side.heard) = (side.top, Heard::Nothing));
        self.stage = Stage::Asking(Ask::Nodes { level, number: 0 });
    }

    /// Goes on with the first of the nodes below that one which differ.
    fn descend(&mut self, level: u32, number: u32) {
        let [one, other] = &mut self.sides;
        let (Heard::Nodes(ours), Heard::Nodes(theirs)) = (&one.heard, &other.heard) else { return };
        let differs = (0..ours.len().max(theirs.len())).find(|at| ours.get(*at) != theirs.get(*at));
        let Some(at) = differs else {
            // The hashes of both differ, and what they are over is the same: there is no such answer.
            return self.stage = Stage::Over(Verdict::Silent([true; 2]));
        };
        let (Some(our), Some(their)) = (ours.get(at).copied(), theirs.get(at).copied()) else {
            // The last step of the shorter is an end, and the longer has it too.
            let liars = [ours.len() > theirs.len(), theirs.len() > ours.len()];
            return self.end(liars);
        };
        (one.known, other.known) = (our, their);
        (one.heard, other.heard) = (Heard::Nothing, Heard::Nothing);
        let below = level.saturating_sub(LEVELS);
        let number = (number << (level - below)) + at as u32;
        self.stage = match (below, number.checked_sub(1)) {
            (0, None) => Stage::Running { number, before: None },
            (0, Some(before)) => Stage::Asking(Ask::Step(before)),
            (level, _) => Stage::Asking(Ask::Nodes { level, number }),
        };
    }
}

impl Side {
    /// What an answer says; `None` where it does not fit what the side signed.
    fn read(&mut self, ask: Ask, bytes: &[u8]) -> Option<Heard> {
        let mut reader = Reader::new(bytes);
        match ask {
            Ask::Open => {
                let count = reader.u32();
                let Placed { step, path } = Placed::read(&mut reader);
                let nodes = nodes(reader)?;
                let top = root(nodes.clone());
                let last = count.checked_sub(1)?;
                let is_last = climb(step.leaf(), last as usize, count as usize, &path) == Some(top);
                if !is_last || steps_root(count, &top) != self.outcome.steps {
                    return None;
                }
                (self.count, self.top, self.known, self.last) = (count, top, top, Some(step));
                self.width(height(count), 0, nodes.len())?;
                Some(Heard::Nodes(nodes))
            }
            Ask::Nodes { level, number } => {
                let nodes = nodes(reader)?;
                self.width(level, number, nodes.len())?;
                (root(nodes.clone()) == self.known).then_some(Heard::Nodes(nodes))
            }
            Ask::Step(number) => {
                let Placed { step, path } = Placed::read(&mut reader);
                reader.finish()?;
                let climbed = climb(step.leaf(), number as usize, self.count as usize, &path);
                (climbed == Some(self.top)).then_some(Heard::Step(step))
            }
            Ask::Left { .. } => None,
        }
    }

    /// Whether so many nodes are what lies below that one.
    fn width(&self, level: u32, number: u32, nodes: usize) -> Option<()> {
        let below = level.saturating_sub(LEVELS);
        let first = u64::from(number) << level;
        let leaves = u64::from(self.count).saturating_sub(first).min(1 << level);
        (leaves.div_ceil(1 << below) == nodes as u64).then_some(())
    }
}

fn nodes(mut reader: Reader<'_>) -> Option<Vec<[u8; 32]>> {
    let (nodes, rest) = reader.rest().as_chunks();
    reader.finish()?;
    (rest.is_empty() && !nodes.is_empty() && nodes.len() <= 1 << LEVELS).then(|| nodes.to_vec())
}
