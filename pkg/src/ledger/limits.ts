// Bounds of a tab's ledger, and what happens at each. The first of them are those of `core-wasm/ledger/src/limits.rs`; a test compares.

/** So many grains are a credit. */
export const CREDIT = 1_000_000n;

/** More grains than there may ever be. */
export const SUPPLY_MAX = 1n << 62n;

/** Voters of a genesis. */
export const VOTERS_MIN = 4;
export const VOTERS_MAX = 64;

/** Operations of this tab's owner on their way; one more is refused as Later. */
export const SUBMISSIONS_MAX = 4;

/**
 * Bytes of blocks that a tab keeps which does not vote: the first ones, as the chain is followed from its beginning. Of more none is
 * kept, and what comes behind is fetched again at each start. A voter keeps all, as others are behind.
 */
export const FOLLOWED_BYTES_MAX = 64 << 20;

/** Operations from and to this tab that are kept for its history: of more the oldest are let go. */
export const HISTORY_MAX = 4_096;

/** Accounts that are watched at a time: one more is an error. */
export const WATCHED_MAX = 64;

/** Questions to the module that wait for their answer; one more is an error. */
export const ASKING_MAX = 256;

/** Blocks that are handed to the module at once where it starts. */
export const REPLAYED_AT_ONCE = 256;

/** Blocks of which it is counted who signed them. */
export const COUNTED_BLOCKS = 32;

/** The module answers within this, in milliseconds, however busy the page is. */
export const ANSWER_MS = 30_000;

/** Whoever waits until the ledger is ready hears why it is not after this, in milliseconds. */
export const READY_MS = 60_000;

/** One voter is asked for test credits for so long, in milliseconds. */
export const BEG_MS = 10_000;

/** An operation whose time is over is waited for so many epochs more, so that the block in which it may be has come. */
export const LATE_EPOCHS = 6;

/** Bytes of a genesis: a longer one is none. */
export const GENESIS_BYTES_MAX = 1 << 20;

/** A server gives the genesis within this, in milliseconds, or it is as good as none. */
export const GENESIS_MS = 20_000;
