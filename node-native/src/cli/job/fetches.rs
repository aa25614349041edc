//! Inputs that a job has by name alone: the node brings them once they are wanted, for as long as it takes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tabmesh_engine::content::cid::Cid;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::control::Request;
use crate::control::client::{Client, ClientError, Piece};
use crate::task::STREAM_BYTES_MAX;

/// Contents that are fetched at a time, or were and are not taken yet.
const AT_ONCE: usize = 4;

/// Inputs that are fetched or waited for: with so many nothing further is looked at.
const WAITING_MAX: usize = 4_096;

/// What did not come is looked for again after this, twice as long each time.
const AGAIN: Duration = Duration::from_secs(2);
const AGAIN_MAX: Duration = Duration::from_secs(60);

/// What comes of looking for an input.
pub(super) enum Came {
    /// It is there; `None` where it is too long for one. Its place is free once this is dropped.
    Input { number: u32, input: Option<Bytes>, _place: OwnedSemaphorePermit },
    /// It is looked for again.
    Missed(u32, Cid),
    /// The node is gone.
    Broken(ClientError),
}

/// Inputs on their way.
pub(super) struct Fetches {
    socket: PathBuf,
    places: Arc<Semaphore>,
    tasks: JoinSet<()>,
    told: mpsc::UnboundedSender<Came>,
    pub(super) came: mpsc::UnboundedReceiver<Came>,
    waiting: HashSet<u32>,
    missed: Vec<(u32, Cid)>,
}

impl Fetches {
    pub(super) fn new(socket: &Path) -> Self {
        let (told, came) = mpsc::unbounded_channel();
        Self {
            socket: socket.to_owned(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            tasks: JoinSet::new(),
            told,
            came,
            waiting: HashSet::new(),
            missed: Vec::new(),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= WAITING_MAX
    }

    /// One that did not come when it was looked for last.
    pub(super) fn missing(&self) -> Option<&Cid> {
        self.missed.first().map(|(_, cid)| cid)
    }

    /// Has the input of an invocation come.
    pub(super) fn begin(&mut self, number: u32, cid: Cid) {
        self.waiting.insert(number);
        while self.tasks.try_join_next().is_some() {}
        let (socket, places, told) = (self.socket.clone(), self.places.clone(), self.told.clone());
        self.tasks.spawn(async move {
            let mut wait = AGAIN;
            loop {
                let Ok(place) = places.clone().acquire_owned().await else { return };
                match get(&socket, &cid, STREAM_BYTES_MAX).await {
                    Ok(input) => {
                        let _ = told.send(Came::Input { number, input, _place: place });
                        return;
                    }
                    Err(ClientError::Refused(_)) => _ = told.send(Came::Missed(number, cid)),
                    Err(error) => {
                        let _ = told.send(Came::Broken(error));
                        return;
                    }
                }
                drop(place);
                sleep(wait).await;
                wait = AGAIN_MAX.min(2 * wait);
            }
        });
    }

    /// Notes what came.
    pub(super) fn note(&mut self, came: &Came) {
        match came {
            Came::Input { number, .. } => {
                self.waiting.remove(number);
                self.missed.retain(|(other, _)| other != number);
            }
            Came::Missed(number, cid) if !self.missed.iter().any(|(other, _)| other == number) => {
                self.missed.push((*number, *cid));
            }
            Came::Missed(..) | Came::Broken(_) => {}
        }
    }
}

/// A content by its name; `None` where it has more than so many bytes.
///
/// # Errors
/// It is not to be had now, or the node is gone.
pub(super) async fn get(socket: &Path, cid: &Cid, most: usize) -> Result<Option<Bytes>, ClientError> {
    let mut client = Client::begin(socket, Request::Get { cid: cid.to_string() }).await?;
    let mut whole = BytesMut::new();
    loop {
        match client.piece().await? {
            Piece::Size(size) if size > most as u64 => return Ok(None),
            Piece::Size(_) => {}
            Piece::Data(bytes) if whole.len() + bytes.len() <= most => whole.extend_from_slice(&bytes),
            Piece::Data(_) => return Ok(None),
            Piece::End(_) => return Ok(Some(whole.freeze())),
        }
    }
}

/// The same, for as long as it takes; `missed` hears that it did not come.
///
/// # Errors
/// The node is gone.
pub(super) async fn get_at_last(
    socket: &Path,
    cid: &Cid,
    most: usize,
    missed: impl Fn(),
) -> Result<Option<Bytes>, ClientError> {
    let mut wait = AGAIN;
    loop {
        match get(socket, cid, most).await {
            Err(ClientError::Refused(_)) => missed(),
            end => return end,
        }
        sleep(wait).await;
        wait = AGAIN_MAX.min(2 * wait);
    }
}
