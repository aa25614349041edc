//! What an application does with its streams: it writes as there is room, reads at its own pace, and notes what it hears.

use std::collections::BTreeMap;

use tabmesh_port::{NodeId, Status};
use tabmesh_stream::{Command, Event};
use tabmesh_world::dice::Dice;

/// One end of a stream.
#[derive(Default)]
pub(crate) struct End {
    pub(crate) from: Option<NodeId>,
    pub(crate) is_open: bool,
    /// What is to be written, how far it was, and for how much there is room.
    pub(crate) text: Vec<u8>,
    pub(crate) written: usize,
    pub(crate) room: usize,
    pub(crate) is_finished: bool,
    /// What came, and how far it was read.
    pub(crate) came: Vec<u8>,
    pub(crate) read: usize,
    pub(crate) has_finished: bool,
    /// How it ended, each time that it did.
    pub(crate) ended: Vec<Status>,
}

/// All streams of one node.
#[derive(Default)]
pub(crate) struct Ends {
    pub(crate) list: BTreeMap<u32, End>,
    pub(crate) listening: Vec<(Vec<u8>, Status)>,
    /// What an end that somebody else opens will write.
    pub(crate) answer: Vec<u8>,
}

impl Ends {
    pub(crate) fn hear(&mut self, bytes: &[u8]) {
        match Event::read(bytes).expect("an event") {
            Event::Listening { name, status } => self.listening.push((name.to_vec(), status)),
            Event::Opened { stream } => self.end(stream).is_open = true,
            Event::Incoming { stream, from, .. } => {
                let text = self.answer.clone();
                let before = self
                    .list
                    .insert(stream, End { from: Some(*from), is_open: true, text, ..End::default() });
                assert!(before.is_none(), "a number counts once");
            }
            Event::Room { stream, bytes } => self.end(stream).room += bytes as usize,
            Event::Came { stream, bytes } => {
                let end = self.end(stream);
                assert!(!end.has_finished && end.ended.is_empty(), "nothing comes behind the end");
                end.came.extend_from_slice(bytes);
            }
            Event::Finished { stream } => {
                let end = self.end(stream);
                assert!(!end.has_finished, "a way ends once");
                end.has_finished = true;
            }
            Event::Ended { stream, status } => self.end(stream).ended.push(status),
        }
    }

    pub(crate) fn end(&mut self, stream: u32) -> &mut End {
        self.list.get_mut(&stream).expect("a stream that is there")
    }

    /// What the application does next: it reads up to `most` bytes of each stream, and writes.
    pub(crate) fn act(&mut self, dice: &mut Dice, most: usize) -> Vec<Vec<u8>> {
        let mut commands = Vec::new();
        for (stream, end) in &mut self.list {
            let stream = *stream;
            if !end.is_open || !end.ended.is_empty() {
                continue;
            }
            let count = (end.came.len() - end.read).min(dice.below(most as u64 + 1) as usize);
            if count > 0 {
                end.read += count;
                commands.push(Command::Read { stream, count: count as u32 }.emit());
            }
            let left = &end.text[end.written..];
            let count = left.len().min(end.room).min(1 + dice.below(100_000) as usize);
            if count > 0 {
                commands.push(Command::Write { stream, bytes: &left[..count] }.emit());
                end.written += count;
                end.room -= count;
            }
            if end.written == end.text.len() && !end.is_finished {
                end.is_finished = true;
                commands.push(Command::Finish { stream }.emit());
            }
        }
        commands
    }

    /// Opens a stream that will say this.
    pub(crate) fn open(&mut self, stream: u32, to: &NodeId, name: &[u8], text: Vec<u8>) -> Vec<u8> {
        self.list.insert(stream, End { text, ..End::default() });
        Command::Open { stream, to, name }.emit()
    }
}
