//! Inputs and outputs as numbers and bytes.

use super::Node;
use crate::id::NodeId;
use crate::io::kinds::input;
use crate::io::{Command, Input, JobId, LinkId, OpId};
use crate::time::Instant;

impl Node {
    /// [`Node::handle_input`] for an input in its flat form; see [`kinds`](crate::io::kinds::input). `None` if the kind is
    /// unknown, the link's number 0 or the bytes too few, and then nothing happened.
    pub fn handle_flat(&mut self, now: Instant, kind: u32, number: u32, bytes: &[u8]) -> Option<()> {
        if !self.enter(now) {
            return Some(());
        }
        let (link, op, job) = (LinkId::new(number as u16), OpId(number), JobId(number));
        // What begins with an id.
        let (id, rest) = (NodeId::list(bytes).first(), bytes.get(32..).unwrap_or(&[]));
        let number_in = |bytes: &[u8]| Some(u32::from_be_bytes(*bytes.first_chunk()?));
        match kind {
            input::TIMEOUT => self.take(Input::Timeout),
            input::WALL_TIME => self.take(Input::WallTime(number.into())),
            input::DESCRIBED => self.take(Input::Described { link: link?, description: bytes }),
            input::LINK_UP => self.take(Input::LinkUp(link?)),
            input::LINK_DOWN => self.take(Input::LinkDown(link?)),
            input::LINK_BYTES => self.take(Input::LinkBytes { link: link?, bytes }),
            input::LINK_DRAINED => self.take(Input::LinkDrained { link: link?, queued: number_in(bytes)? }),
            input::SEALED => self.take(Input::Sealed { link: link?, bytes }),
            input::SIGNAL_UP => self.take(Input::SignalUp(bytes)),
            input::SIGNAL_DOWN => self.take(Input::SignalDown),
            input::SIGNAL_BYTES => self.take(Input::SignalBytes(bytes)),
            input::SIGNATURE..=input::FAILED => self.on_job_done(job, kind, bytes),
            input::PUT => self.requests.put(&mut self.ground, op, id?),
            input::GET => self.requests.fetch(&mut self.ground, Some(op), None, id?),
            input::FIND => self.find(op, id?),
            input::SEND => self.requests.send(&mut self.ground, op, id?, number_in(rest)?),
            input::SUBSCRIBE => self.topics.subscribe(&mut self.ground, op, id?),
            input::UNSUBSCRIBE => self.topics.unsubscribe(&mut self.ground, id?),
            input::PUBLISH => self.topics.publish(&mut self.ground, op, id?, rest),
            input::CANCEL => self.take(Input::Command(Command::Cancel { op })),
            input::ADDRESSES => self.take(Input::Command(Command::Addresses(number as u16))),
            input::WAKE => self.take(Input::Command(Command::Wake)),
            input::LEAVE => self.take(Input::Command(Command::Leave)),
            _ => return None,
        }
        self.settle();
        Some(())
    }
}
