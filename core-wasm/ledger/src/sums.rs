//! The identity that says that nothing is lost and nothing made: minted + received = balances + pot + bonded + burned + sent.

use tabmesh_port::{Reader, Writer};

/// What went in and out of a neighbourhood since its first block, and what it holds, in grains.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sums {
    /// What the genesis gave, and what was minted since.
    pub minted: u64,
    /// Claimed from other neighbourhoods.
    pub received: u64,
    /// What accounts and references have.
    pub balances: u64,
    /// Fees that nobody was paid yet.
    pub pot: u64,
    /// What voters have bonded.
    pub bonded: u64,
    /// Rent, and what evidence burned.
    pub burned: u64,
    /// Receipts for other neighbourhoods, without those that were refunded.
    pub sent: u64,
}

impl Sums {
    /// Its bytes.
    pub const BYTES: usize = 56;

    /// Whether they add up.
    pub fn hold(&self) -> bool {
        let gave = self.minted.checked_add(self.received);
        let rest = [self.pot, self.bonded, self.burned, self.sent];
        let has = rest.iter().try_fold(self.balances, |sum, part| sum.checked_add(*part));
        gave.is_some() && gave == has
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            minted: reader.u64(),
            received: reader.u64(),
            balances: reader.u64(),
            pot: reader.u64(),
            bonded: reader.u64(),
            burned: reader.u64(),
            sent: reader.u64(),
        }
    }

    /// Minted, received, balances, pot, bonded, burned, sent: 8 each.
    pub(crate) fn emit(&self, writer: &mut Writer) {
        for sum in [self.minted, self.received, self.balances, self.pot, self.bonded, self.burned, self.sent]
        {
            writer.u64(sum);
        }
    }
}
