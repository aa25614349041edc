//! Every bound of a port, and what happens at it.

/// What a [`Wish::Tell`](crate::Wish::Tell) carries, in bytes; a longer one is not sent.
pub const TELL_MAX: usize = 1_024;

/// Whom one [`Wish::Tell`](crate::Wish::Tell) is for; one for more is not sent.
pub const RECEIVERS_MAX: usize = 64;

/// What an [`Ask`](crate::Wish::Ask) or its answer carries, in bytes; where either is longer, the Ask ends with
/// [`BadRequest`](crate::Status::BadRequest).
pub const MESSAGE_MAX: usize = 32 * 1024;

/// How long an [`Ask`](crate::Wish::Ask) may wait, in milliseconds; longer ones wait this long.
pub const WITHIN_MS_MAX: u32 = 120_000;

/// Asks of a module whose ends it was not told yet; one more ends with [`TooManyRequests`](crate::Status::TooManyRequests).
pub const ASKS_MAX: usize = 24;

/// Questions of others that a module has not answered yet; one more is answered [`TooManyRequests`](crate::Status::TooManyRequests).
pub const TICKETS_MAX: usize = 64;

/// Questions of this node's own modules that one of them has not answered yet, beside those of other nodes; of one more the newest of
/// whoever has most there ends with [`TooManyRequests`](crate::Status::TooManyRequests), or this one if nobody has more than its asker would.
pub const HERE_MAX: usize = 16;

/// Nodes that a module holds links to: of more the first so many count.
pub const HELD_MAX: usize = 40;

/// Those on one list of the overlay: a full one takes nobody.
pub const LIST_MAX: usize = 32;

/// Nodes that a [`View`](crate::Told::View) names.
pub const VIEW_MAX: usize = 32;
