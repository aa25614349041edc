//! A command's end of a stream.

use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::sleep;

use super::client::{Client, ClientError};
use super::frame::{self, Frame, FrameError};
use super::{Answer, Done, Request};

/// While an output takes nothing the connection is looked at so often.
const LOOKED_EVERY: Duration = Duration::from_secs(1);

/// An open stream of a running node, for this command. Dropping it before it is over ends the stream.
pub struct Joined {
    /// The node at the other end: 64 hexadecimal digits.
    pub peer: String,
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Joined {
    /// Opens a stream of the node whose control socket is `path`, to the node with this id.
    ///
    /// # Errors
    ///
    /// No node runs there, or it opened no stream.
    pub async fn open(path: &Path, id: String, name: String) -> Result<Self, ClientError> {
        Self::begin(path, Request::OpenStream { id, name }, || {}).await
    }

    /// Takes the next stream of this name, of which one node has at most `a_peer` at a time; `listening` is told once others may open one.
    ///
    /// # Errors
    ///
    /// No node runs there, or it takes no streams for this command.
    pub async fn take(
        path: &Path,
        name: String,
        a_peer: Option<usize>,
        listening: impl FnOnce(),
    ) -> Result<Self, ClientError> {
        Self::begin(path, Request::TakeStream { name, a_peer }, listening).await
    }

    async fn begin(path: &Path, request: Request, listening: impl FnOnce()) -> Result<Self, ClientError> {
        let (mut reader, writer) = Client::begin(path, request).await?.into_parts();
        let mut listening = Some(listening);
        loop {
            match frame::read_header(&mut reader).await?.ok_or(ClientError::Closed)? {
                Answer::Listening {} => {
                    if let Some(listening) = listening.take() {
                        listening();
                    }
                }
                Answer::Opened(peer) => return Ok(Self { peer, reader, writer }),
                Answer::Error(failure) => return Err(ClientError::Refused(failure)),
                _ => return Err(FrameError::OutOfTurn.into()),
            }
        }
    }

    /// Writes what the input gives and gives the output what comes, until both ends have all; the end of either is passed on at once.
    /// How many bytes were sent and received.
    ///
    /// # Errors
    ///
    /// The input cannot be read, the output takes no more, or the stream ended otherwise.
    pub async fn carry(
        self,
        input: impl AsyncRead + Unpin,
        output: impl AsyncWrite + Unpin,
    ) -> Result<(u64, u64), ClientError> {
        let Self { mut reader, mut writer, .. } = self;
        let receiving = receive(&mut reader, output);
        tokio::pin!(receiving);
        tokio::select! {
            result = &mut receiving => result,
            result = send(&mut writer, input) => match result {
                // The node may have said why before it closed.
                Ok(()) | Err(ClientError::Frame(_)) => receiving.await,
                Err(error) => Err(error),
            },
        }
    }
}

async fn send(writer: &mut OwnedWriteHalf, mut input: impl AsyncRead + Unpin) -> Result<(), ClientError> {
    let mut buffer = vec![0; frame::PAYLOAD_MAX];
    loop {
        let count = input.read(&mut buffer).await.map_err(ClientError::Source)?;
        if count == 0 {
            return Ok(frame::write_end(writer).await?);
        }
        frame::write_data(writer, &buffer[..count]).await?;
    }
}

async fn receive(
    reader: &mut BufReader<OwnedReadHalf>,
    output: impl AsyncWrite + Unpin,
) -> Result<(u64, u64), ClientError> {
    let mut output = Some(output);
    loop {
        match frame::read(reader).await?.ok_or(ClientError::Closed)? {
            Frame::Data(bytes) => {
                let output = output.as_mut().ok_or(FrameError::OutOfTurn)?;
                let written = async {
                    output.write_all(&bytes).await?;
                    output.flush().await
                };
                tokio::select! {
                    written = written => written.map_err(ClientError::Sink)?,
                    () = hung_up(reader) => return Err(ClientError::Closed),
                }
            }
            // Whoever reads it sees the end.
            Frame::End => drop(output.take()),
            Frame::Header(json) => {
                return match serde_json::from_slice(&json).map_err(FrameError::from)? {
                    Answer::Done(Done::Stream { sent, received }) => Ok((sent, received)),
                    Answer::Error(failure) => Err(ClientError::Refused(failure)),
                    _ => Err(FrameError::OutOfTurn.into()),
                };
            }
        }
    }
}

/// Waits until the node has closed the connection, whatever of it was not read: an output that takes nothing would hide that.
async fn hung_up(reader: &BufReader<OwnedReadHalf>) {
    loop {
        sleep(LOOKED_EVERY).await;
        let mut socket = [PollFd::new(reader.get_ref().as_ref(), PollFlags::empty())];
        let is_over = poll(&mut socket, Some(&Timespec::default())).is_ok_and(|changed| changed > 0);
        if is_over {
            return;
        }
    }
}
