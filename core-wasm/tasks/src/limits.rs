//! The bounds, and what happens at each.

use tabmesh_port::Duration;
use tabmesh_port::limits::{HELD_MAX, MESSAGE_MAX};

/// Jobs of a requester; one more is refused.
pub const JOBS_MAX: usize = 4;

/// Tasks of all jobs that are not decided yet; more are not taken: [`Event::Room`](crate::Event::Room) says for how many there is room.
pub const OPEN_MAX: usize = 2_048;

/// The highest priority of a job; a higher one is refused.
pub const PRIORITY_MAX: u8 = 3;

/// Executors of a job that is for some alone; more are refused.
pub const GROUP_MAX: usize = 64;

/// Tasks of one batch; a longer one is none.
pub const BATCH_MAX: usize = 256;

/// Batches that an executor has of one requester and did not run yet; one more is refused as [`Busy`](crate::Refusal::Busy). So is one
/// beside twice as many of which the requester has not said that it has the outcomes.
pub const BATCHES_MAX: usize = 2;

/// What a batch takes of a question, in bytes; a shell that gives more has it cut.
pub const PACKED_MAX: usize = MESSAGE_MAX - ASSIGN_HEAD;

/// An assignment is longer than its batch by so many bytes.
pub(crate) const ASSIGN_HEAD: usize = 31;

/// The longest output that comes with its outcome, in bytes, if there is room for it in the batch's one answer.
pub const INLINE_MAX: usize = 1_024;

/// What one question for an output, an input or a module brings, in bytes.
pub const PIECE_MAX: usize = MESSAGE_MAX;

/// The module of a batch, where an input's index is asked for.
pub const MODULE_INDEX: u16 = u16::MAX;

/// Executors that a requester works with at a time, where it offers nothing itself.
pub const EXECUTORS_MAX: usize = HELD_MAX;

/// Requesters that an executor works for at a time; others are refused as [`Busy`](crate::Refusal::Busy). Their links come first.
pub const SERVED_MAX: usize = 12;

/// Of these, so many that the shell did not name as preferred.
pub const STRANGERS_MAX: usize = 8;

/// Of strangers that one address gives a shell away with, ids that are known; of more the one that was told first is a stranger of no address.
pub const ADDRESSES_MAX: usize = 256;

/// Requesters that a shell prefers; of more the first so many count.
pub const PREFERRED_MAX: usize = 64;

/// Questions of the requester's half under way: batches, revocations, pieces of outputs. Where the node offers too, there are
/// [`ASKS_FETCHING`] fewer. Both halves, and lists, have the questions of a port together.
pub const ASKS_ASKING: usize = 15;

/// Outcomes that the executor's half tells at a time.
pub const ASKS_OFFERING: usize = 4;

/// Pieces of inputs that the executor's half asks for at a time. Who has fewest under way is next, and who has some leaves the last
/// place to others.
pub const ASKS_FETCHING: usize = 4;

/// Batches of outcomes whose signatures are being checked; one more comes again.
pub const CHECKS_MAX: usize = 16;

/// Pieces that the shell is asked for on account of one node, outputs and inputs apart; one more is refused.
pub const WANTED_A_PEER: usize = 4;

/// And of all nodes: of the questions that a port may leave unanswered, so many at most wait for the shell.
pub const WANTED_MAX: usize = 24;

/// Batches that were done, whose outputs may be fetched: of more the oldest of whoever has most is forgotten.
pub const KEPT_MAX: usize = 64;

/// And after so long each.
pub const KEPT: Duration = Duration::from_ms(600_000);

/// Pieces of outputs that the face waits for; one more is refused.
pub const FETCHES_MAX: usize = 16;

/// Pieces of one batch's inputs that the face waits for; one more is refused.
pub const FETCHES_A_BATCH: usize = 4;

/// Batches that wait for inputs at a time. They hold no core, but memory: another one takes the place of whoever has waited longest, if that is
/// longer than [`UNFED`], and is put off otherwise.
pub const FEEDING_MAX: usize = 4;

/// A batch of whose inputs no piece came for so long is given back.
pub const UNFED: Duration = Duration::from_ms(20_000);

/// Bytes that one executor fetches are counted for so long.
pub const HOUR: Duration = Duration::from_ms(3_600_000);

