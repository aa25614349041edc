//! What reaches the driver from the rest of the node.

use bytes::Bytes;
use tabmesh_engine::{Status, TopicId};
use tabmesh_port::Port;
use tokio::sync::{broadcast, mpsc, oneshot};

use super::api::{Outcome, Said, View, Wish};
use super::face::{Events, FaceError, Seat, Seating};
use super::port::{AttachError, PortCommand, PortEvent};

/// A message to the driver.
#[derive(Debug)]
pub(crate) enum Request {
    Do(Wish, oneshot::Sender<Outcome>),
    Listen(TopicId, oneshot::Sender<Result<broadcast::Receiver<Said>, Status>>),
    /// Attach at a port, where this version is spoken.
    Attach(u32, u8, oneshot::Sender<Result<Place, AttachError>>),
    /// What the attachment with this number wants.
    At(u64, PortCommand),
    /// Attach a module in this process.
    Seat(Seating, oneshot::Sender<Result<Seat, AttachError>>),
    /// Detach the module whose attachment has this number.
    Unseat(u64, oneshot::Sender<()>),
    /// Hand a command to the module at a port: with a number, to that one alone.
    Command {
        port: Port,
        number: Option<u64>,
        bytes: Bytes,
        reply: oneshot::Sender<Result<(), FaceError>>,
    },
    /// Listen to the module at a port.
    Follow(Port, oneshot::Sender<Result<Events, FaceError>>),
    Look(oneshot::Sender<View>),
    Leave,
}

/// Hands the driver a request and waits for its answer; `None` if the node stops.
pub(super) async fn answered<T>(
    requests: &mpsc::Sender<Request>,
    request: impl FnOnce(oneshot::Sender<T>) -> Request,
) -> Option<T> {
    let (sender, answer) = oneshot::channel();
    requests.send(request(sender)).await.ok()?;
    answer.await.ok()
}

/// A place at a port.
#[derive(Debug)]
pub(crate) struct Place {
    /// Names the attachment: no other of this node ever has its number.
    pub(crate) number: u64,
    pub(crate) events: mpsc::Receiver<PortEvent>,
}
