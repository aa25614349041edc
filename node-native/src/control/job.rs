//! Jobs and offers over the control socket: what both sides say, and a command's end of a job.
//!
//! After [`Answer::Begun`](super::Answer::Begun) the client sends [`Order`]s and the node [`News`], each a header; data with an end follow
//! where these say so. The client closes the connection to cancel the job.

use std::path::Path;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::io::BufReader;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::client::{Client, ClientError};
use super::frame::{self, Frame, FrameError};
use super::{Answer, Request};

/// What all tasks of a job have in common.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanLine {
    /// How outcomes are checked, 0 to 4.
    pub level: u8,
    /// The limit of gas of each task, at most 2^62.
    pub gas: u64,
    /// Pages of memory that each task may have, 1 to 65,536.
    pub pages: u32,
    /// 64 hexadecimal digits.
    pub seed: String,
    /// Nanoseconds since 1970.
    pub time: u64,
    /// Bytes of a piece, for tasks by steps; 0 where they are run whole.
    pub piece: u32,
}

/// What a client wants of its job.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// One module more, at most 16: the data that follow, at most 4 MiB. The first one has the index 0.
    Module {},
    /// A task with the input that follows: at most 16 MiB. 2,048 of them may have no result yet, with inputs of 64 MiB.
    Add {
        /// A number that is not open.
        number: u32,
        /// Which module.
        module: u16,
    },
    /// There is no more, as far as is known after so many [`News::Dispute`].
    Close {
        /// How many.
        disputes: u32,
    },
}

/// What a client hears of its job.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// A task has a result: data follow, first the receipt, then the output. Told again for one number it replaces what was told before.
    Accepted(AcceptedLine),
    /// A task has none.
    Failed {
        /// Which.
        number: u32,
        /// In words.
        why: String,
    },
    /// How it goes.
    Progress {
        /// Tasks that are done at executors and were not told yet.
        done: u32,
        /// Executors that have batches now.
        executors: usize,
    },
    /// It does not go on, and why; missing where it does again.
    Stalled {
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// An executor lied: what it alone said (`checked` is false) is to be added again, and the job closed again.
    Dispute {
        /// About this task.
        number: u32,
        /// Who: 64 hexadecimal digits.
        liar: String,
        /// Disputes so far.
        disputes: u32,
    },
}

/// The result of a task.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AcceptedLine {
    /// Which.
    pub number: u32,
    /// Its id: 64 hexadecimal digits.
    pub task: String,
    /// Others, or the node, came to the same.
    pub checked: bool,
    /// So many executors did.
    pub votes: u8,
    /// One of them, or the node itself: 64 hexadecimal digits.
    pub executor: String,
    /// As `docs/TASKS.md` numbers them.
    pub status: u8,
    /// The gas that is billed.
    pub gas: u64,
    /// Bytes of the receipt, the first of the data; 0 where the node ran the task itself.
    pub receipt_bytes: u32,
}

/// Whether to run tasks of others, or how that goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OfferWish {
    /// Run them, so many at a time; without a number as the node's settings say.
    On {
        /// 1 to 255.
        cores: Option<u8>,
    },
    /// Run none, and stop those that run.
    Off {},
    /// Tell how it goes.
    Status {},
}

/// What is offered, and what is done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OfferLines {
    /// What tasks are given; missing where nothing is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferLine>,
    /// Whether others know of it: a node that has yet to join the network tells nobody.
    pub announced: bool,
    /// Tasks that were run since the node began, by the name of their status.
    pub done: Vec<(String, u64)>,
    /// Gas of those that came to a result.
    pub gas: u64,
    /// For whom, who was served latest first: at most 64.
    pub served: Vec<ServedLine>,
    /// The batches that are run now.
    pub now: Vec<BatchLine>,
}

/// What tasks of others are given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OfferLine {
    /// Tasks at a time.
    pub cores: u8,
    /// The highest limit of gas.
    pub gas: u64,
    /// The most memory of one, in bytes.
    pub memory_bytes: u64,
    /// The longest input.
    pub input_bytes: u32,
    /// How long one may take.
    pub seconds: u64,
}

/// What was done for one requester.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ServedLine {
    /// 64 hexadecimal digits.
    pub requester: String,
    /// Tasks that were run.
    pub tasks: u64,
    /// Their gas.
    pub gas: u64,
}

