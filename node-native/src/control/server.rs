//! The node's end of the control socket.

mod answer;
mod job_words;
mod jobs;
mod ledger;
mod modules;
mod ports;
mod streams;
mod topics;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::Mode;
use rustix::process::umask;
use tabmesh_engine::content::cid::Cid;
use tabmesh_engine::{LinkKind, Profile, Status};
use tokio::io::BufReader;
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use answer::{Ended, HEAD_MAX, Reader, done, failed, parse_id, stopping, until_gone};
use streams::Door;
use topics::Topics;

use super::frame::{self, Frame, FrameError};
use super::{Answer, Done, Failure, Head, PeerLine, Request, StatusLines, VERSION};
use crate::driver::{Handle, Wish};
use crate::files::{Blocks, Get, Put};
use crate::identity::hex;
use crate::ledger::Ledger;
use crate::metrics::resident_bytes;
use crate::sentences::Operation;
use crate::shares::Shares;

/// Connections at once, and those of one user among them: root, too, may want to ask. Beyond it new ones are refused.
const CONNECTIONS_MAX: usize = 64;
const CONNECTIONS_OF_USER_MAX: usize = 48;

/// Transfers at once. Further ones are refused, so that connections stay free for other requests.
const TRANSFERS_MAX: usize = 16;

/// How long a client that transfers may pause between two pieces of data.
const DATA_MAX: Duration = Duration::from_secs(600);

/// How long a client that is refused may take to read why.
const REFUSAL_MAX: Duration = Duration::from_secs(1);

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
    // Its owner's alone from the first moment. What else is made meanwhile is so, too.
    let before = umask(Mode::RWXG | Mode::RWXO | Mode::XUSR);
    let listener = UnixListener::bind(path);
    umask(before);
    listener
}

/// Serves until the task is aborted.
pub(crate) async fn serve(
    listener: UnixListener,
    handle: Handle,
    facts: Facts,
    jobs: Arc<crate::jobs::Door>,
    ledger: Option<Ledger>,
) {
    let room = Shares::new(CONNECTIONS_MAX, CONNECTIONS_OF_USER_MAX);
    let (blocks, topics) = (Blocks::new(handle.clone()), Topics::new(handle.clone()));
    let streams = Door::new(handle.clone());
    let transfers = Semaphore::new(TRANSFERS_MAX);
    let server = Arc::new(Server { blocks, topics, streams, jobs, ledger, handle, facts, transfers });
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let user = stream.peer_cred().map_or(u32::MAX, |peer| peer.uid());
                let Some(place) = room.enter(user) else {
                    refuse(stream).await;
                    continue;
                };
                let server = server.clone();
                tokio::spawn(async move {
                    server.serve_one(stream).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a control connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Says why, as far as a fresh socket takes it at once; nobody waits for a client that does not read.
async fn refuse(stream: UnixStream) {
    let (_reader, mut writer) = stream.into_split();
    let message = "too many commands of this user wait for the node; end one first".to_owned();
    let answer = Answer::Error(Failure { code: Status::TooManyRequests as u16, message });
    let _ = timeout(REFUSAL_MAX, frame::write_header(&mut writer, &answer)).await;
}

struct Server {
    handle: Handle,
    blocks: Blocks,
    topics: Topics,
    streams: Door,
    jobs: Arc<crate::jobs::Door>,
    ledger: Option<Ledger>,
    facts: Facts,
    transfers: Semaphore,
}

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
                let outcome = until_gone(reader, self.handle.wish(wish)).await?;
                done(Operation::Find, &outcome)?;
                Ok(Done::Find { ids: outcome.found.iter().map(hex).collect(), crowded: outcome.crowded })
            }
            Request::Send { id, text } => {
                let wish = Wish::Send { to: parse_id(&id)?, bytes: text.into_bytes() };
                let outcome = until_gone(reader, self.handle.wish(wish)).await?;
                done(Operation::Send, &outcome)?;
                Ok(Done::Send {})
            }
            Request::Ask { id, within_ms } => {
                ports::ask(&self.handle, parse_id(&id)?, within_ms, reader, writer).await
            }
            Request::Modules {} => {
                let view = self.handle.look().await.ok_or_else(stopping)?;
                Ok(Done::Modules(modules::lines(view.modules)))
            }
            Request::Command { module } => modules::command(&self.handle, &module, reader).await,
            Request::Follow { module } => modules::follow(&self.handle, &module, reader, writer).await,
            Request::Answer {} => ports::answer(&self.handle, reader, writer).await,
            Request::Attach { port, version } => {
                ports::attach(&self.handle, port, version, reader, writer).await
            }
            Request::OpenStream { id, name } => {
                self.streams.open(parse_id(&id)?, &name, reader, writer).await
            }
            Request::TakeStream { name, a_peer } => self.streams.take(&name, a_peer, reader, writer).await,
            Request::Job(plan) => jobs::run(&self.jobs, plan, hex(&self.handle.id()), reader, writer).await,
            Request::Jobs {} => jobs::list(&self.jobs).await,
            Request::CancelJob { job } => jobs::cancel(&self.jobs, job).await,
            Request::PauseJob { job, paused } => jobs::pause(&self.jobs, job, paused).await,
            Request::Records { clear } => jobs::records(&self.jobs, clear).await,
            Request::Learn { records } => jobs::learn(&self.jobs, &records).await,
            Request::Offer(wish) => jobs::offer(&self.jobs, wish).await,
            Request::Ledger(wish) => {
                ledger::serve(&self.handle, self.ledger.as_ref(), wish, reader, writer).await
            }
            Request::Publish { topic } => self.topics.publish(&topic, reader).await,
            Request::Listen { topic } => self.topics.listen(&topic, reader, writer).await,
        }
    }

    fn transfer(&self) -> Result<SemaphorePermit<'_>, Ended> {
        self.transfers.try_acquire().map_err(|_| {
            let message = format!("{TRANSFERS_MAX} files go in and out of this node already; end one first");
            failed(Status::TooManyRequests, message)
        })
    }

    async fn put(&self, reader: &mut Reader, writer: &mut OwnedWriteHalf) -> Result<Done, Ended> {
        let _place = self.transfer()?;
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
        while until_gone(reader, put.settle()).await?? {
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
        let _place = self.transfer()?;
        let mut get = Get::new(self.blocks.clone(), root, 0..u64::MAX);
        let mut bytes = 0;
        let mut is_size_told = false;
        while let Some(piece) = get.next().await? {
            if let Some(size) = get.size().filter(|_| !is_size_told) {
                is_size_told = true;
                frame::write_header(writer, &Answer::Size(size)).await?;
            }
            bytes += piece.len() as u64;
            match timeout(DATA_MAX, frame::write_data(writer, &piece)).await {
                Ok(written) => written?,
                Err(_) => return Err(FrameError::Io(io::ErrorKind::TimedOut.into()).into()),
            }
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
            peer_troubles: view.peer_troubles,
            uptime_s: view.uptime.as_secs(),
            links: view.links.len(),
            neighbourhood: view.neighbourhood.iter().map(hex).collect(),
            addresses: view.addresses,
            modules: modules::lines(view.modules),
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

fn text(cid: &Cid) -> String {
    String::from_utf8_lossy(&cid.to_text()).into_owned()
}
