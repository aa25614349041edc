//! Modules in this process as the rest of the node sees them: what is heard of them, and what there is to know.

use std::fmt;

use bytes::Bytes;
use tabmesh_port::{Attachment, Module, Port};
use thiserror::Error;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::module::{Fault, Watch};

/// What a module tells its face, as it comes. Whoever is more than 256 events behind misses some, and is told how many.
#[derive(Debug)]
pub struct Events {
    receiver: broadcast::Receiver<Told>,
    ended: Option<Ended>,
}

/// What goes to everybody who listens to a module.
#[derive(Clone, Debug)]
pub(super) enum Told {
    Event(Bytes),
    Ended(Ended),
}

/// What one hears of a module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// An event: bytes in a form that both know.
    Event(Bytes),
    /// So many were missed.
    Missed(u64),
    /// There will be no more.
    Ended(Ended),
}

/// Why a module is gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It was detached.
    Detached,
    /// It did something wrong, and was detached.
    Failed(Fault),
    /// The node stops.
    Stopping,
}

impl Events {
    pub(super) fn new(receiver: broadcast::Receiver<Told>) -> Self {
        Self { receiver, ended: None }
    }

    /// What comes next. After [`Heard::Ended`] nothing else does.
    pub async fn next(&mut self) -> Heard {
        if let Some(ended) = &self.ended {
            return Heard::Ended(ended.clone());
        }
        let ended = match self.receiver.recv().await {
            Ok(Told::Event(bytes)) => return Heard::Event(bytes),
            Err(RecvError::Lagged(count)) => return Heard::Missed(count),
            Ok(Told::Ended(ended)) => ended,
            Err(RecvError::Closed) => Ended::Stopping,
        };
        self.ended = Some(ended.clone());
        Heard::Ended(ended)
    }
}

/// Why a module could not be commanded or listened to.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum FaceError {
    /// There is none.
    #[error(
        "no module of this name is attached at the node; `tabmesh module list` shows those that are, and `tabmesh run --module \
         NAME=PATH` attaches one"
    )]
    NoModule,
    /// It did something wrong.
    #[error("the module failed and was detached: {0}; correct it, and start the node again")]
    Failed(Fault),
    /// The command is too long.
    #[error("a command to a module has at most 64 KiB")]
    TooLong,
    /// The node stops.
    #[error("the node is stopping; start it again")]
    Stopping,
}

/// A module of this process, as the node shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModuleView {
    /// By which it was attached, if it was attached by one.
    pub name: Option<String>,
    /// Where.
    pub port: Port,
    /// Of the protocol that it speaks there.
    pub version: u8,
    /// What it did wrong: it is detached since.
    pub failure: Option<Fault>,
}

/// A module that is to be attached.
pub(crate) struct Seating {
    pub(crate) name: Option<String>,
    pub(crate) port: Port,
    pub(crate) version: u8,
    pub(crate) seed: [u8; 32],
    pub(crate) make: Box<dyn FnOnce(Attachment) -> Box<dyn Module + Send> + Send>,
    /// Tells of its fault, if it is one that can tell.
    pub(crate) watch: Option<Watch>,
}

impl fmt::Debug for Seating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seating").field("port", &self.port).finish_non_exhaustive()
    }
}

/// A module's place at its port.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Names the attachment: no other of this node ever has its number.
    pub(crate) number: u64,
    pub(crate) events: Events,
}
