//! What a shell hears.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, Reader, Status, Writer};

use super::parts::{FailedWhy, Ran, StalledWhy};
use crate::bisect::{Ask, Step};
use crate::outcome::Outcome;

/// What a shell hears: from 1 on as a requester, from 32 on as an executor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    /// A command was none, or out of place: nothing came of it.
    Refused {
        /// Its first byte.
        command: u8,
        /// The four bytes behind it: a job, say; 0 where there are none.
        of: u32,
        /// Why.
        status: Status,
    },
    /// So many tasks more may be added.
    Room {
        /// To this job.
        job: u32,
        /// How many.
        tasks: u32,
    },
    /// Make a batch of these tasks: [`Command::Packed`](crate::Command::Packed).
    Pack {
        /// Its number.
        assignment: u32,
        /// Of this job.
        job: u32,
        /// For whom.
        to: &'a NodeId,
        /// The numbers, 4 bytes each. One of them may be a task that was run here before.
        numbers: &'a [u8],
    },
    /// Nothing will come of a batch.
    Dropped(u32),
    /// Run a task here: [`Command::RanHere`](crate::Command::RanHere) or [`Command::CannotRun`](crate::Command::CannotRun).
    RunHere {
        /// Of this job.
        job: u32,
        /// Which.
        number: u32,
    },
    /// What came of a batch, signed by its executor: each outcome with its place in it is a receipt.
    Outcomes {
        /// Which.
        assignment: u32,
        /// Whose.
        executor: &'a NodeId,
        /// As [`Question::read`](crate::Question::read) takes it.
        bytes: &'a [u8],
    },
    /// A task is decided.
    Accepted {
        /// Of this job.
        job: u32,
        /// Which.
        number: u32,
        /// Others, or this node, came to the same; otherwise it is what one executor says.
        is_checked: bool,
        /// So many executors came to it.
        votes: u8,
        /// One of them, this node where nobody else did.
        executor: &'a NodeId,
        /// Its batch; 0 where that is this node.
        assignment: u32,
        /// Its place in the batch.
        index: u16,
        /// What came of it.
        outcome: Outcome,
    },
    /// A task ended without an outcome.
    Failed {
        /// Of this job.
        job: u32,
        /// Which.
        number: u32,
        /// Why.
        why: FailedWhy,
    },
    /// How far a job is: once in a while, when that changed.
    Progress {
        /// Which.
        job: u32,
        /// So many tasks are accepted.
        accepted: u32,
        /// So many failed.
        failed: u32,
        /// So many are open.
        open: u32,
        /// Of these, executors say so many are done that did not come yet.
        done: u32,
    },
    /// A job does not go on, or does again.
    Stalled {
        /// Which.
        job: u32,
        /// Why.
        why: StalledWhy,
    },
    /// An executor's outcome was proven wrong. All that it alone said is in doubt: the shell adds those tasks of the job again, which
    /// is open from now on, and closes it.
    Dispute {
        /// Of this job.
        job: u32,
        /// Which task.
        number: u32,
        /// Who.
        liar: &'a NodeId,
    },
    /// A job is over: once for each, and the last of it.
    Ended {
        /// Which.
        job: u32,
        /// By [`Command::Cancel`](crate::Command::Cancel).
        is_cancelled: bool,
    },
    /// To be kept, and given back by [`Command::Know`](crate::Command::Know) in another run.
    Record {
        /// Of whom.
        executor: &'a NodeId,
        /// Its outcomes in a row that were checked and right.
        confirmed: u32,
    },
    /// A piece of an output came, or did not. The shell checks the whole output's hash.
    Fetched {
        /// Its number.
        fetch: u32,
        /// [`Ok`](Status::Ok), or why not.
        status: Status,
        /// At most [`PIECE_MAX`](crate::PIECE_MAX).
        bytes: &'a [u8],
    },
    /// A piece of an input of a batch is wanted, or of its module: [`Command::GiveInput`](crate::Command::GiveInput).
    WantInput {
        /// Names the question.
        ticket: u32,
        /// Of this batch.
        assignment: u32,
        /// Which of its tasks, or [`MODULE_INDEX`](crate::MODULE_INDEX).
        index: u16,
        /// From there on.
        offset: u32,
    },
    /// Run one step of a task: [`Command::RanStep`](crate::Command::RanStep) or [`Command::CannotStep`](crate::Command::CannotStep).
    RunStep {
        /// Of this job.
        job: u32,
        /// Which task.
        number: u32,
        /// Which of its steps.
        step: u32,
        /// The one before; nothing before the first. What it left is to be had from either of the two, and has these hashes.
        before: Option<Step>,
        /// Who has it.
        sides: [Ran<'a>; 2],
    },
    /// Run a batch: [`Command::Ran`](crate::Command::Ran) for each of its tasks.
    Run {
        /// Its number.
        assignment: u32,
        /// For whom.
        from: &'a NodeId,
        /// The limit of each task.
        gas: u64,
        /// How many tasks are in it.
        count: u16,
        /// As the requester's shell packed it.
        bytes: &'a [u8],
    },
    /// Stop running a batch at once; nothing of it is wanted.
    Stop(u32),
    /// A piece of an output is wanted: [`Command::Give`](crate::Command::Give).
    Want {
        /// Names the question.
        ticket: u32,
        /// Of this batch.
        assignment: u32,
        /// Which of it.
        index: u16,
        /// From there on.
        offset: u32,
    },
    /// Something about the steps of a task is wanted: [`Command::Give`](crate::Command::Give).
    WantSteps {
        /// Names the question.
        ticket: u32,
        /// Of this batch.
        assignment: u32,
        /// Which of it.
        index: u16,
        /// What. [`TooManyRequests`](Status::TooManyRequests) while steps are run again for it: it will be asked again.
        ask: Ask,
    },
    /// The outputs of a batch need not be kept any longer, nor the steps.
    Forget(u32),
    /// A piece of an input or of a module came, or did not. The shell checks the whole one's hash.
    FetchedInput {
        /// Its number.
        fetch: u32,
        /// [`Ok`](Status::Ok), or why not: [`NotFound`](Status::NotFound) where the batch ended before it was asked for.
        status: Status,
        /// At most [`PIECE_MAX`](crate::PIECE_MAX).
        bytes: &'a [u8],
    },
}

