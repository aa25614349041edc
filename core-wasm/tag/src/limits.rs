//! Every bound of a tag, and what happens at it. All of it, full, takes less than 64 KiB.

use tabmesh_port::limits::TELL_MAX;

use crate::wire::{Publication, Routed};

/// What one publication carries, in bytes; a longer one is refused.
pub const PUBLISH_MAX: usize = TELL_MAX - Publication::HEAD;

/// What is sent to one member, in bytes; a longer one is refused.
pub const SEND_MAX: usize = TELL_MAX - Routed::HEAD;

/// Members linked to this one that it knows as such. At the bound one whom the view does not name, and to whom no link is held, takes the
/// place of such a one that was silent longest; those whom the view names have a place.
pub const PEERS_MAX: usize = 40;

/// The nearest members, links to which are held.
pub const NEAR: usize = 8;

/// Members to which links are held, tried ones among them: the nearest first, then one of every bucket, from the furthest on.
pub const HOLD_MAX: usize = 24;

/// Members that left, and are remembered while they may not bring [`BURST`] again; at the bound that which left first is forgotten.
pub const LEFT_MAX: usize = 40;

/// Members that somebody named, and that did not answer yet. At the bound whoever named most gives one up to who named fewer; else
/// nobody is added.
pub const CANDIDATES_MAX: usize = 48;

/// Of these, those whom one member named; more are not taken.
pub const CANDIDATES_OF_ONE: usize = 8;

/// Candidates to which a link is tried at a time; others wait.
pub const TRIALS_MAX: usize = 6;

/// Of these, those whom members named: the others are for those whom the overlay's list names.
pub const TRIALS_HEARSAY: usize = 4;

/// Of those, whom one member named.
pub const TRIALS_OF_ONE: usize = 2;

/// A candidate that is no member after so long has failed.
pub const TRIAL_MS: u64 = 20_000;

/// A failed candidate is tried again after so long, if somebody names it again.
pub const FAILED_MS: u64 = 60_000;

/// A member that spoke over its own link, and that no view names, is taken for linked so long.
pub const HEARD_MS: u64 = 10_000;

/// Ids that one member tells another one.
pub const NAMED_MAX: usize = 16;

/// Between two tells of members; after a change the first comes soon, and the time doubles. So it begins anew once in the longer one.
pub const ROUND_MS_MIN: u64 = 1_000;
/// See [`ROUND_MS_MIN`].
pub const ROUND_MS_MAX: u64 = 30_000;

/// With fewer members linked, the overlay's list is asked again soon.
pub const FEW: usize = 6;

/// Members that are drawn from the list at a time.
pub const DRAWN: usize = 8;

/// Between two looks at the list where few members are linked: the time doubles from one to the other, and begins anew once in the longer
/// one. With enough, the longer one.
pub const LOOK_MS_MIN: u64 = 4_000;
/// See [`LOOK_MS_MIN`].
pub const LOOK_MS_MAX: u64 = 120_000;

/// Messages a second that are taken from one link; more are dropped.
pub const RATE: u32 = 64;

/// Messages that one link may bring at once; more are dropped.
pub const BURST: u32 = 128;

/// Of what one link may bring, the part that a member is passed of others' messages: three of four. More are not passed on.
pub const PASSED_PART: (u32, u32) = (3, 4);

/// Messages of its link that a forged publication counts for.
pub const FORGED_COST: u32 = 16;

/// Messages of its link that telling it of members counts for, where it asked or came: that is 513 bytes.
pub const NAMES_COST: u32 = 7;

/// Messages of its link that a publication counts for which it has sent again.
pub const COPY_COST: u32 = 4;

/// Publications whose signatures are being checked; more are dropped, and come again by [`Message::Have`](crate::Message::Have).
pub const CHECKS_MAX: usize = 8;

/// Of these, those that one link brought.
pub const CHECKS_OF_ONE: usize = 3;

/// Own publications that wait for their signature; one more ends as TooManyRequests.
pub const SIGNING_MAX: usize = 4;

/// Runs of senders whose publications are remembered. At the bound the link that brought most gives one up, that which was sent first:
/// from then on nothing that was sent before it is believed of a run that is not known.
pub const STREAMS_MAX: usize = 64;

/// What was sent so short a time ago is believed all the same.
pub const FLOOD_MS: u64 = 10_000;

/// Bytes of the last publications, kept for those who missed them; at the bound the oldest goes of the link that brought most bytes.
pub const RECENT_BYTES: usize = 12 * 1024;

/// A publication is told of this long after it came, when it should have come everywhere, then after twice as long.
pub const HAVE_MS: u64 = 2_000;

/// So often it is told of.
pub const HAVE_TIMES: u32 = 2;

/// Members that are told of it each time.
pub const HAVE_TO: usize = 5;

/// Between two times that members are told of publications: those of a burst share one message.
pub const HAVE_GAP_MS: u64 = 1_000;

/// Publications are told of to newcomers, and in rounds, for so long.
pub const RECENT_MS: u64 = 30_000;

/// Publications that one [`Message::Graft`](crate::Message::Graft) brings; more are asked for again.
pub const GRAFT_MAX: usize = 8;

/// Own sends under way; one more ends as TooManyRequests.
pub const SENDS_MAX: usize = 8;

/// A send ends after so long.
pub const SEND_MS: u64 = 10_000;

/// A send that heard nothing is repeated after so long, then after twice as long each time.
pub const REPEAT_MS: u64 = 1_000;

/// Members that pass a message on; one more does not.
pub const HOPS_MAX: u8 = 16;

/// Messages of others that are remembered, so that the answer finds back and no repeat is taken for another one. At the bound a further
/// one is answered TooManyRequests: none is forgotten early.
pub const PASSED_MAX: usize = 256;

/// Of these, those that one link brought and that are others', and again so many that are its own; those that one member was passed. Nobody
/// has more than is left free of either.
pub const PASSED_OF_ONE: usize = 64;

/// A message is passed on so often, for its repeats; further ones are dropped.
pub const PASSES_MAX: u8 = 8;

/// Such a message is remembered so long, which is longer than anybody repeats it.
pub const PASSED_MS: u64 = 15_000;

/// Between two events about members.
pub const CHANGED_MS: u64 = 1_000;

/// Tells that wait for their shell; more are dropped, as if they had been lost.
pub const OUTBOX_MAX: usize = 64;
