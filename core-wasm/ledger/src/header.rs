//! What a block of a neighbourhood commits to.

use alloc::vec::Vec;

use tabmesh_port::{Reader, Writer};

use crate::hash::{Hash, Tag, tagged};
use crate::key::Prefix;
use crate::sums::Sums;

const VERSION: u8 = 2;

/// The head of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The hash of the genesis.
    pub genesis: Hash,
    /// Of which neighbourhood.
    pub prefix: Prefix,
    /// How often the neighbourhood was formed anew.
    pub generation: u32,
    /// Which voters sit.
    pub view: u32,
    /// How many blocks came before.
    pub height: u32,
    /// When: epochs since the start of the ledger.
    pub epoch: u32,
    /// The hash of the header before; zeros of the first.
    pub previous: Hash,
    /// The root of the records.
    pub state: Hash,
    /// The root of the receipts that were taken.
    pub nullifiers: Hash,
    /// The root of the ids of its operations, in their order: a mountain range.
    pub operations: Hash,
    /// The root of the hashes of all headers before: a mountain range.
    pub past: Hash,
    /// The price of a unit for an epoch, in grains.
    pub price: u32,
    /// The epoch by which it must be rooted for the sake of what it claims; the largest number if it claims nothing.
    pub rooted_by: u32,
    /// Bit n: voter n of this view was seen to vote for one of the three blocks before. None in the first three blocks of a view.
    pub shown: u64,
    /// Who votes in the next block's view, and who may in later ones: [`Voters::hash`](crate::Voters::hash).
    pub voters: Hash,
    /// What went in and out, and what is there.
    pub sums: Sums,
}

impl Header {
    /// How long it is.
    pub const BYTES: usize = 322;

    /// Reads its bytes; `None` if they are none, or its sums do not add up.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8();
        let header = Self {
            genesis: *reader.array(),
            prefix: Prefix::read(&mut reader)?,
            generation: reader.u32(),
            view: reader.u32(),
            height: reader.u32(),
            epoch: reader.u32(),
            previous: *reader.array(),
            state: *reader.array(),
            nullifiers: *reader.array(),
            operations: *reader.array(),
            past: *reader.array(),
            price: reader.u32(),
            rooted_by: reader.u32(),
            shown: reader.u64(),
            voters: *reader.array(),
            sums: Sums::read(&mut reader),
        };
        reader.finish()?;
        (version == VERSION && header.sums.hold()).then_some(header)
    }

    /// Its bytes: version 1, then the fields as they stand; prefix 9, numbers 4, hashes 32, shown 8, sums 56.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(Self::BYTES);
        writer.u8(VERSION).bytes(&self.genesis);
        self.prefix.emit(&mut writer);
        writer.u32(self.generation).u32(self.view).u32(self.height).u32(self.epoch);
        for hash in [&self.previous, &self.state, &self.nullifiers, &self.operations, &self.past] {
            writer.bytes(hash);
        }
        writer.u32(self.price).u32(self.rooted_by).u64(self.shown).bytes(&self.voters);
        self.sums.emit(&mut writer);
        writer.finish()
    }

    /// Names the block: SHA-256(4 ‖ its bytes).
    pub fn hash(&self) -> Hash {
        tagged(Tag::Header, &[&self.emit()])
    }
}
