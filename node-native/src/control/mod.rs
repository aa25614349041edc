//! How commands reach a running node: a Unix socket in its data directory, one request a connection.
//!
//! Both sides send frames. The client begins with a header, a [`Head`]; for `put`, `publish`, `ask` and `command` data frames and an end
//! follow. The node answers with headers, each an [`Answer`]: any number of `progress`, and last `done` or `error`; for
//! `get` and `ask` data frames come in between. To `listen` and `follow` it answers `listening`, and then whatever comes, until the client
//! closes. To `attach` and `answer` it answers `attached`, and then both sides speak as [`port`] tells, of a job as [`job`] does; of a stream, once it is `opened`, both send data
//! and an end. Who closes the connection early gives the request up. Whatever is no frame or no
//! request is answered with an error and costs nobody else anything.
//!
//! ```text
//! frame   kind 1, length 4 (big-endian), payload
//! kind    1 header: JSON, at most 64 KiB   2 data: 1 to 64 KiB   3 end of the data: nothing
//! ```

pub mod client;
pub mod frame;
pub mod job;
pub mod ledger;
pub mod module;
pub mod offer;
pub mod port;
pub mod running_job;
pub mod server;
pub mod stream;

use serde::{Deserialize, Serialize};

/// The version of this protocol; another one is refused.
pub const VERSION: u16 = 1;

/// What a client begins with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// [`VERSION`].
    pub version: u16,
    /// What it wants.
    pub request: Request,
}

/// What a client may want.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Put the data that follow on the mesh; ends in [`Done::Put`].
    Put {},
    /// Get content; [`Answer::Size`] and the data come first, then [`Done::Get`].
    Get {
        /// Its CID, 59 characters.
        cid: String,
    },
    /// The linked peers: [`Done::Peers`].
    Peers {},
    /// How the node is: [`Done::Status`].
    Status {},
    /// The nodes closest to an id: [`Done::Find`].
    Find {
        /// 64 hexadecimal digits.
        id: String,
    },
    /// Send a message: [`Done::Send`].
    Send {
        /// 64 hexadecimal digits.
        id: String,
        /// At most 32 KiB.
        text: String,
    },
    /// Ask whoever answers questions at a node the data that follow, at most 32 KiB; the answer's data come first, then
    /// [`Done::Ask`].
    Ask {
        /// 64 hexadecimal digits.
        id: String,
        /// How long the answer is waited for: at most 120,000.
        within_ms: u32,
    },
    /// Answer the questions to this node until the client closes, as whoever is attached at a port: [`Answer::Attached`], then any
    /// number of [`port::News::Asked`]; of [`port::Order`]s only `reply` does anything. One client at a time.
    Answer {},
    /// Be a module of this node until the client closes: [`Answer::Attached`], then any number of [`Answer::Heard`]; see [`port`].
    Attach {
        /// 16 or more: the first 32 bits of the SHA-256 of the module's name. One client each, at most 8 at once.
        port: u32,
        /// Of the protocol that is spoken there, from 1: modules of another version are not heard.
        version: u8,
    },
    /// The modules of the node itself: [`Done::Modules`].
    Modules {},
    /// Hand a module of the node itself the data that follow, at most 64 KiB, in a form that it knows: [`Done::Command`].
    Command {
        /// Its name.
        module: String,
    },
    /// Hear what a module of the node itself tells: [`Answer::Listening`], then any number of [`Answer::Event`] and [`Answer::Missed`].
    Follow {
        /// Its name.
        module: String,
    },
    /// Begin a job: [`Answer::Begun`], and then both sides speak as [`job`] tells; last [`Done::Job`].
    Job(job::PlanLine),
    /// The jobs of this node: [`Done::Jobs`].
    Jobs {},
    /// End a job of this node: [`Done::CancelJob`].
    CancelJob {
        /// Its number.
        job: u32,
    },
    /// Give nothing of a job of this node out for a while, or do again; what is out goes on: [`Done::PauseJob`].
    PauseJob {
        /// Its number.
        job: u32,
        /// Or do again.
        paused: bool,
    },
    /// What this node knows of executors: [`Done::Records`].
    Records {
        /// Forget it then.
        clear: bool,
    },
    /// What a checkpoint says of executors of whom this node knows nothing: [`Done::Learn`]. It spares them the first checks, and no more.
    Learn {
        /// At most 512.
        records: Vec<job::RecordLine>,
    },
    /// Run tasks of others, or do not: [`Done::Offer`].
    Offer(offer::OfferWish),
    /// The ledger: [`Done::Ledger`]; of an operation any number of [`Answer::Ledger`] come first.
    Ledger(ledger::LedgerWish),
    /// Open a stream: [`Answer::Opened`], then data and an end from both sides, and last [`Done::Stream`].
    OpenStream {
        /// 64 hexadecimal digits.
        id: String,
        /// What is listened for there: 1 to 64 bytes.
        name: String,
    },
    /// Take the next stream that another node opens by this name: [`Answer::Listening`], and once there is one the same as for
    /// [`Request::OpenStream`].
    TakeStream {
        /// 1 to 64 bytes.
        name: String,
        /// Of this name one node has at most so many at a time; further ones of it are refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        a_peer: Option<usize>,
    },
    /// Tell all who listen to a topic the data that follow, at most 8 KiB: [`Done::Publish`].
    Publish {
        /// Its name: 1 to 255 bytes.
        topic: String,
    },
    /// Hear what is said in a topic: [`Answer::Listening`], then any number of [`Answer::Said`] and [`Answer::Missed`].
    Listen {
        /// Its name: 1 to 255 bytes.
        topic: String,
    },
}

