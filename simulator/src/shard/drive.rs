//! Handing inputs to engines and doing what their outputs say.

use tabmesh_engine::limits::{CIRCUIT_HEAD, FRAME_MAX};
use tabmesh_engine::wire::topic::PUBLISH;
use tabmesh_engine::{Event as Told, Input, Instant, LinkId, NodeId, Output, Reason, Route, Work};
use tabmesh_heap as heap;
use tabmesh_world::packets::Packets;
use tabmesh_world::trace;

use super::{KINDS, Shard, TOPIC_KINDS};
use crate::crypto::Crypto;
use crate::event::{EndId, Event, News, NodeNumber, Note, What};
use crate::ground::Ground;

impl<C: Crypto> Shard<C> {
    /// Hands one input in and does what comes out; then it is the modules' turn.
    pub(super) fn feed(&mut self, ground: &Ground, node: NodeNumber, input: Input<'_>) {
        self.hand(ground, node, input);
        self.serve_modules(ground, node);
    }

    pub(super) fn hand(&mut self, ground: &Ground, node: NodeNumber, input: Input<'_>) {
        let at = self.at(node);
        if ground.followed_node == Some(node) {
            self.words.push((self.now, node, super::words::input(&input)));
        }
        let (shell, now) = (&mut self.shells[at], self.now);
        let Some(engine) = self.engines[at].as_mut() else { return };
        shell.trace = trace::add_input(shell.trace, now, &input);
        let incoming = matches!(input, Input::Incoming);
        let mut outputs = std::mem::take(&mut self.outputs);
        let room = outputs.capacity();
        let before = heap::balance();
        engine.handle_input(Instant(shell.clock.local(now)), input);
        while let Some(flat) = engine.poll_flat().map(std::mem::take) {
            let kind = flat.kind;
            shell.trace = trace::add_output(shell.trace, &flat);
            outputs.push(flat.typed().unwrap_or(Output::Unreadable(kind)));
        }
        let deadline = engine.wanted_at();
        shell.trace = trace::add_deadline(shell.trace, deadline);
        // What the outputs carry is the shell's from here on, and so is the list that they stand in.
        let grown = (outputs.capacity() - room) * size_of::<Output>();
        let carried: usize = outputs.iter().map(carried).sum();
        shell.engine_bytes += heap::balance() - before - (carried + grown) as i64;
        shell.engine_bytes_most = shell.engine_bytes_most.max(shell.engine_bytes);
        shell.deadline = deadline.0;
        self.act(ground, node, &mut outputs, incoming);
        outputs.clear();
        self.outputs = outputs;
        self.set_timer(ground, node);
    }

    fn act(&mut self, ground: &Ground, node: NodeNumber, outputs: &mut Vec<Output>, incoming: bool) {
        let mut packets = std::mem::take(&mut self.packets);
        let mut is_answered = !incoming;
        for output in outputs.drain(..) {
            if ground.followed_node == Some(node) {
                self.words.push((self.now, node, super::words::output(&output)));
            }
            match output {
                Output::Timeout(_) => {}
                Output::Unreadable(kind) => {
                    self.broke(node, &format!("the border's table cannot read output {kind}"), None);
                }
                Output::Send { link, bytes } => self.send(ground, node, link, bytes, &mut packets),
                Output::Open { link, route } => self.open(ground, node, link, route),
                Output::Answered { link, description } => self.answered(ground, node, link, &description),
                Output::Seal { link, key, transcript, .. } => {
                    self.flush(ground, node, link, &mut packets);
                    self.seal_socket(node, link, &key, &transcript);
                }
                Output::Unseal { link, bytes } => self.unseal(ground, node, link, bytes),
                Output::Accept(link) => {
                    is_answered = true;
                    self.accept(ground, node, link);
                }
                Output::Refuse => {
                    is_answered = true;
                    self.refuse(ground, node);
                }
                Output::Close(link) if self.has_circuit(node, link) => self.close_circuit(node, link),
                Output::Close(link) => {
                    self.flush(ground, node, link, &mut packets);
                    self.close(ground, node, link);
                }
                Output::SignalOpen => self.open_signal(ground, node),
                Output::Signal(bytes) => self.signal(ground, node, bytes),
                Output::SignalClose => self.close_signal(ground, node),
                Output::Job { job, work } => self.job(ground, node, job, work),
                Output::Event(event) => self.told(ground, node, event),
            }
        }
        if !is_answered {
            self.broke(node, "Incoming got no answer in its drain", None);
        }
        for (end, bytes) in packets.drain() {
            self.transmit(ground, node, end, bytes);
        }
        self.packets = packets;
    }

    /// Joins the frames of one drain that go to one link.
    fn send(
        &mut self,
        ground: &Ground,
        node: NodeNumber,
        link: LinkId,
        bytes: Vec<u8>,
        packets: &mut Packets<EndId>,
    ) {
        if let Some(port) = super::words::port(&bytes) {
            *self.carried.entry((node, port)).or_default() += 1;
            if self.watched == Some(port)
                && self.id(node).is_some_and(|own| !super::words::ends(&bytes).contains(&Some(own)))
            {
                self.passed.push((node, bytes.clone()));
            }
        }
        let at = self.at(node);
        if self.has_circuit(node, link) {
            return self.seal(ground, node, link, bytes);
        }
        let Some(end) = self.ends[at].of_link(link).filter(|end| end.is_open).map(|end| end.id) else {
            return self.broke(node, "Send names a link that is not open", link);
        };
        if bytes.len() < 3 || bytes.len() > FRAME_MAX + CIRCUIT_HEAD + 2 {
            return self.broke(node, "a frame of an impossible length", link);
        }
        let Some((end, bytes)) = self.lie(ground, node, end, bytes) else { return };
        if ground.followed_lookup.is_some() {
            self.follow(ground, node, &bytes, true);
        }
        let kind = super::words::kind(&bytes);
        self.counts.kinds[kind % KINDS] += bytes.len() as u64;
        self.counts.frames[kind % KINDS] += 1;
        if let Some(says) = super::words::about(&bytes, &ground.topic) {
            let add = |(frames, length): &mut (u64, u64)| {
                *frames += 1;
                *length += bytes.len() as u64;
            };
            add(&mut self.counts.topic[usize::from(says) % TOPIC_KINDS]);
            if says == PUBLISH {
                add(&mut self.counts.copies);
            }
        }
        if let Some(full) = packets.add(end, bytes) {
            self.transmit(ground, node, end, full);
        }
    }

