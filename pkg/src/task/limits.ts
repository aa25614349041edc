// Bounds of tasks (`docs/TASKS.md`), and of how many this host runs.

/** Bytes of a module with its custom sections; the meter bounds what is left without them. */
export const MODULE_BYTES_MAX = 64 << 20;

/** Bytes of an input. */
export const INPUT_BYTES_MAX = 16 << 20;

/** Bytes of an output; of a state, and of what a step gives in all. */
export const OUTPUT_BYTES_MAX = 16 << 20;

/** Bytes of a log that are kept. */
export const LOG_BYTES_MAX = 64 << 10;

/** Bytes of a seed. */
export const SEED_BYTES = 32;

export const GAS_MAX = 1n << 62n;
export const GAS_USUAL = 1_000_000_000n;
export const TIME_MAX = (1n << 64n) - 1n;

export const PAGE_BYTES = 64 << 10;
export const PAGES_MAX = 65_536;
export const PAGES_USUAL = 1_024;

export const TIMEOUT_USUAL_MS = 60_000;

/** The longest wait that timers take. */
export const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/** How often a running task's owner hears of it. */
export const PROGRESS_MS = 250;

/** Tasks that wait for a Worker; one more is an error. */
export const WAITING_MAX = 4_096;

/** Modules that are kept compiled, */
export const KEPT_MODULES_MAX = 32;

/** and the bytes of them, before and after metering. The machine code of each is several times as large. */
export const KEPT_BYTES_MAX = 96 << 20;

/** Stack of a task as metering counts it, in KiB: of one that names none, which every browser has, and of any. */
export const STACK_KIB_USUAL = 256;
export const STACK_KIB_MAX = 8_192;

/** A module that asked for the time so often, and spent its gas, waited for it to pass. */
export const CLOCK_READS_MANY = 1_000;

/** The stack of a task's thread in Node: four times the most that metering counts. What is never touched costs nothing. */
export const STACK_MIB = 36;
