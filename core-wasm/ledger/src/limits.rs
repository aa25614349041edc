//! Every bound of the ledger, and what happens at it.

/// What balances count in: so many grains are a credit. Bonds count in credits.
pub const CREDIT: u64 = 1_000_000;

/// More grains than there may ever be in one ledger: a [`Genesis`](crate::Genesis) with more is none. So no sum overflows.
pub const SUPPLY_MAX: u64 = 1 << 62;

/// A unit of the table, in bytes.
pub const UNIT: usize = 64;

/// Units of a neighbourhood, as its [`Genesis`](crate::Genesis) says: at least these, and at most [`UNITS_MAX`]. An operation that would
/// need one more is refused with [`TableFull`](crate::Refusal::TableFull).
pub const UNITS_MIN: u32 = 64;

/// What fits the 64 KiB of a tab.
pub const UNITS_TAB: u32 = 384;

/// What a neighbourhood of native peers may have.
pub const UNITS_MAX: u32 = 16_384;

/// Operations of one block: one for eight units. A leader leaves what is more for the next one.
pub const fn operations_max(units: u32) -> u32 {
    units / 8
}

/// Nullifiers that are kept: 17 for 32 units. At the bound claims are refused with [`TableFull`](crate::Refusal::TableFull), and wait.
pub const fn nullifiers_max(units: u32) -> u32 {
    units / 32 * 17
}

/// Voters whom a [`Genesis`](crate::Genesis) names: at least these. With fewer one that is silent would stop it.
pub const VOTERS_MIN: usize = 4;

/// And at most these.
pub const VOTERS_MAX: usize = 64;

/// How long an epoch may last, in milliseconds.
pub const EPOCH_MS: core::ops::RangeInclusive<u32> = 1_000..=3_600_000;

/// Sequence numbers of an account for each epoch that there was: one beyond is refused with
/// [`TooMany`](crate::Refusal::TooMany). A new account begins above all of its epoch, so that nothing that an earlier one with the same
/// key has signed is taken again. They last for 134 million epochs, 42 years of ten seconds.
pub const SEQUENCES: u32 = 32;

/// The epoch of its birth is spent, and in the next one a new account may do so many operations.
pub const fn first_sequence(epoch: u32) -> u32 {
    epoch.saturating_add(1).saturating_mul(SEQUENCES)
}

/// Rent is taken from one in so many records an epoch, by their keys. So each pays for so many epochs at once.
pub const ROUND: u32 = 64;

/// Epochs until a bond that leaves can be spent.
pub const UNBONDING: u32 = 360;

/// Epochs for which a new reference has paid.
pub const REFERENCE_EPOCHS: u32 = 360;

/// Epochs until a receipt expires: from then on its destination does not take it.
pub const RECEIPT_EPOCHS: u32 = 36;

/// Epochs behind its expiry in which the block that took a receipt must be rooted.
pub const ROOTED_WITHIN: u32 = 6;

/// Epochs behind its expiry for which a receipt's nullifier is kept.
pub const NULLIFIER_EPOCHS: u32 = 42;

/// Epochs for which an open receipt has paid, whose unit pays no other rent.
pub const RECEIPT_RENT: u32 = RECEIPT_EPOCHS + NULLIFIER_EPOCHS;

/// The price of a unit and epoch rises while more of the table than this is taken, in hundredths, and falls while less is.
pub const OCCUPANCY: u64 = 45;

/// The highest price of a unit for an epoch, in grains: it rises no further.
pub const PRICE_MAX: u32 = 1 << 24;

/// Bits of a neighbourhood's prefix at most.
pub const PREFIX_MAX: u8 = 48;

/// Blocks for which the same voters sit.
pub const VIEW_HEIGHTS: u32 = 6;

/// The view of the block at this height; the genesis, at height 0, has none.
pub const fn view_of(height: u32) -> u32 {
    height.saturating_sub(1) / VIEW_HEIGHTS
}

/// Blocks of a term: 120 views. Where one begins, beyond the first, a node keeps who votes with the block, for those who follow term by term.
pub const TERM_HEIGHTS: u32 = 720;

/// The term of the block at this height.
pub const fn term_of(height: u32) -> u32 {
    height.saturating_sub(1) / TERM_HEIGHTS
}

/// Whether the block at this height is the first one of a term beyond the first.
pub const fn opens_term(height: u32) -> bool {
    height > TERM_HEIGHTS && (height - 1).is_multiple_of(TERM_HEIGHTS)
}

/// What a light node believes may be so old, in milliseconds: 7 days. An older one it refuses, unless its owner insists.
pub const STALE_MS: u64 = 7 * 86_400_000;

/// Views for which a frozen seat weighs: 36 heights, which are as many epochs at least. Then it is a seat no more.
pub const FROZEN_VIEWS: u32 = 6;

/// Epochs from when somebody asks for a seat until it may have one.
pub const PROBATION: u32 = 6;

/// How many wait for a seat at most. One more is refused with [`TableFull`](crate::Refusal::TableFull). They come in the order in which they asked; who may not come yet lets
/// others pass.
pub const WAITING_MAX: usize = 16;

