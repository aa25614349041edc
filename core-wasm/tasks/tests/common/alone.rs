//! One module whose overlay, peers and shell are the test.

use tabmesh_port::{
    Attachment, Done, Input, Instant, Module, NodeId, Output, Port, Room, Status, Told, Wish, Work,
};
use tabmesh_tasks::{Command, Event, Nonce, Outcome, Question, TaskId, Tasks, Word, leaf, root, signed};
use tabmesh_world::crypto::{Crypto, Owner, StandIn};

use super::given::{SECOND, honest, task_id};

const NETWORK: [u8; 8] = *b"perfect!";

/// Somebody's key.
pub(crate) fn owner(node: u32) -> Owner {
    Owner { seed: 1, node, life: 0, tries: 0 }
}

pub(crate) fn id(node: u32) -> NodeId {
    NodeId::of_key(&StandIn::public(owner(node)))
}

/// A batch that the module gave to a peer.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) op: u32,
    pub(crate) to: NodeId,
    pub(crate) nonce: Nonce,
    pub(crate) tasks: Vec<TaskId>,
    pub(crate) lease_ms: u32,
    pub(crate) gas: u64,
}

pub(crate) struct Alone {
    pub(crate) module: Tasks,
    pub(crate) now: u64,
    pub(crate) own: NodeId,
    pub(crate) given: Vec<Given>,
    /// Questions of other kinds: number, for whom, bytes.
    pub(crate) asks: Vec<(u32, NodeId, Vec<u8>)>,
    pub(crate) replies: Vec<(u32, Status, Vec<u8>)>,
    /// Words: to whom, bytes.
    pub(crate) told: Vec<(NodeId, Vec<u8>)>,
    pub(crate) held: Vec<NodeId>,
    pub(crate) events: Vec<Vec<u8>>,
    /// Who stands on lists.
    pub(crate) listed: Vec<NodeId>,
    tickets: u32,
}

impl Alone {
    pub(crate) fn new() -> Self {
        Self::seeded(5)
    }

    /// With other chance.
    pub(crate) fn seeded(seed: u16) -> Self {
        let key = StandIn::public(owner(0));
        let seed = tabmesh_port::sha256(&seed.to_be_bytes());
        let attachment = Attachment { key, network: NETWORK, port: Port::TASKS, seed };
        Self {
            module: Tasks::new(attachment),
            now: 0,
            own: NodeId::of_key(&key),
            given: Vec::new(),
            asks: Vec::new(),
            replies: Vec::new(),
            told: Vec::new(),
            held: Vec::new(),
            events: Vec::new(),
            listed: Vec::new(),
            tickets: 0,
        }
    }

    /// A requester with a job of so many tasks, and so many linked executors, whose ids are those of 1, 2 and so on.
    pub(crate) fn requester(validation: u8, tasks: u32, executors: u32) -> Self {
        let mut alone = Self::new();
        alone.listed = (1..=executors).map(id).collect();
        alone.say(&Command::Begin { job: 1, validation, gas: 1 << 30, expected_ms: 0 });
        let row = |number: u32| [&number.to_be_bytes()[..], &task_id(1, number).0].concat();
        let rows: Vec<u8> = (0..tasks).flat_map(row).collect();
        alone.say(&Command::Add { job: 1, tasks: &rows });
        alone
    }

    pub(crate) fn say(&mut self, command: &Command<'_>) {
        self.handle(Input::Command(&command.emit()));
    }

    pub(crate) fn handle(&mut self, input: Input<'_>) {
        self.module.handle(Instant(self.now), input);
        while let Some(flat) = self.module.poll(Room::ALL) {
            self.take(&flat);
        }
    }

    fn take(&mut self, flat: &[u8]) {
        match Output::read(flat).expect("an output") {
            Output::Event(bytes) => self.hear(bytes),
            Output::Work(Work::Verify { job, key, signature, bytes }) => {
                let holds = StandIn::verify(key, signature, bytes);
                self.handle(Input::Done(Done::Verified { job, holds }));
            }
            Output::Work(Work::Sign { job, bytes }) => {
                let bytes = Attachment::covered(&NETWORK, Port::TASKS, bytes);
                let signature = StandIn::sign(owner(0), &bytes);
                self.handle(Input::Done(Done::Signed { job, signature: &signature }));
            }
            Output::Wish(Wish::Ask { op, to, bytes, .. }) => match Question::read(bytes).expect("a question")
            {
                (nonce, Question::Assign { lease_ms, gas, bytes, .. }) => {
                    let tasks = TaskId::list(bytes).to_vec();
                    self.given.push(Given { op, to: *to, nonce, tasks, lease_ms, gas });
                }
                _ => self.asks.push((op, *to, bytes.to_vec())),
            },
            Output::Wish(Wish::Reply { ticket, status, bytes }) => {
                self.replies.push((ticket, status, bytes.to_vec()));
            }
            Output::Wish(Wish::List { op, .. }) => {
                let ids = self.listed.clone();
                self.handle(Input::Told(Told::Listed { op, status: Status::Ok, ids: &ids }));
            }
            Output::Wish(Wish::Hold { ids }) => self.hold(ids),
            Output::Wish(Wish::Tell { to, bytes }) => {
                self.told.extend(to.iter().map(|id| (*id, bytes.to_vec())));
            }
            Output::Wish(_) => {}
        }
    }

