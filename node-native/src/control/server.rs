//! The node's end of the control socket.

mod topics;

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tabmesh_engine::content::cid::Cid;
use tabmesh_engine::{LinkKind, Profile, Status};
use tokio::io::BufReader;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::frame::{self, Frame, FrameError};
use super::{Answer, Done, Failure, Head, PeerLine, Request, StatusLines, VERSION};
use crate::driver::{Handle, Outcome, Wish};
use crate::files::{Blocks, FileError, Get, Put};
use crate::identity::{from_hex, hex};
use crate::metrics::resident_bytes;
use crate::sentences::sentence;

/// Connections at once. Beyond it new ones wait to be accepted.
const CONNECTIONS_MAX: usize = 32;

/// How long a client may take to say what it wants.
const HEAD_MAX: Duration = Duration::from_secs(5);

/// How long a client that puts may pause between two pieces of data.
const DATA_MAX: Duration = Duration::from_secs(600);

/// How often a put tells how far it is.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// What the node's settings are, as far as `status` tells.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) network: String,
    pub(crate) quota_bytes: u64,
}

/// Makes the socket, for its owner alone. Only the holder of the data directory's lock may call this: a socket that is
/// there already is a dead one.
pub(crate) fn bind(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves until the task is aborted.
pub(crate) async fn serve(listener: UnixListener, handle: Handle, facts: Facts) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let listeners = Semaphore::new(topics::LISTENERS_MAX);
    let server = Arc::new(Server { blocks: Blocks::new(handle.clone()), handle, facts, listeners });
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let server = server.clone();
                tokio::spawn(async move {
                    server.serve_one(stream).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a control connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

struct Server {
    handle: Handle,
    blocks: Blocks,
    facts: Facts,
    listeners: Semaphore,
}

/// Why a request ended early.
enum Ended {
    /// It was not done; the client is told.
    Failed(Failure),
    /// The client is gone, or does not speak the protocol.
    Broken(FrameError),
}

impl From<FrameError> for Ended {
    fn from(error: FrameError) -> Self {
        Self::Broken(error)
    }
}

impl From<FileError> for Ended {
    fn from(error: FileError) -> Self {
        Self::Failed(Failure { code: error.status() as u16, message: error.to_string() })
    }
}

fn failed(status: Status, message: impl Into<String>) -> Ended {
    Ended::Failed(Failure { code: status as u16, message: message.into() })
}

type Reader = BufReader<OwnedReadHalf>;

impl Server {
    async fn serve_one(&self, stream: UnixStream) {
        let (reader, mut writer) = stream.into_split();
        let answer = match self.answer(&mut BufReader::new(reader), &mut writer).await {
            Ok(done) => Answer::Done(done),
            Err(Ended::Failed(failure)) => Answer::Error(failure),
            Err(Ended::Broken(FrameError::Io(_))) => return,
            Err(Ended::Broken(error)) => {
                Answer::Error(Failure { code: Status::BadRequest as u16, message: error.to_string() })
            }
        };
        if let Err(error) = frame::write_header(&mut writer, &answer).await {
            tracing::debug!(%error, "a control client left before its answer");
        }
    }

    async fn answer(&self, reader: &mut Reader, writer: &mut OwnedWriteHalf) -> Result<Done, Ended> {
        let head = match timeout(HEAD_MAX, frame::read_header::<Head>(reader)).await {
            Ok(head) => head?,
            Err(_) => return Err(failed(Status::TimedOut, "no request came within 5 seconds")),
        };
        let Some(head) = head else {
            return Err(Ended::Broken(io::Error::from(io::ErrorKind::UnexpectedEof).into()));
        };
        if head.version != VERSION {
            let message =
                format!("this node speaks version {VERSION} of the control protocol; use its own tabmesh");
            return Err(failed(Status::BadRequest, message));
        }
        match head.request {
            Request::Put {} => self.put(reader, writer).await,
            Request::Get { cid } => self.get(&cid, writer).await,
            Request::Peers {} => self.peers().await,
            Request::Status {} => self.status().await,
            Request::Find { id } => {
                let wish = Wish::Find(parse_id(&id)?);
                let outcome = self.until_gone(reader, self.handle.wish(wish)).await?;
                done(&outcome)?;
                Ok(Done::Find { ids: outcome.found.iter().map(hex).collect(), crowded: outcome.crowded })
            }
            Request::Send { id, text } => {
                let wish = Wish::Send { to: parse_id(&id)?, bytes: text.into_bytes() };
                let outcome = self.until_gone(reader, self.handle.wish(wish)).await?;
                done(&outcome)?;
                Ok(Done::Send {})
            }
            Request::Publish { topic } => self.publish(&topic, reader).await,
            Request::Listen { topic } => self.listen(&topic, reader, writer).await,
        }
    }

    /// Waits for `work`, unless the client leaves before.
    async fn until_gone<T>(&self, reader: &mut Reader, work: impl Future<Output = T>) -> Result<T, Ended> {
        tokio::select! {
            result = work => Ok(result),
            frame = frame::read(reader) => Err(match frame {
                Ok(Some(_)) => FrameError::OutOfTurn.into(),
                Ok(None) => FrameError::Io(io::ErrorKind::UnexpectedEof.into()).into(),
                Err(error) => error.into(),
            }),
        }
    }

    async fn put(&self, reader: &mut Reader, writer: &mut OwnedWriteHalf) -> Result<Done, Ended> {
        let mut put = Put::new(self.blocks.clone());
        let mut told = Instant::now();
        loop {
            let Ok(frame) = timeout(DATA_MAX, frame::read(reader)).await else {
                return Err(failed(Status::TimedOut, "no more data came within 10 minutes"));
            };
            match frame? {
                Some(Frame::Data(bytes)) => put.write(&bytes).await?,
                Some(Frame::End) => break,
                Some(Frame::Header(_)) => return Err(FrameError::OutOfTurn.into()),
                None => return Err(FrameError::Io(io::ErrorKind::UnexpectedEof.into()).into()),
            }
            tell_progress(writer, &put, &mut told).await?;
        }
        put.end().await?;
        while self.until_gone(reader, put.settle()).await?? {
            tell_progress(writer, &put, &mut told).await?;
        }
        let stored = put.stored()?;
        Ok(Done::Put {
            cid: text(&stored.cid),
            bytes: stored.bytes,
            blocks: stored.blocks,
            holders_min: stored.holders_min,
            partial: stored.partial,
        })
    }

    async fn get(&self, cid: &str, writer: &mut OwnedWriteHalf) -> Result<Done, Ended> {
        let root = Cid::from_text(cid).map_err(|error| failed(Status::BadRequest, error.to_string()))?;
        let mut get = Get::new(self.blocks.clone(), root, 0..u64::MAX);
        let mut bytes = 0;
        let mut is_size_told = false;
        while let Some(piece) = get.next().await? {
            if let Some(size) = get.size().filter(|_| !is_size_told) {
                is_size_told = true;
                frame::write_header(writer, &Answer::Size(size)).await?;
            }
            bytes += piece.len() as u64;
            frame::write_data(writer, &piece).await?;
        }
        Ok(Done::Get { bytes })
    }

    async fn peers(&self) -> Result<Done, Ended> {
        let view = self.handle.look().await.ok_or_else(stopping)?;
        let line = |(link, age): &(tabmesh_engine::LinkView, Duration)| PeerLine {
            id: hex(&link.id),
            kind: match link.kind {
                LinkKind::WebRtc => "webrtc",
                LinkKind::Socket => "websocket",
                LinkKind::Relayed => "relayed",
            }
            .to_owned(),
            profile: match link.profile {
                Profile::Browser => "browser",
                Profile::Native => "native",
                Profile::Device => "device",
            }
            .to_owned(),
            rtt_ms: (link.rtt_us > 0).then(|| f64::from(link.rtt_us) / 1000.0),
            neighbour: link.is_neighbour,
            linked_s: age.as_secs(),
        };
        Ok(Done::Peers(view.links.iter().map(line).collect()))
    }

    async fn status(&self) -> Result<Done, Ended> {
        let view = self.handle.look().await.ok_or_else(stopping)?;
        let totals = self.handle.storage().totals();
        Ok(Done::Status(Box::new(StatusLines {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            id: hex(&view.id),
            network: self.facts.network.clone(),
            joined: view.is_joined,
            signalling: view.is_signalling,
            signalling_trouble: view.signalling_trouble,
            uptime_s: view.uptime.as_secs(),
            links: view.links.len(),
            neighbourhood: view.neighbourhood.iter().map(hex).collect(),
            addresses: view.addresses,
            blocks: totals.blocks,
            block_bytes: totals.bytes,
            quota_bytes: self.facts.quota_bytes,
            store_trouble: self.handle.storage().trouble().map(|trouble| trouble.message),
            resident_bytes: resident_bytes(),
        })))
    }
}

async fn tell_progress(writer: &mut OwnedWriteHalf, put: &Put, told: &mut Instant) -> Result<(), FrameError> {
    if told.elapsed() < PROGRESS_EVERY {
        return Ok(());
    }
    *told = Instant::now();
    let (blocks_done, blocks_begun) = put.progress();
    frame::write_header(writer, &Answer::Progress { blocks_done, blocks_begun }).await
}

fn done(outcome: &Outcome) -> Result<(), Ended> {
    match outcome.status {
        Status::Ok | Status::Partial => Ok(()),
        status => Err(failed(status, sentence(status))),
    }
}

fn stopping() -> Ended {
    failed(Status::Unavailable, "the node is stopping; start it again")
}

fn parse_id(text: &str) -> Result<tabmesh_engine::NodeId, Ended> {
    from_hex(text).ok_or_else(|| {
        failed(Status::BadRequest, "an id is 64 hexadecimal digits; `tabmesh peers` shows some")
    })
}

fn text(cid: &Cid) -> String {
    String::from_utf8_lossy(&cid.to_text()).into_owned()
}
