//! Who is there, who was not long ago, and who is part of the network.

use tabmesh_engine::NodeId;

use crate::check::ring::Ring;
use crate::dice::Dice;
use crate::event::{News, NodeNumber, Note};
use crate::model::SECOND;

/// Who left is remembered so long: a lookup that began while it was there has ended by then.
const REMEMBERED_US: u64 = 60 * SECOND;

/// One life of one node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    pub(crate) node: NodeNumber,
    pub(crate) number: u32,
    pub(crate) id: NodeId,
    pub(crate) born_at: u64,
    /// `u64::MAX` until then.
    pub(crate) joined_at: u64,
    pub(crate) left_at: u64,
    /// When its tab was frozen last, and until when.
    pub(crate) frozen: (u64, u64),
}

impl Life {
    /// Whether it was part of the network, and awake, from one time to another.
    pub(crate) fn was_there(&self, from: u64, to: u64) -> bool {
        self.joined_at <= from && self.left_at > to && !self.was_frozen(from, to)
    }

    /// Whether its tab was frozen at any time between the two.
    pub(crate) fn was_frozen(&self, from: u64, to: u64) -> bool {
        self.frozen.0 <= to && from < self.frozen.1
    }
}

/// See the module's documentation.
pub(crate) struct Census {
    lives: Vec<Life>,
    /// By node: the place of its present life, if it has one.
    present: Vec<Option<u32>>,
    /// The joined nodes, in any order, and by node where in the list it is.
    joined: Vec<NodeNumber>,
    place: Vec<u32>,
    alive: usize,
    ring: Ring,
    is_stale: bool,
    /// How long newcomers took from birth to join, in microseconds.
    pub(crate) joins_us: Vec<u64>,
}

impl Census {
    pub(crate) fn new(nodes: u32) -> Self {
        Self {
            lives: Vec::new(),
            present: vec![None; nodes as usize],
            joined: Vec::new(),
            place: vec![u32::MAX; nodes as usize],
            alive: 0,
            ring: Ring::default(),
            is_stale: false,
            joins_us: Vec::new(),
        }
    }

    /// Takes in what a node told of itself.
    pub(crate) fn hear(&mut self, note: &Note) {
        let node = note.node as usize;
        match &note.news {
            News::Born(id) => {
                self.alive += 1;
                self.present[node] = Some(self.lives.len() as u32);
                self.lives.push(Life {
                    node: note.node,
                    number: note.life,
                    id: *id,
                    born_at: note.at,
                    joined_at: u64::MAX,
                    left_at: u64::MAX,
                    frozen: (0, 0),
                });
            }
            News::Joined => {
                let Some(life) = self.present[node].and_then(|place| self.lives.get_mut(place as usize))
                else {
                    return;
                };
                if life.joined_at == u64::MAX {
                    life.joined_at = note.at;
                    self.joins_us.push(note.at - life.born_at);
                }
                self.is_stale = true;
                if self.place[node] == u32::MAX {
                    self.place[node] = self.joined.len() as u32;
                    self.joined.push(note.node);
                }
            }
            News::Offline => self.unlist(note.node),
            News::Left => {
                self.unlist(note.node);
                self.alive -= 1;
                self.is_stale = true;
                if let Some(place) = self.present[node].take() {
                    self.lives[place as usize].left_at = note.at;
                }
            }
            News::Found { .. }
            | News::Done { .. }
            | News::Says(_)
            | News::Said { .. }
            | News::Heard { .. } => {}
        }
    }

    /// Remembers that a node's tab is frozen for so long.
    pub(crate) fn freeze(&mut self, node: NodeNumber, from: u64, to: u64) {
        if let Some(place) = self.present[node as usize] {
            self.lives[place as usize].frozen = (from, to);
        }
    }

    fn unlist(&mut self, node: NodeNumber) {
        let place = std::mem::replace(&mut self.place[node as usize], u32::MAX);
        if place == u32::MAX {
            return;
        }
        self.joined.swap_remove(place as usize);
        if let Some(moved) = self.joined.get(place as usize) {
            self.place[*moved as usize] = place;
        }
    }

    /// How many are there.
    pub(crate) fn alive(&self) -> usize {
        self.alive
    }

    /// Those that are part of the network now.
    pub(crate) fn joined(&self) -> &[NodeNumber] {
        &self.joined
    }

    /// Whether the node is part of the network now.
    pub(crate) fn is_joined(&self, node: NodeNumber) -> bool {
        self.place[node as usize] != u32::MAX
    }

    /// A node that is part of the network, by chance.
    pub(crate) fn draw(&self, dice: &mut Dice) -> Option<&Life> {
        let node = self.joined.get(dice.below(self.joined.len() as u64) as usize)?;
        self.life(*node)
    }

    /// The present life of a node.
    pub(crate) fn life(&self, node: NodeNumber) -> Option<&Life> {
        self.present[node as usize].map(|place| &self.lives[place as usize])
    }

    /// The nodes that are there.
    pub(crate) fn present(&self) -> impl Iterator<Item = &Life> {
        self.present.iter().flatten().map(|place| &self.lives[*place as usize])
    }

    /// All that are or were part of the network not long ago, with their places in [`Census::at`].
    pub(crate) fn ring(&mut self, now: u64) -> &Ring {
        if self.is_stale {
            self.forget(now);
            let joined = self.lives.iter().enumerate().filter(|(_, life)| life.joined_at != u64::MAX);
            self.ring = Ring::new(joined.map(|(place, life)| (life.id.0, place as u32)));
            self.is_stale = false;
        }
        &self.ring
    }

    /// The ring as it was made last.
    pub(crate) fn fresh_ring(&self) -> &Ring {
        &self.ring
    }

    /// The life at a place of the ring.
    pub(crate) fn at(&self, place: u32) -> &Life {
        &self.lives[place as usize]
    }

    fn forget(&mut self, now: u64) {
        self.lives.retain(|life| life.left_at == u64::MAX || life.left_at + REMEMBERED_US > now);
        for (place, life) in self.lives.iter().enumerate().filter(|(_, life)| life.left_at == u64::MAX) {
            self.present[life.node as usize] = Some(place as u32);
        }
    }
}
