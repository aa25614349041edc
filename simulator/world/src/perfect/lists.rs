//! Lists at places, as the overlay keeps them; here nobody needs to keep them.

use std::collections::BTreeMap;

use tabmesh_port::limits::LIST_MAX;
use tabmesh_port::{NodeId, Status};

/// An entry lasts so long.
const LASTS_US: u64 = 120_000_000;

/// Who is on each list, and since when.
#[derive(Default)]
pub(super) struct Lists(BTreeMap<NodeId, Vec<(NodeId, u64)>>);

impl Lists {
    /// Who else stands on a list now; who asks stays on it if it wants to and there is room.
    pub(super) fn visit(
        &mut self,
        now: u64,
        list: NodeId,
        own: NodeId,
        stays: bool,
    ) -> (Status, Vec<NodeId>) {
        let rows = self.0.entry(list).or_default();
        rows.retain(|(id, came)| now - came < LASTS_US && !(stays && *id == own));
        let ids: Vec<NodeId> = rows.iter().map(|(id, _)| *id).filter(|id| *id != own).collect();
        let is_full = rows.len() >= LIST_MAX;
        if stays && !is_full {
            rows.push((own, now));
        }
        (if is_full { Status::Partial } else { Status::Ok }, if stays { Vec::new() } else { ids })
    }
}