    fn hold(&mut self, ids: &[NodeId]) {
        let fresh: Vec<NodeId> = ids.iter().filter(|id| !self.held.contains(id)).copied().collect();
        self.held = ids.to_vec();
        for id in fresh {
            self.handle(Input::Told(Told::Linked { id: &id, rtt_us: 1_000, is_relayed: false }));
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.events.push(bytes.to_vec());
        if let Some(Event::Pack { assignment, job, numbers, .. }) = Event::read(bytes) {
            let numbers = numbers.as_chunks().0.iter().map(|four| u32::from_be_bytes(*four));
            let bytes: Vec<u8> = numbers.flat_map(|number| task_id(job, number).0).collect();
            let count = (bytes.len() / 32) as u16;
            self.say(&Command::Packed { assignment, count, bytes: &bytes });
        }
    }

    /// A peer asks; what it is answered, if it is at once.
    pub(crate) fn ask(&mut self, from: &NodeId, is_proven: bool, bytes: &[u8]) -> Option<(Status, Vec<u8>)> {
        self.tickets += 1;
        let ticket = self.tickets;
        self.handle(Input::Told(Told::Asked { from, is_proven, ticket, within_ms: 10_000, bytes }));
        let at = self.replies.iter().position(|(of, ..)| *of == ticket)?;
        let (_, status, bytes) = self.replies.remove(at);
        Some((status, bytes))
    }

    pub(crate) fn tell(&mut self, from: &NodeId, word: Word, nonce: &Nonce) {
        self.handle(Input::Told(Told::Said { from, is_proven: true, bytes: &word.emit(nonce) }));
    }

    pub(crate) fn answer(&mut self, op: u32, from: &NodeId, status: Status, bytes: &[u8]) {
        let told = Told::Answered { op, from, is_proven: true, is_here: false, status, bytes };
        self.handle(Input::Told(told));
    }

    pub(crate) fn run_for(&mut self, us: u64) {
        let end = self.now + us;
        while self.now < end {
            self.now = end.min(self.now + SECOND / 4);
            self.handle(Input::Time);
        }
    }

    pub(crate) fn count(&self, is_it: impl Fn(&Event<'_>) -> bool) -> usize {
        self.events.iter().filter(|bytes| Event::read(bytes).is_some_and(|event| is_it(&event))).count()
    }

    pub(crate) fn accepted(&self) -> usize {
        self.count(|event| matches!(event, Event::Accepted { .. }))
    }

    /// The first batch that the module gives, which its executor takes.
    pub(crate) fn first(&mut self) -> Given {
        let given = self.given.first().expect("a batch was given").clone();
        self.answer(given.op, &given.to, Status::Ok, &[]);
        given
    }
}

/// Outcomes of these tasks, as this one signs them for that requester and batch.
pub(crate) fn outcomes(
    signer: u32,
    requester: &NodeId,
    nonce: &Nonce,
    tasks: &[TaskId],
    outcome: impl Fn(&TaskId) -> Outcome,
) -> Vec<u8> {
    let leaves = tasks.iter().map(|task| leaf(task, &outcome(task))).collect();
    let bytes = signed(requester, nonce, tasks.len(), &root(leaves));
    let bytes = Attachment::covered(&NETWORK, Port::TASKS, &bytes);
    let mut flat = vec![2];
    flat.extend(nonce);
    flat.extend(StandIn::public(owner(signer)).0);
    flat.extend(StandIn::sign(owner(signer), &bytes).0);
    flat.extend((tasks.len() as u16).to_be_bytes());
    for task in tasks {
        let Outcome { status, gas, length, output, steps } = outcome(task);
        let by_steps = steps != [0; 32];
        flat.push(status + if by_steps { 128 } else { 0 });
        flat.extend(gas.to_be_bytes());
        flat.extend(length.to_be_bytes());
        flat.extend(output);
        flat.extend(steps.iter().filter(|_| by_steps));
        flat.extend([0, 0]);
    }
    flat
}

/// Which of the first ones has this id.
pub(crate) fn number_of(id_of: &NodeId) -> u32 {
    (0..200).find(|node| id(*node) == *id_of).expect("one of the first")
}

/// What honest ones say.
pub(crate) fn right(task: &TaskId) -> Outcome {
    honest(task).0
}
