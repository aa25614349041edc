//! Clients at one end of a stream.

use std::io;

use tabmesh_engine::{NodeId, Status};
use tabmesh_stream::NAME_MAX;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::{Notify, OnceCell, Semaphore, SemaphorePermit};

use super::answer::{Ended, Reader, failed, stopping, until_gone, while_there, write_in_time};
use crate::control::frame::{self, Frame, FrameError};
use crate::control::{Answer, Done};
use crate::driver::{AttachError, Handle};
use crate::identity::hex;
use crate::sentences::{Operation, sentence};
use crate::streams::{self, Stream, Streams};

/// Clients with a stream, or waiting for one, at once. Further ones are refused, so that connections stay free for other requests.
const CLIENTS_MAX: usize = 24;

/// The streams of a node, for its clients. They are attached once somebody wants one.
pub(super) struct Door {
    handle: Handle,
    streams: OnceCell<Streams>,
    clients: Semaphore,
}

impl Door {
    pub(super) fn new(handle: Handle) -> Self {
        Self { handle, streams: OnceCell::new(), clients: Semaphore::new(CLIENTS_MAX) }
    }

    pub(super) async fn open(
        &self,
        peer: NodeId,
        name: &str,
        reader: &mut Reader,
        writer: &mut OwnedWriteHalf,
    ) -> Result<Done, Ended> {
        if peer == self.handle.id() {
            return Err(failed(
                Status::BadRequest,
                "this is the node's own id; a stream leads to another node",
            ));
        }
        let (_place, streams) = self.enter(name).await?;
        let stream = until_gone(reader, streams.open(peer, name.as_bytes())).await?.map_err(not_opened)?;
        join(stream, reader, writer).await
    }

    pub(super) async fn take(
        &self,
        name: &str,
        reader: &mut Reader,
        writer: &mut OwnedWriteHalf,
    ) -> Result<Done, Ended> {
        let (_place, streams) = self.enter(name).await?;
        frame::write_header(writer, &Answer::Listening {}).await?;
        let stream = until_gone(reader, streams.take(name.as_bytes())).await?.map_err(broken)?;
        join(stream, reader, writer).await
    }

    async fn enter(&self, name: &str) -> Result<(SemaphorePermit<'_>, &Streams), Ended> {
        if !(1..=NAME_MAX).contains(&name.len()) {
            return Err(failed(Status::BadRequest, "the name of a stream has 1 to 64 bytes"));
        }
        let Ok(place) = self.clients.try_acquire() else {
            let message = format!("{CLIENTS_MAX} commands have streams of this node already; end one first");
            return Err(failed(Status::TooManyRequests, message));
        };
        let streams = self.streams.get_or_try_init(|| Streams::attach(&self.handle)).await;
        Ok((place, streams.map_err(not_attached)?))
    }
}

/// Carries bytes both ways until the stream is over. A client that leaves before ends it.
async fn join(stream: Stream, reader: &mut Reader, writer: &mut OwnedWriteHalf) -> Result<Done, Ended> {
    let Stream { peer, reader: mut from, writer: mut to, .. } = stream;
    frame::write_header(writer, &Answer::Opened(hex(&peer))).await?;
    let given = Notify::new();
    let (received, sent) =
        tokio::try_join!(give(&mut from, writer, &given), take_in(&mut to, reader, &given))?;
    // The client has said all that it will: what comes now is that it leaves.
    until_gone(reader, to.ended()).await?.map_err(broken)?;
    Ok(Done::Stream { sent, received })
}

/// Gives a client what comes, and says when that is all.
async fn give(from: &mut streams::Reader, writer: &mut OwnedWriteHalf, given: &Notify) -> Result<u64, Ended> {
    let mut count = 0;
    while let Some(bytes) = from.next().await.map_err(broken)? {
        count += bytes.len() as u64;
        write_in_time(frame::write_data(writer, &bytes)).await?;
    }
    write_in_time(frame::write_end(writer)).await?;
    given.notify_one();
    Ok(count)
}

/// Takes in what a client writes. One that writes nothing hears as well that the stream has ended.
async fn take_in(to: &mut streams::Writer, reader: &mut Reader, given: &Notify) -> Result<u64, Ended> {
    let mut count = 0;
    loop {
        let frame = tokio::select! {
            frame = frame::read(reader) => frame?,
            Err(status) = to.ended() => return Err(broken_after(given, status).await),
        };
        match frame {
            Some(Frame::Data(bytes)) => {
                count += bytes.len() as u64;
                // Nothing is read of the client while this waits for room.
                if let Err(status) = while_there(reader, to.write(&bytes)).await? {
                    return Err(broken_after(given, status).await);
                }
            }
            Some(Frame::End) => break,
            Some(Frame::Header(_)) => return Err(FrameError::OutOfTurn.into()),
            None => return Err(FrameError::Io(io::ErrorKind::UnexpectedEof.into()).into()),
        }
    }
    to.finish();
    until_gone(reader, given.notified()).await?;
    Ok(count)
}

/// The client is first given all that came. Where the other end had not written all, that ends with the same status.
async fn broken_after(given: &Notify, status: Status) -> Ended {
    given.notified().await;
    broken(status)
}

fn broken(status: Status) -> Ended {
    failed(status, sentence(Operation::Stream, status))
}

fn not_opened(status: Status) -> Ended {
    match status {
        Status::Unavailable => failed(
            status,
            "no way to this node was found; check the id, and that the node runs and has joined this network",
        ),
        other => broken(other),
    }
}

fn not_attached(error: AttachError) -> Ended {
    match error {
        AttachError::Stopping => stopping(),
        AttachError::Taken => failed(
            Status::TooManyRequests,
            "another program has the port of streams at this node; end it first",
        ),
        other => failed(Status::TooManyRequests, other.to_string()),
    }
}
