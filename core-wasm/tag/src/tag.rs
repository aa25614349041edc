//! Where the parts meet.

use alloc::string::String;
use alloc::vec::Vec;

use tabmesh_port::{Attachment, Input, Instant, Module, NodeId, Port, Room, Status, Told};

use crate::candidates::LIST;
use crate::face::{Command, Event};
use crate::finding::Finding;
use crate::ground::Ground;
use crate::limits::{CHANGED_MS, NAMED_MAX, NAMES_COST, ROUND_MS_MAX, ROUND_MS_MIN};
use crate::members::Members;
use crate::sending::Sending;
use crate::spreading::Spreading;
use crate::wire::Message;

/// Where the members of the tag with this name are attached.
pub fn port(name: &str) -> Port {
    let mut whole = String::from("tabmesh tag v1 ");
    whole.push_str(name);
    Port::named(&whole)
}

/// Membership of a tag: that of its port.
pub struct Tag {
    ground: Ground,
    members: Members,
    finding: Finding,
    spreading: Spreading,
    sending: Sending,
    /// When some members are told of others, and how long it is until then from the time before.
    round_at: Instant,
    round_ms: u64,
    /// When the time to the next round may be short again.
    calm_at: Instant,
    /// The changes of who is linked of which the face was told, and when it may be told again.
    told_changes: u32,
    tell_at: Instant,
}

impl Tag {
    /// A member that knows no other.
    pub fn new(attachment: Attachment) -> Self {
        let ground = Ground::new(attachment);
        let run = attachment.seed.last_chunk().map_or(0, |end| u32::from_be_bytes(*end));
        Self {
            members: Members::new(ground.own),
            finding: Finding::new(ground.own, attachment.port),
            spreading: Spreading::new(run),
            sending: Sending::default(),
            ground,
            round_at: Instant::NEVER,
            round_ms: ROUND_MS_MIN,
            calm_at: Instant(0),
            told_changes: 0,
            tell_at: Instant(0),
        }
    }

    /// The members linked to this one, the nearest first.
    pub fn linked(&self) -> Vec<NodeId> {
        self.members.ids()
    }

    fn on_command(&mut self, bytes: &[u8]) {
        let Self { ground, members, spreading, sending, .. } = self;
        match Command::read(bytes) {
            Some(
                Command::Publish { op, .. } | Command::Send { op, .. } | Command::SendClosest { op, .. },
            ) if spreading.is_under_way(op) || sending.is_under_way(op) => {
                ground.emit(&Event::Refused(Status::BadRequest));
            }
            Some(Command::Publish { op, bytes }) => spreading.publish(ground, members, op, bytes),
            Some(Command::Send { op, to, bytes }) => sending.send(ground, members, op, (to, true), bytes),
            Some(Command::SendClosest { op, key, bytes }) => {
                sending.send(ground, members, op, (key, false), bytes);
            }
            Some(Command::Members) => self.tell_members(),
            None => ground.emit(&Event::Refused(Status::BadRequest)),
        }
    }

    fn on_told(&mut self, told: Told<'_>) {
        let Self { ground, members, finding, .. } = self;
        match told {
            // What is not proven came by way of others, whom it is none of their business.
            Told::Said { from, is_proven: true, bytes } => {
                if let Some(message) = Message::read(bytes)
                    && members.hear(ground.now, from)
                {
                    self.on_message(from, message, bytes);
                }
            }
            Told::View { ids, .. } => members.on_view(ground.now, ids),
            Told::Linked { id, .. } => {
                let silent = members.on_linked(id).then_some(*id);
                ground.tell(silent.as_slice(), &Message::Hello);
            }
            Told::Unlinked { id, .. } => members.on_unlinked(ground.now, id),
            Told::Listed { op, status, ids } => {
                let drawn = finding.on_listed(ground, op, status, ids, members.peers().len());
                for id in drawn {
                    self.learn(&id, LIST);
                }
            }
            Told::Clock { wall_ms, .. } => ground.set_clock(wall_ms),
            // Members only tell each other; whoever asks gets no answer.
            _ => {}
        }
    }

