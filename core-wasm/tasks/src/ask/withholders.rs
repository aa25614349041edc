//! Who said outcomes and did not give their outputs.

use alloc::vec::Vec;

use tabmesh_port::NodeId;

use crate::limits::{WITHHELD_MAX, WITHHOLDERS_MAX};
use crate::list::List;

/// How often each did.
#[derive(Default)]
pub(crate) struct Withholders(Vec<(NodeId, u8)>);

impl Withholders {
    /// It did once more: how often so far.
    pub(crate) fn count(&mut self, id: &NodeId) -> u8 {
        let before = self.0.take_first(|(other, _)| other == id).map_or(0, |(_, times)| times);
        if self.0.len() >= WITHHOLDERS_MAX
            && let Some(least) = (0..self.0.len()).min_by_key(|at| self.0.get(*at).map(|row| row.1))
        {
            self.0.remove(least);
        }
        let times = before.saturating_add(1);
        self.0.push((*id, times));
        times
    }

    /// Whether somebody did so often that nothing more is asked of it.
    pub(crate) fn is_barred(&self, id: &NodeId) -> bool {
        self.0.iter().any(|(other, times)| other == id && *times >= WITHHELD_MAX)
    }
}
