//! What reaches the driver from the rest of the node.

use tabmesh_engine::{Status, TopicId};
use tokio::sync::{broadcast, mpsc, oneshot};

use super::api::{Outcome, Said, View, Wish};
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
    Look(oneshot::Sender<View>),
    Leave,
}

/// A place at a port.
#[derive(Debug)]
pub(crate) struct Place {
    /// Names the attachment: no other of this node ever has its number.
    pub(crate) number: u64,
    pub(crate) events: mpsc::Receiver<PortEvent>,
}
