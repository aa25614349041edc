//! The node as its other parts see it.

use std::sync::Arc;

use bytes::Bytes;
use tabmesh_engine::{Event, NodeId, Status, TopicId};
use tabmesh_port::{Module, Port};
use tokio::sync::{broadcast, mpsc};

use super::api::{Outcome, Said, View, Wish};
use super::attached::{APPLICATION, OWN_LAST};
use super::attachment::{Attachment, Questions};
use super::commander::{Attached, command};
use super::face::{Events, FaceError, Seating};
use super::port::{AttachError, Message, Return};
use super::request::{Request, answered};
use crate::metrics::Metrics;
use crate::module::{Program, Watch};
use crate::storage::Storage;

/// The node as its other parts see it. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    pub(super) id: NodeId,
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) returns: mpsc::UnboundedSender<Return>,
    pub(super) events: broadcast::Sender<Event>,
    pub(super) messages: broadcast::Sender<Message>,
    pub(super) storage: Storage,
    pub(super) metrics: Arc<Metrics>,
}

impl Handle {
    /// The node's id.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Does `wish` and waits for its end. Dropping the future gives the operation up. A node that stops answers
    /// [`Status::Unavailable`].
    pub async fn wish(&self, wish: Wish) -> Outcome {
        let outcome = answered(&self.requests, |reply| Request::Do(wish, reply)).await;
        outcome.unwrap_or_else(|| Outcome::of(Status::Unavailable))
    }

    /// What the node shows of itself; `None` if it stops.
    pub async fn look(&self) -> Option<View> {
        answered(&self.requests, Request::Look).await
    }

    /// Every event from now on, but what is said at ports: that is for those who are attached there. One who reads too slowly
    /// misses some and is told how many.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Every message to this node's application from now on ([`Wish::Send`] at another node). Whoever reads too slowly misses
    /// some and is told how many.
    pub fn messages(&self) -> broadcast::Receiver<Message> {
        self.messages.subscribe()
    }

    /// Takes the questions to this node's application ([`Wish::Ask`] at another node), until what comes back is dropped. At
    /// most 64 wait for answers; further ones are answered [`Status::TooManyRequests`].
    ///
    /// # Errors
    ///
    /// [`AttachError::Taken`]: somebody else takes them. [`AttachError::Stopping`].
    pub async fn questions(&self) -> Result<Questions, AttachError> {
        Ok(Questions(self.attach_any(APPLICATION, 1).await?))
    }

    /// Opens a port for a module that speaks this version there, until what comes back is dropped.
    ///
    /// # Errors
    ///
    /// See [`AttachError`].
    pub async fn attach(&self, port: u32, version: u8) -> Result<Attachment, AttachError> {
        if port <= OWN_LAST {
            return Err(AttachError::Own);
        }
        if version == 0 {
            return Err(AttachError::NoVersion);
        }
        self.attach_any(port, version).await
    }

    async fn attach_any(&self, port: u32, version: u8) -> Result<Attachment, AttachError> {
        let place = answered(&self.requests, |reply| Request::Attach(port, version, reply)).await;
        let place = place.unwrap_or(Err(AttachError::Stopping))?;
        Ok(Attachment::new(place, self.requests.clone(), self.returns.clone()))
    }

    /// Attaches a module in this process, which speaks this version at its port, until its [`Commander`](super::Commander) is dropped. It runs in the node's
    /// own task: what it takes long for, the node waits for, and its panic is the node's.
    ///
    /// # Errors
    ///
    /// [`AttachError::Own`] of the application's port; see [`AttachError`].
    pub async fn attach_module<M: Module + Send + 'static>(
        &self,
        port: Port,
        version: u8,
        make: impl FnOnce(tabmesh_port::Attachment) -> M + Send + 'static,
    ) -> Result<Attached, AttachError> {
        let make = Box::new(|attachment| Box::new(make(attachment)) as _);
        self.seat(Seating { name: None, port, version, seed: [0; 32], make, watch: None }).await
    }

    /// The same of a `.wasm`, in version 1 at the port of its name: [`Port::named`]. If it does something wrong it is detached, and the node
    /// goes on.
    ///
    /// # Errors
    ///
    /// [`AttachError::Failed`]: it did not start. See [`AttachError`].
    pub async fn attach_program(&self, name: &str, program: &Arc<Program>) -> Result<Attached, AttachError> {
        let (watch, program) = (Watch::default(), program.clone());
        let told = watch.clone();
        let make = Box::new(move |attachment| Box::new(program.start(&attachment, &told)) as _);
        let (name, port) = (Some(name.to_owned()), Port::named(name));
        self.seat(Seating { name, port, version: 1, seed: [0; 32], make, watch: Some(watch) }).await
    }

    async fn seat(&self, mut seating: Seating) -> Result<Attached, AttachError> {
        let port = seating.port;
        if port == Port::APPLICATION {
            return Err(AttachError::Own);
        }
        if seating.version == 0 {
            return Err(AttachError::NoVersion);
        }
        getrandom::fill(&mut seating.seed).map_err(|_| AttachError::NoRandom)?;
        let seat = answered(&self.requests, |reply| Request::Seat(seating, reply)).await;
        let seat = seat.unwrap_or(Err(AttachError::Stopping))?;
        Ok(Attached::new(port, seat, self.requests.clone(), self.returns.clone()))
    }

    /// Hands a command to whatever module is attached at a port in this process, as [`Commander::command`](super::Commander::command) does.
    ///
    /// # Errors
    ///
    /// [`FaceError`].
    pub async fn command(&self, port: Port, bytes: impl Into<Bytes>) -> Result<(), FaceError> {
        command(&self.requests, port, None, bytes.into()).await
    }

    /// Listens to whatever module is attached at a port in this process, from now on.
    ///
    /// # Errors
    ///
    /// [`FaceError`].
    pub async fn follow(&self, port: Port) -> Result<Events, FaceError> {
        let events = answered(&self.requests, |reply| Request::Follow(port, reply)).await;
        events.unwrap_or(Err(FaceError::Stopping))
    }

    /// Takes part in a topic and hears what is said there from now on, until the receiver is dropped; at most a second later
    /// the node takes part no longer, unless others of its clients do. Whoever reads too slowly misses some and
    /// is told how many.
    ///
    /// # Errors
    ///
    /// [`Status::TooManyRequests`]: the node takes part in as many topics as it can. [`Status::Unavailable`]: it stops.
    pub async fn listen(&self, topic: TopicId) -> Result<broadcast::Receiver<Said>, Status> {
        let messages = answered(&self.requests, |reply| Request::Listen(topic, reply)).await;
        messages.unwrap_or(Err(Status::Unavailable))
    }

    /// The block store.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// The counters.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Asks the node to say goodbye and stop.
    pub async fn leave(&self) {
        let _ = self.requests.send(Request::Leave).await;
    }
}
