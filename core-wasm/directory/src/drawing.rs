//! Looking for those who take part in something: some of them, by chance, everybody as likely.
//!
//! The lists of one point's prefixes stand for all of the tree: one of depth d for 2^d as long. So a draw first chooses a depth, by how
//! many stand that deep, and then one of the list of that depth. Most stand on the deepest two or three; those are looked at, and a list
//! further up only where a draw falls on it.

use alloc::vec::Vec;

use tabmesh_port::limits::LIST_MAX;
use tabmesh_port::{NodeId, Status, Writer, sha256};

use crate::place::{DEPTH_MAX, Spread, place};

/// Points at which a tree is looked at, side by side.
pub const WALKS: usize = 4;

/// With so many entries there are lists below: somebody left, and nobody came up yet.
const NEARLY_FULL: usize = 24;

/// A list that does not come is asked for again so often.
const LOST_MAX: u8 = 3;

/// One look at those who take part under a key.
#[derive(Clone, Debug)]
pub struct Drawing {
    key: NodeId,
    spread: Spread,
    /// All chance comes from it.
    seed: [u8; 32],
    drawn: u64,
    walks: Vec<Walk>,
    /// Draws that have chosen their list: the walk and the depth.
    chosen: Vec<(usize, u8)>,
    left: usize,
}

/// The lists of one point.
#[derive(Clone, Debug)]
struct Walk {
    point: NodeId,
    depth: u8,
    /// The last list with anybody on it.
    bottom: Option<u8>,
    is_over: bool,
    waits: bool,
    lost: u8,
    /// Those that were looked at, by their depth.
    seen: Vec<(u8, Vec<NodeId>)>,
}

impl Drawing {
    /// Looks for `count` of those under a key. `seed` is fresh chance; a tree is looked at first at `depth`
    /// ([`likely_depth`](crate::likely_depth), or what [`Drawing::depth`] said before).
    pub fn new(key: NodeId, spread: Spread, count: usize, depth: u8, seed: [u8; 32]) -> Self {
        let (walks, depth) = if spread == Spread::All { (WALKS, depth.min(DEPTH_MAX)) } else { (1, 0) };
        let mut drawing =
            Self { key, spread, seed, drawn: 0, walks: Vec::new(), chosen: Vec::new(), left: count };
        for _ in 0..walks {
            let point = NodeId(drawing.hash());
            let (bottom, seen) = (None, Vec::new());
            drawing.walks.push(Walk { point, depth, bottom, is_over: false, waits: false, lost: 0, seen });
        }
        drawing
    }

    /// The next list that is wanted, with the number of the walk that wants it. What comes of it goes to [`Drawing::on_listed`].
    pub fn poll(&mut self) -> Option<(usize, NodeId)> {
        if self.left > 0 && self.walks.iter().all(|walk| walk.is_over) {
            self.choose();
        }
        let (number, depth) = (0..self.walks.len()).find_map(|at| Some((at, self.wanted(at)?)))?;
        let walk = self.walks.get_mut(number)?;
        walk.depth = depth;
        walk.waits = true;
        Some((number, place(&self.key, &walk.point, walk.depth)))
    }

    /// How deep the next list is that a walk wants.
    fn wanted(&self, number: usize) -> Option<u8> {
        let walk = self.walks.get(number).filter(|walk| !walk.waits)?;
        if !walk.is_over {
            return Some(walk.depth);
        }
        let unseen = |(of, depth): &&(usize, u8)| *of == number && walk.list(*depth).is_none();
        self.chosen.iter().find(unseen).map(|(_, depth)| *depth)
    }

    /// The list that a walk wanted came, or did not.
    pub fn on_listed(&mut self, number: usize, status: Status, ids: &[NodeId]) {
        let spread = self.spread;
        let Some(walk) = self.walks.get_mut(number).filter(|walk| walk.waits) else { return };
        walk.waits = false;
        if status != Status::Ok && status != Status::Partial {
            walk.lost += 1;
            if walk.lost > LOST_MAX {
                walk.is_over = true;
                self.chosen.retain(|(of, depth)| *of != number || walk.list(*depth).is_some());
            }
            return;
        }
        walk.lost = 0;
        // Whoever made up entries of a tree has to find ids that belong there.
        let belongs = |id: &&NodeId| id.shared_bits(&walk.point) >= u32::from(walk.depth);
        let ids: Vec<NodeId> = ids.iter().filter(belongs).take(LIST_MAX).copied().collect();
        let count = ids.len();
        walk.seen.push((walk.depth, ids));
        if !walk.is_over {
            walk.is_over = walk.ends(count) || spread == Spread::Few;
        }
    }

