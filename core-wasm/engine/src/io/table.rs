//! The border, once: every input and output with its number, its name, its fields and where each lies in the flat form.
//!
//! From these rows come the constants ([`kinds`](super::kinds)), the typed view ([`Input`](super::Input), [`Output`](super::Output) and
//! what they hold), the reading of both, the names in reports and traces, and `pkg/src/kinds` (`cargo xtask border`).
//!
//! A row is `KIND = number => Variant`, with a field's type and place behind its name: `number`, `value` (`value 8`: from bit 8),
//! `id` or `bytes` (`bytes 32`: from byte 32). A number never changes what it means. Those from 64 on are for nodes with an address where
//! others knock, which no tab has.

/// What goes in.
macro_rules! inputs {
    ($make:ident) => {
        $make! {
            /// One thing that happened.
            #[derive(Debug)]
            Input
            /// The time that [`Output::Timeout`](crate::Output::Timeout) named has come. Early or late does no harm.
            TIMEOUT = 0 => Timeout,
            /// The wall clock, in seconds since 1970: once at start, and whenever it jumped.
            WALL_TIME = 1 => WallTime(u64 = number),
            /// A peer opened a WebSocket to this node's address. The engine answers with the link's number in
            /// [`Output::Accept`](crate::Output::Accept), or refuses it by [`Output::Refuse`](crate::Output::Refuse).
            INCOMING = 64 => Incoming,
            /// The description that [`Route::Offer`](crate::Route::Offer), [`Route::Answer`](crate::Route::Answer), a circuit or a WebSocket asked for.
            DESCRIBED = 2 => Described {
                /// The link that was dialled.
                link: LinkId = number,
                /// As in [`wire::description`](crate::wire::description); of a circuit or a WebSocket the shell's fresh public key.
                description: &'a [u8] = bytes,
            },
            /// The link is open for messages, both ways.
            LINK_UP = 3 => LinkUp(LinkId = number),
            /// The link is gone, or did not open; nothing more comes from it. The shell has freed it.
            LINK_DOWN = 4 => LinkDown(LinkId = number),
            /// One message from the link.
            LINK_BYTES = 5 => LinkBytes {
                /// Which.
                link: LinkId = number,
                /// One packet: frames, one after another.
                bytes: &'a [u8] = bytes,
            },
            /// How much of what was sent still waits in the shell. Told once at least
            /// [`DRAINED_STEP`](crate::limits::DRAINED_STEP) bytes were sent since it was told last and fewer than
            /// [`DRAINED`](crate::limits::DRAINED) wait; without it the engine takes all it sent for waiting.
            LINK_DRAINED = 6 => LinkDrained {
                /// Which.
                link: LinkId = number,
                /// Bytes still queued.
                queued: u32 = bytes,
            },
            /// A frame that was sent on a relayed link, sealed; in the order of sending.
            SEALED = 27 => Sealed {
                /// The relayed link.
                link: LinkId = number,
                /// [`SEAL`](crate::limits::SEAL) bytes more than the frame.
                bytes: &'a [u8] = bytes,
            },
            /// The signalling server is connected. This is its host name as it was dialled, in lower case and without port, at
            /// most 255 bytes.
            SIGNAL_UP = 7 => SignalUp(&'a [u8] = bytes),
            /// It is not, or no longer.
            SIGNAL_DOWN = 8 => SignalDown,
            /// One message from it.
            SIGNAL_BYTES = 9 => SignalBytes(&'a [u8] = bytes),
        }
        $make! {
            /// How a job ended.
            #[derive(Debug)]
            JobResult
            /// The signature.
            SIGNATURE = 10 => Signature(&'a Signature = bytes),
            /// Whether the signature holds.
            VERIFIED = 11 => Verified(bool = bytes),
            /// The block.
            LOADED = 12 => Loaded(&'a [u8] = bytes),
            /// The block is not in the store.
            MISSING = 13 => Missing,
            /// The block is kept; durably where the shell promises that.
            STORED = 14 => Stored,
            /// The bytes are not what the hash says; nothing was kept.
            MISMATCH = 15 => Mismatch,
            /// The store is at its limit; nothing was kept.
            FULL = 16 => Full,
            /// Hashes, 32 bytes each.
            HASHES = 17 => Hashes(&'a [BlockHash] = bytes),
            /// It could not be done.
            FAILED = 18 => Failed,
        }
        $make! {
            /// What the application can ask for. Each with an operation but `Cancel` ends in one [`Event::Done`](crate::Event::Done).
            #[derive(Debug)]
            Command
            /// Put a block, which is in the shell's store already, on the nodes closest to it.
            PUT = 19 => Put {
                /// The operation.
                op: OpId = number,
                /// SHA-256 of the block.
                hash: &'a BlockHash = bytes,
            },
            /// Fetch a block into the shell's store.
            GET = 20 => Get {
                /// The operation.
                op: OpId = number,
                /// SHA-256 of the block.
                hash: &'a BlockHash = bytes,
            },
            /// Find the nodes closest to an id; [`Event::Found`](crate::Event::Found) names them.
            FIND = 21 => Find {
                /// The operation.
                op: OpId = number,
                /// Any place in the id space.
                target: &'a NodeId = bytes,
            },
            /// Send bytes to one node, over as many hops as it takes. [`Work::Message`](crate::Work::Message) asks for them once they can go.
            SEND = 22 => Send {
                /// The operation; `Ok` once the other node has the bytes.
                op: OpId = number,
                /// Who shall get them.
                to: &'a NodeId = bytes,
                /// How many: at most [`MESSAGE_MAX`](crate::limits::MESSAGE_MAX).
                length: u32 = bytes 32,
            },
            /// Take part in a topic; [`Event::Published`](crate::Event::Published) tells its messages.
            SUBSCRIBE = 28 => Subscribe {
                /// The operation.
                op: OpId = number,
                /// SHA-256 of `"tabmesh topic v1" ‖ name`, say; any id.
                topic: &'a TopicId = bytes,
            },
            /// Take part no longer.
            UNSUBSCRIBE = 29 => Unsubscribe {
                /// Which.
                topic: &'a TopicId = bytes,
            },
            /// Tell all subscribers of a topic that this node takes part in.
            PUBLISH = 30 => Publish {
                /// The operation; `Ok` once it is on its way, with the number of mates it went to.
                op: OpId = number,
                /// Which.
                topic: &'a TopicId = bytes,
                /// At most [`PUBLISH_MAX`](crate::limits::PUBLISH_MAX) bytes.
                bytes: &'a [u8] = bytes 32,
            },
            /// Forget an operation; no `Done` comes for it.
            CANCEL = 23 => Cancel {
                /// Which.
                op: OpId = number,
            },
            /// The shell knows this many WebSocket addresses now.
            ADDRESSES = 24 => Addresses(u16 = number),
            /// The host slept or changed networks: probe every link at once, and join again if none is left.
            WAKE = 25 => Wake,
            /// Say goodbye to every peer and close.
            LEAVE = 26 => Leave,
        }
    };
}

/// What comes out.
macro_rules! outputs {
    ($make:ident) => {
        $make! {
            /// One thing for the shell to do.
            // A marked variant (`repr`), here and in the types within, is known to the compiler where it is made; one that hides in
            // a capacity is not, and would be matched again where it is queued.
            #[derive(PartialEq, Eq, Debug)]
            #[repr(u8)]
            Output
            /// Send these frames over the link. The shell may join what it gets in one drain into one message of at most
            /// [`PACKET_MAX`](crate::limits::PACKET_MAX) bytes, in order.
            SEND = 0 => Send {
                /// Which.
                link: LinkId = number,
                /// One frame.
                bytes: Vec<u8> = bytes,
            },
            /// The other end's description, for a link opened by [`Route::Offer`](crate::Route::Offer) or [`Route::Circuit`](crate::Route::Circuit).
            ANSWERED = 4 => Answered {
                /// Which.
                link: LinkId = number,
                /// As in [`wire::description`](crate::wire::description), not looked into yet; of a circuit its public key.
                description: Vec<u8> = bytes,
            },
            /// A sealed frame came over a relayed link: open it and hand it in as [`Input::LinkBytes`](crate::Input::LinkBytes), in order; if it does not
            /// open, the link is down.
            UNSEAL = 28 => Unseal {
                /// The relayed link.
                link: LinkId = number,
                /// One frame, sealed.
                bytes: Vec<u8> = bytes,
            },
            /// A WebSocket whose ends have agreed on keys: every message after those sent so far is sealed, and so is every one
            /// that comes after those that came; see [`LinkKind::Socket`]. If one does not open, the link is down.
            SEAL = 33 => Seal {
                /// Which.
                link: LinkId = number,
                /// Whether this end dialled.
                dialled: bool = value,
                /// The public half of the other end's fresh key.
                key: PublicKey = id,
                /// What both ends said before.
                transcript: [u8; 32] = id 64,
            },
            /// The number of the link that [`Input::Incoming`](crate::Input::Incoming) announced; messages may flow. The shell makes a fresh P-256 key for it
            /// and tells the public half, 64 bytes, in [`Input::Described`](crate::Input::Described).
            ACCEPT = 64 => Accept(LinkId = number),
            /// Close the socket that [`Input::Incoming`](crate::Input::Incoming) announced: no room.
            REFUSE = 65 => Refuse,
            /// Close the link once what was sent is out, and free it; no `LinkDown` is owed.
            CLOSE = 5 => Close(LinkId = number),
            /// Connect to a signalling server; ends in `SignalUp` or `SignalDown`.
            SIGNAL_OPEN = 6 => SignalOpen,
            /// Send one message to it.
            SIGNAL = 7 => Signal(Vec<u8> = bytes),
            /// It is not needed any more.
            SIGNAL_CLOSE = 8 => SignalClose,
        }
        $make! {
            /// How to begin a link.
            #[derive(Clone, PartialEq, Eq, Debug)]
            #[repr(u8)]
            Route
            /// A WebSocket to the shell's address of this number. The shell also makes a fresh P-256 key for it and tells the
            /// public half, 64 bytes, in [`Input::Described`](crate::Input::Described), before or after `LinkUp`.
            OPEN_SOCKET = 1 => Socket(u16 = value),
            /// WebRTC: make an offer; its description comes back in [`Input::Described`](crate::Input::Described), the answer follows in
            /// [`Output::Answered`](crate::Output::Answered).
            OPEN_OFFER = 2 => Offer,
            /// WebRTC: answer this description; the own one comes back in [`Input::Described`](crate::Input::Described).
            OPEN_ANSWER = 3 => Answer(Vec<u8> = bytes),
            /// A relayed link: make a fresh P-256 key and tell its public half, 64 bytes, in [`Input::Described`](crate::Input::Described). Once both halves
            /// are there the shell derives what it seals with (see [`LinkKind::Relayed`](crate::LinkKind::Relayed)) and says `LinkUp`. Every frame is sealed
            /// by itself and comes back in [`Input::Sealed`](crate::Input::Sealed).
            OPEN_CIRCUIT = 27 => Circuit(Option<PublicKey> = bytes),
        }
        $make! {
            /// Asynchronous work.
            #[derive(Clone, PartialEq, Eq, Debug)]
            #[repr(u8)]
            Work
            /// Sign with the node's key: [`JobResult::Signature`](crate::JobResult::Signature).
            SIGN = 9 => Sign(Vec<u8> = bytes),
            /// Check a signature: [`JobResult::Verified`](crate::JobResult::Verified).
            VERIFY = 10 => Verify {
                /// By whom.
                key: PublicKey = id,
                /// r ‖ s.
                signature: Signature = id 64,
                /// Over what.
                bytes: Vec<u8> = bytes,
            },
            /// Read a block: [`JobResult::Loaded`](crate::JobResult::Loaded) or [`JobResult::Missing`](crate::JobResult::Missing).
            LOAD = 11 => Load(BlockHash = id),
            /// The bytes of a message that [`Command::Send`](crate::Command::Send) announced: [`JobResult::Loaded`](crate::JobResult::Loaded), or [`JobResult::Missing`](crate::JobResult::Missing) if it
            /// was cancelled.
            WANTED = 26 => Message(OpId = value),
            /// Sign a message of a topic, made by [`topic::Head::message`](crate::wire::topic::Head::message): the message with its signature
            /// in [`JobResult::Loaded`](crate::JobResult::Loaded).
            SIGN_MESSAGE = 31 => SignMessage(Vec<u8> = bytes),
            /// Check the signature of a message of a topic: the message in [`JobResult::Loaded`](crate::JobResult::Loaded) where it holds, or
            /// [`JobResult::Missing`](crate::JobResult::Missing).
            CHECK_MESSAGE = 32 => CheckMessage(Vec<u8> = bytes),
            /// A message of a topic that [`Event::Published`](crate::Event::Published) told not long ago, whole: [`JobResult::Loaded`](crate::JobResult::Loaded) or
            /// [`JobResult::Missing`](crate::JobResult::Missing). The shell keeps as many as it likes, the newest first.
            RECALL = 30 => Recall([u8; 12] = bytes),
            /// Check that the bytes hash to `hash` and keep them durably: [`JobResult::Stored`](crate::JobResult::Stored), [`JobResult::Mismatch`](crate::JobResult::Mismatch),
            /// or [`JobResult::Full`](crate::JobResult::Full). What is `held` for the network is never dropped for room; a cached block is.
            /// No bytes, which are not the block's, and not `held`: what was held for the network is only cached from now on, unless it is the user's own.
            STORE = 12 => Store {
                /// SHA-256 of the bytes, claimed.
                hash: BlockHash = id,
                /// At most [`BLOCK_MAX`](crate::limits::BLOCK_MAX).
                bytes: Vec<u8> = bytes,
                /// Kept for others, or only cached for this node's own reading.
                held: bool = value,
            },
            /// Which of these blocks, that are to be held for the network, are not in the store: [`JobResult::Hashes`](crate::JobResult::Hashes).
            /// Those that are only cached are held from now on.
            ABSENT = 13 => Absent(Vec<BlockHash> = id),
            /// The hashes of the blocks that are held (of all where the host does not tell them apart), ascending, that follow `after`: [`JobResult::Hashes`](crate::JobResult::Hashes).
            SCAN = 14 => Scan {
                /// Start behind this one; `None` starts at the first.
                after: Option<BlockHash> = id,
                /// At most this many.
                count: u16 = value,
            },
        }
        $make! {
            /// Something the application may care about.
            #[derive(Clone, PartialEq, Eq, Debug)]
            #[repr(u8)]
            Event
            /// The node is part of the network: it has a link, and looked up its own place.
            JOINED = 15 => Joined,
            /// The last link is gone; the node is trying to come back.
            OFFLINE = 16 => Offline,
            /// A peer proved itself on a link.
            PEER_UP = 17 => PeerUp {
                /// The link.
                link: LinkId = number,
                /// Who.
                id: NodeId = id,
                /// Over what.
                kind: LinkKind = value,
                /// What the peer can afford.
                profile: Profile = value 8,
                /// Where newcomers reach it by WebSocket; empty where nowhere. Not checked: the shell looks before it uses it.
                address: Vec<u8> = bytes,
            },
            /// A peer's link closed.
            PEER_DOWN = 18 => PeerDown {
                /// Who.
                id: NodeId = id,
                /// Why.
                reason: Reason = value,
            },
            /// A link could not be made.
            DIAL_FAILED = 19 => DialFailed {
                /// To whom; `None` for a WebSocket address, whose owner is not known before.
                id: Option<NodeId> = id,
                /// Why.
                reason: Reason = value,
            },
            /// The signalling server refused something: a [`Refusal`](crate::wire::signal::Refusal) that ended the connection.
            SIGNAL_REFUSED = 20 => SignalRefused(u8 = value),
            /// The nodes closest to a target, nearest first.
            FOUND = 21 => Found {
                /// The operation.
                op: OpId = number,
                /// At most 8; this node among them if it is.
                ids: Vec<NodeId> = id,
                /// They lie closer together than chance puts them: somebody may have made ids to hide what is there.
                crowded: bool = value,
            },
            /// A message for the application.
            MESSAGE = 22 => Message {
                /// Who sent it, as the path claims; only a direct link proves it.
                from: NodeId = id,
                /// What.
                bytes: Vec<u8> = bytes,
            },
            /// A message was published in a topic, by this node or by another; each comes once.
            PUBLISHED = 29 => Published {
                /// By whom; its signature holds.
                from: NodeId = id,
                /// Names it; see [`Work::Recall`](crate::Work::Recall).
                id: [u8; 12] = id 32,
                /// When it was sent, by its sender's word: milliseconds since 1970, or 0 if its sender knew no wall time.
                sent_ms: u64 = id 44,
                /// A whole message: the topic's id first, and what was said behind the first [`HEAD`](crate::wire::topic::HEAD)
                /// bytes.
                bytes: Vec<u8> = bytes,
            },
            /// The wall clock differs from those of the linked peers: the median of theirs is right, for all that is known.
            CLOCK = 34 => Clock {
                /// By how many seconds this node's is ahead; 0 once they agree.
                off_by_s: i32 = value,
            },
            /// An operation ended.
            DONE = 23 => Done {
                /// Which.
                op: OpId = number,
                /// How.
                status: Status = value,
                /// Put: how many other nodes hold the block now. Others: 0.
                holders: u8 = value 16,
            },
        }
        $make! {
            /// What may be shown of a node; the browser's shell puts it into this form itself.
            Shown
            /// 49 bytes for each link: id 32, link 2, kind 1, profile 1, neighbour 1, round-trip time in microseconds 4, when it
            /// was made in microseconds of the page's clock 8.
            LINKS = 24 => Links(Vec<u8> = bytes),
            /// The closest nodes, nearest first.
            NEIGHBOURHOOD = 25 => Neighbourhood(Vec<NodeId> = id),
        }
    };
}

pub(crate) use {inputs, outputs};
