//! Messages of topics that others may ask for again.

use std::collections::VecDeque;

use tabmesh_engine::limits::{KEPT_MAX, PUBLISH_MAX};
use tabmesh_engine::wire::topic::HEAD;

/// The whole messages of topics, the newest last. The engine asks for no more than those it remembers, so one more than
/// that makes the oldest go.
#[derive(Debug, Default)]
pub(super) struct Memory {
    messages: VecDeque<([u8; 12], Vec<u8>)>,
}

// What the memory can grow to.
const _: () = assert!(KEPT_MAX * (HEAD + PUBLISH_MAX) <= 4 * 1024 * 1024);

impl Memory {
    pub(super) fn keep(&mut self, id: [u8; 12], bytes: Vec<u8>) {
        if self.messages.len() >= KEPT_MAX {
            self.messages.pop_front();
        }
        self.messages.push_back((id, bytes));
    }

    pub(super) fn recall(&self, id: &[u8; 12]) -> Option<&[u8]> {
        // What is asked for came a moment ago.
        self.messages.iter().rev().find(|(known, _)| known == id).map(|(_, bytes)| bytes.as_slice())
    }
}