/// One header of the node.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// How many bytes of content follow.
    Size(u64),
    /// How far a put is.
    Progress {
        /// Blocks placed.
        blocks_done: u64,
        /// Blocks begun.
        blocks_begun: u64,
    },
    /// The node takes part in the topic, or the module is there.
    Listening {},
    /// A module tells the data that follow, up to an end.
    Event {},
    /// A message of it.
    Said(SaidLine),
    /// Messages of it, or events, were missed, because this client read too slowly: so many.
    Missed(u64),
    /// The client is attached.
    Attached {},
    /// The stream is open: the id of the node at its other end.
    Opened(String),
    /// Something came for it.
    Heard(port::News),
    /// The job has begun.
    Begun {
        /// Its number.
        job: u32,
        /// The node's id: 64 hexadecimal digits.
        requester: String,
    },
    /// Something came of the job.
    Job(job::News),
    /// Something became of an operation in the ledger.
    Ledger(ledger::NewsLine),
    /// The end, and it was done.
    Done(Done),
    /// The end, and it was not.
    Error(Failure),
}

/// Why something was not done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The engine's status code, such as 203 for not found.
    pub code: u16,
    /// One sentence with the way out.
    pub message: String,
}

/// What was done.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// The data are on the mesh.
    Put {
        /// Their name.
        cid: String,
        /// Their length.
        bytes: u64,
        /// Blocks they were cut into.
        blocks: u64,
        /// How many nodes hold the block that the fewest hold.
        holders_min: u8,
        /// Blocks that fewer nodes hold than should.
        partial: u64,
    },
    /// All data were sent.
    Get {
        /// Their length.
        bytes: u64,
    },
    /// The linked peers.
    Peers(Vec<PeerLine>),
    /// How the node is.
    Status(Box<StatusLines>),
    /// The modules of the node.
    Modules(Vec<ModuleLine>),
    /// The module has it.
    Command {},
    /// The nodes found.
    Find {
        /// Nearest first.
        ids: Vec<String>,
        /// They lie closer together than chance puts them.
        crowded: bool,
    },
    /// The other node has the message.
    Send {},
    /// The answer came, all of it.
    Ask {
        /// Its length.
        bytes: u64,
        /// It came over the own link of whoever was asked, or from this node itself: it is its answer for certain.
        proven: bool,
    },
    /// The job is over.
    Job {
        /// By [`Request::CancelJob`].
        cancelled: bool,
        /// It came to its deadline.
        #[serde(default)]
        late: bool,
        /// What held it up then, in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// The jobs of the node.
    Jobs(Vec<job::JobLine>),
    /// The job is cancelled.
    CancelJob {},
    /// The job is paused, or is not any more.
    PauseJob {},
    /// What is known of executors, or was until now.
    Records(Vec<job::RecordLine>),
    /// It is known now.
    Learn {},
    /// What is offered, and what is done.
    Offer(Box<offer::OfferLines>),
    /// What came of it in the ledger.
    Ledger(Box<ledger::LedgerDone>),
    /// Both ends of the stream have all.
    Stream {
        /// So many bytes were written.
        sent: u64,
        /// And so many came.
        received: u64,
    },
    /// The message is on its way.
    Publish {
        /// Linked peers, and other clients of the node that listen: with none nobody can have taken it.
        #[serde(default)]
        reached: usize,
    },
}

/// A message of a topic.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SaidLine {
    /// By whom: 64 hexadecimal digits.
    pub from: String,
    /// What, if it is UTF-8;
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// and in hexadecimal if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
}

/// One module of the node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ModuleLine {
    /// By which it was attached; missing where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its port.
    pub port: u32,
    /// Of the protocol that it speaks.
    pub version: u8,
    /// What it did wrong: it is detached since. Missing while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// One linked peer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PeerLine {
    /// 64 hexadecimal digits.
    pub id: String,
    /// `webrtc` or `socket`.
    pub kind: String,
    /// `browser`, `native` or `device`.
    pub profile: String,
    /// Smoothed round-trip time in milliseconds; missing until measured.
    pub rtt_ms: Option<f64>,
    /// Whether it is one of the closest nodes.
    pub neighbour: bool,
    /// Seconds since it proved itself.
    pub linked_s: u64,
}

/// How the node is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StatusLines {
    /// Version of the program.
    pub version: String,
    /// 64 hexadecimal digits.
    pub id: String,
    /// The network's name.
    pub network: String,
    /// Whether the node is part of the network.
    pub joined: bool,
    /// Whether a signalling server is connected.
    pub signalling: bool,
    /// The signalling server that was tried last, and why it did not do; missing while one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signalling_trouble: Option<String>,
    /// The addresses given as peers that cannot be reached, each with the reason; missing where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peer_troubles: Vec<String>,
    /// Seconds since the start.
    pub uptime_s: u64,
    /// Linked peers.
    pub links: usize,
    /// The closest nodes known, nearest first.
    pub neighbourhood: Vec<String>,
    /// Known WebSocket addresses of peers.
    pub addresses: u16,
    /// Modules of the node itself, those that failed last; missing where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<ModuleLine>,
    /// Blocks stored.
    pub blocks: u64,
    /// Their bytes.
    pub block_bytes: u64,
    /// Most bytes of blocks.
    pub quota_bytes: u64,
    /// Why blocks cannot be written now; missing while they can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_trouble: Option<String>,
    /// Memory in use.
    pub resident_bytes: Option<i64>,
}
