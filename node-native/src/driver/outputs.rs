//! Doing what the engine asks for.

use std::collections::hash_map;

use bytes::Bytes;
use tabmesh_engine::io::kinds::output;
use tabmesh_engine::{LinkId, Output, PublicKey, Route, limits};

use super::state::{Driver, Entry, Finding};
use crate::link::circuit::Circuit;
use crate::link::seal::SealError;
use crate::link::{Reporter, socket, webrtc};
use crate::signalling;

impl Driver {
    /// Does everything the engine asks for now, and sends what it sent: the frames of one drain to one link go in
    /// order, joined into as few packets as they fit.
    pub(super) fn drain(&mut self) {
        loop {
            let output = self.node.poll_output();
            tracing::trace!(?output);
            self.metrics.output(output_name(&output));
            match output {
                Output::Timeout(at) => {
                    self.due = at;
                    break;
                }
                Output::Send { link, bytes } if self.circuits.contains_key(&link) => self.seal(link, bytes),
                Output::Send { link, bytes } => self.join(link, bytes),
                Output::Open { link, route } => self.open(link, route),
                Output::Answered { link, description } => {
                    if self.circuits.contains_key(&link) {
                        self.complete_circuit(link, &description);
                    }
                    if let Some(entry) = self.links.get_mut(&link) {
                        entry.link.answered(description);
                    }
                }
                Output::Seal { link, dialled, key, transcript } => {
                    self.seal_socket(link, dialled, &key, &transcript);
                }
                Output::Unseal { link, bytes } => self.unseal(link, bytes),
                Output::Accept(link) => self.accept(link),
                Output::Refuse => {
                    self.waiting.pop_front();
                    self.metrics.refused.inc();
                }
                Output::Close(link) => {
                    self.flush(link);
                    // The link's task sends what is queued, says goodbye and frees the connection.
                    let entry = self.links.remove(&link);
                    self.ended_dials.extend(entry.and_then(|entry| entry.dialled));
                    self.circuits.remove(&link);
                }
                Output::SignalOpen => self.open_signalling(),
                Output::Signal(message) => self.signal(message),
                Output::SignalClose => {
                    self.signalling = None;
                    self.is_signalling = false;
                    self.signalling_trouble = None;
                }
                Output::Job { job, work } => self.work(job, work),
                Output::Event(event) => self.on_event(event),
                Output::Unreadable(kind) => {
                    tracing::error!(
                        kind = output::name(kind),
                        "a bug: the engine wants what its own table cannot read"
                    );
                }
            }
        }
        self.ended_dials.clear();
        let links: Vec<LinkId> = self.packets.keys().copied().collect();
        for link in links {
            self.flush(link);
        }
    }

    fn join(&mut self, link: LinkId, frame: Vec<u8>) {
        match self.packets.entry(link) {
            hash_map::Entry::Vacant(entry) => {
                entry.insert(frame);
            }
            hash_map::Entry::Occupied(mut entry) => {
                if entry.get().len() + frame.len() <= limits::PACKET_MAX {
                    entry.get_mut().extend_from_slice(&frame);
                } else {
                    let packet = entry.insert(frame);
                    self.send(link, packet.into());
                }
            }
        }
    }

    fn flush(&mut self, link: LinkId) {
        if let Some(packet) = self.packets.remove(&link) {
            self.send(link, packet.into());
        }
    }

    fn send(&mut self, link: LinkId, packet: Bytes) {
        let Some(entry) = self.links.get(&link) else { return };
        self.metrics.sent.inc_by(packet.len() as u64);
        if entry.link.send(packet).is_err() {
            // Its task has ended and its own report is on the way, or it is far beyond the engine's bound.
            self.links.remove(&link);
            self.findings.push_back(Finding::LinkLost(link));
        }
    }

    fn open(&mut self, link: LinkId, route: Route) {
        let reporter = self.reporter(link);
        let generation = reporter.generation;
        let mut dialled = None;
        let link_end = match route {
            Route::Socket(number) => {
                let Some((url, reach)) = self.addresses.at(number) else {
                    self.findings.push_back(Finding::LinkLost(link));
                    return;
                };
                let url = url.clone();
                dialled = Some(url.clone());
                let (link_end, task) = socket::dial(url, reach, reporter);
                self.tasks.spawn(task);
                link_end
            }
            Route::Offer => {
                let (link_end, task) = webrtc::offer(self.ice.clone(), reporter);
                self.tasks.spawn(task);
                link_end
            }
            Route::Answer(description) => {
                let (link_end, task) = webrtc::answer(self.ice.clone(), description, reporter);
                self.tasks.spawn(task);
                link_end
            }
            Route::Circuit(key) => return self.open_circuit(link, key.as_ref()),
        };
        self.links.insert(link, Entry { link: link_end, generation, dialled });
    }

