//! The rows that a node knows.

use alloc::vec::Vec;

use tabmesh_port::PublicKey;

use crate::row::Row;

/// Other participants: of more, those are counted whose rows came first.
pub const ROWS_MAX: usize = 64;

/// At most [`ROWS_MAX`] rows of others and the own one, one a key, by key.
pub(crate) struct Rows {
    own: PublicKey,
    rows: Vec<Known>,
}

struct Known {
    row: Row,
    /// It was not told yet.
    is_news: bool,
}

impl Rows {
    /// No rows; the own one, whenever it comes, has a place.
    pub(crate) fn new(own: PublicKey) -> Self {
        Self { own, rows: Vec::new() }
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

    pub(crate) fn count_of(&self, key: &PublicKey) -> u64 {
        self.find(key).ok().and_then(|at| self.rows.get(at)).map_or(0, |known| known.row.count)
    }

    pub(crate) fn total_without(&self, key: &PublicKey) -> u64 {
        let others = self.rows.iter().filter(|known| known.row.key != *key);
        others.fold(0, |sum, known| sum.saturating_add(known.row.count))
    }

    /// Whether the row says more than is known, and there is room for it.
    pub(crate) fn takes(&self, row: &Row) -> bool {
        let others = || self.rows.len() - usize::from(self.find(&self.own).is_ok());
        match self.find(&row.key) {
            Ok(_) => self.count_of(&row.key) < row.count,
            Err(_) => row.count > 0 && (row.key == self.own || others() < ROWS_MAX),
        }
    }

    /// Takes a row in; whether it was news.
    pub(crate) fn learn(&mut self, row: Row) -> bool {
        if !self.takes(&row) {
            return false;
        }
        let known = Known { row, is_news: true };
        match self.find(&row.key) {
            Ok(at) => self.rows.iter_mut().skip(at).take(1).zip([known]).for_each(|(old, new)| *old = new),
            Err(at) => self.rows.insert(at, known),
        }
        true
    }

    fn find(&self, key: &PublicKey) -> Result<usize, usize> {
        self.rows.binary_search_by(|known| known.row.key.0.cmp(&key.0))
    }
}
