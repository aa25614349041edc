//! Inputs and outputs as numbers and bytes.

use alloc::vec::Vec;
use core::mem::{ManuallyDrop, take};

use super::Node;
use crate::id::NodeId;
use crate::io::kinds::{input, listening, output};
use crate::io::{Command, Event, Flat, Input, JobId, JobResult, LinkId, OpId, Output, Route};
use crate::time::Instant;
use crate::wire::Reader;

impl Node {
    /// [`Node::handle_input`] for an input in its flat form; see [`kinds`](crate::io::kinds::input). `None` if the kind is
    /// unknown, the link's number 0 or the bytes too few, and then nothing happened.
    pub fn handle_flat(&mut self, now: Instant, kind: u32, number: u32, bytes: &[u8]) -> Option<()> {
        if !self.enter(now) {
            return Some(());
        }
        let (link, op, job) = (LinkId::new(number as u16), OpId(number), JobId(number));
        let done = |result| Input::JobDone { job, result };
        let mut reader = Reader::new(bytes);
        match kind {
            input::TIMEOUT => self.take(Input::Timeout),
            input::WALL_TIME => self.take(Input::WallTime(number.into())),
            input::DESCRIBED => self.take(Input::Described { link: link?, description: bytes }),
            input::LINK_UP => self.take(Input::LinkUp(link?)),
            input::LINK_DOWN => self.take(Input::LinkDown(link?)),
            input::LINK_BYTES => self.take(Input::LinkBytes { link: link?, bytes }),
            input::LINK_DRAINED => self.take(Input::LinkDrained { link: link?, queued: reader.u32()? }),
            input::SEALED => self.take(Input::Sealed { link: link?, bytes }),
            input::SIGNAL_UP => self.take(Input::SignalUp),
            input::SIGNAL_DOWN => self.take(Input::SignalDown),
            input::SIGNAL_BYTES => self.take(Input::SignalBytes(bytes)),
            input::SIGNATURE..=input::FAILED => self.take(done(match kind {
                input::SIGNATURE => JobResult::Signature(bytes.first_chunk()?),
                input::VERIFIED => JobResult::Verified(reader.u8()? != 0),
                input::LOADED => JobResult::Loaded(bytes),
                input::MISSING => JobResult::Missing,
                input::STORED => JobResult::Stored,
                input::MISMATCH => JobResult::Mismatch,
                input::FULL => JobResult::Full,
                input::HASHES => JobResult::Hashes(NodeId::list(bytes)),
                _ => JobResult::Failed,
            })),
            input::PUT => self.take(Input::Command(Command::Put { op, hash: *reader.id()? })),
            input::GET => self.take(Input::Command(Command::Get { op, hash: *reader.id()? })),
            input::FIND => self.take(Input::Command(Command::Find { op, target: *reader.id()? })),
            input::SEND => {
                let (to, length) = (*reader.id()?, reader.u32()?);
                self.take(Input::Command(Command::Send { op, to, length }));
            }
            input::SUBSCRIBE => {
                self.take(Input::Command(Command::Subscribe { op, topic: *reader.id()? }));
            }
            input::UNSUBSCRIBE => {
                self.take(Input::Command(Command::Unsubscribe { topic: *reader.id()? }));
            }
            input::PUBLISH => self.publish(op, reader.id()?, reader.rest()),
            input::CANCEL => self.take(Input::Command(Command::Cancel { op })),
            input::ADDRESSES => self.take(Input::Command(Command::Addresses(number as u16))),
            input::WAKE => self.take(Input::Command(Command::Wake)),
            input::LEAVE => self.take(Input::Command(Command::Leave)),
            _ => return None,
        }
        self.settle();
        Some(())
    }

