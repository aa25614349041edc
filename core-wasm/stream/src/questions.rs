//! What other ends ask. It is answered at once.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, Output, Status, Wish};

use crate::face::Event;
use crate::limits::QUEUE;
use crate::stream::{Stage, Stream};
use crate::streams::{INCOMING, Streams};
use crate::wire::{Key, Question, limit};

impl Streams {
    /// The other end of a stream asks something; it is answered at once.
    pub(crate) fn on_asked(&mut self, from: &NodeId, is_proven: bool, ticket: u32, bytes: &[u8]) {
        let (status, answer) = match Question::read(bytes) {
            // What came through others may be anybody's.
            _ if !is_proven => (Status::Unauthorized, None),
            None => (Status::BadRequest, None),
            Some((key, Question::Open { name })) => (self.on_open(from, key, name), None),
            Some((key, question)) => self.on_question(from, key, question),
        };
        let answer = answer.map(limit);
        let bytes = answer.as_ref().map_or(&[][..], |limit| limit);
        self.outbox.put(&Output::Wish(Wish::Reply { ticket, status, bytes }));
    }

    fn on_open(&mut self, from: &NodeId, key: Key, name: &[u8]) -> Status {
        let is_here = |stream: &&Stream| stream.peer == *from && stream.key == key;
        if self.incoming().any(|stream| is_here(&stream)) {
            return Status::Ok;
        }
        match self.ends.status(from, key) {
            // It was taken, and given up: it does not open twice.
            Some(Status::NotFound) => return Status::Forbidden,
            Some(status) => return status,
            None => {}
        }
        if !self.names.iter().any(|known| known == name) {
            return Status::NotFound;
        }
        if !self.make_place(from) {
            return Status::TooManyRequests;
        }
        let number = self.take_number();
        self.streams.push(Stream::new(number, *from, key, name.to_vec(), Stage::Open, self.now));
        self.emit(Event::Incoming { stream: number, from, name });
        self.emit(Event::Room { stream: number, bytes: QUEUE as u32 });
        self.hold();
        Status::Ok
    }

    /// A number that no stream has, for one that somebody else opens.
    fn take_number(&mut self) -> u32 {
        loop {
            self.taken = self.taken.wrapping_add(1);
            let number = INCOMING | self.taken;
            if self.stream(number).is_none() {
                return number;
            }
        }
    }

    /// The other end took a stream: the face hears it once.
    pub(crate) fn opened(&mut self, number: u32) {
        let now = self.now;
        let Some(stream) = self.stream(number).filter(|stream| stream.stage != Stage::Open) else { return };
        stream.stage = Stage::Open;
        stream.hear(now);
        self.emit(Event::Opened { stream: number });
        self.emit(Event::Room { stream: number, bytes: QUEUE as u32 });
    }

    /// A question about a stream that should be there.
    fn on_question(&mut self, from: &NodeId, key: Key, question: Question<'_>) -> (Status, Option<u64>) {
        let now = self.now;
        let is_meant = |stream: &&mut Stream| stream.peer == *from && stream.key == key;
        let Some(stream) = self.streams.iter_mut().find(is_meant) else {
            let ended = self.ends.status(from, key).unwrap_or(Status::NotFound);
            return (ended, (ended == Status::Ok).then_some(u64::MAX));
        };
        let number = stream.number;
        stream.hear(now);
        // Whoever says something of a stream has taken it: the answer that said so was lost, or is late.
        if matches!(question, Question::Data { .. } | Question::Grant { .. }) {
            self.opened(number);
        }
        let Some(stream) = self.stream(number) else { return (Status::NotFound, None) };
        match question {
            Question::Data { place, bytes, is_last } => match stream.receiving.take(place, bytes, is_last) {
                Ok(ready) => {
                    let limit = stream.receiving.tell_limit();
                    self.hand_on(number, &ready);
                    (Status::Ok, Some(limit))
                }
                Err(Status::TooManyRequests) => (Status::TooManyRequests, None),
                Err(status) => {
                    self.end(number, status);
                    (status, None)
                }
            },
            Question::Grant { limit } => {
                stream.sending.granted(limit);
                let limit = stream.receiving.tell_limit();
                (Status::Ok, Some(limit))
            }
            Question::End { status } => {
                self.end(number, if status == Status::Ok { Status::Unavailable } else { status });
                (Status::Ok, None)
            }
            Question::Open { .. } => (Status::BadRequest, None),
        }
    }

    /// What came goes to the face, and the stream may be done.
    fn hand_on(&mut self, number: u32, ready: &[Vec<u8>]) {
        for bytes in ready {
            self.emit(Event::Came { stream: number, bytes });
        }
        let Some(stream) = self.stream(number) else { return };
        if stream.receiving.is_done() && !stream.has_finished {
            stream.has_finished = true;
            self.emit(Event::Finished { stream: number });
        }
        self.end_if_done(number);
    }

    pub(crate) fn end_if_done(&mut self, number: u32) {
        if self.stream(number).is_some_and(|stream| stream.is_done()) {
            self.end(number, Status::Ok);
        }
    }
}
