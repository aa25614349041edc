//! The numbers of inputs and outputs in their [flat](super::Flat) form. `pkg/src/kinds.ts` has the same table; a test
//! compares.

/// What goes in by [`Node::handle_flat`](crate::Node::handle_flat), and what its `number` and `bytes` are.
pub mod input {
    /// Nothing else.
    pub const TIMEOUT: u32 = 0;
    /// `number`: seconds since 1970.
    pub const WALL_TIME: u32 = 1;
    /// `number`: the link. `bytes`: its description.
    pub const DESCRIBED: u32 = 2;
    /// `number`: the link.
    pub const LINK_UP: u32 = 3;
    /// `number`: the link.
    pub const LINK_DOWN: u32 = 4;
    /// `number`: the link. `bytes`: one message.
    pub const LINK_BYTES: u32 = 5;
    /// `number`: the link. `bytes`: how many still wait, 4 bytes.
    pub const LINK_DRAINED: u32 = 6;
    /// `bytes`: the server's host name.
    pub const SIGNAL_UP: u32 = 7;
    /// Nothing else.
    pub const SIGNAL_DOWN: u32 = 8;
    /// `bytes`: one message.
    pub const SIGNAL_BYTES: u32 = 9;
    /// `number`: the job, here and below. `bytes`: the signature, 64 bytes.
    pub const SIGNATURE: u32 = 10;
    /// `bytes`: 1 if it holds, 0 if not.
    pub const VERIFIED: u32 = 11;
    /// `bytes`: the block.
    pub const LOADED: u32 = 12;
    /// No such block.
    pub const MISSING: u32 = 13;
    /// The block is kept.
    pub const STORED: u32 = 14;
    /// The bytes are not what the hash says.
    pub const MISMATCH: u32 = 15;
    /// The store is at its limit.
    pub const FULL: u32 = 16;
    /// `bytes`: hashes, 32 bytes each.
    pub const HASHES: u32 = 17;
    /// It could not be done.
    pub const FAILED: u32 = 18;
    /// `number`: the operation, here and in the next four. `bytes`: the hash.
    pub const PUT: u32 = 19;
    /// `bytes`: the hash.
    pub const GET: u32 = 20;
    /// `bytes`: the target.
    pub const FIND: u32 = 21;
    /// `bytes`: the receiver's id, then the length of the message, 4 bytes.
    pub const SEND: u32 = 22;
    /// Nothing else.
    pub const CANCEL: u32 = 23;
    /// `number`: how many addresses are known.
    pub const ADDRESSES: u32 = 24;
    /// Nothing else.
    pub const WAKE: u32 = 25;
    /// Nothing else.
    pub const LEAVE: u32 = 26;
    /// `number`: the link. `bytes`: a frame, sealed.
    pub const SEALED: u32 = 27;
    /// `number`: the operation. `bytes`: the topic, here and in the next two.
    pub const SUBSCRIBE: u32 = 28;
    /// Nothing else.
    pub const UNSUBSCRIBE: u32 = 29;
    /// `number`: the operation. `bytes`: also what to say.
    pub const PUBLISH: u32 = 30;
}

/// What comes out, and what its `number`, `value`, `id` and `bytes` are; empty or 0 where nothing is said.
pub mod output {
    /// `number`: the link, here and below. `bytes`: one frame.
    pub const SEND: u32 = 0;
    /// `value`: the number of the address.
    pub const OPEN_SOCKET: u32 = 1;
    /// Nothing else.
    pub const OPEN_OFFER: u32 = 2;
    /// `bytes`: the offerer's description.
    pub const OPEN_ANSWER: u32 = 3;
    /// `bytes`: the answerer's description.
    pub const ANSWERED: u32 = 4;
    /// Nothing else.
    pub const CLOSE: u32 = 5;
    /// Nothing else.
    pub const SIGNAL_OPEN: u32 = 6;
    /// `bytes`: one message.
    pub const SIGNAL: u32 = 7;
    /// Nothing else.
    pub const SIGNAL_CLOSE: u32 = 8;
    /// `number`: the job, here and below. `bytes`: what to sign.
    pub const SIGN: u32 = 9;
    /// `id`: the key and the signature, 64 bytes each. `bytes`: what was signed.
    pub const VERIFY: u32 = 10;
    /// `id`: the block's hash.
    pub const LOAD: u32 = 11;
    /// `value`: 1 if held for others. `id`: the block's hash. `bytes`: the block.
    pub const STORE: u32 = 12;
    /// `id`: hashes, 32 bytes each.
    pub const ABSENT: u32 = 13;
    /// `value`: how many at most. `id`: the hash before the first, or empty.
    pub const SCAN: u32 = 14;
    /// Nothing else.
    pub const JOINED: u32 = 15;
    /// Nothing else.
    pub const OFFLINE: u32 = 16;
    /// `number`: the link. `value`: its kind, and the peer's profile from bit 8. `id`: the peer. `bytes`: its address.
    pub const PEER_UP: u32 = 17;
    /// `value`: the reason. `id`: the peer.
    pub const PEER_DOWN: u32 = 18;
    /// `value`: the reason. `id`: the peer, or empty.
    pub const DIAL_FAILED: u32 = 19;
    /// `value`: the refusal.
    pub const SIGNAL_REFUSED: u32 = 20;
    /// `number`: the operation. `id`: ids, 32 bytes each.
    pub const FOUND: u32 = 21;
    /// `id`: the sender. `bytes`: the message.
    pub const MESSAGE: u32 = 22;
    /// `number`: the operation. `value`: the status, and the holders from bit 16.
    pub const DONE: u32 = 23;
    /// `bytes`: 49 for each link: id 32, link 2, kind 1, profile 1, neighbour 1, round-trip time in microseconds 4, when it was
    /// made in microseconds of the page's clock 8.
    pub const LINKS: u32 = 24;
    /// `id`: ids, 32 bytes each, nearest first.
    pub const NEIGHBOURHOOD: u32 = 25;
    /// `number`: the job. `value`: the operation whose message is wanted.
    pub const WANTED: u32 = 26;
    /// `number`: the link, here and below. `bytes`: the offerer's key, or empty where this end offers.
    pub const OPEN_CIRCUIT: u32 = 27;
    /// `bytes`: a frame, sealed.
    pub const UNSEAL: u32 = 28;
    /// `id`: the sender, 32 bytes, and the message's own 8. `bytes`: the message, whole.
    pub const PUBLISHED: u32 = 29;
    /// `number`: the job. `bytes`: the message's name, 8 bytes.
    pub const RECALL: u32 = 30;
    /// `number`: the job. `bytes`: the message, here and below.
    pub const SIGN_MESSAGE: u32 = 31;
    /// Nothing else.
    pub const CHECK_MESSAGE: u32 = 32;
    /// `number`: the link. `value`: 1 if this end dialled, 0 if not. `id`: the other end's fresh key, 64 bytes, and the
    /// transcript, 32.
    pub const SEAL: u32 = 33;
}

/// What comes out too, but only of a node that has an address where others knock: no tab.
pub mod listening {
    /// `number`: the link.
    pub const ACCEPT: u32 = 64;
    /// Nothing else.
    pub const REFUSE: u32 = 65;
}
