//! Content: blocks, trees of blocks, replication.

pub mod cid;
pub mod tree;
