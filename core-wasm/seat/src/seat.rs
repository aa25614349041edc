//! One module on its port.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use tabmesh_port::limits::{ASKS_MAX, LIST_MAX, MESSAGE_MAX, RECEIVERS_MAX, TELL_MAX, WITHIN_MS_MAX};
use tabmesh_port::{
    Input, Instant, Module, NodeId, Output, Port, PublicKey, Room, Signature, Status, Told, Wish, Work,
};

use crate::held::Held;
use crate::numbers::MODULES;
use crate::questions::Questions;

/// The numbers of [`Wish::Ask`], [`Wish::List`] and [`Wish::AskHere`].
const ASK: u8 = Wish::Ask { op: 0, to: &NodeId([0; 32]), within_ms: 0, bytes: &[] }.kind();
const LIST: u8 = Wish::List { op: 0, place: &NodeId([0; 32]), stays: false, within_ms: 0 }.kind();
const ASK_HERE: u8 = Wish::AskHere { op: 0, port: Port(0), within_ms: 0, bytes: &[] }.kind();

/// A module, and what its port remembers for it.
pub(crate) struct Seat {
    pub(crate) port: Port,
    pub(crate) version: u8,
    module: Box<dyn Module + Send>,
    /// What it is to be handed next, in flat form.
    inbox: VecDeque<Vec<u8>>,
    /// Its questions that it was not told the end of yet.
    asks: Vec<Ask>,
    pub(crate) questions: Questions,
    pub(crate) held: Held,
    /// What the shell does for it: the number of the seats, and its own.
    jobs: Vec<(u32, u32)>,
    view: Option<Vec<NodeId>>,
    views: u32,
}

/// One question or list: the module's number for it, and that of the seats.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) op: u32,
    number: u32,
    pub(crate) whom: Whom,
    /// Its end waits to be told.
    has_ended: bool,
}

/// Who is asked.
#[derive(Clone, Copy)]
pub(crate) enum Whom {
    /// The module of this port at another node.
    Node(NodeId),
    /// Whoever keeps a list.
    List,
    /// Another module of this node.
    Here,
}

/// What a module gave out, as far as its seat can see to it.
pub(crate) enum Given {
    List {
        op: u32,
        place: NodeId,
        stays: bool,
        within_ms: u32,
    },
    Tell {
        to: Vec<NodeId>,
        bytes: Vec<u8>,
    },
    Ask {
        op: u32,
        to: NodeId,
        within_ms: u32,
        bytes: Vec<u8>,
    },
    Reply {
        ticket: Vec<u8>,
        status: Status,
        bytes: Vec<u8>,
    },
    AskHere {
        op: u32,
        to: Port,
        within_ms: u32,
        bytes: Vec<u8>,
    },
    ReplyHere {
        ticket: u32,
        status: Status,
        bytes: Vec<u8>,
    },
    /// The question with this number is not waited for any more.
    Cancel(u32),
    CancelHere(u32),
    Hold,
    Sign {
        job: u32,
        bytes: Vec<u8>,
    },
    Verify {
        job: u32,
        key: PublicKey,
        signature: Signature,
        bytes: Vec<u8>,
    },
    Event(Vec<u8>),
}

impl Seat {
    pub(crate) fn new(port: Port, version: u8, module: Box<dyn Module + Send>) -> Self {
        Self {
            port,
            version,
            module,
            inbox: VecDeque::new(),
            asks: Vec::new(),
            questions: Questions::default(),
            held: Held::default(),
            jobs: Vec::new(),
            view: None,
            views: 0,
        }
    }

    /// It is to be handed this, after what waits.
    pub(crate) fn hand(&mut self, input: &Input<'_>) {
        self.inbox.push_back(input.emit());
    }

    pub(crate) fn tell(&mut self, told: Told<'_>) {
        self.hand(&Input::Told(told));
    }

    pub(crate) fn has_input(&self) -> bool {
        !self.inbox.is_empty()
    }

    pub(crate) fn wanted_at(&self) -> Instant {
        self.module.wanted_at()
    }

    /// Hands it the next input that waits; false if none does.
    pub(crate) fn step(&mut self, now: Instant) -> bool {
        let Some(flat) = self.inbox.pop_front() else { return false };
        if let Ok(input) = Input::read(&flat) {
            if let Input::Told(Told::Answered { op, .. } | Told::Listed { op, .. }) = input {
                self.asks.retain(|ask| ask.op != op);
            }
            self.module.handle(now, input);
        }
        true
    }

    /// Tells it whom its modules can reach, if that is news.
    pub(crate) fn see(&mut self, ids: Vec<NodeId>) {
        if self.view.as_ref() != Some(&ids) {
            self.views += 1;
            self.tell(Told::View { version: self.views, ids: &ids });
            self.view = Some(ids);
        }
    }

    /// What it gives out next.
    pub(crate) fn poll(&mut self, own: &NodeId, now: Instant) -> Option<Given> {
        loop {
            let is_full = self.asks.len() >= ASKS_MAX;
            let room =
                if is_full { Room::ALL.without(ASK).without(LIST).without(ASK_HERE) } else { Room::ALL };
            let flat = self.module.poll(room)?;
            if let Some(given) = self.look_at(own, now, &flat) {
                return Some(given);
            }
        }
    }

