//! What a light node believes of a ledger. It may be kept, or shipped to others, and is then as good as who gives it.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, PublicKey, Reader, Writer};

use crate::genesis::Genesis;
use crate::hash::{EMPTY, Hash};
use crate::limits::{VOTERS_MAX, VOTERS_MIN};
use crate::voters::Voters;

/// Half of a node's id: enough to know it again.
pub(crate) type Half = [u8; 16];

pub(crate) fn half(key: &PublicKey) -> Half {
    NodeId::of_key(key).0.first_chunk().copied().unwrap_or_default()
}

/// A voter as a light node knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Believed {
    /// Its key.
    pub key: PublicKey,
    /// It may be counted on in a later view.
    pub is_steady: bool,
}

/// A header that is final, and the voters of a view.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Belief {
    /// The hash of the ledger's genesis.
    pub genesis: Hash,
    /// Of the header; 0 of a genesis.
    pub height: u32,
    /// Of the header.
    pub epoch: u32,
    /// The header's; zeros of a genesis.
    pub hash: Hash,
    /// The root of the records there; zeros of a genesis.
    pub state: Hash,
    /// Of the header, and of the voters.
    pub view: u32,
    /// So many make a block of this view final.
    pub quorum: u8,
    /// Who votes in this view, in the order of their accounts.
    pub voters: Vec<Believed>,
    /// Who was [counted on](Belief::steady) in the view before this one that was believed: they vouched for these voters.
    pub(crate) before: Vec<Half>,
}

impl Belief {
    /// What a genesis says. It was checked.
    pub fn new(genesis: &Genesis) -> Self {
        let mut voters = Vec::with_capacity(genesis.voters.len());
        for voter in &genesis.voters {
            voters.push(Believed { key: voter.key, is_steady: true });
        }
        let quorum = (voters.len() * 2 / 3 + 1) as u8;
        let (hash, state, before) = (EMPTY, EMPTY, Vec::new());
        Self { genesis: genesis.hash(), height: 0, epoch: 0, hash, state, view: 0, quorum, voters, before }
    }

    /// The voters of a list, who make a block final, and how many do.
    pub(crate) fn listed(voters: &Voters) -> (u8, Vec<Believed>) {
        let mut listed = Vec::with_capacity(voters.len());
        for seat in voters.seats() {
            listed.push(Believed { key: seat.key, is_steady: seat.is_steady });
        }
        (voters.quorum() as u8, listed)
    }

    /// Who is counted on to vouch for later voters: the steady ones; where fewer than [`VOTERS_MIN`] are steady all.
    pub(crate) fn steady(&self) -> Vec<Half> {
        let is_few = self.voters.iter().filter(|voter| voter.is_steady).count() < VOTERS_MIN;
        let mut halves = Vec::new();
        for voter in self.voters.iter().filter(|voter| is_few || voter.is_steady) {
            halves.push(half(&voter.key));
        }
        halves
    }

    /// Reads its bytes; `None` if they are none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (genesis, height, epoch) = (*reader.array(), reader.u32(), reader.u32());
        let (hash, state) = (*reader.array(), *reader.array());
        let (view, quorum) = (reader.u32(), reader.u8());
        let (count, others) = (usize::from(reader.u8()), usize::from(reader.u8()));
        let (mut voters, mut before) = (Vec::new(), Vec::new());
        if count > VOTERS_MAX || others > VOTERS_MAX || usize::from(quorum) * 3 <= count * 2 {
            return None;
        }
        for _ in 0..count {
            let (key, is_steady) = (*reader.key(), reader.u8());
            if is_steady > 1 {
                return None;
            }
            voters.push(Believed { key, is_steady: is_steady == 1 });
        }
        for _ in 0..others {
            before.push(*reader.array());
        }
        reader.finish()?;
        (!voters.is_empty()).then_some(Self {
            genesis,
            height,
            epoch,
            hash,
            state,
            view,
            quorum,
            voters,
            before,
        })
    }

    /// Its bytes: genesis 32, height 4, epoch 4, hash 32, root of the records 32, view 4, quorum 1, how many vote 1, how many vouched for them 1; of who votes key 64 and
    /// steady 1, of the others half of the id 16.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer
            .bytes(&self.genesis)
            .u32(self.height)
            .u32(self.epoch)
            .bytes(&self.hash)
            .bytes(&self.state)
            .u32(self.view);
        writer.u8(self.quorum).u8(self.voters.len() as u8).u8(self.before.len() as u8);
        for voter in &self.voters {
            writer.bytes(&voter.key.0).u8(voter.is_steady.into());
        }
        for half in &self.before {
            writer.bytes(half);
        }
        writer.finish()
    }
}