    /// Whether all lists that are wanted came.
    pub fn is_over(&self) -> bool {
        let has_come =
            |(of, depth): &(usize, u8)| self.walks.get(*of).is_some_and(|walk| walk.list(*depth).is_some());
        self.walks.iter().all(|walk| walk.is_over) && self.left == 0 && self.chosen.iter().all(has_come)
    }

    /// How deep in the tree the deepest lists are, on average: where to begin the next time.
    pub fn depth(&self) -> u8 {
        let depths: u32 = self.walks.iter().map(|walk| u32::from(walk.bottom.unwrap_or(0))).sum();
        (depths / self.walks.len().max(1) as u32) as u8
    }

    /// How many take part, about. One list that lies makes it no more than a quarter more.
    pub fn population(&self) -> u64 {
        let sizes: u64 = self.weights().iter().sum();
        sizes / self.walks.len().max(1) as u64
    }

    /// Those who were drawn, each once: fewer than were wanted where fewer take part, or lists did not come.
    pub fn drawn(&mut self) -> Vec<NodeId> {
        let mut drawn: Vec<NodeId> = Vec::new();
        for (number, depth) in core::mem::take(&mut self.chosen) {
            let chance = self.chance();
            let Some(list) = self.walks.get(number).and_then(|walk| walk.list(depth)) else { continue };
            // From a place by chance on, the first that was not drawn yet.
            let from = chance.checked_rem(list.len() as u64).unwrap_or(0) as usize;
            let mut turns = list.iter().cycle().skip(from).take(list.len());
            if let Some(id) = turns.find(|id| !drawn.contains(id)) {
                drawn.push(*id);
            }
        }
        drawn
    }

    /// Chooses the lists from which is drawn.
    fn choose(&mut self) {
        let weights = self.weights();
        for _ in 0..core::mem::take(&mut self.left) {
            let Some(number) = self.pick(&weights) else { continue };
            let Some(walk) = self.walks.get(number) else { continue };
            let levels: Vec<u64> = (0..=walk.bottom.unwrap_or(0)).map(|depth| walk.weight(depth)).collect();
            if let Some(depth) = self.pick(&levels) {
                self.chosen.push((number, depth as u8));
            }
        }
    }

    /// What each walk stands for. None counts for more than twice what the lesser half of them does: ids that were made to lie in
    /// one place, and two lists that lie, win little.
    fn weights(&self) -> Vec<u64> {
        let sizes: Vec<u64> = self.walks.iter().map(Walk::population).collect();
        // The middle one, without a sort: that is 3 KB of Wasm.
        let half = sizes.len().div_ceil(2);
        let is_half = |most: &&u64| sizes.iter().filter(|size| *size <= *most).count() >= half;
        let most = sizes.iter().filter(is_half).min().map_or(0, |middle| middle.saturating_mul(2)).max(1);
        sizes.into_iter().map(|size| size.min(most)).collect()
    }

    /// One of these, each as likely as it weighs.
    fn pick(&mut self, weights: &[u64]) -> Option<usize> {
        let mut left = self.chance().checked_rem(weights.iter().sum())?;
        weights.iter().position(|weight| {
            let is_it = left < *weight;
            left = left.saturating_sub(*weight);
            is_it
        })
    }

    fn chance(&mut self) -> u64 {
        self.hash().first_chunk().map_or(0, |head| u64::from_be_bytes(*head))
    }

    fn hash(&mut self) -> [u8; 32] {
        self.drawn += 1;
        let mut writer = Writer::default();
        writer.bytes(&self.seed).u64(self.drawn);
        sha256(&writer.finish())
    }
}

impl Walk {
    fn list(&self, depth: u8) -> Option<&[NodeId]> {
        self.seen.iter().find(|(of, _)| *of == depth).map(|(_, ids)| &ids[..])
    }

    /// After a list with so many entries: true if the deepest one with anybody on it is known.
    fn ends(&mut self, count: usize) -> bool {
        if count > 0 && self.bottom.is_none_or(|bottom| bottom < self.depth) {
            self.bottom = Some(self.depth);
        }
        let next = match count {
            0 => self.depth.checked_sub(1),
            NEARLY_FULL.. => Some(self.depth + 1).filter(|depth| *depth <= DEPTH_MAX),
            _ => None,
        };
        match next.filter(|next| self.list(*next).is_none()) {
            Some(next) => self.depth = next,
            None => return true,
        }
        false
    }

    /// How many stand as deep as this, in all of the tree: lists that were not looked at are full.
    fn weight(&self, depth: u8) -> u64 {
        let count = self.list(depth).map_or(LIST_MAX, <[NodeId]>::len);
        (count as u64) << depth
    }

    /// How many take part, by what this walk saw.
    fn population(&self) -> u64 {
        self.bottom.map_or(0, |bottom| (0..=bottom).map(|depth| self.weight(depth)).sum())
    }
}
