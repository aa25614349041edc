//! Every bound of the engine, and what happens at it.

/// A block: larger ones are refused ([`Status::BadRequest`](crate::Status)); a file is a tree of them.
pub const BLOCK_MAX: usize = 16 * 1024;

/// What a module's question or its answer carries, in bytes; a longer one is refused.
pub use tabmesh_port::limits::MESSAGE_MAX;

/// What a module tells, in bytes; a longer one goes nowhere.
pub use tabmesh_port::limits::TELL_MAX;

/// How long an answer is waited for, in milliseconds; longer ones wait this long.
pub use tabmesh_port::limits::WITHIN_MS_MAX;

/// Ports that are open at once, here or at a peer; further ones count for closed.
pub const PORTS_MAX: usize = 16;

/// Nodes that links are kept to for modules, by profile: of more the first so many count.
pub const HELD_MAX: [usize; 3] = [tabmesh_port::limits::HELD_MAX, 192, 8];

/// One frame on a link, routing header included. A peer that sends a longer one loses its link. It is below
/// what SCTP carries as one message, so nothing above SCTP cuts messages into fragments.
pub const FRAME_MAX: usize = MESSAGE_MAX + 1024;

/// How much longer a frame is once it is sealed for a relayed link: the tag of AES-GCM.
pub const SEAL: usize = 16;

/// A frame that carries a sealed one is longer by at most so much.
pub const CIRCUIT_HEAD: usize = 64;

/// Bytes that a relay carries for one peer in a minute, each frame counted in steps of 256. Beyond it the peer's circuits end
/// ([`Reason::NoRoom`]); what they were for goes by routing.
///
/// [`Reason::NoRoom`]: crate::Reason
pub const CARRY_A_MINUTE: u32 = 8 * 1024 * 1024;

/// Bytes of blocks that one link may give this node to keep in a minute, small ones counted as 2 KiB. Beyond it they are refused
/// ([`Status::TooManyRequests`](crate::Status)), and their givers wait or go elsewhere.
pub const KEEP_A_MINUTE: u32 = 64 * 1024 * 1024;

/// What the shell may join into one message of the transport. A longer one costs the sender its link.
pub const PACKET_MAX: usize = 64 * 1024;

/// A peer's WebSocket address, in bytes.
pub const ADDRESS_MAX: usize = 128;

/// The shell tells `LinkDrained` once so many bytes less wait on a link than the engine takes for waiting.
pub const DRAINED_STEP: u32 = 8 * 1024;

/// Replicas of a block. All nodes of a network keep as many: the feature `replicas-16` makes engines of another network.
pub const REPLICAS: usize = if cfg!(feature = "replicas-16") { 16 } else { 8 };

/// The nodes nearest to a block that may hold it: where the nearest have no room, fail or are silent, the next take their place.
pub const CANDIDATES: usize = REPLICAS * 2;

/// Nodes of the neighbourhood: the closest known; they are linked first and never shed.
pub const NEIGHBOURS: usize = REPLICAS * 3 / 2;

/// Links a node aims at, by profile (browser, native, device). Beyond it links are shed, one a tick.
pub const LINK_BUDGET: [usize; 3] = [NEIGHBOURS * 2, 228, 8];

/// Links a node has at most, those being made included. Beyond it offers are refused ([`Reason::NoRoom`]).
///
/// [`Reason::NoRoom`]: crate::Reason
pub const LINKS_MAX: [usize; 3] = [NEIGHBOURS * 2 + 8, 256, 12];

/// Of these, links that only this node itself begins: others' offers and sockets never take them.
pub const LINKS_OWN: [usize; 3] = [2, 16, 1];

/// Links being made at once by this node's own wish, by profile.
pub const DIALS_MAX: [usize; 3] = [4, 8, 2];

/// Links being made at once, by others' wish too. Beyond it offers and WebSockets are refused, and what one link brings is dropped
/// where it would leave less to others than it has.
pub const HANDSHAKES_MAX: usize = 40;

/// Of these, WebSockets that were accepted; at the bound the one that waits longest makes room.
pub const NEWCOMERS_MAX: usize = 24;

/// A signalling server's host name, in bytes; what is longer is cut, and the proof for it will not hold.
pub const SERVER_NAME_MAX: usize = 255;

/// With this many links a tab leaves its signalling server.
pub const LINKS_ENOUGH: usize = 3;

/// Nodes known but not linked. At the bound the one that failed most, then the one furthest off, is forgotten.
pub const CONTACTS_MAX: usize = 56;

/// Keys that broke the protocol and are kept away for ten minutes; at the bound the oldest ban is lifted.
pub const BANS_MAX: usize = 32;

/// Nodes that were asked whether they are there; the oldest question is forgotten. Two overlays that meet ask so many at once.
pub const GREETINGS_MAX: usize = 32;

/// WebSocket addresses dialled by number; further ones are not used.
pub const ADDRESSES_MAX: u16 = 64;

/// Requests of this node under way, application's and own. Beyond it the application gets
/// [`Status::TooManyRequests`](crate::Status); own ones wait for the next tick.
pub const REQUESTS_MAX: usize = 48;

/// Questions of one port under way; further ones get [`Status::TooManyRequests`](crate::Status).
pub use tabmesh_port::limits::ASKS_MAX;

/// Of all places for questions so many are for ports that have fewer than so many under way.
pub const ASKS_FEW: usize = 8;

/// Requests kept free for the node's own lookups.
pub const REQUESTS_OWN: usize = 8;

