//! The task that hears the module for all streams.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::{NodeId, Status};
use tabmesh_stream::{Command, Event, NAME_MAX, NAMES_MAX};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::stream::{Half, News, Reader, Stream, Writer};
use crate::driver::{Attached, Heard};
use crate::tap::Events;

/// Streams that others opened have numbers from here on.
const INCOMING: u32 = 1 << 31;

type Reply = oneshot::Sender<Result<Stream, Status>>;

/// What the faces of streams want.
#[derive(Debug)]
pub(crate) enum Order {
    Open {
        peer: NodeId,
        name: Vec<u8>,
        reply: Reply,
    },
    Take {
        name: Vec<u8>,
        /// Of this name one peer has at most so many.
        a_peer: usize,
        reply: Reply,
    },
    /// Whoever stopped waiting is to be forgotten.
    Purge,
    /// Everything ends.
    Close {
        reply: oneshot::Sender<()>,
    },
}

/// Who waits for a stream.
struct Taker {
    a_peer: usize,
    reply: Reply,
}

/// What the hub keeps of one stream.
struct Open {
    peer: NodeId,
    name: Vec<u8>,
    news: mpsc::UnboundedSender<News>,
    room: Arc<Semaphore>,
    ended: watch::Sender<Option<Status>>,
    /// Who opens it, until it is open.
    opening: Option<(Stream, Reply)>,
    /// Halves that were dropped, having read all that came or written all.
    gone: u8,
}

pub(super) struct Hub {
    attached: Attached,
    events: Events,
    /// For the halves of streams.
    hub: mpsc::UnboundedSender<Half>,
    halves: mpsc::UnboundedReceiver<Half>,
    streams: HashMap<u32, Open>,
    /// Who waits for a stream, by name; those that have none are not listened for.
    takers: HashMap<Vec<u8>, VecDeque<Taker>>,
    /// How long a stream may stay that nobody has any more.
    linger: Duration,
    /// Until when each of them may.
    leaving: VecDeque<(Instant, u32)>,
    /// Who closes it.
    closing: Option<oneshot::Sender<()>>,
    last: u32,
}

impl Hub {
    pub(super) fn new(attached: Attached, events: Events, linger: Duration) -> Self {
        let (hub, halves) = mpsc::unbounded_channel();
        let (streams, takers, leaving) = (HashMap::new(), HashMap::new(), VecDeque::new());
        Self { attached, events, hub, halves, streams, takers, linger, leaving, closing: None, last: 0 }
    }

