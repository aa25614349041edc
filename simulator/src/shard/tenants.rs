//! What the shell of one node keeps for its modules.

use std::collections::BTreeMap;

use tabmesh_engine::OpId;
use tabmesh_port::Port;
use tabmesh_seat::Seats;

pub(super) struct Tenants {
    pub(super) seats: Seats,
    /// The bytes of questions that have not ended.
    pub(super) questions: BTreeMap<OpId, Vec<u8>>,
    /// What their faces heard and nobody took yet.
    pub(super) events: Vec<(Port, Vec<u8>)>,
}

impl Tenants {
    pub(super) fn new(seats: Seats) -> Self {
        Self { seats, questions: BTreeMap::new(), events: Vec::new() }
    }
}
