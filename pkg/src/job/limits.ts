// Bounds of jobs, and what happens at each. The first of them are those of `core-wasm/tasks/src/limits.rs`; a test compares.

/** Tasks of one batch; a longer one is none. */
export const BATCH_MAX = 256;

/** What a batch takes of a question, in bytes; of more tasks the first are packed. */
export const PACKED_MAX = 32_768 - 31;

/** The longest output that comes with its outcome, in bytes. */
export const INLINE_MAX = 1_024;

/** What one question for a piece brings, in bytes. */
export const PIECE_MAX = 32_768;

/** Pieces that one node is asked for at a time. */
export const WANTED_A_PEER = 4;

/** Pieces of outputs that are asked for at a time; others wait. */
export const FETCHES_MAX = 12;

/** What a checkpoint says of an executor counts as so much at most. */
export const LEARNT_MAX = 10;

/** Executors whose records are kept; of more the one with the fewest is forgotten. */
export const RECORDS_MAX = 1_024;

/** Tasks that the requester ran itself and gave to nobody yet, at most. */
export const CANARIES_MAX = 8;

/** Requesters that whoever offers prefers. */
export const PREFERRED_MAX = 64;

/** An input of up to so many bytes is in its batch; a longer one is fetched. */
export const INPUT_INLINE_MAX = 16_384;

/** The index by which the module of a batch is fetched. */
export const MODULE_INDEX = 65_535;

/** Earlier invocations that one awaits, at most: of more it is no invocation. */
export const AWAITED_MAX = 1_024;

/** Modules of one job. */
export const MODULES_MAX = 256;

/** Stages of one job: its CID counts them in a byte. */
export const STAGES_MAX = 255;

/** Invocations of one job: numbers have 32 bits, and leaves are kept in one piece. */
export const INVOCATIONS_MAX = 2 ** 24;

/** Invocations of a page of a job's manifest: `docs/JOBS.md`, "The CID of a job". */
export const INVOCATIONS_A_PAGE = 512;

/** Jobs that the coordinator has at a time; others wait for their turn, */
export const JOBS_MAX = 4;

/** up to so many: one more is an error. */
export const JOBS_WAITING_MAX = 64;

/** Executors of a job that is for some alone. */
export const GROUP_MAX = 64;

/** The highest priority of a job. */
export const PRIORITY_MAX = 3;

/** Tasks that the coordinator has open of all jobs; it says itself for how many there is room. */
export const OPEN_MAX = 2_048;

/** Results that nobody read: with so many nothing new begins, and what is open may still come. */
export const UNREAD_MAX = 1_024;

/** Bytes of inputs of open tasks, and of results that nobody read: with so many nothing new begins. */
export const HELD_BYTES_MAX = 64 << 20;

/** Results that are kept for whoever reads later, and their bytes: with twice as many, those that were read are let go down to this. */
export const KEPT_RESULTS_MAX = 4_096;
export const KEPT_RESULTS_BYTES_MAX = 16 << 20;

/** Outputs that later tasks await, in bytes: of more the oldest are let go, and what awaits them fails as InputGone. */
export const AWAITED_BYTES_MAX = 256 << 20;

/** Bytes of a list of inputs by name: a longer one is none. */
export const LIST_BYTES_MAX = 64 << 20;

/** Inputs by name that are fetched at a time; others wait. */
export const INPUTS_FETCHED_AT_ONCE = 8;

/** Invocations that await others: with so many no more are read. */
export const WAITING_MAX = 4_096;

/** Bytes that are kept so that tasks can be run again, where a liar is found: of more the oldest are let go. */
export const AGAIN_BYTES_MAX = 64 << 20;

/** Tasks that were run here, whose inputs are kept: some of them are given out later, to check whoever gets them. */
export const RAN_HERE_MAX = 256;

/** Executors of a job that withheld outputs: of more the job forgets, where the coordinator gets it anew. */
export const WITHHOLDERS_MAX = 256;

/** A task whose output nobody who has it gave so often is run here. */
export const LOST_MAX = 2;

/** Executors that a job counts, each by itself; others are counted together. */
export const EXECUTORS_COUNTED_MAX = 4_096;

/** Bytes of modules that whoever offers keeps: the least recently used go first. */
export const MODULES_BYTES_MAX = 64 << 20;

/** Bytes of outputs that their requesters may fetch: of more the oldest are let go, and run again elsewhere. */
export const OUTPUTS_BYTES_MAX = 128 << 20;

/** Bytes of the trails of tasks by steps, and of their inputs, that whoever offers keeps for disputes: of more the oldest are let go. */
export const TRAILS_BYTES_MAX = 32 << 20;

/** Steps of one task are run again for whoever asks about them so often. */
export const RERUNS_MAX = 8;

/** Steps of which one question may want leaves: of a longer row none is given. */
export const ROW_MAX = 2 ** 17;

/** Tasks whose steps, run again, are kept: of more the oldest are let go. */
export const AGAIN_TASKS_MAX = 4;

/** Modules that ended their Worker, by who gave them: of more the one that was tried longest ago is forgotten. */
export const DEADLY_MAX = 1_024;

/** Modules of one requester that ended their Worker: after so many nothing is taken from it. */
export const BOMBS_MAX = 3;

/** Metering and compiling a module of others take no longer, in milliseconds. */
export const COMPILE_MS = 20_000;

/** The name of an owner, in bytes. */
export const OWNER_BYTES_MAX = 32;

/** Requesters that an offer counts, each by itself; others are counted together. */
export const REQUESTERS_COUNTED_MAX = 1_024;

/** Tasks that whoever offers runs at once, at most. */
export const CORES_MAX = 64;

/** Bytes of what a job came to that are kept for a checkpoint: what is beyond runs again where the job is resumed. */
export const JOURNAL_BYTES_MAX = 64 << 20;

/** Bytes of a checkpoint: of a longer one none is made. */
export const CHECKPOINT_BYTES_MAX = 256 << 20;
