//! The virtual shell: hands inputs in, keeps the engine to the rule, and does what the outputs say.

use tabmesh_engine::limits::{CIRCUIT_HEAD, FRAME_MAX};
use tabmesh_engine::{Event, Instant, LinkId, Output, Route, Status};
use tabmesh_world::packets::Packets;
use tabmesh_world::time::MS;

use super::agenda::Happening;
use super::end::Stage;
use super::host::{Done, State};
use super::ids::{EndId, HostId};
use super::run::World;
use super::spec::host_at;
use super::stimulus::{LinkNews, Order, SignalNews, Stimulus};
use super::trace::Line;

/// How many times in a row an engine may ask to be woken at a time that has passed.
const HASTY_MAX: u32 = 50;

/// How many addresses a shell remembers.
const KNOWN_MAX: usize = 16;

/// How many received packets a recording host keeps.
const RECORDED_MAX: usize = 4000;

/// Stands where a stimulus is from no link.
const NO_LINK: LinkId = LinkId::new(u16::MAX).unwrap();

impl World {
    /// Hands one input to a host, or lets it wait if the tab is frozen.
    pub(super) fn hand(&mut self, host: HostId, stimulus: Stimulus) {
        match self.hosts[host.0].state {
            State::Running => self.feed(host, &stimulus),
            State::Frozen => self.hosts[host.0].inbox.push_back(stimulus),
            State::Down => {}
        }
    }

    /// A host's timer fires.
    pub(super) fn wake(&mut self, host: HostId) {
        let now = self.now;
        let machine = &mut self.hosts[host.0];
        if machine.wake_at != Some(now) || machine.state != State::Running {
            return;
        }
        machine.wake_at = None;
        if machine.clock.local(now) < machine.deadline.0 {
            return self.set_timer(host);
        }
        self.feed(host, &Stimulus::Timeout);
        let machine = &mut self.hosts[host.0];
        let is_hasty = machine.deadline.0 <= machine.clock.local(now);
        machine.hasty = if is_hasty { machine.hasty + 1 } else { 0 };
        if machine.hasty > HASTY_MAX {
            self.fail(host, "the engine asks again and again to be woken in the past");
        }
    }

    /// Sets the host's timer for its deadline: on its next whole millisecond, as a browser does.
    pub(super) fn set_timer(&mut self, host: HostId) {
        let now = self.now;
        let machine = &mut self.hosts[host.0];
        if machine.deadline == Instant::NEVER || machine.state != State::Running {
            return;
        }
        let at = machine.clock.fires_at(machine.deadline.0, now);
        if machine.wake_at.is_none_or(|earlier| earlier > at || earlier <= now) {
            machine.wake_at = Some(at);
            self.agenda.add(at, Happening::Wake(host));
        }
    }

    fn feed(&mut self, host: HostId, stimulus: &Stimulus) {
        let Some(link) = self.still_means(host, stimulus) else { return };
        let now = self.now;
        let machine = &mut self.hosts[host.0];
        if let Stimulus::Link(_, LinkNews::Bytes(bytes)) = stimulus
            && let Some(recorded) = machine.recorded.as_mut().filter(|recorded| recorded.len() < RECORDED_MAX)
        {
            recorded.push(bytes.clone());
        }
        self.trace.add(now, host, &stimulus.input(link));
        machine.note(Line::input(now, &stimulus.input(link)));
        let local = Instant(machine.clock.local(now));
        self.ran_last = host;
        let outputs = match machine.drive(local, stimulus.input(link), &mut self.trace) {
            Ok(outputs) => outputs,
            Err(what) => self.fail(host, what),
        };
        let live = self.hosts[host.0].heap.live;
        if live > self.bounds.heap_max as isize {
            self.fail(host, &format!("the engine's state takes {live} bytes"));
        }
        let incoming = if let Stimulus::Incoming(end) = stimulus { Some(*end) } else { None };
        self.act(host, outputs, incoming);
        self.set_timer(host);
    }

