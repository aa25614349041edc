//! How requests are answered, or end early.

use std::io;
use std::time::Duration;

use tabmesh_engine::Status;
use tokio::io::BufReader;
use tokio::net::unix::OwnedReadHalf;

use crate::control::Failure;
use crate::control::frame::{self, FrameError};
use crate::driver::Outcome;
use crate::files::FileError;
use crate::sentences::{Operation, sentence};

/// How long a client may take to say what it wants.
pub(super) const HEAD_MAX: Duration = Duration::from_secs(5);

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

pub(super) fn done(operation: Operation, outcome: &Outcome) -> Result<(), Ended> {
    match outcome.status {
        Status::Ok | Status::Partial => Ok(()),
        status => Err(failed(status, sentence(operation, status))),
    }
}

pub(super) fn stopping() -> Ended {
    failed(Status::Unavailable, "the node is stopping; start it again")
}
