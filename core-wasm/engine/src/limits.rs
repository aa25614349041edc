//! Every bound of the engine, and what happens at it.

/// A block: larger ones are refused ([`Status::BadRequest`](crate::Status)); a file is a tree of them.
pub const BLOCK_MAX: usize = 16 * 1024;

/// One frame on a link, header included: room for a block and its routing header. A peer that sends a longer one
/// loses its link. Longer messages travel as fragments.
pub const FRAME_MAX: usize = BLOCK_MAX + 1024;

/// What the shell may join into one message of the transport. A longer one costs the sender its link.
pub const PACKET_MAX: usize = 64 * 1024;

/// An application message, in bytes; a longer one is refused.
pub const MESSAGE_MAX: usize = 32 * 1024;

/// A peer's WebSocket address, in bytes.
pub const ADDRESS_MAX: usize = 128;

/// The shell tells `LinkDrained` when a link's queue falls below this many bytes.
pub const DRAINED: u32 = 128 * 1024;

/// Replicas of a block.
pub const REPLICAS: usize = 8;