/// Requesters whose bytes are counted apart, within the hour; those of others count for all together.
pub const COUNTED_MAX: usize = 128;

/// Bytes of outputs that an executor's shell keeps: of more the oldest batch of whoever has most is forgotten.
pub const OUTPUTS_MAX: u64 = 128 << 20;

/// Executors whose checked outcomes are counted; of more the one with the fewest is forgotten.
pub const RECORDS_MAX: usize = 1_024;

/// An executor that so often did not give an output of its own is not asked again.
pub const WITHHELD_MAX: u8 = 3;

/// Executors that did; of more the one that did least often is forgotten.
pub const WITHHOLDERS_MAX: usize = 256;

/// Executors set aside for one job; of more the first is forgotten.
pub const ASIDE_MAX: usize = 256;

/// Tasks that the requester ran itself and gave to nobody yet.
pub const CANARIES_MAX: usize = 8;

/// Tasks that were run here to be canaries and are none, for they came to what most come to, or waited too long: of all one in so
/// many at most.
pub const SPARED: u32 = 25;

/// An executor whose outcomes were checked and right so often is checked by chance only.
pub const CHECKED_FIRST: u32 = 10;

/// And then once in so many at least.
pub const CHECKED_RARELY: u32 = 50;

/// A task that so often gave no result, or none in time, is run by the requester, or fails.
pub const TRIES_MAX: u8 = 8;

/// Tasks about whose steps executors are asked at a time; of more the others wait.
pub const DISPUTES_MAX: usize = 2;

/// Disputes about the steps of one task; after so many it is decided as one that is run whole.
pub const DISPUTES_A_TASK: u8 = 4;

/// A task that is expected to take longer is not run whole to decide it, where it has steps.
pub const CHEAP: Duration = Duration::from_ms(10_000);

/// An executor has three times what a task takes to answer a question about its steps, for it may have to run them again, and so much
/// more, but no longer than [`LEASE_MAX`].
pub const STEPS: Duration = Duration::from_ms(30_000);

/// A task for which there is nobody who has not answered it is run by the requester after this.
pub const ALONE: Duration = Duration::from_ms(20_000);

/// And after this, where outputs of the job were withheld.
pub const ALONE_IN_VAIN: Duration = Duration::from_ms(5_000);

/// A job of which nothing goes on for so long is stalled.
pub const STALLED: Duration = Duration::from_ms(10_000);

/// And after so long, where those who offer are fewer than its level asks votes of.
pub const SHORT: Duration = Duration::from_ms(3_000);

/// Of a job's tasks this part is given out twice at its end: one in so many.
pub const DOUBLED: u32 = 20;

/// A batch shall take so long: two of them are out. Forty executors a round trip of 280 ms away are asked 46 times a second at most.
pub const BATCH: Duration = Duration::from_ms(2_000);

/// A task is expected to take so long, until one of the job was measured, in milliseconds.
pub const FIRST_MS: u32 = 10_000;

/// A lease is three times what is expected, and so much more.
pub const LEASE: Duration = Duration::from_ms(5_000);

/// The longest lease; an executor cuts a longer one.
pub const LEASE_MAX: Duration = Duration::from_ms(3_600_000);

/// An executor says that it is at it each so often.
pub const BEAT: Duration = Duration::from_ms(2_000);

/// A lease ends with nothing heard for so long.
pub const SILENCE: Duration = Duration::from_ms(7_000);

/// Executors take turns after so long, where more offer. The overlay makes some one held link a second: shorter turns would be dialling.
pub const TURN: Duration = Duration::from_ms(180_000);

/// Executors that make room for others at a time.
pub const LEAVING_MAX: usize = 4;

/// A link to an executor comes within this, or another executor is taken.
pub const DIALLING: Duration = Duration::from_ms(20_000);

/// Whoever is busy is asked again after this, twice as long each time, up to a minute.
pub const COOLING: Duration = Duration::from_ms(2_000);

/// Whoever is unwilling is asked again for a job after this: tabs are hidden and shown.
pub const UNWILLING: Duration = Duration::from_ms(60_000);

/// Leases in a row that end without outcomes; after so many an executor is let go.
pub const LAPSES_MAX: u8 = 3;

/// With so many executors, none has more than an eighth of what is given out.
pub const MANY: usize = 16;

/// Between two looks at times that have come.
pub const TICK: Duration = Duration::from_ms(500);
