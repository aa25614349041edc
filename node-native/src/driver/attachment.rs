//! Being attached at a port.

use tokio::sync::mpsc::{self, UnboundedSender};

use super::port::{PortCommand, PortEvent, Question, Return};
use super::request::{Place, Request};

/// A port of this node, until it is dropped: then its asks are cancelled, and its open questions answered
/// [`Unavailable`](tabmesh_engine::Status::Unavailable).
#[derive(Debug)]
pub struct Attachment {
    /// What says things there. It comes first: the port is closed before the questions that wait below are dropped.
    pub speaker: Speaker,
    /// What comes there, at most 256 at once. It ends when the node stops, or closes the port of somebody who is too far behind.
    pub events: mpsc::Receiver<PortEvent>,
}

/// The speaking half of an [`Attachment`], which ends with it.
#[derive(Debug)]
pub struct Speaker {
    number: u64,
    requests: mpsc::Sender<Request>,
    returns: UnboundedSender<Return>,
}

impl Attachment {
    pub(super) fn new(
        place: Place,
        requests: mpsc::Sender<Request>,
        returns: UnboundedSender<Return>,
    ) -> Self {
        let Place { number, events } = place;
        Self { speaker: Speaker { number, requests, returns }, events }
    }
}

impl Speaker {
    /// Does what is wanted, in the order of the calls. A port that is closed already does nothing.
    pub async fn say(&self, command: PortCommand) {
        // A node that stops does nothing either.
        let _ = self.requests.send(Request::At(self.number, command)).await;
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        let _ = self.returns.send(Return::Detached(self.number));
    }
}

/// The questions of other nodes to this one's application. While nobody takes them they are answered
/// [`NotImplemented`](tabmesh_engine::Status::NotImplemented).
#[derive(Debug)]
pub struct Questions(pub(super) Attachment);

impl Questions {
    /// The same as what comes to a port.
    pub(crate) fn into_attachment(self) -> Attachment {
        self.0
    }

    /// The next one; `None` if the node stops.
    pub async fn next(&mut self) -> Option<Question> {
        loop {
            if let PortEvent::Asked(question) = self.0.events.recv().await? {
                return Some(question);
            }
        }
    }
}
