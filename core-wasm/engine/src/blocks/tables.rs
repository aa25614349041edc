//! What this node knows of blocks under way: asked for, placed, repaired.

use alloc::vec::Vec;

use super::placement::{Failing, Placement};
use crate::ground::ReplyTo;
use crate::id::BlockHash;
use crate::io::LinkId;
use crate::time::Instant;
use crate::wire::frame::DIGEST_BUCKETS;

/// What this node does about blocks that others want, place or should have.
#[derive(Default)]
pub(crate) struct Blocks {
    pub(super) serves: Vec<Serve>,
    pub(super) last_serve: u32,
    pub(super) placements: Vec<Placement>,
    /// Those that could not hold a block not long ago; this node may be among them.
    pub(super) failing: Failing,
    pub(super) repair: Repair,
}

/// A block that somebody asked for.
pub(super) struct Serve {
    pub(super) number: u32,
    pub(super) reply: ReplyTo,
    pub(super) hash: BlockHash,
    pub(super) exact: bool,
    pub(super) is_loading: bool,
    pub(super) deadline: Instant,
}

/// What a neighbour and this node should both hold.
pub(super) struct Shared {
    /// How its id begins.
    pub(super) id: u64,
    /// As a digest carries them.
    pub(super) sums: [u8; DIGEST_BUCKETS * 8],
    /// The next part of the list begins behind the key with this head, or is [`FIRST`], or there is [`NONE`].
    pub(super) next: u64,
}

/// A neighbour was not told this node's keys since the last walk: it is from any key on, once.
pub(super) const FIRST: u64 = 0;

/// A part of the list is being made, or all was told.
pub(super) const NONE: u64 = u64::MAX;

/// A neighbour whose keys this node wants to know.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) link: LinkId,
    pub(super) mask: u16,
    /// The list goes on behind this key, once what is missing of it so far was fetched.
    pub(super) after: BlockHash,
    pub(super) is_awaited: bool,
}

/// A neighbour wants to know our keys.
#[derive(Clone, Copy)]
pub(super) struct Listing {
    pub(super) link: LinkId,
    pub(super) mask: u16,
    pub(super) after: BlockHash,
}

/// Where repair stands.
#[derive(Default)]
pub(super) struct Repair {
    pub(super) next_pass: Instant,
    /// The walk under way: the last key seen.
    pub(super) pass: Option<BlockHash>,
    /// What it found so far.
    pub(super) sums: Vec<Shared>,
    /// What the last whole walk found.
    pub(super) shared: Vec<Shared>,
    pub(super) listings: Vec<Listing>,
    pub(super) is_scanning: bool,
    /// The last scan was for a list.
    pub(super) was_listing: bool,
    pub(super) asked: Vec<Asked>,
    /// Blocks to fetch, and from whom.
    pub(super) wanted: Vec<(BlockHash, LinkId)>,
}