    /// Sends what waits for a link that is about to close.
    fn flush(&mut self, ground: &Ground, node: NodeNumber, link: LinkId, packets: &mut Packets<EndId>) {
        let at = self.at(node);
        let Some(end) = self.ends[at].of_link(link).map(|end| end.id) else { return };
        if let Some(packet) = packets.take(end) {
            self.transmit(ground, node, end, packet);
        }
    }

    fn told(&mut self, ground: &Ground, node: NodeNumber, event: Told) {
        if self.tell_modules(node, &event) {
            return;
        }
        let news = match event {
            Told::Joined => News::Joined,
            Told::Offline => News::Offline,
            Told::Found { op, ids, crowded } => News::Found { op, ids, crowded },
            Told::Done { op, status, .. } if self.is_of_burst(ground, node, op, status) => return,
            Told::Done { op, status, holders } => News::Done { op, status, holders },
            Told::Published { from, id, bytes, .. } => {
                return self.hear_message(ground, node, from, id, &bytes);
            }
            Told::PeerDown { id, reason } => {
                self.counts.lost[reason as usize % 16] += 1;
                return self.look_for_blame(ground, node, &id, reason);
            }
            Told::DialFailed { id: Some(id), reason } => {
                let is_blame = reason.is_fault();
                return if is_blame {
                    self.look_for_blame(ground, node, &id, reason)
                };
            }
            Told::Said { .. } | Told::Asked { .. } => {
                // No application of this world sends anything, and modules hear what is theirs.
                self.counts.forged += u64::from(ground.lie(node).is_none());
                return;
            }
            _ => return,
        };
        self.note(node, news);
    }

    /// Counts where an honest node was made to think ill of another.
    fn look_for_blame(&mut self, ground: &Ground, node: NodeNumber, id: &NodeId, reason: Reason) {
        let is_third_party = reason.is_fault() || reason == Reason::Replaced;
        let is_blamed = is_third_party && ground.lie(node).is_none() && ground.is_honest(id);
        self.counts.blamed += u64::from(is_blamed);
    }

    pub(super) fn note(&mut self, node: NodeNumber, news: News) {
        let life = self.shells[self.at(node)].life;
        self.notes.push(Note { at: self.now, node, life, news });
    }

    /// The node's timer fires.
    pub(super) fn wake(&mut self, ground: &Ground, node: NodeNumber) {
        let at = self.at(node);
        let (shell, now) = (&mut self.shells[at], self.now);
        if shell.wake_at != now {
            return;
        }
        shell.wake_at = u64::MAX;
        if shell.clock.local(now) < shell.deadline {
            return self.set_timer(ground, node);
        }
        self.wake_modules(node);
        self.feed(ground, node, Input::Timeout);
    }

    /// Sets the timer for the engine's deadline, unless one that fires before is set already.
    pub(super) fn set_timer(&mut self, ground: &Ground, node: NodeNumber) {
        let at = self.at(node);
        let (shell, now) = (&mut self.shells[at], self.now);
        if shell.deadline == u64::MAX || shell.state != super::State::Running {
            return;
        }
        let wake_at = shell.clock.fires_at(shell.deadline, now);
        if wake_at < shell.wake_at {
            shell.wake_at = wake_at;
            self.cause(ground, node, node, wake_at, What::Timer);
        }
    }

    /// Adds what another shard, or the conductor, has for a node of this one.
    pub(crate) fn receive(&mut self, event: Event) {
        self.queue.add(event);
    }
}

/// Bytes that leave the engine's state in an output.
fn carried(output: &Output) -> usize {
    match output {
        Output::Send { bytes, .. } | Output::Unseal { bytes, .. } | Output::Signal(bytes) => bytes.capacity(),
        Output::Answered { description, .. } => description.capacity(),
        Output::Open { route: Route::Answer(description), .. } => description.capacity(),
        Output::Job { work, .. } => match work {
            Work::Sign(bytes) | Work::Verify { bytes, .. } | Work::Store { bytes, .. } => bytes.capacity(),
            Work::SignMessage(raw) | Work::CheckMessage(raw) => raw.capacity(),
            Work::Absent(hashes) => hashes.capacity() * 32,
            _ => 0,
        },
        Output::Event(Told::Found { ids, .. }) => ids.capacity() * 32,
        Output::Event(Told::PeerUp { address, .. }) => address.capacity(),
        Output::Event(Told::Asked { ticket, bytes, .. }) => ticket.capacity() + bytes.capacity(),
        Output::Event(
            Told::Said { bytes, .. }
            | Told::Replied { bytes, .. }
            | Told::Published { bytes, .. }
            | Told::Ports { open: bytes, .. },
        ) => bytes.capacity(),
        _ => 0,
    }
}
