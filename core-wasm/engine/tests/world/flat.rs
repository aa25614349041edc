//! Inputs in their flat form, to be replayed elsewhere.

use tabmesh_engine::io::kinds::input;
use tabmesh_engine::{Input, Instant};

/// One input as it crosses a border that knows no types.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) now: Instant,
    pub(crate) kind: u32,
    pub(crate) number: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Record {
    /// The input; `None` for what only comes to a node with an address of its own.
    pub(crate) fn of(now: Instant, input: &Input<'_>) -> Option<Self> {
        let mut bytes = Vec::new();
        let (kind, number) = input.flat(&mut |piece| bytes.extend_from_slice(piece));
        (kind != input::INCOMING).then_some(Self { now, kind, number, bytes })
    }
}
