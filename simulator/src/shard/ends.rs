//! The ends of links that one node's shell keeps.

use tabmesh_engine::LinkId;
use tabmesh_world::line::Line;
use tabmesh_world::seal::Seal;

use crate::event::{EndId, NodeNumber};

/// Ends of one node at once: more than the engine ever has.
const ENDS_MAX: u32 = 512;

/// One end of a link.
pub(crate) struct End {
    pub(crate) id: EndId,
    pub(crate) link: LinkId,
    /// Messages may flow.
    pub(crate) is_open: bool,
    /// WebRTC: whether the own description is out.
    pub(crate) is_described: bool,
    /// Who is at the other end, as far as known.
    pub(crate) mate: Option<(NodeNumber, EndId)>,
    /// What it sends.
    pub(crate) line: Line,
    /// Incoming: packets are handed over no earlier, because one before them is still coming through the downlink.
    pub(crate) held_until: u64,
    /// Of a liar that stands between two: the end to the other one.
    pub(crate) pipe: Option<EndId>,
    /// What was sent across a cut.
    pub(crate) stuck: Vec<Vec<u8>>,
    /// WebSocket: what it is sealed with.
    pub(crate) seal: Option<Box<Seal>>,
}

/// One end of a relayed link.
pub(crate) struct Circuit {
    pub(crate) link: LinkId,
    /// Tells it from an earlier one of the same link's number.
    pub(crate) number: u32,
    pub(crate) seal: Seal,
}

/// All ends of one node. A link's number is looked for in a list of its own that fits a few cache lines.
#[derive(Default)]
pub(crate) struct Ends {
    links: Vec<Option<LinkId>>,
    ends: Vec<End>,
    made: u32,
}

impl Ends {
    /// Makes an end; `None` beyond the bound.
    pub(crate) fn make(&mut self, link: LinkId) -> Option<&mut End> {
        let place = self.links.iter().position(Option::is_none).unwrap_or(self.links.len());
        if place as u32 >= ENDS_MAX {
            return None;
        }
        self.made = (self.made + 1) % (u32::MAX / ENDS_MAX);
        let end = End {
            id: EndId(self.made * ENDS_MAX + place as u32),
            link,
            is_open: false,
            is_described: false,
            mate: None,
            line: Line::default(),
            held_until: 0,
            pipe: None,
            stuck: Vec::new(),
            seal: None,
        };
        if place == self.links.len() {
            self.links.push(Some(link));
            self.ends.push(end);
        } else {
            self.links[place] = Some(link);
            self.ends[place] = end;
        }
        self.ends.get_mut(place)
    }

    /// The end of a link's number.
    pub(crate) fn of_link(&mut self, link: LinkId) -> Option<&mut End> {
        let place = self.links.iter().position(|other| *other == Some(link))?;
        self.ends.get_mut(place)
    }

    /// The end, if it is still there.
    pub(crate) fn get(&mut self, id: EndId) -> Option<&mut End> {
        let place = (id.0 % ENDS_MAX) as usize;
        let is_there = self.ends.get(place).is_some_and(|end| end.id == id) && self.links[place].is_some();
        is_there.then(|| &mut self.ends[place])
    }

    /// Frees an end.
    pub(crate) fn free(&mut self, id: EndId) {
        let place = (id.0 % ENDS_MAX) as usize;
        self.links[place] = None;
        self.ends[place].stuck = Vec::new();
        self.ends[place].seal = None;
    }

    /// Those that are there.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &End> {
        self.links.iter().zip(&self.ends).filter(|(link, _)| link.is_some()).map(|(_, end)| end)
    }

    /// Forgets all; numbers are not used again.
    pub(crate) fn clear(&mut self) {
        self.links = Vec::new();
        self.ends = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(number: u16) -> LinkId {
        LinkId::new(number).expect("no link is 0")
    }

    #[test]
    fn a_freed_ends_number_is_never_given_again() {
        let mut ends = Ends::default();
        let first = ends.make(link(1)).expect("there is room").id;
        ends.free(first);
        let second = ends.make(link(2)).expect("there is room").id;
        assert!(ends.get(first).is_none() && ends.get(second).is_some());
        assert!(ends.of_link(link(1)).is_none() && ends.of_link(link(2)).is_some());
        ends.clear();
        let third = ends.make(link(3)).expect("there is room").id;
        assert!(ends.get(second).is_none() && third != second && ends.iter().count() == 1);
        assert_eq!(ends.get(third).map(|end| end.link), Some(link(3)));
    }
}