impl<'a> Event<'a> {
    /// Reads it; `None` if it is none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let event = match reader.u8() {
            1 => Self::Refused {
                command: reader.u8(),
                of: reader.u32(),
                status: Status::from_code(reader.u16())?,
            },
            2 => Self::Room { job: reader.u32(), tasks: reader.u32() },
            3 => Self::Pack {
                assignment: reader.u32(),
                job: reader.u32(),
                to: reader.id(),
                numbers: reader.rest(),
            },
            4 => Self::Dropped(reader.u32()),
            5 => Self::RunHere { job: reader.u32(), number: reader.u32() },
            6 => Self::Outcomes { assignment: reader.u32(), executor: reader.id(), bytes: reader.rest() },
            7 => Self::Accepted {
                job: reader.u32(),
                number: reader.u32(),
                is_checked: reader.u8() == 1,
                votes: reader.u8(),
                executor: reader.id(),
                assignment: reader.u32(),
                index: reader.u16(),
                outcome: Outcome::read(&mut reader),
            },
            8 => Self::Failed {
                job: reader.u32(),
                number: reader.u32(),
                why: FailedWhy::from_code(reader.u8())?,
            },
            9 => Self::Progress {
                job: reader.u32(),
                accepted: reader.u32(),
                failed: reader.u32(),
                open: reader.u32(),
                done: reader.u32(),
            },
            10 => Self::Stalled { job: reader.u32(), why: StalledWhy::from_code(reader.u8())? },
            11 => Self::Dispute { job: reader.u32(), number: reader.u32(), liar: reader.id() },
            12 => Self::Ended { job: reader.u32(), is_cancelled: reader.u8() == 1 },
            13 => Self::Record { executor: reader.id(), confirmed: reader.u32() },
            14 => Self::Fetched {
                fetch: reader.u32(),
                status: Status::from_code(reader.u16())?,
                bytes: reader.rest(),
            },
            15 => Self::WantInput {
                ticket: reader.u32(),
                assignment: reader.u32(),
                index: reader.u16(),
                offset: reader.u32(),
            },
            16 => Self::RunStep {
                job: reader.u32(),
                number: reader.u32(),
                step: reader.u32(),
                sides: [Ran::read(&mut reader), Ran::read(&mut reader)],
                before: match reader.rest() {
                    [] => None,
                    bytes => {
                        let mut reader = Reader::new(bytes);
                        let step = Step::read(&mut reader);
                        reader.finish()?;
                        Some(step)
                    }
                },
            },
            32 => Self::Run {
                assignment: reader.u32(),
                from: reader.id(),
                gas: reader.u64(),
                count: reader.u16(),
                bytes: reader.rest(),
            },
            33 => Self::Stop(reader.u32()),
            34 => Self::Want {
                ticket: reader.u32(),
                assignment: reader.u32(),
                index: reader.u16(),
                offset: reader.u32(),
            },
            35 => Self::Forget(reader.u32()),
            37 => Self::WantSteps {
                ticket: reader.u32(),
                assignment: reader.u32(),
                index: reader.u16(),
                ask: Ask::read(reader.rest())?,
            },
            36 => Self::FetchedInput {
                fetch: reader.u32(),
                status: Status::from_code(reader.u16())?,
                bytes: reader.rest(),
            },
            _ => return None,
        };
        reader.finish().map(|()| event)
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Refused { command, of, status } => writer.u8(1).u8(*command).u32(*of).u16(*status as u16),
            Self::Room { job, tasks } => writer.u8(2).u32(*job).u32(*tasks),
            Self::Pack { assignment, job, to, numbers } => {
                writer.u8(3).u32(*assignment).u32(*job).bytes(&to.0).bytes(numbers)
            }
            Self::Dropped(assignment) => writer.u8(4).u32(*assignment),
            Self::RunHere { job, number } => writer.u8(5).u32(*job).u32(*number),
            Self::Outcomes { assignment, executor, bytes } => {
                writer.u8(6).u32(*assignment).bytes(&executor.0).bytes(bytes)
            }
            Self::Accepted { job, number, is_checked, votes, executor, assignment, index, outcome } => {
                writer.u8(7).u32(*job).u32(*number).u8((*is_checked).into()).u8(*votes);
                outcome.emit(writer.bytes(&executor.0).u32(*assignment).u16(*index));
                &mut writer
            }
            Self::Failed { job, number, why } => writer.u8(8).u32(*job).u32(*number).u8(*why as u8),
            Self::Progress { job, accepted, failed, open, done } => {
                writer.u8(9).u32(*job).u32(*accepted).u32(*failed).u32(*open).u32(*done)
            }
            Self::Stalled { job, why } => writer.u8(10).u32(*job).u8(*why as u8),
            Self::Dispute { job, number, liar } => writer.u8(11).u32(*job).u32(*number).bytes(&liar.0),
            Self::Ended { job, is_cancelled } => writer.u8(12).u32(*job).u8((*is_cancelled).into()),
            Self::Record { executor, confirmed } => writer.u8(13).bytes(&executor.0).u32(*confirmed),
            Self::Fetched { fetch, status, bytes } => {
                writer.u8(14).u32(*fetch).u16(*status as u16).bytes(bytes)
            }
            Self::WantInput { ticket, assignment, index, offset } => {
                writer.u8(15).u32(*ticket).u32(*assignment).u16(*index).u32(*offset)
            }
            Self::RunStep { job, number, step, before, sides } => {
                writer.u8(16).u32(*job).u32(*number).u32(*step);
                sides.iter().for_each(|side| side.emit(&mut writer));
                before.iter().for_each(|before| before.emit(&mut writer));
                &mut writer
            }
            Self::Run { assignment, from, gas, count, bytes } => {
                writer.u8(32).u32(*assignment).bytes(&from.0).u64(*gas).u16(*count).bytes(bytes)
            }
            Self::Stop(assignment) => writer.u8(33).u32(*assignment),
            Self::Want { ticket, assignment, index, offset } => {
                writer.u8(34).u32(*ticket).u32(*assignment).u16(*index).u32(*offset)
            }
            Self::Forget(assignment) => writer.u8(35).u32(*assignment),
            Self::WantSteps { ticket, assignment, index, ask } => {
                writer.u8(37).u32(*ticket).u32(*assignment).u16(*index).bytes(&ask.emit())
            }
            Self::FetchedInput { fetch, status, bytes } => {
                writer.u8(36).u32(*fetch).u16(*status as u16).bytes(bytes)
            }
        };
        writer.finish()
    }
}
