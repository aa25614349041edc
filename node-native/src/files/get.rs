//! Getting a file: its leaves in order, fetched a window at a time, each checked before it is given out.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use bytes::Bytes;
use tabmesh_engine::BlockHash;
use tabmesh_engine::content::cid::Cid;
use tabmesh_engine::content::tree::{Leaf, Role, Walker};

use super::blocks::{Blocks, WINDOW};
use super::error::FileError;
use super::task::Task;

type Fetch = Task<Result<Bytes, FileError>>;

/// A file on its way out of the network.
pub struct Get {
    blocks: Blocks,
    walker: Walker,
    /// Leaves under way, in order.
    leaves: VecDeque<(Leaf, Fetch)>,
    /// The node without which nothing more can be named.
    node: Option<Fetch>,
    /// Nodes that will be needed soon; one a height at most.
    ahead: HashMap<BlockHash, Fetch>,
    /// The size of content of a single block, known with its leaf.
    single: Option<u64>,
}

impl Get {
    /// Begins to read the bytes `range` of `root`; `0..u64::MAX` is all of it.
    pub fn new(blocks: Blocks, root: Cid, range: Range<u64>) -> Self {
        let walker = Walker::new(root, range);
        Self {
            blocks,
            walker,
            leaves: VecDeque::with_capacity(WINDOW),
            node: None,
            ahead: HashMap::new(),
            single: None,
        }
    }

    /// The size of the whole content in bytes; known once [`next`](Self::next) has answered.
    pub fn size(&self) -> Option<u64> {
        self.walker.size().or(self.single)
    }

    /// The next bytes; `None` at the end. At most one block, and maybe none at all of it.
    ///
    /// # Errors
    ///
    /// A block could not be had, or the content is malformed.
    pub async fn next(&mut self) -> Result<Option<Bytes>, FileError> {
        loop {
            self.begin();
            let is_blocked = self.leaves.is_empty();
            if let Some(node) = self.node.take_if(|node| is_blocked || node.is_finished()) {
                let bytes = node.result().await.unwrap_or(Err(FileError::Store))?;
                self.walker.handle_node(&bytes)?;
                continue;
            }
            let Some((leaf, fetch)) = self.leaves.pop_front() else { return Ok(None) };
            let bytes = fetch.result().await.unwrap_or(Err(FileError::Store))?;
            let wanted = bytes.slice_ref(leaf.cut(&bytes)?);
            if leaf.size.is_none() {
                self.single = Some(bytes.len() as u64);
            }
            return Ok(Some(wanted));
        }
    }

    /// Begins fetches until the window is full or a node must come first.
    fn begin(&mut self) {
        while self.leaves.len() < WINDOW && self.node.is_none() {
            let Some(want) = self.walker.poll() else { return };
            match want.role {
                Role::Node => self.node = Some(self.fetch(want.hash)),
                Role::Ahead => {
                    let fetch = self.fetch(want.hash);
                    self.ahead.insert(want.hash, fetch);
                }
                Role::Leaf(leaf) => {
                    let fetch = self.fetch(want.hash);
                    self.leaves.push_back((leaf, fetch));
                }
            }
        }
    }

    fn fetch(&mut self, hash: BlockHash) -> Fetch {
        if let Some(begun) = self.ahead.remove(&hash) {
            return begun;
        }
        let blocks = self.blocks.clone();
        Task::spawn(async move { blocks.fetch(hash).await })
    }
}
