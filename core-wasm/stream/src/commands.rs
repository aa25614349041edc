//! What the face says.

use tabmesh_port::{NodeId, Status};

use crate::face::{Command, Event};
use crate::limits::{NAME_MAX, NAMES_MAX, STREAMS_MAX};
use crate::stream::{Stage, Stream};
use crate::streams::{INCOMING, Streams};
use crate::wire::Key;

impl Streams {
    pub(crate) fn on_command(&mut self, bytes: &[u8]) {
        match Command::read(bytes) {
            Some(Command::Listen { name }) => self.listen(name),
            Some(Command::Unlisten { name }) => self.names.retain(|known| known != name),
            Some(Command::Open { stream, to, name }) => self.open(stream, to, name),
            Some(Command::Write { stream, bytes }) => {
                let is_sound = self.used(stream).is_none_or(|stream| stream.sending.write(bytes));
                self.reset_unless(is_sound, stream);
            }
            Some(Command::Read { stream, count }) => {
                let is_sound = self.used(stream).is_none_or(|stream| stream.receiving.read(count.into()));
                self.reset_unless(is_sound, stream);
            }
            Some(Command::Finish { stream }) => {
                if let Some(stream) = self.used(stream) {
                    stream.sending.finish();
                }
            }
            // Only both ends having all is the good end.
            Some(Command::Reset { stream, status: Status::Ok }) => self.reset(stream, Status::Unavailable),
            Some(Command::Reset { stream, status }) => self.reset(stream, status),
            None => {}
        }
    }

    fn listen(&mut self, name: &[u8]) {
        let is_known = self.names.iter().any(|known| known == name);
        let status = match name.len() {
            ..=NAME_MAX if is_known || self.names.len() < NAMES_MAX => Status::Ok,
            ..=NAME_MAX => Status::TooManyRequests,
            _ => Status::BadRequest,
        };
        if status == Status::Ok && !is_known {
            self.names.push(name.to_vec());
        }
        self.emit(Event::Listening { name, status });
    }

    fn open(&mut self, number: u32, to: &NodeId, name: &[u8]) {
        // Two streams under one number would be taken for each other.
        if self.stream(number).is_some() {
            return;
        }
        let refusal = match name.len() {
            _ if number >= INCOMING || *to == self.own => Some(Status::BadRequest),
            ..=NAME_MAX if self.streams.len() < STREAMS_MAX => None,
            ..=NAME_MAX => Some(Status::TooManyRequests),
            _ => Some(Status::BadRequest),
        };
        if let Some(status) = refusal {
            return self.emit(Event::Ended { stream: number, status });
        }
        self.opened = self.opened.wrapping_add(1);
        let key = Key { is_own: true, run: self.run, number: self.opened };
        let stage = if self.linked.contains(to) { Stage::Asks } else { Stage::Dialling };
        self.streams.push(Stream::new(number, *to, key, name.to_vec(), stage, self.now));
        self.hold();
    }

    /// A stream that the application reads or writes now.
    fn used(&mut self, number: u32) -> Option<&mut Stream> {
        let now = self.now;
        let stream = self.stream(number)?;
        stream.touch(now);
        Some(stream)
    }

    /// A face that counts wrongly loses its stream.
    fn reset_unless(&mut self, is_sound: bool, number: u32) {
        if !is_sound {
            self.reset(number, Status::BadRequest);
        }
    }
}
