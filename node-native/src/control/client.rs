//! A command's end of the control socket.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::frame::{self, Frame, FrameError};
use super::ledger::{LedgerDone, NewsLine};
use super::{Answer, Done, Failure, Head, Request, SaidLine, VERSION};

/// Why a command was not done. Every message says what to do.
#[derive(Debug, Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no node runs in {}: {source}; start one with `tabmesh run`, or name its --data-dir", path.display())]
    NoNode {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The node said no.
    #[error("{} (code {})", .0.message, .0.code)]
    Refused(Failure),
    /// The connection broke or the node speaks something else.
    #[error(transparent)]
    Frame(FrameError),
    /// The node closed before it answered.
    #[error("the node stopped before it answered; its log says why")]
    Closed,
    /// The data to put could not be read.
    #[error("the data could not be read: {0}")]
    Source(io::Error),
    /// What came could not be handed on.
    #[error("what came could not be written: {0}")]
    Sink(io::Error),
}

impl From<FrameError> for ClientError {
    fn from(error: FrameError) -> Self {
        match error {
            // A node may stop within an answer.
            FrameError::Io(broken) if broken.kind() == io::ErrorKind::UnexpectedEof => Self::Closed,
            other => Self::Frame(other),
        }
    }
}

/// One request to a running node.
pub struct Client {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

/// What comes out of a `get`.
#[derive(Debug)]
pub enum Piece {
    /// How much will come.
    Size(u64),
    /// The next bytes.
    Data(Bytes),
    /// All came: so many bytes.
    End(u64),
}

/// What comes from a topic or a module.
#[derive(Debug)]
pub enum Heard {
    /// From now on something comes.
    Listening,
    /// A message of a topic.
    Said(SaidLine),
    /// An event of a module.
    Event(Vec<u8>),
    /// So many were missed.
    Missed(u64),
}

/// What comes of an operation in the ledger.
#[derive(Debug)]
pub enum LedgerHeard {
    /// How far it is.
    News(NewsLine),
    /// Nothing more is told.
    Done(LedgerDone),
}

impl Client {
    /// What comes next of an operation in the ledger.
    ///
    /// # Errors
    ///
    /// The node said no, or is gone.
    pub async fn ledger(&mut self) -> Result<LedgerHeard, ClientError> {
        match self.answer().await? {
            Answer::Ledger(news) => Ok(LedgerHeard::News(news)),
            Answer::Done(Done::Ledger(done)) => Ok(LedgerHeard::Done(*done)),
            Answer::Error(failure) => Err(ClientError::Refused(failure)),
            _ => Err(FrameError::OutOfTurn.into()),
        }
    }

    /// Connects to the node whose control socket is `path` and says what is wanted.
    ///
    /// # Errors
    ///
    /// Nobody listens there.
    pub async fn begin(path: &Path, request: Request) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(path)
            .await
            .map_err(|source| ClientError::NoNode { path: path.to_owned(), source })?;
        let (reader, mut writer) = stream.into_split();
        match frame::write_header(&mut writer, &Head { version: VERSION, request }).await {
            // A node that says no may close at once; its answer waits to be read.
            Ok(()) | Err(FrameError::Io(_)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Self { reader: BufReader::new(reader), writer })
    }

    /// Waits for the end of a request that has no data.
    ///
    /// # Errors
    ///
    /// The node said no, or is gone.
    pub async fn done(mut self) -> Result<Done, ClientError> {
        loop {
            match self.answer().await? {
                Answer::Done(done) => return Ok(done),
                Answer::Error(failure) => return Err(ClientError::Refused(failure)),
                Answer::Progress { .. } => {}
                _ => return Err(FrameError::OutOfTurn.into()),
            }
        }
    }

    /// The next piece of a `get`.
    ///
    /// # Errors
    ///
    /// The node said no, or is gone.
    pub async fn piece(&mut self) -> Result<Piece, ClientError> {
        match frame::read(&mut self.reader).await? {
            Some(Frame::Data(bytes)) => Ok(Piece::Data(bytes)),
            Some(Frame::Header(json)) => match serde_json::from_slice(&json).map_err(FrameError::from)? {
                Answer::Size(size) => Ok(Piece::Size(size)),
                Answer::Done(Done::Get { bytes }) => Ok(Piece::End(bytes)),
                Answer::Error(failure) => Err(ClientError::Refused(failure)),
                _ => Err(FrameError::OutOfTurn.into()),
            },
            Some(Frame::End) => Err(FrameError::OutOfTurn.into()),
            None => Err(ClientError::Closed),
        }
    }

    /// Sends the message of a `publish`, or that of a `command`, and waits for the end.
    ///
    /// # Errors
    ///
    /// The node said no, or is gone.
    pub async fn tell(mut self, bytes: &[u8]) -> Result<Done, ClientError> {
        let sent = frame::write_whole(&mut self.writer, bytes).await;
        let answer = self.done().await;
        answer.map_err(|error| why_closed(error, sent))
    }

