//! The driver: the one task that owns the engine, its clock and its timer.
//!
//! Everything else is a task of its own and sends messages here over bounded channels. The driver never waits for any
//! of them: what it hands out goes into queues with a bound, and a full one has a rule. So nothing can deadlock, and a
//! slow disk, peer or reader slows only what depends on it.

mod api;
mod attached;
mod attachment;
mod clock;
mod commander;
mod doors;
mod events;
mod face;
mod feed;
mod handle;
mod here;
mod jobs;
mod memory;
mod modules;
mod operations;
mod outputs;
mod port;
mod ports;
mod request;
mod seated;
mod state;
mod topics;
mod troubles;
mod verifier;

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tabmesh_engine::limits::{self, JOBS_MAX};
use tabmesh_engine::{Command, Config, Input, Instant, JobId, LinkView, Node, NodeId};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep_until, timeout};

pub use api::{Outcome, Said, View, Wish, topic_id};
use attached::Ports;
pub use attachment::{Attachment, Questions, Speaker};
use clock::{Clock, Wall};
pub use commander::{Attached, COMMAND_MAX, Commander};
pub use face::{Ended, Events, FaceError, Heard, ModuleView};
pub use handle::Handle;
use memory::Memory;
use port::Return;
pub use port::{AttachError, Message, PortCommand, PortEvent, Question};
use request::Request;
use seated::{OfModule, Seated};
use state::Driver;
pub(crate) use state::Incoming;
use troubles::Troubles;
use verifier::{Checked, OfEngine, Verifier};

use crate::addresses::Addresses;
use crate::identity::Identity;
use crate::link;
use crate::link::webrtc::Ice;
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::signalling;
use crate::storage::{Answer, Storage};

/// Reports of links that may wait here: at most 4 MiB of packets. The links wait at the bound, and so do their peers.
const REPORTS_MAX: usize = 64;

/// Accepted WebSockets that may wait for the engine's word. The listener refuses at the bound.
const INCOMING_MAX: usize = 16;

/// Requests of the node's other parts that may wait. They wait at the bound.
const REQUESTS_MAX: usize = 64;

/// Events that a slow listener may be behind.
const EVENTS_MAX: usize = 256;

/// Messages that a slow listener may be behind: at most 8 MiB.
const MESSAGES_MAX: usize = 256;

/// How often given-up operations are looked for and the wall clock is compared.
const TICK: Duration = Duration::from_secs(1);

/// How long links may take to send their goodbyes when the node stops.
const GOODBYE_MAX: Duration = Duration::from_secs(3);

/// The ends of the channels that lead here.
struct Doors {
    reports: mpsc::Receiver<link::Report>,
    answers: mpsc::UnboundedReceiver<(JobId, Answer)>,
    checked: mpsc::UnboundedReceiver<Checked<OfEngine>>,
    module_checked: mpsc::UnboundedReceiver<Checked<OfModule>>,
    signals: mpsc::Receiver<signalling::Report>,
    requests: mpsc::Receiver<Request>,
    returns: mpsc::UnboundedReceiver<Return>,
    incoming: mpsc::Receiver<Incoming>,
}

/// The driver's ends that its creator keeps.
pub(crate) struct Started {
    pub(crate) handle: Handle,
    pub(crate) incoming: mpsc::Sender<Incoming>,
    /// Ends when the node has left and its links are closed.
    pub(crate) task: tokio::task::JoinHandle<()>,
}