    fn on_message(&mut self, from: &NodeId, message: Message<'_>, flat: &[u8]) {
        let Self { ground, members, spreading, sending, .. } = self;
        match message {
            Message::Publication(it) => spreading.on_publication(ground, members, from, &it, flat),
            Message::Have(names) => spreading.on_have(ground, members, from, names),
            Message::Graft(names) => spreading.on_graft(ground, members, from, names),
            Message::Prune => _ = members.find(from).map(|peer| peer.is_lazy = true),
            Message::Members(ids) => {
                for id in ids.iter().take(NAMED_MAX) {
                    self.learn(id, from.head());
                }
            }
            Message::Hello => _ = self.greet(from),
            Message::Routed(it) => sending.on_routed(ground, members, from, &it),
            Message::Ended { request, status } => sending.on_ended(ground, members, from, request, status),
        }
    }

    fn learn(&mut self, id: &NodeId, by: u64) {
        if self.members.wants(id) {
            self.members.candidates.learn(id, by);
        }
    }

    /// Whatever it is time for.
    fn go_on(&mut self) {
        self.members.go_on(&mut self.ground);
        self.finding.go_on(&mut self.ground, self.members.peers().len());
        for id in self.members.take_fresh() {
            if self.greet(&id) {
                self.spreading.tell_recent(&mut self.ground, &[id]);
            }
        }
        self.spreading.go_on(&mut self.ground, &self.members);
        self.sending.go_on(&mut self.ground, &self.members);
        if self.told_changes != self.members.changes && self.ground.now >= self.tell_at {
            self.told_changes = self.members.changes;
            self.tell_at = self.ground.after(CHANGED_MS);
            self.tell_members();
            if self.ground.now >= self.calm_at {
                self.calm_at = self.ground.after(ROUND_MS_MAX);
                self.round_ms = ROUND_MS_MIN;
                self.round_at = self.round_at.min(self.ground.after(ROUND_MS_MIN));
            }
        }
        if self.ground.now >= self.round_at {
            self.round_ms = ROUND_MS_MAX.min(self.round_ms * 2);
            self.round_at = self.ground.after(self.round_ms);
            self.begin_round();
        }
    }

    /// The nearest members and one by chance hear of others; that one also what came here.
    fn begin_round(&mut self) {
        let chance = self.ground.number();
        let other = self.members.some(1, chance);
        let nearest: Vec<NodeId> = self.members.peers().iter().take(2).map(|peer| peer.id).collect();
        self.tell_of_members(&nearest);
        if other.iter().any(|id| !nearest.contains(id)) {
            self.tell_of_members(&other);
        }
        self.spreading.tell_recent(&mut self.ground, &other);
    }

    /// Somebody came, or asks: it hears of members, and that counts as messages of its link.
    fn greet(&mut self, id: &NodeId) -> bool {
        let may = self.members.spend(self.ground.now, id, NAMES_COST);
        if may {
            self.tell_of_members(&[*id]);
        }
        may
    }

    fn tell_of_members(&mut self, to: &[NodeId]) {
        for id in to {
            let chance = self.ground.number();
            let ids = self.members.named_for(id, chance);
            self.ground.tell(&[*id], &Message::Members(&ids));
        }
    }

    fn tell_members(&mut self) {
        let (linked, named) = (self.members.ids(), self.members.candidates.ids());
        self.ground.emit(&Event::Members { linked: &linked, named: &named });
    }
}

impl Module for Tag {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.ground.now = now;
        match input {
            Input::Time => {}
            Input::Command(bytes) => self.on_command(bytes),
            Input::Done(done) => self.spreading.on_done(&mut self.ground, &mut self.members, done),
            Input::Told(told) => self.on_told(told),
        }
        self.go_on();
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.ground.poll(room)
    }

    fn wanted_at(&self) -> Instant {
        let changed = if self.told_changes == self.members.changes { Instant::NEVER } else { self.tell_at };
        let parts = [
            self.members.wanted_at(),
            self.finding.wanted_at(),
            self.spreading.wanted_at(),
            self.sending.wanted_at(),
            self.round_at,
        ];
        parts.into_iter().fold(changed, Instant::min)
    }
}