    /// What becomes of an output; nothing of one that no shell can read, or that ends here.
    fn look_at(&mut self, own: &NodeId, now: Instant, flat: &[u8]) -> Option<Given> {
        match Output::read(flat).ok()? {
            Output::Event(bytes) => Some(Given::Event(bytes.to_vec())),
            Output::Work(Work::Sign { job, bytes }) => Some(Given::Sign { job, bytes: bytes.to_vec() }),
            Output::Work(Work::Verify { job, key, signature, bytes }) => {
                Some(Given::Verify { job, key: *key, signature: *signature, bytes: bytes.to_vec() })
            }
            Output::Wish(Wish::Tell { to, bytes }) => {
                let fits = to.len() <= RECEIVERS_MAX && bytes.len() <= TELL_MAX;
                fits.then(|| Given::Tell { to: to.to_vec(), bytes: bytes.to_vec() })
            }
            Output::Wish(Wish::Ask { op, to, within_ms, bytes }) => {
                self.may_ask(own, op, Whom::Node(*to), bytes.len())?;
                Some(Given::Ask { op, to: *to, within_ms: waited(within_ms), bytes: bytes.to_vec() })
            }
            Output::Wish(Wish::List { op, place, stays, within_ms }) => {
                self.may_ask(own, op, Whom::List, 0)?;
                Some(Given::List { op, place: *place, stays, within_ms: waited(within_ms) })
            }
            Output::Wish(Wish::AskHere { op, port, within_ms, bytes }) => {
                self.may_ask(own, op, Whom::Here, bytes.len())?;
                Some(Given::AskHere { op, to: port, within_ms: waited(within_ms), bytes: bytes.to_vec() })
            }
            Output::Wish(Wish::Reply { ticket, status, bytes }) => {
                let fits = bytes.len() <= MESSAGE_MAX;
                let (status, bytes) = if fits { (status, bytes) } else { (Status::BadRequest, &[][..]) };
                if ticket & MODULES != 0 {
                    return Some(Given::ReplyHere { ticket, status, bytes: bytes.to_vec() });
                }
                let ticket = self.questions.take(now, ticket)?;
                Some(Given::Reply { ticket, status, bytes: bytes.to_vec() })
            }
            Output::Wish(Wish::Cancel { op }) => {
                let ask = self.end_ask(|ask| ask.op == op)?;
                self.refuse(own, op, ask.whom, Status::TimedOut);
                Some(match ask.whom {
                    Whom::Here => Given::CancelHere(ask.number),
                    Whom::Node(_) | Whom::List => Given::Cancel(ask.number),
                })
            }
            Output::Wish(Wish::Hold { ids }) => {
                self.held.set(ids);
                Some(Given::Hold)
            }
        }
    }

    /// Whether a question or list may go out under this number; where not, it ends here.
    fn may_ask(&mut self, own: &NodeId, op: u32, whom: Whom, length: usize) -> Option<()> {
        // Two ends under one number would be taken for each other's.
        if self.asks.iter().any(|ask| ask.op == op) {
            return None;
        }
        let refusal = match length {
            ..=MESSAGE_MAX if self.asks.len() < ASKS_MAX => return Some(()),
            ..=MESSAGE_MAX => Status::TooManyRequests,
            _ => Status::BadRequest,
        };
        self.asks.push(Ask { op, number: 0, whom, has_ended: true });
        self.refuse(own, op, whom, refusal);
        None
    }

    /// A question goes out under this number.
    pub(crate) fn began(&mut self, op: u32, number: u32, whom: Whom) {
        self.asks.push(Ask { op, number, whom, has_ended: false });
    }

    /// The question with this number of the seats ends.
    pub(crate) fn end_number(&mut self, number: u32) -> Option<Ask> {
        self.end_ask(|ask| ask.number == number)
    }

    fn end_ask(&mut self, is: impl Fn(&Ask) -> bool) -> Option<Ask> {
        let ask = self.asks.iter_mut().find(|ask| !ask.has_ended && is(ask))?;
        ask.has_ended = true;
        Some(*ask)
    }

    /// It does not hear of a question here that was taken back, if it has not yet.
    pub(crate) fn take_back(&mut self, number: u32) {
        let is_it = |flat: &Vec<u8>| matches!(Input::read(flat), Ok(Input::Told(Told::AskedHere { ticket, .. })) if ticket == number);
        self.inbox.retain(|flat| !is_it(flat));
    }

    /// A list came: of what it says the module hears as much as may be on it, of nobody twice, and not of the own node.
    pub(crate) fn listed(&mut self, own: &NodeId, op: u32, status: Status, all: &[NodeId]) {
        let mut ids: Vec<NodeId> = Vec::new();
        for id in all {
            if ids.len() < LIST_MAX && id != own && !ids.contains(id) {
                ids.push(*id);
            }
        }
        self.tell(Told::Listed { op, status, ids: &ids });
    }

    /// The shell does something for it under this number.
    pub(crate) fn began_job(&mut self, number: u32, job: u32) {
        self.jobs.push((number, job));
    }

    /// A job ended: its own number for it, if it wanted it.
    pub(crate) fn end_job(&mut self, number: u32) -> Option<u32> {
        let at = self.jobs.iter().position(|(of, _)| *of == number)?;
        Some(self.jobs.swap_remove(at).1)
    }

    /// The numbers of all questions under way that the engine knows of.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        let is_out = |ask: &&Ask| !ask.has_ended && !matches!(ask.whom, Whom::Here);
        self.asks.iter().filter(is_out).map(|ask| ask.number)
    }

    /// This node says how a question or list ended.
    fn refuse(&mut self, own: &NodeId, op: u32, whom: Whom, status: Status) {
        let from = match &whom {
            Whom::List => return self.tell(Told::Listed { op, status, ids: &[] }),
            Whom::Node(to) => to,
            Whom::Here => own,
        };
        self.tell(Told::Answered { op, from, is_proven: false, is_here: true, status, bytes: &[] });
    }
}

/// How long a question is waited for.
fn waited(within_ms: u32) -> u32 {
    within_ms.min(WITHIN_MS_MAX)
}
