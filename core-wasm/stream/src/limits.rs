//! The bounds, and what happens at each.

use tabmesh_port::Duration;
use tabmesh_port::limits::MESSAGE_MAX;

/// Streams of a node; one more is refused with [`TooManyRequests`](tabmesh_port::Status::TooManyRequests).
pub const STREAMS_MAX: usize = 32;

/// Of these, so many that others opened: the own ones always have room. At this bound, and at [`STREAMS_MAX`], a stream gives way to one
/// by another peer, and ends with [`TooManyRequests`](tabmesh_port::Status::TooManyRequests). First one that was [`UNUSED`] for too long,
/// of a peer that has more than the newcomer; then one of the peer that has most, if the newcomer has fewer than that also with the new
/// one. Of several the one that waits longest for this node's application to use it. Where there is none the newcomer is refused.
pub const INCOMING_MAX: usize = 24;

/// Of these, so many by one peer; one more is refused.
pub const INCOMING_A_PEER: usize = 8;

/// An incoming stream that this node's application has never read nor written for so long is the first to give way.
pub const UNUSED: Duration = Duration::from_ms(20_000);

/// Names that are listened for; one more is refused.
pub const NAMES_MAX: usize = 32;

/// A name, in bytes; a longer one is refused.
pub const NAME_MAX: usize = 64;

/// What may be under way to a reader or wait to be read, in bytes. Who sends beyond it loses the stream.
pub const WINDOW: u64 = 512 * 1024;

/// What a writer may have handed in that has not come to the other end, in bytes. Who hands in more loses the stream.
pub const QUEUE: usize = 512 * 1024;

/// What one question carries of a stream, in bytes.
pub const CHUNK: usize = MESSAGE_MAX - crate::wire::DATA_HEAD;

/// Questions with data under way; the other questions of a port have the rest.
pub const DATA_ASKS: usize = 20;

/// Questions under way to one peer: all that a window holds. One that answers none leaves room for others.
pub const ASKS_A_PEER: usize = 16;

/// Pieces that were handed on and not read; one more is to be sent again. Each costs a face more than its bytes.
pub const UNREAD_MAX: usize = 1_024;

/// Pieces that came before what stands before them; one more is to be sent again.
pub const EARLY_MAX: usize = DATA_ASKS;

/// Streams that ended are remembered, so that a question about them that comes late is answered; of more the oldest is forgotten of the peer
/// that has most.
pub const ENDED_MAX: usize = 64;

/// An answer is waited for so long, in milliseconds: a slow link takes half a minute for what may be under way.
pub const WITHIN_MS: u32 = 30_000;

/// The answer to an opening is waited for so long, in milliseconds: what is lost is asked again twice before [`OPENING`] is over.
pub const OPEN_WITHIN_MS: u32 = 10_000;

/// What got no answer is asked again after this.
pub const PAUSE: Duration = Duration::from_ms(1_000);

/// A stream opens within this, or ends.
pub const OPENING: Duration = Duration::from_ms(30_000);

/// With nothing heard for so long a stream is asked after.
pub const QUIET: Duration = Duration::from_ms(20_000);

/// With nothing heard for so long it ends.
pub const SILENCE: Duration = Duration::from_ms(75_000);

/// And for so long where its link is lost and none comes in its place.
pub const UNLINKED: Duration = Duration::from_ms(20_000);
