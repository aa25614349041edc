//! Being the one who attached a module in this process.

use bytes::Bytes;
use tabmesh_port::Port;
use tokio::sync::mpsc;

use super::face::{Events, FaceError, Seat};
use super::port::Return;
use super::request::{Request, answered};

/// Bytes of one command to a module. A longer one is refused.
pub const COMMAND_MAX: usize = 64 << 10;

/// A module of this node in this process, until its commander is dropped: then what it asked is cancelled, and what it was asked
/// answered [`Unavailable`](tabmesh_engine::Status::Unavailable).
#[derive(Debug)]
pub struct Attached {
    /// What commands it.
    pub commander: Commander,
    /// What it tells its face, from its first event on.
    pub events: Events,
}

/// The commanding half of an [`Attached`], which ends with it.
#[derive(Debug)]
pub struct Commander {
    port: Port,
    number: u64,
    requests: mpsc::Sender<Request>,
    returns: mpsc::UnboundedSender<Return>,
}

impl Attached {
    pub(super) fn new(
        port: Port,
        seat: Seat,
        requests: mpsc::Sender<Request>,
        returns: mpsc::UnboundedSender<Return>,
    ) -> Self {
        let Seat { number, events } = seat;
        Self { commander: Commander { port, number, requests, returns }, events }
    }

    /// See [`Commander::command`].
    ///
    /// # Errors
    ///
    /// [`FaceError`].
    pub async fn command(&self, bytes: impl Into<Bytes>) -> Result<(), FaceError> {
        self.commander.command(bytes).await
    }

    /// See [`Commander::detach`].
    pub async fn detach(self) {
        self.commander.detach().await;
    }
}

impl Commander {
    /// Where the module is attached.
    pub fn port(&self) -> Port {
        self.port
    }

    /// Hands the module a command: bytes in a form that both know, at most [`COMMAND_MAX`].
    ///
    /// # Errors
    ///
    /// [`FaceError`].
    pub async fn command(&self, bytes: impl Into<Bytes>) -> Result<(), FaceError> {
        command(&self.requests, self.port, Some(self.number), bytes.into()).await
    }

    /// Takes the module off its port; once this returns the port is free.
    pub async fn detach(self) {
        // A node that stops has detached it, too.
        let _ = answered(&self.requests, |reply| Request::Unseat(self.number, reply)).await;
    }
}

impl Drop for Commander {
    fn drop(&mut self) {
        let _ = self.returns.send(Return::Unseated(self.number));
    }
}

pub(super) async fn command(
    requests: &mpsc::Sender<Request>,
    port: Port,
    number: Option<u64>,
    bytes: Bytes,
) -> Result<(), FaceError> {
    if bytes.len() > COMMAND_MAX {
        return Err(FaceError::TooLong);
    }
    let done = answered(requests, |reply| Request::Command { port, number, bytes, reply }).await;
    done.unwrap_or(Err(FaceError::Stopping))
}
