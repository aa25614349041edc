//! What nodes tell and ask each other: kind 1, and the rest. Nothing counts unless its sender's own link brought it.
//!
//! ```text
//! told
//! 1 standing   height 4 ‖ round 4 ‖ flags 1 (1 gave up, 2 vote, 4 finalisation) ‖ notarised 4 ‖ for each of the two: round 4 ‖ block 32 ‖ signature 64
//! 2 proposal   round 4 ‖ header 322 ‖ operations, by 8 bytes each
//! 3 submitted  operation 184
//! 4 locked     view 4 ‖ operation 32 ‖ signature 64
//! 5 refused    operation 32 ‖ why 1
//! 6 have       height 4 ‖ for each operation: the first 8 bytes of its id ‖ flags 1 (1 locked, 2 acknowledged); for each lock: the first 6 bytes of the
//!              account ‖ the last 2 of the sequence number ‖ 4
//! asked
//! 16 block       height 4. Answer: certificate ‖ block
//! 17 notarised   height 4. Answer: certificate ‖ header 322 ‖ operations, by 8 bytes each
//! 18 operations  block 32, or zeros ‖ 8 bytes each. Answer: 184 bytes each
//! 19 certified   operation 184 ‖ certificate. Answer: signature 64
//! 20 record      operation 32. Answer: the record of its acknowledgement, in which its certificate is
//! 21 faucet      id 32 of who asks. Answer: operation 184
//! 22 term        height 4. Answer: 1 ‖ certificate ‖ voters ‖ header 322 of the first block above that height that opens a term
//! 23 newest      view 4 ‖ key 32, or nothing. Answer: has voters 1 ‖ certificate ‖ voters, unless of this view ‖ header 322 ‖ proof of what is under the key
//! ```
//!
//! Notarised is one more than the latest round in which the sender saw a block notarised, and 0 if in none. A proposal names an operation by the first 8 bytes of
//! SHA-256(block ‖ its id): nobody prepares two operations of one name for a block that is not there yet.

use alloc::vec::Vec;

use tabmesh_port::{Reader, Signature, Writer, sha256};

use crate::hash::Hash;
use crate::header::Header;

use super::safety::Spot;

pub(crate) const STANDING: u8 = 1;
pub(crate) const PROPOSAL: u8 = 2;
pub(crate) const SUBMITTED: u8 = 3;
pub(crate) const LOCKED: u8 = 4;
pub(crate) const REFUSED: u8 = 5;
pub(crate) const HAVE: u8 = 6;
pub(crate) const BLOCK: u8 = 16;
pub(crate) const NOTARISED: u8 = 17;
pub(crate) const OPERATIONS: u8 = 18;
pub(crate) const CERTIFIED: u8 = 19;
pub(crate) const RECORD: u8 = 20;
pub(crate) const FAUCET: u8 = 21;
pub(crate) const TERM: u8 = 22;
pub(crate) const NEWEST: u8 = 23;

/// What an operation is called where it is known.
pub(crate) type Short = [u8; 8];

/// The first bytes of an operation's id.
pub(crate) fn head_of(id: &Hash) -> Short {
    id.first_chunk().copied().unwrap_or_default()
}

/// What a place is called: the first 6 bytes of the account, the last 2 of the sequence number.
pub(crate) fn tag_of((account, sequence): &Spot) -> Short {
    let mut tag = head_of(&account.0);
    for (to, from) in tag.iter_mut().skip(6).zip(sequence.to_be_bytes().iter().skip(2)) {
        *to = *from;
    }
    tag
}

/// What a block calls an operation.
pub(crate) fn short_of(block: &Hash, id: &Hash) -> Short {
    let mut writer = Writer::with_capacity(64);
    writer.bytes(block).bytes(id);
    head_of(&sha256(&writer.finish()))
}

/// A signed vote, or finalisation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cast {
    pub(crate) round: u32,
    pub(crate) block: Hash,
    pub(crate) signature: Signature,
}

impl Cast {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self { round: reader.u32(), block: *reader.array(), signature: *reader.signature() }
    }

    fn emit(&self, writer: &mut Writer) {
        writer.u32(self.round).bytes(&self.block).bytes(&self.signature.0);
    }
}

/// How far a voter is with the block that is to come.
#[derive(Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) height: u32,
    pub(crate) round: u32,
    pub(crate) gave_up: bool,
    /// One more than the round.
    pub(crate) notarised: u32,
    pub(crate) vote: Option<Cast>,
    pub(crate) finalisation: Option<Cast>,
}

impl Standing {
    pub(crate) fn read(mut reader: Reader<'_>) -> Option<Self> {
        let (height, round, flags, notarised) = (reader.u32(), reader.u32(), reader.u8(), reader.u32());
        let vote = (flags & 2 != 0).then(|| Cast::read(&mut reader));
        let finalisation = (flags & 4 != 0).then(|| Cast::read(&mut reader));
        reader.finish()?;
        Some(Self { height, round, gave_up: flags & 1 != 0, notarised, vote, finalisation })
    }

    pub(crate) fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        let flags = u8::from(self.gave_up)
            | u8::from(self.vote.is_some()) << 1
            | u8::from(self.finalisation.is_some()) << 2;
        writer.u8(STANDING).u32(self.height).u32(self.round).u8(flags).u32(self.notarised);
        for cast in [&self.vote, &self.finalisation].into_iter().flatten() {
            cast.emit(&mut writer);
        }
        writer.finish()
    }
}

/// A block by its header, and by what it calls its operations.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) header: Header,
    pub(crate) hash: Hash,
    pub(crate) shorts: Vec<Short>,
}

impl Draft {
    pub(crate) fn read(mut reader: Reader<'_>) -> Option<Self> {
        let header = Header::read(reader.bytes(Header::BYTES))?;
        let (shorts, rest) = reader.rest().as_chunks::<8>();
        let hash = header.hash();
        rest.is_empty().then(|| Self { header, hash, shorts: shorts.to_vec() })
    }

    pub(crate) fn emit(&self, writer: &mut Writer) {
        writer.bytes(&self.header.emit()).bytes(self.shorts.as_flattened());
    }
}
