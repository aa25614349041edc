//! What two nodes ask each other about a stream.
//!
//! ```text
//! question    kind 1 ‖ role 1 ‖ run 4 ‖ number 4 ‖ the rest. Role: 0 where the asker opened the stream, 1 where the asked one did.
//! 1 open      name
//! 2 data      place 8 ‖ bytes: they stand there among all that the asker sent
//! 3 last      the same, and nothing comes behind them
//! 4 grant     limit 8: how far the asked one may send. Also a sign of life
//! 5 end       status 2: the stream ends now, for both
//! answer      limit 8 to data, last and grant: how far the asker may send. Nothing to the others
//! ```

use alloc::vec::Vec;

use tabmesh_port::{Reader, Status, Writer};

/// Data is longer by so many bytes in its question.
pub(crate) const DATA_HEAD: usize = 18;

/// A stream among those of two nodes: whoever opened it counts them, and each of its runs has a number by chance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Key {
    /// Of the two ends, this one opened it.
    pub(crate) is_own: bool,
    pub(crate) run: u32,
    pub(crate) number: u32,
}

/// A question. See the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Question<'a> {
    Open { name: &'a [u8] },
    Data { place: u64, bytes: &'a [u8], is_last: bool },
    Grant { limit: u64 },
    End { status: Status },
}

impl<'a> Question<'a> {
    /// Reads a question of another node; `None` if it is none.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<(Key, Self)> {
        let mut reader = Reader::new(bytes);
        let (kind, role) = (reader.u8(), reader.u8());
        let key = Key { is_own: role == 1, run: reader.u32(), number: reader.u32() };
        let question = match kind {
            1 => Self::Open { name: reader.rest() },
            2 | 3 => Self::Data { place: reader.u64(), bytes: reader.rest(), is_last: kind == 3 },
            4 => Self::Grant { limit: reader.u64() },
            5 => Self::End { status: Status::from_code(reader.u16())? },
            _ => return None,
        };
        // Only whoever opens a stream asks for it to be opened.
        let makes_sense = role <= 1 && (kind != 1 || role == 0);
        reader.finish().filter(|()| makes_sense).map(|()| (key, question))
    }

    /// Its bytes, for whoever is asked.
    pub(crate) fn emit(&self, key: Key) -> Vec<u8> {
        let (kind, length) = match self {
            Self::Open { name } => (1, name.len()),
            Self::Data { bytes, is_last, .. } => (if *is_last { 3 } else { 2 }, bytes.len()),
            Self::Grant { .. } => (4, 0),
            Self::End { .. } => (5, 0),
        };
        let mut writer = Writer::with_capacity(DATA_HEAD + length);
        writer.u8(kind).u8(u8::from(!key.is_own)).u32(key.run).u32(key.number);
        match self {
            Self::Open { name } => writer.bytes(name),
            Self::Data { place, bytes, .. } => writer.u64(*place).bytes(bytes),
            Self::Grant { limit } => writer.u64(*limit),
            Self::End { status } => writer.u16(*status as u16),
        };
        writer.finish()
    }
}

/// The answer to data and grants.
pub(crate) fn limit(limit: u64) -> [u8; 8] {
    limit.to_be_bytes()
}

/// Reads it; `None` if it is none.
pub(crate) fn read_limit(bytes: &[u8]) -> Option<u64> {
    let mut reader = Reader::new(bytes);
    let limit = reader.u64();
    reader.finish().map(|()| limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_end_says_the_other_reads_with_the_roles_exchanged() {
        let key = Key { is_own: true, run: 7, number: 9 };
        let questions = [
            Question::Open { name: b"files" },
            Question::Data { place: 1 << 40, bytes: b"words", is_last: false },
            Question::Data { place: 0, bytes: b"", is_last: true },
            Question::Grant { limit: u64::MAX },
            Question::End { status: Status::Forbidden },
        ];
        for question in questions {
            let bytes = question.emit(key);
            assert_eq!(Question::read(&bytes), Some((Key { is_own: false, ..key }, question)));
        }
        let data = Question::Data { place: 0, bytes: b"", is_last: false }.emit(key);
        assert_eq!(data.len(), DATA_HEAD);
    }

    #[test]
    fn what_is_no_question_is_refused() {
        let key = Key { is_own: false, run: 7, number: 9 };
        assert_eq!(
            Question::read(&Question::Open { name: b"files" }.emit(key)),
            None,
            "it is no stream of its"
        );
        let grant = Question::Grant { limit: 5 }.emit(key);
        for length in 0..grant.len() {
            assert_eq!(Question::read(&grant[..length]), None);
        }
        for (at, byte) in [(0, 0), (0, 6), (1, 2)] {
            let mut other = grant.clone();
            other[at] = byte;
            assert_eq!(Question::read(&other), None);
        }
        assert_eq!(Question::read(&[5, 0, 0, 0, 0, 7, 0, 0, 0, 9, 0, 1]), None, "no status");
        assert_eq!((read_limit(&[0; 7]), read_limit(&limit(3)), read_limit(&[0; 9])), (None, Some(3), None));
    }
}
