//! The node under test and its shell: links that are open, jobs, and what must be true whatever comes in.

use std::collections::BTreeMap;

use tabmesh_engine::limits::{CIRCUIT_HEAD, FRAME_MAX, LINKS_MAX, SEAL};
use tabmesh_engine::wire::frame::Frame;
use tabmesh_engine::wire::signal::ToServer;
use tabmesh_engine::{
    Config, Event, Input, Instant, JobId, LinkId, LinkKind, Node, NodeId, Output, Profile, Route, Status,
    Work,
};

use super::super::frames::NET;
use super::super::heap::{Heap, measure};
use super::super::outcome::Outcome;
use super::line::{Line, Way};
use super::people::{BYSTANDER, SELF, exchange, person};
use super::store::Store;

/// Engine state at full tables, in bytes: docs/ARCHITECTURE.md.
const STATE_MAX: isize = 65_536;

/// So many of the frames that the node sent last are remembered.
const HEARD_MAX: usize = 24;

/// What the shell owes the node after a drain.
enum Owed {
    Description(LinkId),
    Job(JobId, Work),
    Up(LinkId),
    Sealed(LinkId, Vec<u8>),
    Unsealed(LinkId, Vec<u8>),
}

/// What runs shall reach, each counted.
pub(crate) const REACHED: [&str; 8] = [
    "links by socket",
    "links by WebRTC",
    "circuits",
    "messages of topics",
    "operations that went well",
    "places found",
    "messages",
    "blocks stored",
];

/// How often.
pub(crate) type Depth = [usize; REACHED.len()];

/// The node and its shell.
pub(super) struct Shell {
    pub(super) node: Node,
    pub(super) profile: Profile,
    /// In microseconds.
    pub(super) now: u64,
    pub(super) lines: BTreeMap<LinkId, Line>,
    /// Jobs are not done until somebody says so.
    pub(super) is_slow: bool,
    pub(super) jobs: Vec<(JobId, Work)>,
    pub(super) store: Store,
    /// Frames that the node sent last, without their lengths.
    pub(super) heard: Vec<(LinkId, Vec<u8>)>,
    /// What it sent to the bystander since that looked.
    pub(super) inbox: Vec<Vec<u8>>,
    /// Envelopes that it sent, and to whom; the last are the latest.
    pub(super) letters: Vec<(NodeId, Vec<u8>)>,
    /// Whose envelope comes in next.
    pub(super) author: usize,
    pub(super) is_signal_open: bool,
    pub(super) has_left: bool,
    /// Whether attackers answer what the node says to them; else they do when the bytes say so.
    pub(super) are_lively: bool,
    /// What they did not answer yet.
    pub(super) unanswered: Vec<(LinkId, Vec<u8>)>,
    /// Of the question that came last.
    pub(super) ticket: Vec<u8>,
    /// How deep the run went.
    pub(super) depth: Depth,
    heap: Heap,
    /// Whether each input and output is printed: the variable `TABMESH_TRACE`.
    is_traced: bool,
    owed: Vec<Owed>,
}

impl Shell {
    pub(super) fn new(profile: Profile, signalling: bool, relay: bool, addresses: u16) -> Self {
        let config = Config {
            key: *person(SELF).key(),
            seed: [3; 32],
            network: NET,
            level: 0,
            profile,
            address: if profile == Profile::Native { b"wss://node.test/peer".to_vec() } else { Vec::new() },
            addresses,
            signalling,
            relay,
        };
        let mut heap = Heap::default();
        Self {
            node: measure(&mut heap, || Node::new(config)),
            profile,
            now: 1_000_000,
            lines: BTreeMap::new(),
            is_slow: false,
            jobs: Vec::new(),
            store: Store::default(),
            heard: Vec::new(),
            inbox: Vec::new(),
            letters: Vec::new(),
            author: 2,
            is_signal_open: false,
            has_left: false,
            are_lively: false,
            unanswered: Vec::new(),
            ticket: Vec::new(),
            depth: [0; REACHED.len()],
            heap,
            is_traced: std::env::var_os("TABMESH_TRACE").is_some(),
            owed: Vec::new(),
        }
    }

    /// One input, and all that follows from it.
    pub(super) fn tell(&mut self, input: Input<'_>) {
        self.feed(input);
        self.settle();
    }

    /// The same in its flat form, which may be none.
    pub(super) fn tell_flat(&mut self, kind: u32, number: u32, bytes: &[u8]) {
        if self.is_traced {
            println!("{} <- kind {kind}, number {number}, {bytes:?}", self.now);
        }
        let (now, node) = (Instant(self.now), &mut self.node);
        measure(&mut self.heap, || node.handle_flat(now, kind, number, bytes));
        self.drain();
        self.settle();
    }