/// A batch that is run now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BatchLine {
    /// For whom: 64 hexadecimal digits.
    pub requester: String,
    /// Its tasks.
    pub tasks: u16,
    /// Those that were run.
    pub done: u16,
}

/// A job of the node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JobLine {
    /// Its number.
    pub job: u32,
    /// How it is checked.
    pub level: u8,
    /// Tasks with a result.
    pub accepted: u32,
    /// Tasks that have none and will have none.
    pub failed: u32,
    /// Tasks that wait for one.
    pub open: usize,
    /// Executors that have batches of it now.
    pub executors: usize,
    /// Why it does not go on, in words; missing where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stalled: Option<String>,
    /// Since it began.
    pub seconds: u64,
}

/// What is known of an executor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecordLine {
    /// 64 hexadecimal digits.
    pub executor: String,
    /// Its outcomes in a row that were checked and right.
    pub confirmed: u32,
}

/// A job of a running node, for this command. It is cancelled once both halves are dropped.
pub struct Job {
    /// Its number at the node.
    pub number: u32,
    /// The node's id: 64 hexadecimal digits.
    pub requester: String,
    /// What comes.
    pub news: NewsReader,
    /// What is wanted.
    pub orders: OrderWriter,
}

/// The half that hears.
pub struct NewsReader {
    reader: BufReader<OwnedReadHalf>,
}

/// The half that speaks.
pub struct OrderWriter {
    writer: OwnedWriteHalf,
}

/// What a job tells: something, with its data where it has any; or its end.
pub enum Heard {
    /// See [`News`]. The data are those of [`News::Accepted`]: receipt and output.
    News(News, Vec<u8>),
    /// It is over; whether by `cancel`.
    Ended(bool),
}

/// Bytes of the longest data of news: a receipt and an output.
const DATA_MAX: usize = (16 << 20) + frame::PAYLOAD_MAX;

impl Job {
    /// Begins a job at the node whose control socket is `path`.
    ///
    /// # Errors
    ///
    /// No node runs there, or it takes no job.
    pub async fn begin(path: &Path, plan: PlanLine) -> Result<Self, ClientError> {
        let (mut reader, writer) = Client::begin(path, Request::Job(plan)).await?.into_parts();
        match frame::read_header(&mut reader).await?.ok_or(ClientError::Closed)? {
            Answer::Begun { job, requester } => {
                let (news, orders) = (NewsReader { reader }, OrderWriter { writer });
                Ok(Self { number: job, requester, news, orders })
            }
            Answer::Error(failure) => Err(ClientError::Refused(failure)),
            _ => Err(FrameError::OutOfTurn.into()),
        }
    }
}

impl NewsReader {
    /// What comes next. Not to be dropped half-way.
    ///
    /// # Errors
    ///
    /// The node broke the job off, or is gone.
    pub async fn next(&mut self) -> Result<Heard, ClientError> {
        let news = match frame::read_header(&mut self.reader).await?.ok_or(ClientError::Closed)? {
            Answer::Job(news) => news,
            Answer::Done(super::Done::Job { cancelled }) => return Ok(Heard::Ended(cancelled)),
            Answer::Error(failure) => return Err(ClientError::Refused(failure)),
            _ => return Err(FrameError::OutOfTurn.into()),
        };
        let mut data = Vec::new();
        while matches!(news, News::Accepted(_)) {
            match frame::read(&mut self.reader).await?.ok_or(ClientError::Closed)? {
                Frame::Data(more) if data.len() + more.len() <= DATA_MAX => data.extend_from_slice(&more),
                Frame::End => break,
                _ => return Err(FrameError::OutOfTurn.into()),
            }
        }
        Ok(Heard::News(news, data))
    }
}

impl OrderWriter {
    /// Says what is wanted, with its data. Not to be dropped half-way.
    ///
    /// # Errors
    ///
    /// The node is gone, or broke the job off: [`NewsReader::next`] tells why.
    pub async fn say(&mut self, order: &Order, data: &Bytes) -> Result<(), ClientError> {
        frame::write_header(&mut self.writer, order).await?;
        if !matches!(order, Order::Close { .. }) {
            frame::write_whole(&mut self.writer, data).await?;
        }
        Ok(())
    }
}
