//! A command's end of the control socket while it has a job.

use std::path::Path;

use bytes::Bytes;
use tokio::io::BufReader;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::client::{Client, ClientError};
use super::frame::{self, Frame, FrameError};
use super::job::{News, Order, PlanLine};
use super::{Answer, Done, Request};

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
    /// All is decided.
    Done,
    /// Somebody cancelled it.
    Cancelled,
    /// It came to its deadline, and what held it up then, where something did.
    Late(Option<String>),
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
            Answer::Done(Done::Job { late: true, why, .. }) => return Ok(Heard::Late(why)),
            Answer::Done(Done::Job { cancelled: true, .. }) => return Ok(Heard::Cancelled),
            Answer::Done(Done::Job { .. }) => return Ok(Heard::Done),
            Answer::Error(failure) => return Err(ClientError::Refused(failure)),
            _ => return Err(FrameError::OutOfTurn.into()),
        };
        let data = match news {
            News::Accepted(_) => self.data().await?,
            _ => Vec::new(),
        };
        Ok(Heard::News(news, data))
    }

    async fn data(&mut self) -> Result<Vec<u8>, ClientError> {
        let mut data = Vec::new();
        loop {
            match frame::read(&mut self.reader).await?.ok_or(ClientError::Closed)? {
                Frame::Data(more) if data.len() + more.len() <= DATA_MAX => data.extend_from_slice(&more),
                Frame::End => return Ok(data),
                _ => return Err(FrameError::OutOfTurn.into()),
            }
        }
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
