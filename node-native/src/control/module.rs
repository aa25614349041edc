//! A program's end of the control socket while it is a module of the node.

use std::path::Path;

use tokio::io::BufReader;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::client::{Client, ClientError};
use super::frame::{self, Frame, FrameError};
use super::port::{News, Order};
use super::{Answer, Request};

/// What is said, with its bytes, at most.
const DATA_MAX: usize = frame::PAYLOAD_MAX;

/// A module of a running node until it is dropped: its port is closed then. Both halves may be used at once, by tasks of their own.
pub struct Module {
    /// What comes.
    pub news: NewsReader,
    /// What is wanted.
    pub orders: OrderWriter,
}

/// The half that hears. Whoever leaves 256 news unread is detached.
pub struct NewsReader {
    reader: BufReader<OwnedReadHalf>,
}

/// The half that speaks.
pub struct OrderWriter {
    writer: OwnedWriteHalf,
}

impl Module {
    /// Attaches this program at a port of the node whose control socket is `path`.
    ///
    /// # Errors
    ///
    /// No node runs there, or the port is not to be had.
    pub async fn attach(path: &Path, port: u32, version: u8) -> Result<Self, ClientError> {
        Self::begin(path, Request::Attach { port, version }).await
    }

    /// Lets this program answer the questions to that node: [`News::Asked`] comes, [`Order::Reply`] answers.
    ///
    /// # Errors
    ///
    /// No node runs there, or another program answers.
    pub async fn answer(path: &Path) -> Result<Self, ClientError> {
        Self::begin(path, Request::Answer {}).await
    }

    async fn begin(path: &Path, request: Request) -> Result<Self, ClientError> {
        let (reader, writer) = Client::begin(path, request).await?.attached().await?;
        Ok(Self { news: NewsReader { reader }, orders: OrderWriter { writer } })
    }
}

impl NewsReader {
    /// What comes next, and its bytes. Not to be dropped half-way.
    ///
    /// # Errors
    ///
    /// The node closed the port, or is gone.
    pub async fn next(&mut self) -> Result<(News, Vec<u8>), ClientError> {
        let header = frame::read_header(&mut self.reader).await?.ok_or(ClientError::Closed)?;
        let news: News = match header {
            Answer::Heard(news) => news,
            Answer::Error(failure) => return Err(ClientError::Refused(failure)),
            _ => return Err(FrameError::OutOfTurn.into()),
        };
        let mut bytes = Vec::new();
        while news.has_data() {
            match frame::read(&mut self.reader).await?.ok_or(ClientError::Closed)? {
                Frame::Data(more) if bytes.len() + more.len() <= DATA_MAX => bytes.extend_from_slice(&more),
                Frame::End => break,
                _ => return Err(FrameError::OutOfTurn.into()),
            }
        }
        Ok((news, bytes))
    }
}

impl OrderWriter {
    /// Says what is wanted, and its bytes where the order has any. Not to be dropped half-way.
    ///
    /// # Errors
    ///
    /// The node is gone, or closed the port: [`NewsReader::next`] tells why.
    pub async fn say(&mut self, order: &Order, bytes: &[u8]) -> Result<(), ClientError> {
        frame::write_header(&mut self.writer, order).await?;
        if order.has_data() {
            frame::write_whole(&mut self.writer, bytes).await?;
        }
        Ok(())
    }
}
