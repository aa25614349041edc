//! Why something was not done.

/// Why an operation, a claim or a block was refused: the state is as it was before. Each has a number of its own for good; names and
/// sentences live in the faces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Refusal {
    /// These bytes are no operation, or it says nothing: a field that its kind does not use is not 0, an amount is.
    Malformed = 1,
    /// No operation has this kind.
    UnknownKind = 2,
    /// The kind has its number, and nobody executes it yet.
    NotYet = 3,
    /// It is for another ledger.
    WrongLedger = 4,
    /// The signature is not the key's over this.
    BadSignature = 5,
    /// Its last epoch is over.
    Expired = 6,
    /// The payer has no account here.
    UnknownAccount = 7,
    /// The account has done an operation with this sequence number.
    SequenceUsed = 8,
    /// Operations with lower sequence numbers are missing.
    SequenceEarly = 9,
    /// The account has used all sequence numbers up to this epoch: later.
    TooMany = 10,
    /// The fee is below that of the ledger.
    FeeTooLow = 11,
    /// The account has not so much.
    Overspent = 12,
    /// The payer would be left with less than a round's rent, and with more than nothing.
    TooLittleLeft = 13,
    /// What is made new would have less than a round's rent.
    TooLittle = 14,
    /// Somebody would have more than there may be.
    TooMuch = 15,
    /// There is no unit free, or no place for a nullifier: later.
    TableFull = 16,
    /// Payer and receiver are one.
    ToItself = 17,
    /// The bond would be below the stake.
    BelowStake = 18,
    /// The account has no bond.
    NotBonded = 19,
    /// The bond is leaving.
    Leaving = 20,
    /// The reference is another account's.
    NotOwner = 21,
    /// There is no such reference.
    UnknownReference = 22,
    /// The record is another neighbourhood's.
    WrongPlace = 23,
    /// The proof does not show it under this root.
    BadProof = 24,
    /// The receipt was taken before.
    Claimed = 25,
    /// There is no such open receipt.
    UnknownReceipt = 26,
    /// The root is too early or too late to show that a receipt was not taken.
    WrongRoot = 27,
    /// The operations of a block are not in the order of accounts and sequence numbers.
    Disorder = 28,
    /// A block has more operations than fit.
    TooManyOperations = 29,
    /// The epoch or the view is before that of the last block.
    EpochOver = 30,
    /// A block commits to something that does not follow from its operations.
    WrongHeader = 31,
    /// Another operation has its sequence number, as far as a voter knows: the block decides.
    Rival = 32,
    /// A voter promises nothing now: a block is being voted on, its locks are used up, or operations before this one are open. Later.
    Later = 33,
    /// Only a transfer that stays in the neighbourhood, and leaves the account open, is settled before its block.
    Slow = 34,
    /// The account's seat is frozen: it thaws.
    Frozen = 35,
    /// The account has no frozen seat.
    NotFrozen = 36,
}

impl Refusal {
    /// Its number.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Whether what was refused with this number was never done, and never will be. Of what was done a voter says, too, that its number is used, or its time
    /// over: which of both it is the blocks tell.
    pub(crate) const fn is_lasting(code: u8) -> bool {
        matches!(code, 1..=5 | 11 | 17)
    }
}
