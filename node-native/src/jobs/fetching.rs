//! Bytes that another node has: fetched in pieces, and checked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use tabmesh_engine::{NodeId, Status, sha256};
use tabmesh_tasks::{FETCHES_MAX, Nonce, PIECE_MAX};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

/// Pieces of one whole under way.
const UNDER_WAY_MAX: usize = 4;

/// A piece for which there was no room, or that was lost, is asked for again after this; so often at most.
const AGAIN: Duration = Duration::from_secs(1);
const TRIES_MAX: usize = 20;

/// Pieces that were waited for in vain; after so many the whole is given up.
const LOST_MAX: usize = 2;

/// A whole is given up after this, and a second for each so many bytes: who gives a piece now and then would hold its place for days.
const WITHIN: Duration = Duration::from_secs(30);
const BYTES_A_SECOND: u32 = 32 << 10;

/// What a step left: an output and a state. Whoever has it may have to run the task again, so it is waited for longer.
const LEFT_BYTES_MAX: u32 = 32 << 20;
const LEFT_WITHIN: Duration = Duration::from_secs(600);

/// Where something lies.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// An input or the module of a batch, at whoever asked for it.
    Requester { assignment: u32, index: u16 },
    /// An output, at whoever made it.
    Executor { executor: NodeId, nonce: Nonce, index: u16 },
    /// What a step of a task left, at whoever ran it.
    Left { executor: NodeId, nonce: Nonce, index: u16, number: u32 },
}

/// What came of a piece.
pub(super) type Piece = Result<Bytes, Status>;

/// Why something did not come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lost {
    /// Whoever has it is gone, or this node stops.
    Gone,
    /// It is there, and gives something else, nothing, or too slowly.
    Withheld,
}

/// A piece that is wanted of another node.
pub(super) struct Wanted {
    pub(super) source: Source,
    pub(super) offset: u32,
    pub(super) reply: oneshot::Sender<Piece>,
}

/// Fetches for one half of the module. Clones share its room.
#[derive(Clone)]
pub(super) struct Fetcher {
    wanted: mpsc::UnboundedSender<Wanted>,
    room: Arc<Semaphore>,
}

impl Fetcher {
    /// And where what it wants comes out.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Wanted>) {
        let (wanted, taken) = mpsc::unbounded_channel();
        (Self { wanted, room: Arc::new(Semaphore::new(FETCHES_MAX)) }, taken)
    }

    /// So many bytes with this hash.
    ///
    /// # Errors
    /// [`Lost`].
    pub(super) async fn whole(&self, source: Source, hash: [u8; 32], length: u32) -> Result<Bytes, Lost> {
        let within = WITHIN + Duration::from_secs((length / BYTES_A_SECOND).into());
        timeout(within, self.whole_at_last(source, hash, length)).await.unwrap_or(Err(Lost::Withheld))
    }

    async fn whole_at_last(&self, source: Source, hash: [u8; 32], length: u32) -> Result<Bytes, Lost> {
        let offsets = stream::iter((0..length).step_by(PIECE_MAX));
        let mut pieces = offsets.map(|offset| self.piece(source, offset)).buffered(UNDER_WAY_MAX);
        let mut whole = BytesMut::new();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|status| match status {
                Status::Unavailable => Lost::Gone,
                _ => Lost::Withheld,
            })?;
            let left = length as usize - whole.len();
            if piece.len() != left.min(PIECE_MAX) {
                return Err(Lost::Withheld);
            }
            whole.extend_from_slice(&piece);
        }
        let whole = whole.freeze();
        let checked = whole.clone();
        // Sixteen MiB take a while.
        let is_it = spawn_blocking(move || sha256(&checked) == hash).await;
        if is_it.is_ok_and(|is_it| is_it) { Ok(whole) } else { Err(Lost::Withheld) }
    }

    /// What a step left, up to its end: `None` where it does not come, or has no end.
    pub(super) async fn left(&self, source: Source) -> Option<Bytes> {
        timeout(LEFT_WITHIN, self.left_at_last(source)).await.ok().flatten()
    }

    async fn left_at_last(&self, source: Source) -> Option<Bytes> {
        let offsets = stream::iter((0..=LEFT_BYTES_MAX).step_by(PIECE_MAX));
        let mut pieces = offsets.map(|offset| self.piece(source, offset)).buffered(UNDER_WAY_MAX);
        let mut whole = BytesMut::new();
        while let Some(piece) = pieces.next().await {
            let piece = piece.ok()?;
            whole.extend_from_slice(&piece);
            if piece.len() < PIECE_MAX {
                return Some(whole.freeze());
            }
        }
        None
    }

    async fn piece(&self, source: Source, offset: u32) -> Piece {
        let mut lost = 0;
        let tries = if matches!(source, Source::Left { .. }) { usize::MAX } else { TRIES_MAX };
        for _ in 0..tries {
            match self.ask(source, offset).await {
                Err(Status::TooManyRequests) => {}
                Err(Status::TimedOut) if lost + 1 < LOST_MAX => lost += 1,
                end => return end,
            }
            sleep(AGAIN).await;
        }
        Err(Status::TooManyRequests)
    }

    async fn ask(&self, source: Source, offset: u32) -> Piece {
        let _place = self.room.acquire().await.map_err(|_| Status::Unavailable)?;
        let (reply, piece) = oneshot::channel();
        self.wanted.send(Wanted { source, offset, reply }).map_err(|_| Status::Unavailable)?;
        piece.await.unwrap_or(Err(Status::Unavailable))
    }
}

/// Who waits for pieces, by the numbers of the fetches.
#[derive(Default)]
pub(super) struct Pieces {
    waiting: HashMap<u32, oneshot::Sender<Piece>>,
    last: u32,
}

impl Pieces {
    /// Somebody waits from now on: the number of the fetch.
    pub(super) fn wait(&mut self, reply: oneshot::Sender<Piece>) -> u32 {
        self.last = self.last.wrapping_add(1);
        self.waiting.insert(self.last, reply);
        self.last
    }

    pub(super) fn give(&mut self, fetch: u32, piece: Piece) {
        if let Some(reply) = self.waiting.remove(&fetch) {
            // Who waited may be gone.
            let _ = reply.send(piece);
        }
    }
}

/// A piece of these bytes, for whoever wants it.
pub(super) fn piece_of(bytes: &Bytes, offset: u32) -> Piece {
    let offset = offset as usize;
    if offset >= bytes.len() {
        return Err(Status::BadRequest);
    }
    Ok(bytes.slice(offset..bytes.len().min(offset + PIECE_MAX)))
}
