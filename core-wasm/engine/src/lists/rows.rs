//! The rows of all lists that this node keeps.

use alloc::vec::Vec;

use crate::coordinate::Coordinate;
use crate::ground::{Ground, ReplyTo};
use crate::id::{NodeId, TopicId};
use crate::limits::{LIST_MAX, LIST_ROWS_MAX, MATES};
use crate::list::List;
use crate::status::Status;
use crate::wire::Writer;
use crate::wire::frame::Body;
use crate::wire::named;

/// Who does not come again within so many seconds is forgotten.
const LASTS_S: u16 = 120;

/// One entry of one list; a list goes by the first 4 bytes of its place.
#[derive(Clone, Copy)]
struct Row {
    list: u32,
    peer: NodeId,
    /// The number of the link that brought it.
    by: u16,
    /// When, in seconds of the clock.
    came_s: u16,
}

/// At most [`LIST_ROWS_MAX`] of them, the oldest first.
#[derive(Default)]
pub(crate) struct Lists {
    rows: Vec<Row>,
}

impl Lists {
    /// How many entries there are.
    #[cfg(test)]
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The ids on the list of a place but this one, the newest first.
    #[inline(never)]
    pub(crate) fn of(&self, place: &NodeId, not: &NodeId) -> Vec<u8> {
        let (list, mut all) = (short(place), Writer::default());
        let others = self.rows.iter().rev().filter(|row| row.list == list && row.peer != *not);
        for row in others.take(LIST_MAX) {
            all.bytes(&row.peer.0);
        }
        all.finish()
    }

    /// Somebody looks for others of a topic, and stays on its list: the last ones that came by.
    pub(crate) fn on_meet(&mut self, ground: &mut Ground, reply: &ReplyTo, place: &NodeId) {
        let (_, all) = self.visit(ground, reply, place, true);
        let mut others = Writer::default();
        for peer in NodeId::list(&all).iter().take(MATES) {
            named::emit(&mut others, peer, &Coordinate::default());
        }
        ground.reply(reply, &Body::Nodes { status: Status::Ok, nodes: &others.finish() });
    }

    /// Somebody asks for the ids on a list, or `stays` on it if there is room. It is [`Status::Partial`] where the list is full: more
    /// of its kind are elsewhere.
    #[inline(never)]
    pub(crate) fn visit(
        &mut self,
        ground: &Ground,
        reply: &ReplyTo,
        place: &NodeId,
        stays: bool,
    ) -> (Status, Vec<u8>) {
        let (list, now_s) = (short(place), seconds(ground));
        let row =
            Row { list, peer: reply.origin, by: reply.link().map_or(0, |link| link.number()), came_s: now_s };
        self.rows.keep(|old| {
            // What another link brought stays that one's: nobody takes over an entry to lose it.
            let comes_again = stays && old.list == list && old.peer == row.peer && old.by == row.by;
            !comes_again && now_s.wrapping_sub(old.came_s) < LASTS_S
        });
        let all = self.of(place, &row.peer);
        let is_full = all.len() >= LIST_MAX * 32;
        if is_full || self.rows.len() >= ground.profile_limit(&LIST_ROWS_MAX) {
            let Some(leaves) = self.surplus(&row, is_full) else { return (Status::Partial, all) };
            if stays {
                self.rows.drop_at(leaves);
            }
        }
        if stays {
            // No more than is needed: it may be full for long.
            self.rows.reserve_exact(1);
            self.rows.push(row);
        }
        (Status::Ok, all)
    }

    /// The oldest entry of the link that brought most: of all, or where the list of `new` is full of its entries, if the link of `new`
    /// would have fewer on it even then.
    fn surplus(&self, new: &Row, is_full: bool) -> Option<usize> {
        let counts = |row: &Row| !is_full || row.list == new.list;
        let brought = |by: u16| self.rows.iter().filter(|row| row.by == by && counts(row)).count();
        let (mut most, mut oldest) = (if is_full { brought(new.by) + 1 } else { 0 }, None);
        for (at, row) in self.rows.iter().enumerate().filter(|(_, row)| counts(row)) {
            let count = brought(row.by);
            if count > most {
                (most, oldest) = (count, Some(at));
            }
        }
        oldest
    }
}

fn short(place: &NodeId) -> u32 {
    TopicId(place.0).short()
}

fn seconds(ground: &Ground) -> u16 {
    (ground.now.0 / 1_000_000) as u16
}
