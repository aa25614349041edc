//! A tag whose messages are counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tabmesh_port::{Attachment, Input, Instant, Module, NodeId, Output, Room, Wish};
use tabmesh_tag::Tag;

/// What one tag told others: by the number of the message, how many receivers it had and the bytes for all of them; and who they were.
#[derive(Clone, Default, Debug)]
pub(crate) struct Told {
    pub(crate) kinds: BTreeMap<u8, (u64, u64)>,
    pub(crate) receivers: BTreeMap<NodeId, u64>,
    pub(crate) held: Vec<NodeId>,
    /// The lists that were asked for.
    pub(crate) lists: u64,
}

/// A tag, and the counts that the test keeps as well.
pub(crate) struct Watched(Tag, Arc<Mutex<Told>>);

impl Watched {
    pub(crate) fn new(attachment: Attachment, told: Arc<Mutex<Told>>) -> Self {
        Self(Tag::new(attachment), told)
    }
}

impl Module for Watched {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.0.handle(now, input);
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        let flat = self.0.poll(room)?;
        let mut told = self.1.lock().unwrap();
        match Output::read(&flat).unwrap() {
            Output::Wish(Wish::Tell { to, bytes }) => {
                let count = told.kinds.entry(bytes[0]).or_default();
                *count = (count.0 + to.len() as u64, count.1 + (to.len() * bytes.len()) as u64);
                to.iter().for_each(|id| *told.receivers.entry(*id).or_default() += 1);
            }
            Output::Wish(Wish::Hold { ids }) => told.held = ids.to_vec(),
            Output::Wish(Wish::List { .. }) => told.lists += 1,
            Output::Wish(wish) => panic!("a tag does not wish {wish:?}"),
            _ => {}
        }
        Some(flat)
    }

    fn wanted_at(&self) -> Instant {
        self.0.wanted_at()
    }
}
