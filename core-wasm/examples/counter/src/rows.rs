//! The rows that a node knows.

use alloc::vec::Vec;

use tabmesh_port::PublicKey;

use crate::row::Row;

/// Rows of others, and of other runs: of more, those are counted that came first.
pub const ROWS_MAX: usize = 64;

/// At most [`ROWS_MAX`] rows of others and that of this run, one for each run of each key, in their order.
pub(crate) struct Rows {
    own: (PublicKey, u32),
    rows: Vec<Known>,
}

struct Known {
    row: Row,
    /// It was not told yet.
    is_news: bool,
}

impl Rows {
    /// No rows; the own one, whenever it comes, has a place.
    pub(crate) fn new(key: PublicKey, run: u32) -> Self {
        Self { own: (key, run), rows: Vec::new() }
    }

    pub(crate) fn all(&self) -> Vec<Row> {
        self.rows.iter().map(|known| known.row).collect()
    }

    /// As many rows as one Tell carries: another part of them for each `turn`.
    pub(crate) fn some(&self, turn: usize) -> Vec<Row> {
        let parts = self.rows.len().div_ceil(Row::A_TELL).max(1);
        let part = self.rows.iter().skip(turn % parts * Row::A_TELL).take(Row::A_TELL);
        part.map(|known| known.row).collect()
    }

    pub(crate) fn has_news(&self) -> bool {
        self.rows.iter().any(|known| known.is_news)
    }

    /// The rows that were not told yet; from now on they were.
    pub(crate) fn take_news(&mut self) -> Vec<Row> {
        let news = self.rows.iter_mut().filter(|known| known.is_news);
        news.map(|known| {
            known.is_news = false;
            known.row
        })
        .collect()
    }

    pub(crate) fn count_of(&self, key: &PublicKey, run: u32) -> u64 {
        self.find(key, run).ok().and_then(|at| self.rows.get(at)).map_or(0, |known| known.row.count)
    }

    pub(crate) fn total_of_others(&self) -> u64 {
        let others = self.rows.iter().filter(|known| (known.row.key, known.row.run) != self.own);
        others.fold(0, |sum, known| sum.saturating_add(known.row.count))
    }

    /// Whether the row says more than is known, and there is room for it.
    pub(crate) fn takes(&self, row: &Row) -> bool {
        let (key, run) = &self.own;
        let others = || self.rows.len() - usize::from(self.find(key, *run).is_ok());
        match self.find(&row.key, row.run) {
            Ok(_) => self.count_of(&row.key, row.run) < row.count,
            Err(_) => row.count > 0 && ((row.key, row.run) == self.own || others() < ROWS_MAX),
        }
    }

    /// Takes a row in; whether it was news.
    pub(crate) fn learn(&mut self, row: Row) -> bool {
        if !self.takes(&row) {
            return false;
        }
        let known = Known { row, is_news: true };
        match self.find(&row.key, row.run) {
            Ok(at) => _ = self.rows.get_mut(at).map(|old| *old = known),
            Err(at) => self.rows.insert(at, known),
        }
        true
    }

    fn find(&self, key: &PublicKey, run: u32) -> Result<usize, usize> {
        self.rows.binary_search_by(|known| known.row.key.0.cmp(&key.0).then(known.row.run.cmp(&run)))
    }
}
