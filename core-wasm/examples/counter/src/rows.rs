//! The rows that a node knows.

use alloc::vec::Vec;

use tabmesh_port::PublicKey;

use crate::row::Row;

/// Rows: of more, those are counted that came first. Who starts again begins another one.
pub const ROWS_MAX: usize = 64;

/// At most [`ROWS_MAX`] rows, one for each run of each key, in their order.
#[derive(Default)]
pub(crate) struct Rows(Vec<Row>);

impl Rows {
    pub(crate) fn all(&self) -> &[Row] {
        &self.0
    }

    /// As many rows as one Tell carries: another part of them for each `turn`.
    pub(crate) fn some(&self, turn: usize) -> Vec<Row> {
        let parts = self.0.len().div_ceil(Row::A_TELL).max(1);
        self.0.iter().skip(turn % parts * Row::A_TELL).take(Row::A_TELL).copied().collect()
    }

    pub(crate) fn count_of(&self, key: &PublicKey, run: u32) -> u64 {
        self.find(key, run).ok().and_then(|at| self.0.get(at)).map_or(0, |row| row.count)
    }

    pub(crate) fn total_without(&self, key: &PublicKey, run: u32) -> u64 {
        self.0
            .iter()
            .filter(|row| (row.key, row.run) != (*key, run))
            .fold(0, |sum, row| sum.saturating_add(row.count))
    }

    /// Whether the row says more than is known, and there is room for it.
    pub(crate) fn takes(&self, row: &Row) -> bool {
        match self.find(&row.key, row.run) {
            Ok(at) => self.0.get(at).is_some_and(|known| known.count < row.count),
            Err(_) => row.count > 0 && self.0.len() < ROWS_MAX,
        }
    }

    /// Takes a row in; whether it was news.
    pub(crate) fn learn(&mut self, row: Row) -> bool {
        if !self.takes(&row) {
            return false;
        }
        match self.find(&row.key, row.run) {
            Ok(at) => self.0.iter_mut().skip(at).take(1).for_each(|known| *known = row),
            Err(at) => self.0.insert(at, row),
        }
        true
    }

    fn find(&self, key: &PublicKey, run: u32) -> Result<usize, usize> {
        self.0.binary_search_by(|row| row.key.0.cmp(&key.0).then(row.run.cmp(&run)))
    }
}
