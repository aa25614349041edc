//! The rules that voters keep.

/// The rules, each of which can be switched off in the tests that show what it is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Rule {
    /// One vote and one finalisation a round, and none in an earlier one.
    OneVote,
    /// No other block than the decided one, unless notarised later.
    Decided,
    /// No finalisation behind a vote in a later round.
    LateFinal,
    /// One lock a sequence number.
    OneLock,
    /// No block against a lock.
    AgainstLock,
    /// No block without what was acknowledged.
    Omitted,
    /// No lock behind a vote.
    LockBehindVote,
    /// No acknowledgement behind a vote.
    AcknowledgeBehindVote,
    /// Nothing in a view for which the journal is not whole.
    LostJournal,
    /// So many signatures make a certificate. Whoever reads one keeps this rule.
    Quorum,
    /// What is locked together can be done together. Whoever locks keeps this rule.
    SetAside,
    /// No lock of what was acknowledged.
    Relock,
    /// No block that more voters refuse than may, for whatever is in it. A leader keeps this rule.
    Together,
    /// Voters change where a view begins. This one and the next four the state keeps.
    Views,
    /// Frozen seats weigh.
    Weight,
    /// At most a quarter of a view goes, and a quarter comes, half of these new.
    Share,
    /// Few are unsteady.
    Steady,
    /// Who asks for a seat waits.
    Probation,
    /// No end of a view that freezes somebody who was seen to vote. Whoever votes keeps this rule.
    Silence,
    /// A journal that begins is whole from the next view on. This one and the next whoever keeps its seat keeps.
    NextView,
    /// It begins with what this very run has asked for.
    OwnRun,
}