    /// Queues an output in its flat form. The line that emits knows the variant: of all this only its call stays there.
    #[inline(always)]
    pub(super) fn emit(&mut self, output: Output) {
        // All that is owned is taken out, so nothing is left to drop.
        match &mut *ManuallyDrop::new(output) {
            // A time-out does not wait, and what begins a job puts it here itself.
            Output::Timeout(_) | Output::Job { .. } => {}
            Output::Send { link, bytes } => self.put(output::SEND, link.number().into(), 0, &[], take(bytes)),
            Output::Open { link, route } => match route {
                Route::Socket(address) => {
                    self.put_plain(output::OPEN_SOCKET, link.number().into(), (*address).into(), &[])
                }
                Route::Offer => self.put_plain(output::OPEN_OFFER, link.number().into(), 0, &[]),
                Route::Answer(description) => {
                    self.put(output::OPEN_ANSWER, link.number().into(), 0, &[], take(description))
                }
                Route::Circuit => self.put_plain(output::OPEN_CIRCUIT, link.number().into(), 0, &[]),
                Route::CircuitAnswer(key) => {
                    self.put(output::OPEN_CIRCUIT, link.number().into(), 0, &[], key.to_vec())
                }
            },
            Output::Answered { link, description } => {
                self.put(output::ANSWERED, link.number().into(), 0, &[], take(description))
            }
            Output::Unseal { link, bytes } => {
                self.put(output::UNSEAL, link.number().into(), 0, &[], take(bytes))
            }
            Output::Accept(link) => self.put_plain(listening::ACCEPT, link.number().into(), 0, &[]),
            Output::Refuse => self.put_plain(listening::REFUSE, 0, 0, &[]),
            Output::Close(link) => self.put_plain(output::CLOSE, link.number().into(), 0, &[]),
            Output::SignalOpen => self.put_plain(output::SIGNAL_OPEN, 0, 0, &[]),
            Output::Signal(bytes) => self.put(output::SIGNAL, 0, 0, &[], take(bytes)),
            Output::SignalClose => self.put_plain(output::SIGNAL_CLOSE, 0, 0, &[]),
            Output::Event(event) => match event {
                Event::Joined => self.put_plain(output::JOINED, 0, 0, &[]),
                Event::Offline => self.put_plain(output::OFFLINE, 0, 0, &[]),
                Event::PeerUp { link, id, kind, profile, address } => {
                    let value = *kind as u32 | (*profile as u32) << 8;
                    self.put(output::PEER_UP, link.number().into(), value, &id.0, take(address));
                }
                Event::PeerDown { id, reason } => self.put_plain(output::PEER_DOWN, 0, *reason as u32, &id.0),
                Event::DialFailed { id, reason } => {
                    let id = id.as_ref().map_or(&[][..], |id| &id.0);
                    self.put_plain(output::DIAL_FAILED, 0, *reason as u32, id);
                }
                Event::SignalRefused(refusal) => {
                    self.put_plain(output::SIGNAL_REFUSED, 0, (*refusal).into(), &[])
                }
                Event::Found { op, ids, crowded } => {
                    let crowded = u32::from(*crowded);
                    self.put_plain(output::FOUND, op.0, crowded, NodeId::list_bytes(&take(ids)));
                }
                Event::Message { from, bytes } => self.put(output::MESSAGE, 0, 0, &from.0, take(bytes)),
                Event::Published { from, id, bytes } => {
                    let names = [&from.0[..], &id[..]].concat();
                    self.put(output::PUBLISHED, 0, 0, &names, take(bytes));
                }
                Event::Done { op, status, holders } => {
                    self.put_plain(output::DONE, op.0, *status as u32 | u32::from(*holders) << 16, &[]);
                }
            },
        }
    }

    /// Queues an event.
    #[inline(always)]
    pub(super) fn report(&mut self, event: Event) {
        self.emit(Output::Event(event));
    }

    #[inline(never)]
    fn put_plain(&mut self, kind: u32, number: u32, value: u32, id: &[u8]) {
        self.put(kind, number, value, id, Vec::new());
    }

    #[inline(never)]
    pub(super) fn put(&mut self, kind: u32, number: u32, value: u32, id: &[u8], bytes: Vec<u8>) {
        self.outbox.push(Flat { kind, number, value, id: id.to_vec(), bytes });
    }
}