    /// Until nobody has streams any more, somebody closes it, or the module is gone.
    pub(super) async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut has_faces = true;
        while self.closing.is_none() && (has_faces || !self.streams.is_empty()) {
            let leaves_at = self.leaving.front().map(|(at, _)| *at);
            tokio::select! {
                order = orders.recv(), if has_faces => match order {
                    Some(order) => self.obey(order).await,
                    None => has_faces = false,
                },
                Some(half) = self.halves.recv() => match half {
                    Half::Says(bytes) => drop(self.attached.command(bytes).await),
                    Half::Lost(stream) => self.reset(stream).await,
                    Half::Gone(stream) => self.leave(stream),
                },
                Some(bytes) = self.events.next() => self.hear(&bytes).await,
                Heard::Ended(_) = self.attached.events.next() => {
                    while let Some(bytes) = self.events.next_waiting() {
                        self.hear(&bytes).await;
                    }
                    return self.end_all();
                }
                () = sleep_until(leaves_at.unwrap_or_else(Instant::now)), if leaves_at.is_some() => {
                    self.end_leaving().await;
                }
            }
        }
        self.end_all();
        self.attached.detach().await;
        // Nothing can be ordered any more once whoever closes it hears of it.
        drop(orders);
    }

    async fn say(&self, command: &Command<'_>) {
        // A module that is gone ends all streams, which is heard.
        let _ = self.attached.command(command.emit()).await;
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Open { peer, name, reply } => self.open(peer, name, reply).await,
            Order::Take { name, a_peer, reply } => self.take(name, Taker { a_peer, reply }).await,
            Order::Purge => self.purge().await,
            Order::Close { reply } => self.closing = Some(reply),
        }
    }

    async fn reset(&self, stream: u32) {
        // The module knows no stream that is over.
        self.say(&Command::Reset { stream, status: Status::Unavailable }).await;
    }

    /// A half is gone, and lost nothing.
    fn leave(&mut self, stream: u32) {
        let Some(open) = self.streams.get_mut(&stream) else { return };
        open.gone += 1;
        if open.gone == 2 {
            self.leaving.push_back((Instant::now() + self.linger, stream));
        }
    }

    async fn end_leaving(&mut self) {
        let now = Instant::now();
        while let Some((_, stream)) = self.leaving.pop_front_if(|(at, _)| *at <= now) {
            if self.streams.get(&stream).is_some_and(|open| open.gone == 2) {
                self.reset(stream).await;
            }
        }
    }

    fn end_all(&mut self) {
        for stream in self.streams.keys().copied().collect::<Vec<_>>() {
            self.end(stream, Status::Unavailable);
        }
    }

    async fn open(&mut self, peer: NodeId, name: Vec<u8>, reply: Reply) {
        self.last = (self.last + 1) & (u32::MAX >> 1);
        let number = self.last;
        let stream = self.make(number, peer, name.clone());
        if let Some(open) = self.streams.get_mut(&number) {
            open.opening = Some((stream, reply));
        }
        self.say(&Command::Open { stream: number, to: &peer, name: &name }).await;
    }

    /// A stream and what the hub keeps of it.
    fn make(&mut self, number: u32, peer: NodeId, name: Vec<u8>) -> Stream {
        let (news, heard) = mpsc::unbounded_channel();
        let (ended, end) = watch::channel(None);
        let room = Arc::new(Semaphore::new(0));
        let (opening, gone) = (None, 0);
        let open = Open { peer, name: name.clone(), news, room: room.clone(), ended, opening, gone };
        self.streams.insert(number, open);
        let reader = Reader { number, news: heard, hub: self.hub.clone(), end: None };
        let writer = Writer { number, room, ended: end, hub: self.hub.clone(), is_finished: false };
        Stream { peer, name, reader, writer }
    }

    async fn take(&mut self, name: Vec<u8>, taker: Taker) {
        let is_news = !self.takers.contains_key(&name);
        if name.len() > NAME_MAX || is_news && self.takers.len() >= NAMES_MAX {
            let is_long = name.len() > NAME_MAX;
            let status = if is_long { Status::BadRequest } else { Status::TooManyRequests };
            let _ = taker.reply.send(Err(status));
            return;
        }
        if is_news {
            self.say(&Command::Listen { name: &name }).await;
        }
        self.takers.entry(name).or_default().push_back(taker);
    }

    /// Forgets who stopped waiting.
    async fn purge(&mut self) {
        for takers in self.takers.values_mut() {
            takers.retain(|taker| !taker.reply.is_closed());
        }
        for name in
            self.takers.extract_if(|_, takers| takers.is_empty()).map(|(name, _)| name).collect::<Vec<_>>()
        {
            self.say(&Command::Unlisten { name: &name }).await;
        }
        let given_up = |open: &Open| open.opening.as_ref().is_some_and(|(_, reply)| reply.is_closed());
        let gone: Vec<u32> =
            self.streams.iter().filter(|(_, open)| given_up(open)).map(|(number, _)| *number).collect();
        for number in gone {
            self.reset(number).await;
        }
    }

    async fn hear(&mut self, bytes: &[u8]) {
        let Some(event) = Event::read(bytes) else { return };
        match event {
            Event::Listening { .. } => {}
            Event::Opened { stream } => {
                let opening = self.streams.get_mut(&stream).and_then(|open| open.opening.take());
                if let Some((stream, reply)) = opening {
                    // One that nobody takes any more is reset as it is dropped.
                    let _ = reply.send(Ok(stream));
                }
            }
            Event::Incoming { stream, from, name } => self.hand_out(stream, *from, name).await,
            Event::Room { stream, bytes } => {
                if let Some(open) = self.streams.get(&stream) {
                    open.room.add_permits(bytes as usize);
                }
            }
            Event::Came { stream, bytes } => {
                if !self.tell(stream, News::Came(Bytes::copy_from_slice(bytes))) {
                    self.reset(stream).await;
                }
            }
            Event::Finished { stream } => {
                self.tell(stream, News::Finished);
            }
            Event::Ended { stream, status } => self.end(stream, status),
        }
    }

    /// Somebody opened a stream: it is whoever's waits longest and gives its peer one more.
    async fn hand_out(&mut self, number: u32, from: NodeId, name: &[u8]) {
        let is_alike =
            |number: u32, open: &Open| number >= INCOMING && open.peer == from && open.name == name;
        let count = self.streams.iter().filter(|(number, open)| is_alike(**number, open)).count();
        let mut stream = self.make(number, from, name.to_vec());
        let takers = self.takers.entry(name.to_vec()).or_default();
        while let Some(at) = takers.iter().position(|taker| taker.a_peer > count) {
            let sent = takers.remove(at).map(|taker| taker.reply.send(Ok(stream)));
            let Some(Err(Ok(back))) = sent else { return self.purge().await };
            stream = back;
        }
        self.say(&Command::Reset { stream: number, status: Status::TooManyRequests }).await;
        self.purge().await;
    }

    /// Whether somebody reads it still.
    fn tell(&self, stream: u32, news: News) -> bool {
        self.streams.get(&stream).is_some_and(|open| open.news.send(news).is_ok())
    }

    fn end(&mut self, stream: u32, status: Status) {
        let Some(open) = self.streams.remove(&stream) else { return };
        open.ended.send_replace(Some(status));
        open.room.close();
        let _ = open.news.send(News::Ended(status));
        if let Some((_, reply)) = open.opening {
            let _ = reply.send(Err(status));
        }
    }
}
