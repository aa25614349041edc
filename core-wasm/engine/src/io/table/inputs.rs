//! What goes in.

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
            /// How much of what was sent still waits in the shell. Told once that is
            /// [`DRAINED_STEP`](crate::limits::DRAINED_STEP) bytes less than what did when it was told last and what was sent
            /// since, together: without it the engine takes all that for waiting.
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
            /// What the application can ask for. Each with an operation but `Ask` and `Cancel` ends in one [`Event::Done`](crate::Event::Done).
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
            /// The ports at which modules of this node are attached, at most [`PORTS_MAX`](crate::limits::PORTS_MAX), beside that of the
            /// application: a port's number, 4 bytes, and the version of its protocol. Whoever is linked hears of it.
            OPEN = 31 => Open(&'a [u8] = bytes),
            /// Tell a module of another node something, over as many hops as it takes, once: who gets it nobody says.
            TELL = 32 => Tell {
                /// The module's number.
                port: u32 = number,
                /// Who shall get it.
                to: &'a NodeId = bytes,
                /// At most [`TELL_MAX`](crate::limits::TELL_MAX).
                bytes: &'a [u8] = bytes 32,
            },
            /// Ask a module of another node something. [`Work::Message`](crate::Work::Message) asks for the bytes once they can go, and
            /// [`Event::Replied`](crate::Event::Replied) ends it.
            ASK = 33 => Ask {
                /// The operation.
                op: OpId = number,
                /// Who is asked.
                to: &'a NodeId = bytes,
                /// The module's number; [`LISTS`](crate::io::LISTS) asks for the list of a place: the ids on it.
                port: u32 = bytes 32,
                /// How long the answer is waited for.
                within_ms: u32 = bytes 36,
                /// How many bytes: at most [`MESSAGE_MAX`](crate::limits::MESSAGE_MAX).
                length: u32 = bytes 40,
                /// What the modules' faces take it for; of a list whether this node shall be on it, 0 or 1.
                kind: u8 = bytes 44,
            },
            /// Answer what [`Event::Asked`](crate::Event::Asked) told.
            REPLY = 34 => Reply {
                /// How it went.
                status: Status = number,
                /// The ticket, and behind it what is answered: at most [`MESSAGE_MAX`](crate::limits::MESSAGE_MAX) bytes.
                bytes: &'a [u8] = bytes,
            },
            /// Keep links to these, at most [`HELD_MAX`](crate::limits::HELD_MAX), beside those that the overlay needs; replaces what was
            /// held before.
            HOLD = 35 => Hold(&'a [NodeId] = bytes),
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

pub(crate) use inputs;