    fn open_circuit(&mut self, link: LinkId, peer: Option<&PublicKey>) {
        let opened = Circuit::new().and_then(|mut circuit| {
            if let Some(peer) = peer {
                circuit.complete(peer, false)?;
            }
            Ok(circuit)
        });
        match opened {
            Ok(circuit) => {
                self.findings.push_back(Finding::Described(link, *circuit.public_key()));
                if peer.is_some() {
                    self.findings.push_back(Finding::LinkUp(link));
                }
                self.circuits.insert(link, circuit);
            }
            Err(error) => self.lose_circuit(link, error),
        }
    }

    fn complete_circuit(&mut self, link: LinkId, peer: &[u8]) {
        let Some(circuit) = self.circuits.get_mut(&link) else { return };
        let completed = peer
            .try_into()
            .map_err(|_| SealError::Key)
            .and_then(|key| circuit.complete(PublicKey::of(key), true));
        match completed {
            Ok(()) => self.findings.push_back(Finding::LinkUp(link)),
            Err(error) => self.lose_circuit(link, error),
        }
    }

    fn seal(&mut self, link: LinkId, frame: Vec<u8>) {
        let Some(circuit) = self.circuits.get_mut(&link) else { return };
        match circuit.seal(frame) {
            Ok(sealed) => self.findings.push_back(Finding::Sealed(link, sealed)),
            Err(error) => self.lose_circuit(link, error),
        }
    }

    /// From here on the packets of a WebSocket are sealed, both ways. What was sent before still goes out as it is.
    fn seal_socket(&mut self, link: LinkId, dialled: bool, key: &PublicKey, transcript: &[u8; 32]) {
        let Some(entry) = self.links.get_mut(&link) else { return };
        match entry.link.agree(key, transcript, dialled) {
            Ok(sealer) => {
                self.flush(link);
                if let Some(entry) = self.links.get(&link) {
                    entry.link.seal_from_here(sealer);
                }
            }
            Err(error) => {
                tracing::debug!(link = link.number(), %error, "a WebSocket ends");
                self.links.remove(&link);
                self.findings.push_back(Finding::LinkLost(link));
            }
        }
    }

    fn unseal(&mut self, link: LinkId, sealed: Vec<u8>) {
        let Some(circuit) = self.circuits.get_mut(&link) else { return };
        match circuit.unseal(sealed) {
            Ok(frame) => self.findings.push_back(Finding::Unsealed(link, frame)),
            Err(error) => self.lose_circuit(link, error),
        }
    }

    fn lose_circuit(&mut self, link: LinkId, error: SealError) {
        tracing::debug!(link = link.number(), %error, "a relayed link ends");
        self.circuits.remove(&link);
        self.findings.push_back(Finding::LinkLost(link));
    }

    fn accept(&mut self, link: LinkId) {
        let Some(stream) = self.waiting.pop_front() else {
            debug_assert!(false, "the engine accepts what was announced");
            self.findings.push_back(Finding::LinkLost(link));
            return;
        };
        let reporter = self.reporter(link);
        let generation = reporter.generation;
        let (link_end, task) = socket::accepted(stream, reporter);
        self.tasks.spawn(task);
        self.links.insert(link, Entry { link: link_end, generation, dialled: None });
    }

    fn reporter(&mut self, link: LinkId) -> Reporter {
        self.generation += 1;
        Reporter { reports: self.reports.clone(), link, generation: self.generation }
    }

    fn open_signalling(&mut self) {
        if self.servers.is_empty() {
            self.findings.push_back(Finding::SignalLost);
            return;
        }
        self.generation += 1;
        let (signalling, task) =
            signalling::open(self.servers.clone(), self.server, self.generation, self.signals.clone());
        self.tasks.spawn(task);
        self.is_refused = false;
        self.signalling = Some((self.generation, signalling));
    }

    fn signal(&mut self, message: Vec<u8>) {
        let Some((_, signalling)) = &self.signalling else { return };
        if !signalling.send(message) {
            self.forget_signalling();
            self.findings.push_back(Finding::SignalLost);
        }
    }
}

fn output_name(output: &Output) -> &'static str {
    match output {
        Output::Timeout(_) => "timeout",
        Output::Send { .. } => "send",
        Output::Open { .. } => "open",
        Output::Answered { .. } => "answered",
        Output::Seal { .. } => "seal",
        Output::Unseal { .. } => "unseal",
        Output::Accept(_) => "accept",
        Output::Refuse => "refuse",
        Output::Close(_) => "close",
        Output::SignalOpen => "signal_open",
        Output::Signal(_) => "signal",
        Output::SignalClose => "signal_close",
        Output::Job { .. } => "job",
        Output::Event(_) => "event",
        Output::Unreadable(_) => "unreadable",
    }
}
