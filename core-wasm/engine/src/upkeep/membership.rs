//! The neighbourhood as it is told to neighbours: as differences, by versions.

use alloc::vec::Vec;

use crate::id::NodeId;
use crate::list::List;
use crate::wire::Writer;

/// Members that left and are still told of; beyond it a neighbour that is far behind gets everything anew.
const LEFT_MAX: usize = 16;

/// Who is in the neighbourhood, and since which version.
#[derive(Default)]
pub(super) struct Membership {
    version: u32,
    members: Vec<(NodeId, u32)>,
    left: Vec<(NodeId, u32)>,
    /// Departures up to this version are forgotten.
    floor: u32,
}

impl Membership {
    /// Takes in who is in the neighbourhood now; true if that changed anything. Whom nearer ones pushed out is not
    /// told of: it is alive.
    pub(super) fn update(&mut self, now: &[NodeId]) -> bool {
        let before = (self.version, self.members.len());
        self.members.keep(|(member, _)| now.contains(member));
        for id in now {
            if !self.members.iter().any(|(member, _)| member == id) {
                self.version += 1;
                self.members.push((*id, self.version));
            }
        }
        (self.version, self.members.len()) != before
    }

    /// A member is gone from the network, as far as its silence tells: neighbours hear of it.
    pub(super) fn gone(&mut self, id: &NodeId) {
        let Some(place) = self.members.iter().position(|(member, _)| member == id) else { return };
        self.members.drop_at(place);
        self.version += 1;
        if self.left.len() >= LEFT_MAX {
            self.floor = self.left.first().map_or(self.floor, |(_, version)| *version);
            self.left.drop_at(0);
        }
        self.left.push((*id, self.version));
    }

    /// The version that a neighbour knows once it was told.
    pub(super) fn version(&self) -> u32 {
        self.version
    }

    /// What a neighbour that knows `told` has to hear: who came (32 bytes each), who left (the first 8 bytes of each).
    /// One that is too far behind hears of all members again.
    pub(super) fn since(&self, told: u32) -> (Vec<u8>, Vec<u8>) {
        let anew = told < self.floor;
        let (mut joined, mut left) = (Writer::default(), Writer::default());
        for (id, version) in &self.members {
            if anew || *version > told {
                joined.bytes(&id.0);
            }
        }
        for (id, version) in &self.left {
            if *version > told {
                left.bytes(&id.0[..8]);
            }
        }
        (joined.finish(), left.finish())
    }
}
