//! What must be true, worked out from the whole world at once. Nothing here uses the engine's own geometry, tables or
//! routing: closeness is counted anew over all nodes that are there.

pub(crate) mod graph;
pub(crate) mod ring;
pub(crate) mod tables;
