//! What a shell says.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, Reader, Status, Writer};

use crate::bisect::Step;
use crate::outcome::{Outcome, TaskId};
use crate::wire::Refusal;

/// What a shell says: from 1 on as a requester, from 32 on as an executor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command<'a> {
    /// A job begins.
    Begin {
        /// Its number from now on, an unused one.
        job: u32,
        /// How its outcomes are checked, 0 to 4.
        validation: u8,
        /// The limit of each task.
        gas: u64,
        /// How long a task is expected to take, in milliseconds; 0 where nobody knows.
        expected_ms: u32,
    },
    /// Tasks of a job: no more than there is [`Event::Room`](crate::Event::Room) for.
    Add {
        /// Which job.
        job: u32,
        /// Number 4 and id 32 of each, one after another: see [`Command::tasks`].
        tasks: &'a [u8],
    },
    /// The job has no more tasks. It ends when all are decided.
    Close(u32),
    /// The job ends now.
    Cancel(u32),
    /// Nothing of the job is given out; what is out goes on.
    Pause(u32),
    /// Not any more.
    Resume(u32),
    /// The batch of [`Event::Pack`](crate::Event::Pack).
    Packed {
        /// Which.
        assignment: u32,
        /// The first so many of its tasks are in it. None: the first is too large to be sent, and is run here.
        count: u16,
        /// For the executor's shell: at most [`PACKED_MAX`](crate::PACKED_MAX).
        bytes: &'a [u8],
    },
    /// A task of [`Event::RunHere`](crate::Event::RunHere) was run.
    RanHere {
        /// Of this job.
        job: u32,
        /// Which.
        number: u32,
        /// What came of it.
        outcome: Outcome,
    },
    /// It cannot be run here.
    CannotRun {
        /// Of this job.
        job: u32,
        /// Which.
        number: u32,
    },
    /// What [`Event::Record`](crate::Event::Record) said before.
    Know {
        /// Of whom.
        executor: &'a NodeId,
        /// Its outcomes in a row that were checked and right.
        confirmed: u32,
    },
    /// Bring a piece of an output.
    Fetch {
        /// Its number; an unused one.
        fetch: u32,
        /// Who has it.
        executor: &'a NodeId,
        /// The assignment, as its outcomes name it.
        nonce: &'a [u8; 16],
        /// Which of its tasks.
        index: u16,
        /// From there on.
        offset: u32,
    },
    /// A piece that [`Event::WantInput`](crate::Event::WantInput) asked for.
    GiveInput {
        /// From there.
        ticket: u32,
        /// [`Ok`](Status::Ok), or why not.
        status: Status,
        /// At most [`PIECE_MAX`](crate::PIECE_MAX).
        bytes: &'a [u8],
    },
    /// A job is for these executors alone: at most [`GROUP_MAX`](crate::GROUP_MAX), before it has tasks.
    Only {
        /// Which.
        job: u32,
        /// Whom.
        ids: &'a [NodeId],
    },
    /// Tasks that are added from now on are run by steps, or whole, as until this is said. Where one by steps is expected to take more
    /// than [`CHEAP`](crate::CHEAP), who lies is found by these.
    BySteps {
        /// Of this job.
        job: u32,
        /// By steps.
        are_so: bool,
    },
    /// Bring a piece of what a step left: the output by then, and behind it the state.
    FetchLeft {
        /// Its number; one that no other fetch has.
        fetch: u32,
        /// Who has it.
        executor: &'a NodeId,
        /// The assignment, as its outcomes name it.
        nonce: &'a [u8; 16],
        /// Which of its tasks.
        index: u16,
        /// Which step.
        number: u32,
        /// From there on.
        offset: u32,
    },
    /// The step of [`Event::RunStep`](crate::Event::RunStep) was run.
    RanStep {
        /// Of this job.
        job: u32,
        /// Of this task.
        number: u32,
        /// What is so behind it.
        step: Step,
    },
    /// It cannot be run.
    CannotStep {
        /// Of this job.
        job: u32,
        /// Of this task.
        number: u32,
        /// Because neither of the two gave what the step before it left.
        are_silent: bool,
    },
    /// An executor does not give an output that it said to have: it gets nothing more of the job, and after
    /// [`WITHHELD_MAX`](crate::WITHHELD_MAX) times nothing at all. The shell adds the task again.
    Withheld {
        /// Which; one that is over is none.
        job: u32,
        /// Who.
        executor: &'a NodeId,
        /// It was told before, of a job that this one goes on with: it counts once.
        is_known: bool,
    },
    /// Jobs take turns: one of this priority four times as often as one of the priority below it, which is 0 at first.
    Priority {
        /// Which.
        job: u32,
        /// At most [`PRIORITY_MAX`](crate::PRIORITY_MAX).
        priority: u8,
    },
    /// The shell runs so many tasks of a job at a time too, of those that nobody has: see [`Event::RunHere`](crate::Event::RunHere).
    OwnCores {
        /// Which.
        job: u32,
        /// How many; none at first.
        cores: u8,
    },
    /// This node runs tasks of others from now on.
    Offer {
        /// Tasks that it runs at a time.
        cores: u8,
        /// The highest limit of a task.
        gas: u64,
        /// How long one task may take, and a batch while others wait, in milliseconds.
        turn_ms: u32,
        /// Bytes of inputs and modules that are fetched in an hour.
        bytes_an_hour: u64,
    },
    /// Not any more: all ends now.
    Withdraw,
    /// A task was run.
    Ran {
        /// Of this batch.
        assignment: u32,
        /// Which of it.
        index: u16,
        /// The id of the task as it was run.
        task: &'a TaskId,
        /// What came of it.
        outcome: Outcome,
        /// The output, if it has at most [`INLINE_MAX`](crate::INLINE_MAX) bytes; a longer one is asked for by
        /// [`Event::Want`](crate::Event::Want).
        output: &'a [u8],
    },
    /// What [`Event::Want`](crate::Event::Want) or [`Event::WantSteps`](crate::Event::WantSteps) asked for.
    Give {
        /// From there.
        ticket: u32,
        /// [`Ok`](Status::Ok), or why not.
        status: Status,
        /// At most [`PIECE_MAX`](crate::PIECE_MAX).
        bytes: &'a [u8],
    },
    /// Each of these has a share of its own of this executor's time; all others together have one.
    Prefer(&'a [NodeId]),
    /// These came from one address, and have one share of that of strangers together. So have all of whom none is known.
    Address {
        /// Names it; 0 where it is not known any more.
        address: u64,
        /// Who.
        ids: &'a [NodeId],
    },
    /// Bring a piece of an input of a batch that runs, or of its module.
    FetchInput {
        /// Its number; an unused one. It ends with [`Event::FetchedInput`](crate::Event::FetchedInput), whatever becomes of the batch.
        fetch: u32,
        /// Of this batch.
        assignment: u32,
        /// Which of its tasks, or [`MODULE_INDEX`](crate::MODULE_INDEX).
        index: u16,
        /// From there on.
        offset: u32,
    },
    /// Executors of one owner count as one, by their own word: 32 bytes, or none for a node by itself.
    Owner(&'a [u8]),
    /// A batch that runs cannot be run here.
    Decline {
        /// Which.
        assignment: u32,
        /// Why not: its requester is told.
        why: Refusal,
    },
}

impl<'a> Command<'a> {
    /// The tasks of [`Command::Add`]; a rest that is none is left out.
    pub fn tasks(bytes: &'a [u8]) -> impl ExactSizeIterator<Item = (u32, &'a TaskId)> {
        bytes.as_chunks::<36>().0.iter().map(|chunk| {
            let mut reader = Reader::new(chunk);
            (reader.u32(), reader.hash())
        })
    }

    /// Reads it; `None` if it is none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let command = match reader.u8() {
            1 => Self::Begin {
                job: reader.u32(),
                validation: reader.u8(),
                gas: reader.u64(),
                expected_ms: reader.u32(),
            },
            2 => Self::Add { job: reader.u32(), tasks: reader.rest() },
            3 => Self::Close(reader.u32()),
            4 => Self::Cancel(reader.u32()),
            5 => Self::Pause(reader.u32()),
            6 => Self::Resume(reader.u32()),
            7 => Self::Packed { assignment: reader.u32(), count: reader.u16(), bytes: reader.rest() },
            8 => {
                Self::RanHere { job: reader.u32(), number: reader.u32(), outcome: Outcome::read(&mut reader) }
            }
            9 => Self::CannotRun { job: reader.u32(), number: reader.u32() },
            10 => Self::Know { executor: reader.id(), confirmed: reader.u32() },
            11 => Self::Fetch {
                fetch: reader.u32(),
                executor: reader.id(),
                nonce: reader.array(),
                index: reader.u16(),
                offset: reader.u32(),
            },
            12 => Self::GiveInput {
                ticket: reader.u32(),
                status: Status::from_code(reader.u16())?,
                bytes: reader.rest(),
            },
            13 => Self::Only { job: reader.u32(), ids: NodeId::list(reader.rest()) },
            14 => Self::Withheld { job: reader.u32(), executor: reader.id(), is_known: reader.u8() > 0 },
            15 => Self::Priority { job: reader.u32(), priority: reader.u8() },
            16 => Self::OwnCores { job: reader.u32(), cores: reader.u8() },
            17 => Self::BySteps { job: reader.u32(), are_so: reader.u8() == 1 },
            18 => Self::FetchLeft {
                fetch: reader.u32(),
                executor: reader.id(),
                nonce: reader.array(),
                index: reader.u16(),
                number: reader.u32(),
                offset: reader.u32(),
            },
            19 => Self::RanStep { job: reader.u32(), number: reader.u32(), step: Step::read(&mut reader) },
            20 => Self::CannotStep { job: reader.u32(), number: reader.u32(), are_silent: reader.u8() == 1 },
            32 => Self::Offer {
                cores: reader.u8(),
                gas: reader.u64(),
                turn_ms: reader.u32(),
                bytes_an_hour: reader.u64(),
            },
            33 => Self::Withdraw,
            34 => Self::Ran {
                assignment: reader.u32(),
                index: reader.u16(),
                task: reader.hash(),
                outcome: Outcome::read(&mut reader),
                output: reader.rest(),
            },
            35 => Self::Give {
                ticket: reader.u32(),
                status: Status::from_code(reader.u16())?,
                bytes: reader.rest(),
            },
            36 => Self::Prefer(NodeId::list(reader.rest())),
            37 => Self::FetchInput {
                fetch: reader.u32(),
                assignment: reader.u32(),
                index: reader.u16(),
                offset: reader.u32(),
            },
            38 => Self::Decline { assignment: reader.u32(), why: Refusal::from_code(reader.u8())? },
            39 => Self::Address { address: reader.u64(), ids: NodeId::list(reader.rest()) },
            40 => Self::Owner(reader.rest()),
            _ => return None,
        };
        reader.finish().map(|()| command)
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Begin { job, validation, gas, expected_ms } => {
                writer.u8(1).u32(*job).u8(*validation).u64(*gas).u32(*expected_ms)
            }
            Self::Add { job, tasks } => writer.u8(2).u32(*job).bytes(tasks),
            Self::Close(job) => writer.u8(3).u32(*job),
            Self::Cancel(job) => writer.u8(4).u32(*job),
            Self::Pause(job) => writer.u8(5).u32(*job),
            Self::Resume(job) => writer.u8(6).u32(*job),
            Self::Packed { assignment, count, bytes } => {
                writer.u8(7).u32(*assignment).u16(*count).bytes(bytes)
            }
            Self::RanHere { job, number, outcome } => {
                outcome.emit(writer.u8(8).u32(*job).u32(*number));
                &mut writer
            }
            Self::CannotRun { job, number } => writer.u8(9).u32(*job).u32(*number),
            Self::Know { executor, confirmed } => writer.u8(10).bytes(&executor.0).u32(*confirmed),
            Self::Fetch { fetch, executor, nonce, index, offset } => {
                writer.u8(11).u32(*fetch).bytes(&executor.0).bytes(*nonce).u16(*index).u32(*offset)
            }
            Self::GiveInput { ticket, status, bytes } => {
                writer.u8(12).u32(*ticket).u16(*status as u16).bytes(bytes)
            }
            Self::Only { job, ids } => writer.u8(13).u32(*job).bytes(NodeId::list_bytes(ids)),
            Self::Withheld { job, executor, is_known } => {
                writer.u8(14).u32(*job).bytes(&executor.0).u8((*is_known).into())
            }
            Self::Priority { job, priority } => writer.u8(15).u32(*job).u8(*priority),
            Self::OwnCores { job, cores } => writer.u8(16).u32(*job).u8(*cores),
            Self::BySteps { job, are_so } => writer.u8(17).u32(*job).u8((*are_so).into()),
            Self::FetchLeft { fetch, executor, nonce, index, number, offset } => {
                writer.u8(18).u32(*fetch).bytes(&executor.0).bytes(*nonce);
                writer.u16(*index).u32(*number).u32(*offset)
            }
            Self::RanStep { job, number, step } => {
                step.emit(writer.u8(19).u32(*job).u32(*number));
                &mut writer
            }
            Self::CannotStep { job, number, are_silent } => {
                writer.u8(20).u32(*job).u32(*number).u8((*are_silent).into())
            }
            Self::Offer { cores, gas, turn_ms, bytes_an_hour } => {
                writer.u8(32).u8(*cores).u64(*gas).u32(*turn_ms).u64(*bytes_an_hour)
            }
            Self::Withdraw => writer.u8(33),
            Self::Ran { assignment, index, task, outcome, output } => {
                outcome.emit(writer.u8(34).u32(*assignment).u16(*index).bytes(&task.0));
                writer.bytes(output)
            }
            Self::Give { ticket, status, bytes } => {
                writer.u8(35).u32(*ticket).u16(*status as u16).bytes(bytes)
            }
            Self::Prefer(ids) => writer.u8(36).bytes(NodeId::list_bytes(ids)),
            Self::FetchInput { fetch, assignment, index, offset } => {
                writer.u8(37).u32(*fetch).u32(*assignment).u16(*index).u32(*offset)
            }
            Self::Address { address, ids } => writer.u8(39).u64(*address).bytes(NodeId::list_bytes(ids)),
            Self::Owner(owner) => writer.u8(40).bytes(owner),
            Self::Decline { assignment, why } => writer.u8(38).u32(*assignment).u8(*why as u8),
        };
        writer.finish()
    }
}
