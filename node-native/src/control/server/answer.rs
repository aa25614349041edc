//! How requests are answered, or end early.

use std::io;
use std::time::Duration;

use tabmesh_engine::{NodeId, Status};
use tokio::io::{BufReader, Interest};
use tokio::net::unix::OwnedReadHalf;
use tokio::time::{sleep, timeout};

use crate::control::Failure;
use crate::control::frame::{self, Frame, FrameError};
use crate::driver::Outcome;
use crate::files::FileError;
use crate::identity::from_hex;
use crate::sentences::{Operation, sentence};

/// How long a client may take to say what it wants.
pub(super) const HEAD_MAX: Duration = Duration::from_secs(5);

/// How long a client may leave unread what no longer fits its socket.
const READ_MAX: Duration = Duration::from_secs(600);

/// How often a client that is not read is looked after.
const GLANCE: Duration = Duration::from_millis(500);

/// Why a request ended early.
pub(super) enum Ended {
    /// It was not done; the client is told.
    Failed(Failure),
    /// The client is gone, or does not speak the protocol.
    Broken(FrameError),
}

impl From<FrameError> for Ended {
    fn from(error: FrameError) -> Self {
        Self::Broken(error)
    }
}

impl From<FileError> for Ended {
    fn from(error: FileError) -> Self {
        Self::Failed(Failure { code: error.status() as u16, message: error.to_string() })
    }
}

pub(super) fn failed(status: Status, message: impl Into<String>) -> Ended {
    Ended::Failed(Failure { code: status as u16, message: message.into() })
}

pub(super) type Reader = BufReader<OwnedReadHalf>;

/// Reads data up to their end, which has to come soon; of more than `most` bytes the client is told that they are `too_long`.
pub(super) async fn read_whole(
    reader: &mut Reader,
    most: usize,
    too_long: &'static str,
) -> Result<Vec<u8>, Ended> {
    let reading = async {
        let mut whole = Vec::new();
        loop {
            match frame::read(reader).await? {
                Some(Frame::Data(bytes)) if whole.len() + bytes.len() <= most => {
                    whole.extend_from_slice(&bytes)
                }
                Some(Frame::Data(_)) => return Err(failed(Status::BadRequest, too_long)),
                Some(Frame::End) => return Ok(whole),
                Some(Frame::Header(_)) => return Err(FrameError::OutOfTurn.into()),
                None => return Err(FrameError::Io(io::ErrorKind::UnexpectedEof.into()).into()),
            }
        }
    };
    let late = || failed(Status::TimedOut, "the message did not come within 5 seconds");
    timeout(HEAD_MAX, reading).await.unwrap_or_else(|_| Err(late()))
}

/// Writes to a client. One that does not read for so long has forgotten that it listens.
pub(super) async fn write_in_time(
    writing: impl Future<Output = Result<(), FrameError>>,
) -> Result<(), Ended> {
    match timeout(READ_MAX, writing).await {
        Ok(written) => Ok(written?),
        Err(_) => Err(FrameError::Io(io::ErrorKind::TimedOut.into()).into()),
    }
}

/// Waits for `work`, unless the client leaves before.
pub(super) async fn until_gone<T>(reader: &mut Reader, work: impl Future<Output = T>) -> Result<T, Ended> {
    tokio::select! {
        result = work => Ok(result),
        frame = frame::read(reader) => Err(match frame {
            Ok(Some(_)) => FrameError::OutOfTurn.into(),
            Ok(None) => FrameError::Io(io::ErrorKind::UnexpectedEof.into()).into(),
            Err(error) => error.into(),
        }),
    }
}

/// Waits for `work`, unless the client leaves before; what the client has said and nobody read stays unread.
pub(super) async fn while_there<T>(reader: &Reader, work: impl Future<Output = T>) -> Result<T, Ended> {
    tokio::select! {
        result = work => Ok(result),
        () = left(reader) => Err(FrameError::Io(io::ErrorKind::UnexpectedEof.into()).into()),
    }
}

/// The client has closed its end. Where it said more before nothing tells of that at once, so it is looked for.
async fn left(reader: &Reader) {
    loop {
        sleep(GLANCE).await;
        match reader.get_ref().ready(Interest::READABLE).await {
            Ok(ready) if !ready.is_read_closed() => {}
            _ => return,
        }
    }
}

pub(super) fn done(operation: Operation, outcome: &Outcome) -> Result<(), Ended> {
    match outcome.status {
        Status::Ok | Status::Partial => Ok(()),
        status => Err(failed(status, sentence(operation, status))),
    }
}

pub(super) fn stopping() -> Ended {
    failed(Status::Unavailable, "the node is stopping; start it again")
}

pub(super) fn parse_id(text: &str) -> Result<NodeId, Ended> {
    from_hex(text).ok_or_else(|| {
        failed(Status::BadRequest, "an id is 64 hexadecimal digits; `tabmesh peers` shows some")
    })
}