    /// The link if it is from one, else [`NO_LINK`]; `None` if what the stimulus is about is gone. The end of a link or of
    /// a session frees it in the shell before the engine hears of it.
    fn still_means(&mut self, host: HostId, stimulus: &Stimulus) -> Option<LinkId> {
        match stimulus {
            Stimulus::Link(id, news) => {
                let end = self.ends.get_mut(id)?;
                if end.stage == Stage::Closed {
                    return None;
                }
                let link = end.link?;
                match news {
                    LinkNews::Up => end.stage = Stage::Open,
                    LinkNews::Down => {
                        self.ends.remove(id);
                        self.hosts[host.0].links.remove(&link.number());
                    }
                    _ => {}
                }
                Some(link)
            }
            Stimulus::Circuit(link, news) => {
                let circuits = &mut self.hosts[host.0].circuits;
                let is_there = circuits.contains_key(&link.number());
                if matches!(news, LinkNews::Down) {
                    circuits.remove(&link.number());
                }
                is_there.then_some(*link)
            }
            Stimulus::Signal(session, news) => {
                let machine = &mut self.hosts[host.0];
                if machine.session != Some(*session) {
                    return None;
                }
                if matches!(news, SignalNews::Down) {
                    machine.session = None;
                }
                Some(NO_LINK)
            }
            Stimulus::Incoming(end) => self.ends.contains_key(end).then_some(NO_LINK),
            _ => Some(NO_LINK),
        }
    }

    /// Does what one drain says; `incoming` is the socket that waits for its answer.
    pub(super) fn act(&mut self, host: HostId, outputs: Vec<Output>, mut incoming: Option<EndId>) {
        let now = self.now;
        let mut packets = Packets::default();
        for output in outputs {
            self.hosts[host.0].note(Line::output(now, &output));
            match output {
                Output::Timeout(_) => {}
                Output::Send { link, bytes } => self.send_frame(host, link, &bytes, &mut packets),
                Output::Open { link, route } => self.open(host, link, route),
                Output::Answered { link, description }
                    if self.hosts[host.0].circuits.contains_key(&link.number()) =>
                {
                    self.complete_circuit(host, link, &description);
                }
                Output::Seal { link, dialled, key, transcript } => {
                    if let Some(end) = self.hosts[host.0].links.get(&link.number()).copied() {
                        self.flush(end, &mut packets);
                    }
                    self.seal_socket(host, link, dialled, &key, &transcript);
                }
                Output::Unseal { link, bytes } => self.unseal(host, link, &bytes),
                Output::Answered { link, description } => {
                    match self.hosts[host.0].links.get(&link.number()) {
                        Some(end) => self.hear_description(*end, description),
                        None => self
                            .fail(host, &format!("Answered names link {}, which is not open", link.number())),
                    }
                }
                Output::Unreadable(kind) => {
                    self.fail(host, &format!("the border's table cannot read output {kind}"));
                }
                Output::Accept(link) => {
                    let Some(end) = incoming.take() else { self.fail(host, "Accept without Incoming") };
                    self.claim(host, link);
                    self.accept(end, link);
                }
                Output::Refuse => {
                    let Some(end) = incoming.take() else { self.fail(host, "Refuse without Incoming") };
                    self.refuse(end);
                }
                Output::Close(link) if self.hosts[host.0].circuits.remove(&link.number()).is_some() => {}
                Output::Close(link) => {
                    let Some(end) = self.hosts[host.0].links.remove(&link.number()) else {
                        self.fail(host, &format!("Close names link {}, which is not open", link.number()));
                    };
                    self.flush(end, &mut packets);
                    self.close_end(end);
                }
                Output::SignalOpen => self.open_session(host),
                Output::Signal(bytes) => self.signal(host, bytes),
                Output::SignalClose => self.close_session(host),
                Output::Job { job, work } => self.start_job(host, job, work),
                Output::Event(event) => self.note_event(host, event),
            }
        }
        packets.drain().for_each(|(end, packet)| self.transmit(end, packet));
        let machine = &mut self.hosts[host.0];
        machine.links_most = machine.links_most.max(machine.links.len());
        if incoming.is_some() {
            self.fail(host, "Incoming got no answer in its drain");
        }
    }

