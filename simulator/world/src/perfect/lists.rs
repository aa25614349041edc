//! Lists at places, as the overlay keeps them; here nobody needs to keep them.

use std::collections::BTreeMap;

use tabmesh_port::limits::{ASKS_MAX, LIST_MAX, WITHIN_MS_MAX};
use tabmesh_port::{Module, NodeId, Status, Told};

use super::{Perfect, What};

/// An entry lasts so long.
const LASTS_US: u64 = 120_000_000;

/// Who is on each list, and since when.
pub(super) type Lists = BTreeMap<NodeId, Vec<(NodeId, u64)>>;

impl<M: Module> Perfect<M> {
    /// A module wants a list: it comes after a way there and back, or is lost.
    pub(super) fn list(&mut self, place: usize, op: u32, list: &NodeId, stays: bool, within_ms: u32) {
        if self.nodes[place].asks_len() >= ASKS_MAX {
            return self.tell_soon(place, &Told::Listed { op, status: Status::TooManyRequests, ids: &[] });
        }
        let (until, life) =
            (self.now + u64::from(within_ms.min(WITHIN_MS_MAX)) * 1_000, self.nodes[place].life);
        let request = self.nodes[place].begin_list(op, list);
        self.plan(until, place, life, What::Expire { op, request });
        self.carried += 2;
        if !self.weather.loses(&mut self.dice) && !self.weather.loses(&mut self.dice) {
            let there = self.weather.delay_us(&mut self.dice);
            let back = self.weather.delay_us(&mut self.dice);
            let what = What::List { op, request, list: *list, stays };
            self.plan(self.now + there + back, place, life, what);
        }
    }

    /// What stands on the list now.
    pub(super) fn on_list(&mut self, place: usize, op: u32, request: u64, list: &NodeId, stays: bool) {
        if self.nodes[place].end_request(op, request).is_none() {
            return;
        }
        let (own, now) = (self.nodes[place].id, self.now);
        let rows = self.lists.entry(*list).or_default();
        rows.retain(|(id, came)| now - came < LASTS_US && !(stays && *id == own));
        let ids: Vec<NodeId> = rows.iter().map(|(id, _)| *id).filter(|id| *id != own).collect();
        let is_full = rows.len() >= LIST_MAX;
        if stays && !is_full {
            rows.push((own, now));
        }
        let status = if is_full { Status::Partial } else { Status::Ok };
        self.tell_soon(place, &Told::Listed { op, status, ids: &ids });
    }
}
