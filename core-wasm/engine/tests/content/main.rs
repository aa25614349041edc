//! The content formats: content ids as IPFS tools make them, trees of one shape, readers that refuse every other.

mod cid;
mod malformed;
mod reference;
mod tree;
mod walk;