/// Starts a node on the current runtime.
///
/// # Errors
///
/// The system has no thread to give.
pub(crate) fn start(
    settings: &Settings,
    identity: Identity,
    storage: Storage,
    seed: [u8; 32],
) -> std::io::Result<Started> {
    let metrics = Arc::new(Metrics::new());
    let addresses = Addresses::new(
        &settings.peers,
        storage.remembered_peers(),
        settings.announce.clone(),
        settings.reach(),
    );
    let node = Node::new(Config {
        key: *identity.public_key(),
        seed,
        network: settings.network_tag(),
        level: settings.level,
        profile: settings.engine_profile(),
        address: settings.announce.as_ref().map(|url| url.as_str().into()).unwrap_or_default(),
        addresses: addresses.count(),
        signalling: !settings.signalling.is_empty(),
        relay: settings.relay,
    });
    let (report_sender, reports) = mpsc::channel(REPORTS_MAX);
    // Bounded by the engine, which has at most JOBS_MAX jobs under way; a storage thread must never wait for room
    // here while the driver hands it the next job.
    let (answer_sender, answers) = mpsc::unbounded_channel();
    let (checked_sender, checked) = mpsc::unbounded_channel();
    let (module_checked_sender, module_checked) = mpsc::unbounded_channel();
    let (signal_sender, signals) = mpsc::channel(REPORTS_MAX);
    let (request_sender, requests) = mpsc::channel(REQUESTS_MAX);
    // Bounded by attachments and open questions, which return once each.
    let (return_sender, returns) = mpsc::unbounded_channel();
    let (incoming_sender, incoming) = mpsc::channel(INCOMING_MAX);
    let (events, _) = broadcast::channel(EVENTS_MAX);
    let (messages, _) = broadcast::channel(MESSAGES_MAX);
    let handle = Handle {
        id: identity.id(),
        requests: request_sender,
        returns: return_sender.clone(),
        events: events.clone(),
        messages: messages.clone(),
        storage: storage.clone(),
        metrics: metrics.clone(),
    };
    let key = *identity.public_key();
    let driver = Driver {
        node,
        clock: Clock::new(),
        due: Instant(0),
        identity: Arc::new(identity),
        network: settings.network_tag(),
        storage,
        metrics,
        events,
        messages,
        ice: Ice::new(settings),
        addresses,
        links: HashMap::new(),
        circuits: HashMap::new(),
        packets: HashMap::new(),
        generation: 0,
        waiting: VecDeque::new(),
        servers: settings.signalling.clone().into(),
        server: 0,
        signalling: None,
        is_signalling: false,
        signalling_trouble: None,
        troubles: Troubles::default(),
        peer_troubles: Troubles::default(),
        ended_dials: Vec::new(),
        is_refused: false,
        operations: HashMap::new(),
        last_operation: 0,
        topics: HashMap::new(),
        topics_max: limits::TOPICS_MAX[settings.engine_profile() as usize],
        ports: Ports::default(),
        seated: Seated::new(key, settings.network_tag(), module_checked_sender)?,
        held: Vec::new(),
        returns: return_sender,
        memory: Memory::default(),
        findings: VecDeque::new(),
        tasks: JoinSet::new(),
        reports: report_sender,
        answers: answer_sender,
        verifier: Verifier::start("verify", JOBS_MAX, checked_sender)?,
        signals: signal_sender,
        has_left: false,
    };
    let doors = Doors { reports, answers, checked, module_checked, signals, requests, returns, incoming };
    let task = tokio::spawn(driver.run(doors));
    Ok(Started { handle, incoming: incoming_sender, task })
}

impl Driver {
    async fn run(mut self, mut doors: Doors) {
        let mut ticks = interval(TICK);
        self.tell_the_clock();
        while !self.has_left {
            let wanted_at = self.clock.deadline(self.wanted_at());
            tokio::select! {
                Some(report) = doors.reports.recv() => self.on_report(report),
                Some((job, answer)) = doors.answers.recv() => self.on_answer(job, &answer),
                Some(checked) = doors.checked.recv() => self.on_checked(checked),
                Some(checked) = doors.module_checked.recv() => self.on_module_checked(checked),
                Some(report) = doors.signals.recv() => self.on_signal(report),
                Some(returned) = doors.returns.recv() => self.on_return(returned),
                Some(incoming) = doors.incoming.recv() => self.on_incoming(incoming),
                request = doors.requests.recv() => match request {
                    Some(request) => self.on_request(request),
                    // Nobody is left who could ask anything of this node.
                    None => self.leave(),
                },
                Some(_) = self.tasks.join_next() => {}
                () = sleep_until(wanted_at) => self.on_timer(),
                _ = ticks.tick() => self.on_tick(),
            }
        }
        self.links.clear();
        self.signalling = None;
        // The tasks report to nobody now; what they still have to say would only hold them up.
        drop(doors);
        let goodbyes = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(GOODBYE_MAX, goodbyes).await.is_err() {
            tracing::info!("some peers did not hear the goodbye in time");
        }
    }

