//! Clients at one end of a stream.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tabmesh_engine::{NodeId, Status};
use tabmesh_stream::NAME_MAX;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::{Mutex, Notify, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::answer::{Ended, Reader, failed, stopping, until_gone, while_there, write_in_time};
use crate::control::frame::{self, Frame, FrameError};
use crate::control::{Answer, Done};
use crate::driver::{AttachError, Handle};
use crate::identity::hex;
use crate::sentences::{Operation, sentence};
use crate::streams::{self, Stream, Streams};

/// Clients with a stream, or waiting for one, at once. Further ones are refused, so that connections stay free for other requests.
const CLIENTS_MAX: usize = 24;

/// The module is attached so often within [`ATTACHES_IN`]. If it fails more often, clients are refused until that is over.
const ATTACHES_MAX: usize = 5;
const ATTACHES_IN: Duration = Duration::from_secs(60);

/// The streams of a node, for its clients. They are attached once somebody wants one, and again if the module was gone.
pub(super) struct Door {
    handle: Handle,
    streams: Mutex<Attaching>,
    clients: Semaphore,
}

#[derive(Default)]
struct Attaching {
    current: Option<Streams>,
    /// When they were attached lately.
    begun: VecDeque<Instant>,
}

impl Attaching {
    async fn streams(&mut self, handle: &Handle) -> Result<Streams, Ended> {
        if let Some(streams) = self.current.as_ref().filter(|streams| !streams.is_over()) {
            return Ok(streams.clone());
        }
        let now = Instant::now();
        self.begun.retain(|at| now.duration_since(*at) < ATTACHES_IN);
        if self.begun.len() >= ATTACHES_MAX {
            let message =
                format!("streams failed {ATTACHES_MAX} times within a minute; try again in a minute");
            return Err(failed(Status::TooManyRequests, message));
        }
        let streams = Streams::attach(handle).await.map_err(not_attached)?;
        self.begun.push_back(now);
        Ok(self.current.insert(streams).clone())
    }
}

impl Door {
    pub(super) fn new(handle: Handle) -> Self {
        Self { handle, streams: Mutex::default(), clients: Semaphore::new(CLIENTS_MAX) }
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
        a_peer: Option<usize>,
        reader: &mut Reader,
        writer: &mut OwnedWriteHalf,
    ) -> Result<Done, Ended> {
        let (_place, streams) = self.enter(name).await?;
        frame::write_header(writer, &Answer::Listening {}).await?;
        let taking = streams.take_fairly(name.as_bytes(), a_peer.unwrap_or(usize::MAX));
        let stream = until_gone(reader, taking).await?.map_err(broken)?;
        join(stream, reader, writer).await
    }

    async fn enter(&self, name: &str) -> Result<(SemaphorePermit<'_>, Streams), Ended> {
        if !(1..=NAME_MAX).contains(&name.len()) {
            return Err(failed(Status::BadRequest, "the name of a stream has 1 to 64 bytes"));
        }
        let Ok(place) = self.clients.try_acquire() else {
            let message = format!("{CLIENTS_MAX} commands have streams of this node already; end one first");
            return Err(failed(Status::TooManyRequests, message));
        };
        Ok((place, self.streams.lock().await.streams(&self.handle).await?))
    }
}

/// Carries bytes both ways until the stream is over. A client that leaves before ends it.
async fn join(stream: Stream, reader: &mut Reader, writer: &mut OwnedWriteHalf) -> Result<Done, Ended> {
    let Stream { peer, reader: mut from, writer: mut to, .. } = stream;
    frame::write_header(writer, &Answer::Opened(hex(&peer))).await?;
    let given = Notify::new();
    let carried = async {
        let (received, sent) =
            tokio::try_join!(give(&mut from, writer, &given), take_in(&mut to, reader, &given))?;
        // The client has said all that it will: what comes now is that it leaves.
        until_gone(reader, to.ended()).await?.map_err(broken)?;
        Ok(Done::Stream { sent, received })
    };
    let done = carried.await;
    if done.is_err() {
        // Whoever leaves when it has said all still leaves what the other end has to say.
        to.abort();
    }
    done
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

#[cfg(test)]
mod tests {
    //! A module that is gone is attached again, some times, and what it carried ends.

    use super::*;
    use crate::peer::Peer;
    use crate::settings::Settings;

    async fn enter(door: &Door) -> Result<Streams, Status> {
        match door.enter("a").await {
            Ok((_, streams)) => Ok(streams),
            Err(Ended::Failed(failure)) => Err(Status::from_code(failure.code).expect("a status")),
            Err(Ended::Broken(error)) => panic!("{error}"),
        }
    }

    #[tokio::test]
    async fn streams_come_back_after_their_module_was_gone_but_not_for_ever() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let peer = Peer::start(&Settings::at(dir.path())).await.expect("it starts");
        let door = Door::new(peer.handle().clone());
        for _ in 0..ATTACHES_MAX {
            let streams = enter(&door).await.expect("it is attached");
            assert!(enter(&door).await.is_ok_and(|same| !same.is_over()));
            let (taken, ()) = tokio::join!(streams.take(b"a"), streams.close());
            assert_eq!(taken.err(), Some(Status::Unavailable));
            assert_eq!(streams.open(NodeId([7; 32]), b"a").await.err(), Some(Status::Unavailable));
        }
        assert_eq!(enter(&door).await.err(), Some(Status::TooManyRequests));
        peer.stop().await;
    }
}
