//! The numbers that inputs and outputs have at the border. `pkg/src/kinds.ts` has the same table; a test compares.

/// What goes in by `Core::input`, and what its `number` and `bytes` are.
pub(crate) mod input {
    /// Nothing else.
    pub(crate) const TIMEOUT: u32 = 0;
    /// `number`: seconds since 1970.
    pub(crate) const WALL_TIME: u32 = 1;
    /// `number`: the link. `bytes`: its description.
    pub(crate) const DESCRIBED: u32 = 2;
    /// `number`: the link.
    pub(crate) const LINK_UP: u32 = 3;
    /// `number`: the link.
    pub(crate) const LINK_DOWN: u32 = 4;
    /// `number`: the link. `bytes`: one message.
    pub(crate) const LINK_BYTES: u32 = 5;
    /// `number`: the link. `bytes`: how many still wait, 4 bytes.
    pub(crate) const LINK_DRAINED: u32 = 6;
    /// Nothing else.
    pub(crate) const SIGNAL_UP: u32 = 7;
    /// Nothing else.
    pub(crate) const SIGNAL_DOWN: u32 = 8;
    /// `bytes`: one message.
    pub(crate) const SIGNAL_BYTES: u32 = 9;
    /// `number`: the job, here and below. `bytes`: the signature, 64 bytes.
    pub(crate) const SIGNATURE: u32 = 10;
    /// `bytes`: 1 if it holds, 0 if not.
    pub(crate) const VERIFIED: u32 = 11;
    /// `bytes`: the block.
    pub(crate) const LOADED: u32 = 12;
    /// No such block.
    pub(crate) const MISSING: u32 = 13;
    /// The block is kept.
    pub(crate) const STORED: u32 = 14;
    /// The bytes are not what the hash says.
    pub(crate) const MISMATCH: u32 = 15;
    /// The store is at its limit.
    pub(crate) const FULL: u32 = 16;
    /// `bytes`: hashes, 32 bytes each.
    pub(crate) const HASHES: u32 = 17;
    /// It could not be done.
    pub(crate) const FAILED: u32 = 18;
    /// `number`: the operation, here and in the next four. `bytes`: the hash.
    pub(crate) const PUT: u32 = 19;
    /// `bytes`: the hash.
    pub(crate) const GET: u32 = 20;
    /// `bytes`: the target.
    pub(crate) const FIND: u32 = 21;
    /// `bytes`: the receiver's id, then the length of the message, 4 bytes.
    pub(crate) const SEND: u32 = 22;
    /// Nothing else.
    pub(crate) const CANCEL: u32 = 23;
    /// `number`: how many addresses are known.
    pub(crate) const ADDRESSES: u32 = 24;
    /// Nothing else.
    pub(crate) const WAKE: u32 = 25;
    /// Nothing else.
    pub(crate) const LEAVE: u32 = 26;
    /// `number`: the link. `bytes`: a frame, sealed.
    pub(crate) const SEALED: u32 = 27;
}

/// What comes out by `output`, and what its `number`, `value`, `id` and `bytes` are; empty or 0 where nothing is said.
pub(crate) mod output {
    /// `number`: the link, here and below. `bytes`: one frame.
    pub(crate) const SEND: u32 = 0;
    /// `value`: the number of the address.
    pub(crate) const OPEN_SOCKET: u32 = 1;
    /// Nothing else.
    pub(crate) const OPEN_OFFER: u32 = 2;
    /// `bytes`: the offerer's description.
    pub(crate) const OPEN_ANSWER: u32 = 3;
    /// `bytes`: the answerer's description.
    pub(crate) const ANSWERED: u32 = 4;
    /// Nothing else.
    pub(crate) const CLOSE: u32 = 5;
    /// Nothing else.
    pub(crate) const SIGNAL_OPEN: u32 = 6;
    /// `bytes`: one message.
    pub(crate) const SIGNAL: u32 = 7;
    /// Nothing else.
    pub(crate) const SIGNAL_CLOSE: u32 = 8;
    /// `number`: the job, here and below. `bytes`: what to sign.
    pub(crate) const SIGN: u32 = 9;
    /// `id`: the key and the signature, 64 bytes each. `bytes`: what was signed.
    pub(crate) const VERIFY: u32 = 10;
    /// `id`: the block's hash.
    pub(crate) const LOAD: u32 = 11;
    /// `value`: 1 if held for others. `id`: the block's hash. `bytes`: the block.
    pub(crate) const STORE: u32 = 12;
    /// `id`: hashes, 32 bytes each.
    pub(crate) const ABSENT: u32 = 13;
    /// `value`: how many at most. `id`: the hash before the first, or empty.
    pub(crate) const SCAN: u32 = 14;
    /// Nothing else.
    pub(crate) const JOINED: u32 = 15;
    /// Nothing else.
    pub(crate) const OFFLINE: u32 = 16;
    /// `number`: the link. `value`: its kind, and the peer's profile from bit 8. `id`: the peer. `bytes`: its address.
    pub(crate) const PEER_UP: u32 = 17;
    /// `value`: the reason. `id`: the peer.
    pub(crate) const PEER_DOWN: u32 = 18;
    /// `value`: the reason. `id`: the peer, or empty.
    pub(crate) const DIAL_FAILED: u32 = 19;
    /// `value`: the refusal.
    pub(crate) const SIGNAL_REFUSED: u32 = 20;
    /// `number`: the operation. `id`: ids, 32 bytes each.
    pub(crate) const FOUND: u32 = 21;
    /// `id`: the sender. `bytes`: the message.
    pub(crate) const MESSAGE: u32 = 22;
    /// `number`: the operation. `value`: the status, and the holders from bit 16.
    pub(crate) const DONE: u32 = 23;
    /// `bytes`: 49 for each link: id 32, link 2, kind 1, profile 1, neighbour 1, round-trip time in microseconds 4, when it was
    /// made in microseconds of the page's clock 8.
    pub(crate) const LINKS: u32 = 24;
    /// `id`: ids, 32 bytes each, nearest first.
    pub(crate) const NEIGHBOURHOOD: u32 = 25;
    /// `number`: the job. `value`: the operation whose message is wanted.
    pub(crate) const WANTED: u32 = 26;
    /// `number`: the link, here and below. `bytes`: the offerer's key, or empty where this end offers.
    pub(crate) const OPEN_CIRCUIT: u32 = 27;
    /// `bytes`: a frame, sealed.
    pub(crate) const UNSEAL: u32 = 28;
}