/// A block shows whose votes for one of so many blocks before it its leader has. The first ones of a view show nobody.
pub const SHOWN_HEIGHTS: u32 = 3;

/// A voter's score grows by 1 for each block that shows it, up to this: nine tenths of what the blocks of 360 epochs show. With it, and a bond of [`STEADY_EPOCHS`], a voter is
/// steady until it is 0.
pub const SCORE_MAX: u8 = 162;

/// And falls by so much for each one that does not, so that it keeps who is shown in nine tenths.
pub const SCORE_MISSED: u8 = 9;

/// Epochs for which a steady voter has been bonded, if it is not of the genesis.
pub const STEADY_EPOCHS: u32 = 360;

/// In so many rounds a voter refuses to end a view with a block that would freeze somebody whom it has seen. Then it gives way: a liar who shows its votes to some alone stops nobody.
pub const SILENCE_ROUNDS: u32 = 4;

/// Epochs for which what a node asks for its seat is valid: after that it asks anew. A node that is further behind asks for nothing.
pub const ERRAND_EPOCHS: u32 = 3;

/// Up to so many voters at most a fifth of them are let in unsteady, if the genesis does not say otherwise. Others wait.
pub const STEADY_VOTERS: usize = 31;

/// Locks of a voter at a time: half a block, so that all that can be certified fits into one. One more is refused.
pub const fn locks_max(units: u32) -> u32 {
    operations_max(units) / 2
}

/// How long an answer of another voter is waited for, in milliseconds.
pub(crate) const ASK_MS: u32 = 1_500;

/// Times of an epoch, in thousandths of it: operations are swapped, and the first round begins.
pub(crate) const CUT: u64 = 600;
/// See [`CUT`].
pub(crate) const OPEN: u64 = 650;

/// A round lasts so long before a voter gives it up, in thousandths of an epoch.
pub(crate) const ROUND_LASTS: u64 = 120;

/// What may have been lost is told again after this, in milliseconds.
pub(crate) const AGAIN_MS: u64 = 400;

/// And this, while no block is voted on.
pub(crate) const IDLE_MS: u64 = 2_000;

/// A leader waits so long for a block that others saw notarised, in milliseconds, and then proposes one of its own.
pub(crate) const LEADER_WAITS_MS: u64 = 300;

/// Between two looks at the time, in milliseconds.
pub(crate) const TICK_MS: u64 = 50;

/// Statements of a voter that are being written and signed. Locks and acknowledgements take no more than these, and are refused with
/// [`Later`](crate::Refusal::Later) beyond; votes always find room.
pub const SIGNING_MAX: usize = 64;

/// Signatures of others that are being checked, one by one; what comes beyond is dropped, and comes again. Two for each voter are for votes alone. Of
/// operations that their owners submit a quarter of these at most, of one owner [`SUBMISSIONS_MAX`]: one more is refused with [`Later`](crate::Refusal::Later).
pub const CHECKS_MAX: usize = 192;

/// Certificates that are being checked; one more is answered that it should come later.
pub const PROOFS_MAX: usize = 8;

/// Of these, those that others ask for an acknowledgement with; the rest is for blocks.
pub const PROOFS_OF_OTHERS_MAX: usize = 6;

/// And those of one asker.
pub const PROOFS_OF_ONE_MAX: usize = 4;

/// Questions of a voter under way: one more waits.
pub(crate) const ASKING_MAX: usize = 20;

/// Operations of a node's owner on their way; one more is refused with [`Later`](crate::Refusal::Later).
pub const SUBMISSIONS_MAX: usize = 4;

/// Epochs for which a transfer is valid whose owner does not say until when. If it is not in a block by then, its wait ends.
pub const VALID_EPOCHS: u32 = 18;

/// Without a block for more epochs than these a node says so: [`Mode::Eventual`](crate::Mode::Eventual).
pub const EVENTUAL_EPOCHS: u32 = 3;

/// A node that learned of a block beyond its own is following for so long, in milliseconds.
pub(crate) const FOLLOWING_MS: u64 = 3_000;

/// Outputs that wait at a voter: beyond, nothing that others ask is taken on.
pub(crate) const OUTBOX_MAX: usize = 1_024;

/// Operations of a block that is agreed on, so that its proposal fits one message. Larger neighbourhoods make smaller blocks than they could.
pub const PROPOSED_MAX: usize = 84;

/// Questions of light nodes that wait for a block from the shell's store, one a node. One more ends the one that has waited longest.
pub const SERVING_MAX: usize = 16;

/// Signatures that a light node has verified at a time.
pub const LIGHT_JOBS_MAX: usize = 8;

/// Voters to whom a light node holds links.
pub const LIGHT_LINKS: usize = 4;

/// How long it waits for an answer, in milliseconds: with a list of 64 voters it is 9 KB.
pub(crate) const LIGHT_ASK_MS: u32 = 4_000;

/// Between two of its looks at the time, in milliseconds.
pub(crate) const LIGHT_TICK_MS: u64 = 500;