    fn on_report(&mut self, report: link::Report) {
        let link = report.link;
        let entry = self.links.get(&link).filter(|entry| entry.generation == report.generation);
        let Some(entry) = entry else { return };
        match report.what {
            link::What::Described(description) => {
                self.tell(Input::Described { link, description: &description });
            }
            link::What::Up => self.tell(Input::LinkUp(link)),
            link::What::Late => self.on_dial_late(link),
            link::What::Failed(error) => {
                self.on_dial_failed(link, &error);
                self.links.remove(&link);
                self.tell(Input::LinkDown(link));
            }
            link::What::Down => {
                self.on_unproved(link);
                self.links.remove(&link);
                self.tell(Input::LinkDown(link));
            }
            link::What::Packet(packet) => match entry.link.take(packet) {
                Ok(bytes) => {
                    self.metrics.received.inc_by(bytes.len() as u64);
                    self.tell(Input::LinkBytes { link, bytes: &bytes });
                }
                Err(error) => {
                    tracing::debug!(link = link.number(), %error, "a WebSocket ends");
                    self.links.remove(&link);
                    self.tell(Input::LinkDown(link));
                }
            },
            link::What::Drained(queued) => self.tell(Input::LinkDrained { link, queued }),
        }
    }

    fn on_signal(&mut self, report: signalling::Report) {
        if self.signalling.as_ref().is_none_or(|(generation, _)| *generation != report.generation) {
            return;
        }
        match report.what {
            signalling::What::Up(number) => {
                self.server = number;
                let server = self.servers[number].host_str().unwrap_or_default().to_ascii_lowercase();
                self.tell(Input::SignalUp(server.as_bytes()));
            }
            // It said itself why.
            signalling::What::Failed(..) if self.is_refused => {}
            signalling::What::Failed(number, reason) => self.on_server_failed(number, &reason),
            signalling::What::Down => {
                self.forget_signalling();
                self.tell(Input::SignalDown);
            }
            signalling::What::Message(bytes) => {
                self.tell(Input::SignalBytes(&bytes));
                if !self.is_signalling {
                    self.on_first_word(report.generation);
                }
            }
        }
    }

    /// The connection is gone without our wish: the next one begins with the next server.
    pub(super) fn forget_signalling(&mut self) {
        self.signalling = None;
        self.is_signalling = false;
        self.server = (self.server + 1) % self.servers.len().max(1);
    }

    fn on_incoming(&mut self, incoming: Incoming) {
        self.waiting.push_back(incoming);
        self.tell(Input::Incoming);
    }

    fn on_request(&mut self, request: Request) {
        match request {
            Request::Do(wish, reply) => self.begin(wish, reply),
            Request::Listen(topic, reply) => {
                let _ = reply.send(self.listen(topic));
            }
            Request::Attach(port, version, reply) => self.attach(port, version, reply),
            Request::At(attachment, command) => self.on_port_command(attachment, command),
            Request::Seat(seating, reply) => self.seat(seating, reply),
            Request::Unseat(number, reply) => {
                self.unseat(number);
                let _ = reply.send(());
            }
            Request::Command { port, number, bytes, reply } => {
                let _ = reply.send(self.command_module(port, number, &bytes));
            }
            Request::Follow(port, reply) => {
                let _ = reply.send(self.follow(port));
            }
            Request::Look(reply) => {
                let _ = reply.send(self.view());
            }
            Request::Leave => self.leave(),
        }
    }

    fn leave(&mut self) {
        self.tell(Input::Command(Command::Leave));
        self.has_left = true;
    }

    fn on_tick(&mut self) {
        match self.clock.look_at_wall() {
            Wall::Steady => {}
            Wall::Jumped => self.tell_the_clock(),
            Wall::Slept => {
                tracing::info!("the host slept; looking whether the peers are still there");
                self.tell_the_clock();
                self.tell(Input::Command(Command::Wake));
            }
        }
        self.cancel_given_up();
        self.leave_topics();
        self.detach_gone();
        self.tell_peers();
        self.ports.forget_late(tokio::time::Instant::now());
        self.storage.mend();
        let totals = self.storage.totals();
        self.metrics.blocks.set(totals.blocks as i64);
        self.metrics.block_bytes.set(totals.bytes as i64);
    }

    fn addresses_of_peers(&self) -> Vec<(NodeId, IpAddr)> {
        let from = |link: LinkView| Some((link.id, self.links.get(&link.link)?.link.from()?));
        self.node.links().filter_map(from).collect()
    }

    fn view(&self) -> View {
        let now = self.clock.now();
        let since = |since: Instant| Duration::from_micros(now.since(since).0);
        View {
            id: self.node.id(),
            is_joined: self.node.is_joined(),
            is_signalling: self.is_signalling,
            signalling_trouble: self.signalling_trouble.clone(),
            peer_troubles: self.peer_troubles.lines(),
            uptime: self.clock.uptime(),
            links: self.node.links().map(|link| (link, since(link.since))).collect(),
            from: self.addresses_of_peers(),
            neighbourhood: self.node.neighbourhood(),
            addresses: self.addresses.count(),
            modules: self.seated.views(),
        }
    }
}
