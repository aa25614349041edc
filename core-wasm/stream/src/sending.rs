//! One way of a stream, at its writer.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::limits::{CHUNK, QUEUE, WINDOW};

/// Bytes at a place, on their way.
pub(crate) struct Piece {
    pub(crate) place: u64,
    pub(crate) bytes: Vec<u8>,
    /// Nothing comes behind them.
    pub(crate) is_last: bool,
}

/// Where the end of this way stands.
#[derive(PartialEq, Eq)]
enum Fin {
    /// More may be written.
    None,
    /// It goes out behind what waits.
    Wanted,
    /// It is under way, or came.
    Sent,
}

/// What was written, until the other end has it.
pub(crate) struct Sending {
    /// What was never sent, in order; none is empty or longer than [`CHUNK`].
    waiting: VecDeque<Vec<u8>>,
    /// What got no answer, to be sent again.
    again: Vec<Piece>,
    /// Questions with pieces of this way under way.
    flying: usize,
    /// The last of them that ended got no answer: one at a time goes out until another does.
    is_mute: bool,
    /// Bytes that were handed in and have not come to the other end.
    queued: usize,
    /// Where the next new piece stands.
    place: u64,
    /// How far the other end lets it go.
    limit: u64,
    fin: Fin,
}

impl Sending {
    pub(crate) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            again: Vec::new(),
            flying: 0,
            is_mute: false,
            queued: 0,
            place: 0,
            limit: WINDOW,
            fin: Fin::None,
        }
    }

    /// Takes in what was written; false beyond [`QUEUE`], and after the end.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> bool {
        if self.fin != Fin::None || bytes.len() > QUEUE - self.queued {
            return false;
        }
        self.queued += bytes.len();
        // Small writes travel together while they wait.
        if let Some(last) = self.waiting.back_mut() {
            let (head, tail) = bytes.split_at(bytes.len().min(CHUNK - last.len()));
            last.extend_from_slice(head);
            bytes = tail;
        }
        self.waiting.extend(bytes.chunks(CHUNK).map(<[u8]>::to_vec));
        true
    }

    /// Nothing more will be written.
    pub(crate) fn finish(&mut self) {
        if self.fin == Fin::None {
            self.fin = Fin::Wanted;
        }
    }

    /// What may go out next.
    pub(crate) fn next(&mut self) -> Option<Piece> {
        if self.is_mute && self.flying > 0 {
            return None;
        }
        let piece = self.once_more().or_else(|| self.fresh())?;
        self.flying += 1;
        Some(piece)
    }

    /// The first in order of what got no answer: others may be refused until it comes.
    fn once_more(&mut self) -> Option<Piece> {
        let (at, _) = self.again.iter().enumerate().min_by_key(|(_, piece)| piece.place)?;
        Some(self.again.swap_remove(at))
    }

    fn fresh(&mut self) -> Option<Piece> {
        let place = self.place;
        let room = usize::try_from(self.limit.saturating_sub(place)).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        if let Some(front) = self.waiting.front_mut() {
            // A piece is cut where it ends at the limit: a reader that reads little gets little.
            if room < front.len() {
                let rest = front.split_off(room);
                bytes = core::mem::replace(front, rest);
            } else {
                bytes = self.waiting.pop_front()?;
            }
        }
        let is_last = self.fin == Fin::Wanted && self.waiting.is_empty();
        if bytes.is_empty() && !is_last {
            return None;
        }
        if is_last {
            self.fin = Fin::Sent;
        }
        self.place += bytes.len() as u64;
        Some(Piece { place, bytes, is_last })
    }

    /// A piece came to the other end: so many bytes of room are there again.
    pub(crate) fn came(&mut self, piece: &Piece) -> usize {
        self.flying -= 1;
        self.is_mute = false;
        self.queued -= piece.bytes.len();
        piece.bytes.len()
    }

    /// A piece got no answer.
    pub(crate) fn failed(&mut self, piece: Piece) {
        self.flying -= 1;
        self.is_mute = true;
        self.again.push(piece);
    }

    /// The other end lets it go so far; it takes nothing back.
    pub(crate) fn granted(&mut self, limit: u64) {
        self.limit = self.limit.max(limit);
    }

    /// All came there, and that nothing follows.
    pub(crate) fn is_done(&self) -> bool {
        self.fin == Fin::Sent && self.flying == 0 && self.again.is_empty()
    }
}
