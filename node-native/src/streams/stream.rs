//! One stream, by its two halves.

use std::sync::Arc;

use bytes::Bytes;
use tabmesh_engine::{NodeId, Status};
use tabmesh_stream::Command;
use tokio::sync::{Semaphore, mpsc, watch};

/// What one command carries: commands have at most 64 KiB.
const PIECE_MAX: usize = 32 * 1024;

/// An open stream.
#[derive(Debug)]
pub struct Stream {
    /// Who is at the other end: its own sealed link says so.
    pub peer: NodeId,
    /// What it was opened for.
    pub name: Vec<u8>,
    /// What the other end writes. Dropping it ends the stream where something that came was not read, or comes while the
    /// stream is open.
    pub reader: Reader,
    /// What the other end is to read. Dropping it before it is finished ends the stream.
    pub writer: Writer,
}

/// What a half hears of its stream.
#[derive(Debug)]
pub(super) enum News {
    Came(Bytes),
    Finished,
    Ended(Status),
}

/// What a half tells the hub.
#[derive(Debug)]
pub(super) enum Half {
    /// For the module.
    Says(Bytes),
    /// A half of the stream with this number is gone, and with it bytes that came, or those that were to be written.
    Lost(u32),
    /// A half is gone, and nothing with it.
    Gone(u32),
}

/// The half that reads.
#[derive(Debug)]
pub struct Reader {
    pub(super) number: u32,
    pub(super) news: mpsc::UnboundedReceiver<News>,
    pub(super) hub: mpsc::UnboundedSender<Half>,
    /// How it went, once nothing more comes.
    pub(super) end: Option<Result<(), Status>>,
}

/// The half that writes.
#[derive(Debug)]
pub struct Writer {
    pub(super) number: u32,
    pub(super) room: Arc<Semaphore>,
    pub(super) ended: watch::Receiver<Option<Status>>,
    pub(super) hub: mpsc::UnboundedSender<Half>,
    pub(super) is_finished: bool,
}

impl Reader {
    /// What comes next; `None` once the other end has written all. May be dropped half-way: nothing is lost.
    ///
    /// # Errors
    ///
    /// How the stream ended before that.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Status> {
        if let Some(end) = self.end {
            return end.map(|()| None);
        }
        let end = match self.news.recv().await {
            Some(News::Came(bytes)) => {
                let count = bytes.len() as u32;
                say(&self.hub, &Command::Read { stream: self.number, count });
                return Ok(Some(bytes));
            }
            Some(News::Finished | News::Ended(Status::Ok)) => Ok(()),
            Some(News::Ended(status)) => Err(status),
            None => Err(Status::Unavailable),
        };
        self.end = Some(end);
        end.map(|()| None)
    }
}

impl Writer {
    /// Hands bytes in, as fast as the other end reads.
    ///
    /// # Errors
    ///
    /// How the stream ended before that: what was handed in before may not have come.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Status> {
        while !bytes.is_empty() {
            // One byte of room, and as much more as there is.
            let Ok(one) = self.room.acquire().await else { return Err(self.status()) };
            one.forget();
            let most = bytes.len().min(PIECE_MAX) - 1;
            let more = most.min(self.room.available_permits());
            let more = self.room.try_acquire_many(more as u32).map_or(0, |permit| {
                permit.forget();
                more
            });
            let (piece, rest) = bytes.split_at(1 + more);
            bytes = rest;
            say(&self.hub, &Command::Write { stream: self.number, bytes: piece });
        }
        Ok(())
    }

    /// Says that there is no more.
    pub fn finish(&mut self) {
        self.is_finished = true;
        say(&self.hub, &Command::Finish { stream: self.number });
    }

    /// Breaks the stream off: it ends now, for both ends, unless both have all already.
    pub fn abort(self) {
        let _ = self.hub.send(Half::Lost(self.number));
    }

    /// Waits until the stream is over.
    ///
    /// # Errors
    ///
    /// How it ended, if not both ends have all.
    pub async fn ended(&mut self) -> Result<(), Status> {
        let _ = self.ended.wait_for(Option::is_some).await;
        match self.status() {
            Status::Ok => Ok(()),
            status => Err(status),
        }
    }

    fn status(&self) -> Status {
        (*self.ended.borrow()).unwrap_or(Status::Unavailable)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.news.close();
        let mut is_lost = false;
        while let Ok(news) = self.news.try_recv() {
            is_lost |= matches!(news, News::Came(_));
        }
        let _ = self.hub.send(if is_lost { Half::Lost(self.number) } else { Half::Gone(self.number) });
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let half = if self.is_finished { Half::Gone(self.number) } else { Half::Lost(self.number) };
        let _ = self.hub.send(half);
    }
}

fn say(hub: &mpsc::UnboundedSender<Half>, command: &Command<'_>) {
    // A hub that is gone has ended all streams.
    let _ = hub.send(Half::Says(command.emit().into()));
}
