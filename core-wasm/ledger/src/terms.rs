//! What is in force in a ledger.

/// What is in force as long as the ledger lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// How long an epoch lasts, in milliseconds.
    pub epoch_ms: u32,
    /// What a voter bonds at least, in credits.
    pub stake: u32,
    /// What an operation pays at least, in grains; twice that if it leaves a receipt.
    pub fee: u32,
    /// The lowest price of a unit for an epoch, and the first one, in grains.
    pub price: u32,
    /// What is minted for the voters of an epoch, in grains.
    pub mint: u64,
    /// Units of a neighbourhood.
    pub units: u32,
}
