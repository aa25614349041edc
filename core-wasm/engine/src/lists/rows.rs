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

    /// The ids on the list of a place, the newest first.
    #[inline(never)]
    pub(crate) fn of(&self, place: &NodeId) -> Vec<u8> {
        let (list, mut all) = (short(place), Writer::default());
        for row in self.rows.iter().rev().filter(|row| row.list == list) {
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

    /// Somebody asks for the ids on a list, and `stays` on it if there is room. It is [`Status::Partial`] where the list is full: more
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
        self.rows.keep(|row| {
            let comes_again = stays && row.list == list && row.peer == reply.origin;
            !comes_again && now_s.wrapping_sub(row.came_s) < LASTS_S
        });
        let all = self.of(place);
        if all.len() >= LIST_MAX * 32 {
            return (Status::Partial, all);
        }
        if stays {
            self.add(ground, reply, place);
        }
        (Status::Ok, all)
    }

    /// Adds an entry. At the bound the link that brought most of them makes room.
    fn add(&mut self, ground: &Ground, reply: &ReplyTo, place: &NodeId) {
        if self.rows.len() >= ground.profile_limit(&LIST_ROWS_MAX) {
            let (mut most, mut oldest) = (0, 0);
            for (at, row) in self.rows.iter().enumerate() {
                let count = self.rows.iter().filter(|other| other.by == row.by).count();
                if count > most {
                    (most, oldest) = (count, at);
                }
            }
            self.rows.drop_at(oldest);
        }
        let by = reply.link().map_or(0, |link| link.number());
        self.rows.push(Row { list: short(place), peer: reply.origin, by, came_s: seconds(ground) });
    }
}

fn short(place: &NodeId) -> u32 {
    TopicId(place.0).short()
}

fn seconds(ground: &Ground) -> u16 {
    (ground.now.0 / 1_000_000) as u16
}