/// Blocks being read for others; at the bound the link that has most of them makes room for one that has fewer, and what makes
/// room or finds none gets [`Status::TooManyRequests`](crate::Status).
pub const SERVES_MAX: usize = 16;

/// Blocks being placed on their holders; at the bound as with [`SERVES_MAX`].
pub const PLACEMENTS_MAX: usize = 16;

/// Jobs at the shell. Beyond it what a peer asks for is dropped, and what the node wants waits.
pub const JOBS_MAX: usize = 64;

/// Strangers' offers whose signature is being checked at once; further ones are dropped, and their senders try again.
pub const STRANGERS_MAX: usize = 4;

/// Of those, so many that one link brought; the signalling server may bring all but one.
pub const STRANGERS_A_LINK: usize = 1;

/// Answers to one dial being checked at once, each brought by another link; further ones are dropped.
pub const ANSWERS_A_DIAL: usize = 4;

/// Refusals being signed at once; a further one is left unsaid, and the dial it is about times out.
pub const REFUSALS_MAX: usize = 4;

/// Of those, so many of offers that one link brought.
pub const REFUSALS_A_LINK: usize = 2;

/// Bulk a peer may have sent and not yet been granted again, in bytes. One that sends more loses its link.
pub const CREDIT: u32 = 512 * 1024;

/// Bulk is granted again in steps of this many bytes.
pub const CREDIT_STEP: u32 = 64 * 1024;

/// Blocks on their way into the store at which no more credit is granted.
pub const STORES_MAX: usize = 16;

/// Then a link that has so many of them gets [`Status::TooManyRequests`](crate::Status).
pub const STORES_A_LINK: usize = 4;

/// This node's own bulk waits in the shell for a link no longer than this, in milliseconds, at the rate at which what was sent on it
/// left lately: nothing small that is sent behind it comes later than that. One frame may wait on any link. Beyond it bulk stays behind.
pub const AHEAD_MS: u32 = 25;

/// And it is never more than this, in bytes.
pub const QUEUE_BULK: u32 = 256 * 1024;

/// While more than this waits, gossip stays behind and bulk of others is dropped.
pub const QUEUE_STATE: u32 = 1024 * 1024;

/// With more than this waiting the peer does not read: its link is closed ([`Reason::Stuck`](crate::Reason)).
pub const QUEUE_STUCK: u32 = 4 * 1024 * 1024;

/// Frames that one peer may send in a second, beside two for each of bulk that it is sent.
pub const FRAMES_A_SECOND: u32 = 32_768;

/// Frames beyond that at which a peer loses its link: what a link that stood still for seconds brings at once is no flood. All
/// that 16 bits count.
pub const FRAMES_MOST: u32 = u16::MAX as u32;

/// Small frames that a node passes on for one peer in a second; further ones are dropped.
pub const BROUGHT_A_SECOND: u16 = 1_024;

/// Others' frames and answers that a node passes on to one peer in a second; further ones are dropped. Far below
/// [`FRAMES_A_SECOND`], so that no peer takes what others make a node pass on for a flood of its own.
pub const PASSED_A_SECOND: u16 = 8_192;

/// Hashes in one frame or job.
pub const HASHES_MAX: usize = 64;

/// Neighbours that repair keeps sums for; the keys shared with further ones are seen to by nearer ones.
pub const SUMS_MAX: usize = REPLICAS * 2;

/// Neighbours asked for lists of their keys; further ones are asked in the next round.
pub const ASKED_MAX: usize = 16;

/// Blocks that repair waits to fetch; the rest is found in the next round.
pub const WANTED_MAX: usize = 32;
/// Those of one neighbour.
pub const WANTED_A_LINK: usize = 16;

/// Blocks that repair fetches at once.
pub const REPAIRS_MAX: usize = 8;

/// Topics that a node subscribes to, by profile; further ones are refused ([`Status::TooManyRequests`](crate::Status)).
pub const TOPICS_MAX: [usize; 3] = [64, 1_024, 8];

/// A message of a topic, in bytes; a longer one is refused.
pub const PUBLISH_MAX: usize = 8 * 1024;

/// Subscribers that one hands messages to: so many are sought, and no more than that taken.
pub const MATES: usize = 6;
/// See [`MATES`].
pub const MATES_MAX: usize = 12;

/// Senders in topics remembered, so that no message is delivered twice. At the bound the one goes whose last message was sent first;
/// from then on only what was sent later is believed of whoever is not remembered.
pub const STREAMS_MAX: usize = 64;

/// Messages of topics that a shell keeps for those that miss them; the oldest is forgotten, and then missed.
pub const KEPT_MAX: usize = 256;

/// Messages of topics that are asked for in half a second.
pub const MESSAGES_WANTED_MAX: usize = 64;

/// Messages that a node publishes in a topic in half a second; further ones get
/// [`Status::TooManyRequests`](crate::Status).
pub const PUBLISHED_A_BEAT: u32 = 32;

/// How far wall clocks may differ, in seconds. What was sent or expired longer ago is dropped.
pub const SKEW_S: u32 = 300;

/// Those on one list; at the bound it takes nobody, and says so.
pub use tabmesh_port::limits::LIST_MAX;

/// Entries of all lists that a node keeps, by profile: at least one full list. At the bound the link that brought most of
/// them makes room.
pub const LIST_ROWS_MAX: [usize; 3] = [128, 33, 32];

/// Messages of topics being signed, checked or recalled at once; what comes beyond it is asked for again later.
pub const TOPIC_JOBS_MAX: usize = 32;

/// Neighbours' wishes for lists of keys that wait; further ones ask again in the next round.
pub const LISTINGS_MAX: usize = 16;