    fn settle(&mut self) {
        let mut rounds = 0;
        while !self.owed.is_empty() {
            rounds += 1;
            assert!(rounds < 10_000, "the node does not come to rest");
            let owed = self.owed.remove(0);
            self.pay(owed);
        }
        assert!(self.heap.live <= STATE_MAX, "the engine's state takes {} bytes", self.heap.live);
        let most = LINKS_MAX[self.profile as usize];
        assert!(self.lines.len() <= most, "{} links", self.lines.len());
    }

    fn feed(&mut self, input: Input<'_>) {
        if self.is_traced {
            println!("{} <- {input:?}", self.now);
        }
        let (now, node) = (Instant(self.now), &mut self.node);
        measure(&mut self.heap, || node.handle_input(now, input));
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            let node = &mut self.node;
            match measure(&mut self.heap, || node.poll_output()) {
                Output::Timeout(_) => return,
                output => {
                    if self.is_traced {
                        println!("    -> {output:?}");
                    }
                    self.act(&output);
                    // Given back under measurement, since it was taken under measurement.
                    measure(&mut self.heap, || drop(output));
                }
            }
        }
    }

    fn pay(&mut self, owed: Owed) {
        match owed {
            Owed::Description(link) => self.describe(link),
            Owed::Job(job, work) => {
                let ended = self.store.work(&work);
                self.depth[7] += usize::from(matches!(ended, Outcome::Stored));
                self.feed(Input::JobDone { job, result: ended.result() });
            }
            Owed::Up(link) => self.open(link),
            Owed::Sealed(link, bytes) if self.lines.contains_key(&link) => {
                self.feed(Input::Sealed { link, bytes: &bytes });
            }
            Owed::Unsealed(link, bytes) if self.lines.contains_key(&link) => {
                match bytes.len().checked_sub(SEAL) {
                    Some(length) => self.feed(Input::LinkBytes { link, bytes: &bytes[..length] }),
                    None => self.down(link),
                }
            }
            Owed::Sealed(..) | Owed::Unsealed(..) => {}
        }
    }

    /// All that waits is done, and from now on at once.
    pub(super) fn finish_jobs(&mut self) {
        self.is_slow = false;
        let waiting = std::mem::take(&mut self.jobs);
        self.owed.extend(waiting.into_iter().map(|(job, work)| Owed::Job(job, work)));
        self.tell(Input::Timeout);
    }

    fn describe(&mut self, link: LinkId) {
        let Some(line) = self.lines.get_mut(&link) else { return };
        let is_key = !matches!(line.way, Way::Offered | Way::Answering);
        if line.way == Way::Answering {
            line.can_open = true;
            if self.are_lively {
                self.owed.push(Owed::Up(link));
            }
        }
        let description = if is_key { &[0xe1; 64][..] } else { &[1; 90] };
        self.feed(Input::Described { link, description });
    }

    /// The transport of a link opens, if it can.
    pub(super) fn open(&mut self, link: LinkId) {
        if let Some(line) = self.lines.get_mut(&link).filter(|line| line.can_open && !line.is_up) {
            line.is_up = true;
            self.feed(Input::LinkUp(link));
        }
    }

    /// A transport ends.
    pub(super) fn down(&mut self, link: LinkId) {
        self.lines.remove(&link);
        self.feed(Input::LinkDown(link));
    }

    /// Somebody sends this over a link; what it may not say there ends the link as a wrong seal does.
    pub(super) fn bring(&mut self, link: LinkId, bytes: &[u8]) {
        match self.lines.get(&link) {
            Some(line) if line.is_up && !line.is_deaf => self.tell(Input::LinkBytes { link, bytes }),
            Some(line) if line.is_up => self.tell_down(link),
            _ => {}
        }
    }

    pub(super) fn tell_down(&mut self, link: LinkId) {
        self.lines.remove(&link);
        self.tell(Input::LinkDown(link));
    }

    fn add(&mut self, link: LinkId, way: Way) {
        let is_up = way == Way::Accepted;
        let can_open = matches!(way, Way::Accepted | Way::Dialled);
        let (author, hello) = (self.author, Vec::new());
        let line = Line {
            way,
            can_open,
            is_up,
            author,
            is_bystanders: false,
            is_greeted: false,
            proofs: 0,
            hello,
            is_deaf: false,
        };
        assert!(self.lines.insert(link, line).is_none(), "link {} is open already", link.number());
        self.owed.push(Owed::Description(link));
    }

    pub(super) fn line(&mut self, link: LinkId) -> &mut Line {
        let line = self.lines.get_mut(&link);
        line.unwrap_or_else(|| panic!("an output names link {}, which is not open", link.number()))
    }

    fn act(&mut self, output: &Output) {
        match output {
            Output::Timeout(_) => {}
            Output::Unreadable(kind) => panic!("the border's table cannot read output {kind}"),
            Output::Send { link, bytes } => self.sent(*link, bytes),
            Output::Accept(link) => self.add(*link, Way::Accepted),
            Output::Open { link, route } => {
                let way = match route {
                    Route::Socket(_) => Way::Dialled,
                    Route::Offer => Way::Offered,
                    Route::Answer(_) => Way::Answering,
                    Route::Circuit(_) => Way::Circuit,
                };
                self.add(*link, way);
                if let Route::Circuit(Some(_)) = route {
                    self.line(*link).can_open = true;
                }
                self.owed.push(Owed::Up(*link));
            }
            Output::Answered { link, .. } => {
                let author = self.author;
                let line = self.line(*link);
                (line.can_open, line.author) = (true, author);
                self.owed.push(Owed::Up(*link));
            }
            Output::Seal { link, key, .. } => {
                let line = self.line(*link);
                line.is_deaf = !line.is_bystanders && *key != exchange(2);
            }
            Output::Unseal { link, bytes } => self.owed.push(Owed::Unsealed(*link, bytes.clone())),
            Output::Close(link) => {
                self.line(*link);
                self.lines.remove(link);
            }
            Output::Job { job, work } if self.is_slow => self.jobs.push((*job, work.clone())),
            Output::Job { job, work } => self.owed.push(Owed::Job(*job, work.clone())),
            Output::Signal(bytes) => self.signalled(bytes),
            Output::Event(event) => self.happened(event),
            Output::SignalOpen => self.is_signal_open = true,
            Output::SignalClose => self.is_signal_open = false,
            Output::Refuse => {}
        }
    }

    fn sent(&mut self, link: LinkId, bytes: &[u8]) {
        assert!(
            bytes.len() > 2 && bytes.len() <= FRAME_MAX + CIRCUIT_HEAD + 2,
            "a frame of {} bytes",
            bytes.len()
        );
        let line = self.line(link);
        if line.way == Way::Circuit {
            self.owed.push(Owed::Sealed(link, [bytes, &[0; SEAL]].concat()));
        } else if line.is_bystanders {
            self.inbox.push(bytes.to_vec());
        }
        let bytes = bytes[2..].to_vec();
        match Frame::parse(&bytes) {
            None => panic!("the node says what is no frame"),
            Some(Frame::Hello(_)) => self.line(link).hello = bytes.clone(),
            Some(Frame::Routed(routed)) if routed.kind == 2 => {
                self.letters.push((*routed.target, routed.payload.to_vec()));
            }
            Some(_) => {}
        }
        if self.are_lively && !self.line(link).is_bystanders && self.unanswered.len() < HEARD_MAX {
            self.unanswered.push((link, bytes.clone()));
        }
        if self.heard.len() == HEARD_MAX {
            self.heard.remove(0);
        }
        self.heard.push((link, bytes));
    }

    fn signalled(&mut self, bytes: &[u8]) {
        match ToServer::parse(bytes) {
            None => panic!("the node says what is no message to a server"),
            Some(ToServer::Relay { to, envelope }) => self.letters.push((*to, envelope.to_vec())),
            Some(_) => {}
        }
    }

    fn happened(&mut self, event: &Event) {
        match event {
            Event::PeerUp { link, id, kind, .. } => {
                let (line, kind) = (self.line(*link), *kind);
                let has_proved = |number: usize| line.proofs & (1 << number) != 0 && person(number).id == *id;
                assert!(
                    kind != LinkKind::Socket || (0..8).any(has_proved),
                    "nobody proved that it is {id:?}"
                );
                let is_bystanders = line.is_bystanders;
                assert!(*id != person(SELF).id, "a link to itself");
                assert_eq!(*id == person(BYSTANDER).id, is_bystanders, "somebody is taken for another");
                let place = [LinkKind::Socket, LinkKind::WebRtc, LinkKind::Relayed]
                    .iter()
                    .position(|known| *known == kind);
                self.depth[place.expect("one of the kinds")] += 1;
            }
            Event::Published { from, id, bytes, .. } => {
                assert!(*from != person(BYSTANDER).id, "a message that nobody signed");
                self.store.keep(*id, bytes.clone());
                self.depth[3] += 1;
            }
            Event::Done { status: Status::Ok | Status::Partial, .. } => self.depth[4] += 1,
            Event::Found { .. } => self.depth[5] += 1,
            Event::Asked { ticket, .. } => {
                self.ticket.clone_from(ticket);
                self.depth[6] += 1;
            }
            _ => {}
        }
    }
}
