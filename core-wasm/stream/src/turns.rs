//! What this node asks of other ends, in turn, and what becomes of it.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, Output, Status, Wish};

use crate::asking::{Asking, What, is_again};
use crate::face::Event;
use crate::limits::{OPEN_WITHIN_MS, WITHIN_MS};
use crate::stream::Stage;
use crate::streams::Streams;
use crate::wire::{Key, Question, read_limit};

impl Streams {
    /// A question of this node ended.
    pub(crate) fn on_answered(
        &mut self,
        op: u32,
        from: &NodeId,
        is_proven: bool,
        is_here: bool,
        status: Status,
        bytes: &[u8],
    ) {
        let Some(Asking { stream, what, .. }) = self.asks.end(op, from) else { return };
        let now = self.now;
        let Some(number) = stream else { return };
        let Some(stream) = self.stream(number) else { return };
        // An answer that came through others may be anybody's: it is none.
        let status = if is_proven || is_here { status } else { Status::TimedOut };
        if is_proven {
            stream.hear(now);
        }
        let is_again = is_again(status);
        match (what, status) {
            (What::Open, Status::Ok) => return self.opened(number),
            // The other end has shown otherwise that it took it.
            (What::Open, _) if is_again && stream.stage == Stage::Open => return,
            (What::Open, Status::TooManyRequests) if !is_here => return self.end(number, status),
            (What::Open, _) if is_again => stream.stage = Stage::Asks,
            (What::Data(piece), Status::Ok) => {
                let room = stream.sending.came(&piece);
                stream.sending.granted(read_limit(bytes).unwrap_or(0));
                if room > 0 {
                    self.emit(Event::Room { stream: number, bytes: room as u32 });
                }
                return self.end_if_done(number);
            }
            (What::Data(piece), _) if is_again => stream.sending.failed(piece),
            (What::Grant, Status::Ok) => {
                stream.is_granting = false;
                return stream.sending.granted(read_limit(bytes).unwrap_or(0));
            }
            (What::Grant, _) if is_again => (stream.is_granting, stream.grant_due) = (false, true),
            // The other end began anew, has given the stream up, or takes none any more.
            (
                What::Data(_) | What::Grant,
                Status::NotFound | Status::NotImplemented | Status::VersionNotSupported,
            ) => return self.end(number, Status::Unavailable),
            _ => return self.end(number, status),
        }
        stream.pause(now);
    }

    /// The next question there is something to ask with.
    pub(crate) fn next_ask(&mut self) -> Option<Vec<u8>> {
        if !self.asks.has_room() {
            return None;
        }
        if let Some(at) = self.goodbyes.iter().position(|(peer, ..)| self.asks.has_room_for(peer)) {
            let (peer, key, status) = self.goodbyes.remove(at);
            return Some(self.ask(peer, key, None, What::End, &Question::End { status }));
        }
        let now = self.now;
        let mut due = None;
        for stream in self.streams.iter_mut() {
            if !stream.may_ask(now) || !self.asks.has_room_for(&stream.peer) {
                continue;
            }
            if stream.stage == Stage::Asks {
                stream.stage = Stage::Asked;
                due = Some((stream.number, What::Open));
            } else if stream.stage == Stage::Open && stream.grant_due && !stream.is_granting {
                (stream.grant_due, stream.is_granting) = (false, true);
                due = Some((stream.number, What::Grant));
            }
            if due.is_some() {
                break;
            }
        }
        if let Some((number, what)) = due {
            let stream = self.stream(number)?;
            let (peer, key, name) = (stream.peer, stream.key, stream.name.clone());
            let question = match what {
                What::Open => Question::Open { name: &name },
                _ => Question::Grant { limit: stream.receiving.tell_limit() },
            };
            return Some(self.ask(peer, key, Some(number), what, &question));
        }
        self.next_data()
    }

    /// The next piece of the stream whose turn it is.
    fn next_data(&mut self) -> Option<Vec<u8>> {
        if !self.asks.has_room_for_data() {
            return None;
        }
        let now = self.now;
        for _ in 0..self.streams.len() {
            self.turn = (self.turn + 1) % self.streams.len();
            let stream = self.streams.get_mut(self.turn)?;
            if stream.stage != Stage::Open || !stream.may_ask(now) || !self.asks.has_room_for(&stream.peer) {
                continue;
            }
            if let Some(piece) = stream.sending.next() {
                let (peer, key, number) = (stream.peer, stream.key, stream.number);
                let question =
                    Question::Data { place: piece.place, bytes: &piece.bytes, is_last: piece.is_last };
                let bytes = question.emit(key);
                let op = self.asks.begin(peer, Some(number), What::Data(piece));
                return Some(emit(op, &peer, WITHIN_MS, &bytes));
            }
        }
        None
    }

    fn ask(
        &mut self,
        to: NodeId,
        key: Key,
        stream: Option<u32>,
        what: What,
        question: &Question<'_>,
    ) -> Vec<u8> {
        let within_ms = if matches!(what, What::Open) { OPEN_WITHIN_MS } else { WITHIN_MS };
        let op = self.asks.begin(to, stream, what);
        emit(op, &to, within_ms, &question.emit(key))
    }
}

fn emit(op: u32, to: &NodeId, within_ms: u32, bytes: &[u8]) -> Vec<u8> {
    Output::Wish(Wish::Ask { op, to, within_ms, bytes }).emit()
}
