//! Content: blocks, trees of blocks, replication.