    /// Sends the question of an `ask` and waits for the answer; whether it is proven to be that of whoever was asked.
    ///
    /// # Errors
    ///
    /// The node said no, or is gone.
    pub async fn ask(mut self, bytes: &[u8]) -> Result<(Vec<u8>, bool), ClientError> {
        let sent = frame::write_whole(&mut self.writer, bytes).await;
        let answer = self.asked().await;
        answer.map_err(|error| why_closed(error, sent))
    }

    async fn asked(&mut self) -> Result<(Vec<u8>, bool), ClientError> {
        let mut answer = Vec::new();
        loop {
            match frame::read(&mut self.reader).await? {
                Some(Frame::Data(bytes)) if answer.len() + bytes.len() <= frame::PAYLOAD_MAX => {
                    answer.extend_from_slice(&bytes);
                }
                Some(Frame::Header(json)) => {
                    return match serde_json::from_slice(&json).map_err(FrameError::from)? {
                        Answer::Done(Done::Ask { proven, .. }) => Ok((answer, proven)),
                        Answer::Error(failure) => Err(ClientError::Refused(failure)),
                        _ => Err(FrameError::OutOfTurn.into()),
                    };
                }
                Some(_) => return Err(FrameError::OutOfTurn.into()),
                None => return Err(ClientError::Closed),
            }
        }
    }

    /// Both halves of the connection.
    pub(super) fn into_parts(self) -> (BufReader<OwnedReadHalf>, OwnedWriteHalf) {
        (self.reader, self.writer)
    }

    /// Waits until the node has attached this client.
    pub(super) async fn attached(
        mut self,
    ) -> Result<(BufReader<OwnedReadHalf>, OwnedWriteHalf), ClientError> {
        match self.answer().await? {
            Answer::Attached {} => Ok(self.into_parts()),
            Answer::Error(failure) => Err(ClientError::Refused(failure)),
            _ => Err(FrameError::OutOfTurn.into()),
        }
    }

    /// What comes next from a topic or a module.
    ///
    /// # Errors
    ///
    /// The node said no, or is gone.
    pub async fn heard(&mut self) -> Result<Heard, ClientError> {
        match self.answer().await? {
            Answer::Listening {} => Ok(Heard::Listening),
            Answer::Said(said) => Ok(Heard::Said(said)),
            Answer::Event {} => Ok(Heard::Event(self.whole().await?)),
            Answer::Missed(count) => Ok(Heard::Missed(count)),
            Answer::Error(failure) => Err(ClientError::Refused(failure)),
            _ => Err(FrameError::OutOfTurn.into()),
        }
    }

    /// Sends the data of a `put` and waits for the end. `sent` is told the bytes sent so far, `placed` the blocks
    /// placed and begun.
    ///
    /// # Errors
    ///
    /// The data cannot be read, the node said no, or is gone.
    pub async fn put(
        self,
        mut source: impl AsyncRead + Unpin,
        sent: impl Fn(u64),
        placed: impl Fn(u64, u64),
    ) -> Result<Done, ClientError> {
        let Self { mut reader, mut writer } = self;
        let send = async {
            let mut total = 0;
            let mut buffer = vec![0; frame::PAYLOAD_MAX];
            loop {
                let count = source.read(&mut buffer).await.map_err(ClientError::Source)?;
                if count == 0 {
                    break;
                }
                frame::write_data(&mut writer, &buffer[..count]).await?;
                total += count as u64;
                sent(total);
            }
            frame::write_end(&mut writer).await?;
            // The connection stays open: closing it would give the request up.
            std::future::pending::<Result<Done, ClientError>>().await
        };
        let receive = async {
            loop {
                match frame::read_header(&mut reader).await?.ok_or(ClientError::Closed)? {
                    Answer::Done(done) => return Ok(done),
                    Answer::Error(failure) => return Err(ClientError::Refused(failure)),
                    Answer::Progress { blocks_done, blocks_begun } => placed(blocks_done, blocks_begun),
                    _ => return Err(FrameError::OutOfTurn.into()),
                }
            }
        };
        tokio::pin!(receive);
        tokio::select! {
            result = &mut receive => result,
            result = send => match result {
                // The node may have said why before it closed.
                Err(ClientError::Frame(_)) => receive.await,
                other => other,
            },
        }
    }

    /// Data up to their end.
    async fn whole(&mut self) -> Result<Vec<u8>, ClientError> {
        let mut whole = Vec::new();
        loop {
            match frame::read(&mut self.reader).await?.ok_or(ClientError::Closed)? {
                Frame::Data(bytes) => whole.extend_from_slice(&bytes),
                Frame::End => return Ok(whole),
                Frame::Header(_) => return Err(FrameError::OutOfTurn.into()),
            }
        }
    }

    async fn answer(&mut self) -> Result<Answer, ClientError> {
        frame::read_header(&mut self.reader).await?.ok_or(ClientError::Closed)
    }
}

/// A node that says no does so before it has read everything; one that broke off says why nothing more could be sent.
fn why_closed(error: ClientError, sent: Result<(), FrameError>) -> ClientError {
    match (error, sent) {
        (ClientError::Closed, Err(broken)) => ClientError::Frame(broken),
        (error, _) => error,
    }
}
