//! What voters sign: statements, and certificates of many signatures under one statement.

use alloc::vec::Vec;

use tabmesh_port::{Attachment, Port, Reader, Signature, Writer};

use crate::block::Block;
use crate::hash::{Hash, Tag};
use crate::limits::opens_term;
use crate::operation::{Claim, LedgerId};

use crate::voters::Voters;

/// What a statement says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Says {
    /// This block follows from the last one, and nothing that the voter signed is against it.
    Notarise = 1,
    /// This block was notarised in this round, and the voter has voted in no later one.
    Finalise = 2,
    /// This operation, and no other one, has its sequence number.
    Lock = 3,
    /// The operation is certified, and the voter votes for no block without it.
    Acknowledge = 4,
}

impl Says {
    fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Notarise),
            2 => Some(Self::Finalise),
            3 => Some(Self::Lock),
            4 => Some(Self::Acknowledge),
            _ => None,
        }
    }
}

/// What one voter, or many, sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Statement {
    /// What it says.
    pub says: Says,
    /// Whose voters it counts among.
    pub view: u32,
    /// Of which block; 0 where it is about an operation.
    pub height: u32,
    /// In which round for that block; 0 where it is about an operation.
    pub round: u32,
    /// The hash of the block's header, or the id of the operation.
    pub subject: Hash,
}

impl Statement {
    /// Its bytes: what it says 1, view 4, height 4, round 4, subject 32.
    pub const BYTES: usize = 45;

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let says = Says::of(reader.u8())?;
        let (view, height, round) = (reader.u32(), reader.u32(), reader.u32());
        Some(Self { says, view, height, round, subject: *reader.array() })
    }

    pub(crate) fn emit(&self, writer: &mut Writer) {
        writer.u8(self.says as u8).u32(self.view).u32(self.height).u32(self.round).bytes(&self.subject);
    }

    /// What a voter's module signs: 9, genesis 32, its bytes. The shell puts [`Attachment::covered`] before it.
    pub fn covered(&self, ledger: &LedgerId) -> Vec<u8> {
        let mut writer = Writer::with_capacity(1 + 32 + Self::BYTES);
        writer.u8(Tag::Statement as u8).bytes(&ledger.genesis);
        self.emit(&mut writer);
        writer.finish()
    }

    /// All that a signature under it covers.
    pub fn signed(&self, ledger: &LedgerId) -> Vec<u8> {
        Attachment::covered(&ledger.network, Port::LEDGER, &self.covered(ledger))
    }
}

/// Signatures of several voters under one statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// What they signed.
    pub statement: Statement,
    /// Bit n: voter n of the view has signed.
    pub signers: u64,
    /// In the order of the bits.
    pub signatures: Vec<Signature>,
}

impl Certificate {
    /// Nobody has signed.
    pub fn new(statement: Statement) -> Self {
        Self { statement, signers: 0, signatures: Vec::new() }
    }

    /// Adds a verified signature; a voter's second one is left out.
    pub fn add(&mut self, voter: u8, signature: Signature) {
        let Some(bit) = 1_u64.checked_shl(voter.into()).filter(|bit| self.signers & bit == 0) else { return };
        let before = (self.signers & (bit - 1)).count_ones() as usize;
        self.signers |= bit;
        self.signatures.insert(before, signature);
    }

    /// How many have signed.
    pub fn len(&self) -> usize {
        self.signatures.len()
    }

    /// Whether nobody has.
    pub fn is_empty(&self) -> bool {
        self.signatures.is_empty()
    }

    /// Reads one, with which the bytes need not end; `None` if it is none.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let statement = Statement::read(reader)?;
        let signers = reader.u64();
        let mut signatures = Vec::new();
        for _ in 0..signers.count_ones() {
            signatures.push(*reader.signature());
        }
        reader.intact()?;
        Some(Self { statement, signers, signatures })
    }

    /// Reads one and its block, as [`Event::Final`](super::Event::Final) has them; `None` if they are none. Where the block opens a term, and is final, who votes
    /// stands between the two for light nodes.
    pub fn with_block(bytes: &[u8]) -> Option<(Self, Block)> {
        let (certificate, list, rest) = Self::parts(bytes)?;
        Some((certificate, Block::read(rest.get(list..)?).ok()?))
    }

    /// One, and what is behind it, which begins with so many bytes of who votes.
    pub(crate) fn parts(bytes: &[u8]) -> Option<(Self, usize, &[u8])> {
        let mut reader = Reader::new(bytes);
        let certificate = Self::read(&mut reader)?;
        let Statement { says, height, .. } = certificate.statement;
        let rest = reader.rest();
        let list = if says == Says::Finalise && opens_term(height) { Voters::length(rest)? } else { 0 };
        Some((certificate, list, rest))
    }

    /// Its bytes: statement 45, signers 8, signatures 64 each.
    pub fn emit(&self, writer: &mut Writer) {
        self.statement.emit(writer);
        writer.u64(self.signers);
        for signature in &self.signatures {
            writer.bytes(&signature.0);
        }
    }

    /// What has to be verified for it to hold, at most as many as `needed`; `None` if that many voters have not signed.
    pub fn claims(&self, ledger: &LedgerId, voters: &Voters, needed: usize) -> Option<Vec<Claim>> {
        let bytes = self.statement.signed(ledger);
        let mut claims = Vec::new();
        let mut signatures = self.signatures.iter();
        for voter in (0..64).filter(|voter| self.signers & 1 << voter != 0) {
            let (signature, seat) = (*signatures.next()?, voters.get(voter)?);
            if claims.len() < needed {
                claims.push(Claim { key: seat.key, signature, bytes: bytes.clone() });
            }
        }
        (claims.len() >= needed).then_some(claims)
    }
}