    fn send_frame(&mut self, host: HostId, link: LinkId, bytes: &[u8], packets: &mut Packets<EndId>) {
        if self.seal(host, link, bytes) {
            return;
        }
        let Some(end) = self.open_end(host, link) else {
            self.fail(host, &format!("Send names link {}, which is not open", link.number()));
        };
        if bytes.is_empty() || bytes.len() > FRAME_MAX + CIRCUIT_HEAD + 2 {
            self.fail(host, &format!("a frame of {} bytes", bytes.len()));
        }
        if let Some(full) = packets.add(end, bytes.to_vec()) {
            self.transmit(end, full);
        }
    }

    /// Sends what waits for a link.
    fn flush(&mut self, end: EndId, packets: &mut Packets<EndId>) {
        if let Some(packet) = packets.take(end) {
            self.transmit(end, packet);
        }
    }

    fn open(&mut self, host: HostId, link: LinkId, route: Route) {
        self.claim(host, link);
        let end = match route {
            Route::Socket(number) => self.open_socket(host, link, number),
            Route::Offer => {
                self.hosts[host.0].offers += 1;
                self.open_webrtc(host, link, None)
            }
            Route::Answer(offer) => self.open_webrtc(host, link, Some(offer)),
            Route::Circuit(key) => return self.open_circuit(host, link, key),
        };
        self.hosts[host.0].links.insert(link.number(), end);
    }

    /// Makes sure that a new link's number is free.
    fn claim(&mut self, host: HostId, link: LinkId) {
        let machine = &self.hosts[host.0];
        if machine.links.contains_key(&link.number()) || machine.circuits.contains_key(&link.number()) {
            self.fail(host, &format!("link {} is open already", link.number()));
        }
    }

    fn note_event(&mut self, host: HostId, event: Event) {
        let at = self.now;
        let machine = &mut self.hosts[host.0];
        match &event {
            Event::Done { op, status, .. } | Event::Replied { op, status, .. } => {
                let holders = if let Event::Done { holders, .. } = &event { *holders } else { 0 };
                machine.outgoing.remove(&op.0);
                let done = Done { status: *status, holders, at };
                if machine.done.insert(op.0, done).is_some() {
                    self.fail(host, &format!("operation {} ended twice", op.0));
                }
            }
            // The application has it.
            Event::Asked { port: 0, ticket, .. } => {
                let reply = Order::Reply(Status::Ok, ticket.clone());
                let life = machine.life;
                self.at(0, Happening::Hand(host, life, Stimulus::Command(reply)));
            }
            Event::Found { op, ids, .. } => _ = machine.found.insert(op.0, ids.clone()),
            Event::Published { id, bytes, .. } => _ = machine.published.insert(*id, bytes.clone()),
            Event::PeerUp { address, .. } => self.learn(host, address),
            _ => {}
        }
        self.hosts[host.0].events.push((at, event));
    }

    /// The shell remembers where a peer listens, and tells the engine how many addresses it knows now.
    fn learn(&mut self, host: HostId, address: &[u8]) {
        let machine = &mut self.hosts[host.0];
        let Some(peer) = host_at(address) else { return };
        let is_new = peer != host && !machine.known.contains(&peer) && machine.known.len() < KNOWN_MAX;
        if is_new && machine.spec.learns {
            machine.known.push(peer);
            let order = Order::Addresses(machine.known.len() as u16);
            let life = machine.life;
            self.at(MS, Happening::Hand(host, life, Stimulus::Command(order)));
        }
    }
}
