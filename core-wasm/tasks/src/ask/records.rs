//! How often executors were checked and right, in a row.

use alloc::vec::Vec;

use tabmesh_port::NodeId;

use crate::limits::RECORDS_MAX;

struct Record {
    executor: NodeId,
    confirmed: u32,
    /// The shell does not know it yet.
    is_news: bool,
}

/// At most [`RECORDS_MAX`] of them.
#[derive(Default)]
pub(crate) struct Records(Vec<Record>);

impl Records {
    pub(crate) fn of(&self, id: &NodeId) -> u32 {
        self.0.iter().find(|record| record.executor == *id).map_or(0, |record| record.confirmed)
    }

    /// Once more it was checked and right.
    pub(crate) fn confirm(&mut self, id: &NodeId) {
        self.set(id, self.of(id).saturating_add(1), true);
    }

    /// It begins anew.
    pub(crate) fn clear(&mut self, id: &NodeId) {
        self.set(id, 0, true);
    }

    pub(crate) fn set(&mut self, id: &NodeId, confirmed: u32, is_news: bool) {
        if let Some(record) = self.0.iter_mut().find(|record| record.executor == *id) {
            (record.confirmed, record.is_news) = (confirmed, is_news);
            return;
        }
        if self.0.len() >= RECORDS_MAX {
            let least = (0..self.0.len()).min_by_key(|at| self.0.get(*at).map(|record| record.confirmed));
            least.map(|at| self.0.remove(at));
        }
        self.0.push(Record { executor: *id, confirmed, is_news });
    }

    /// Those that the shell does not know; from now on it does.
    pub(crate) fn news(&mut self) -> impl Iterator<Item = (NodeId, u32)> {
        let news = |record: &mut Record| core::mem::take(&mut record.is_news);
        self.0
            .iter_mut()
            .filter_map(move |record| news(record).then_some((record.executor, record.confirmed)))
    }
}
