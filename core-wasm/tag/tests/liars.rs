//! A tag with liars among its members, on a perfect port: a quarter of all forge, repeat, name nobodies, and swallow what they should pass
//! on. Honest members hear each other all the same.

mod common;

use common::{SECOND, tag};
use tabmesh_port::{
    Attachment, Input, Instant, Module, NodeId, Output, PublicKey, Room, Signature, Status, Told, Wish,
};
use tabmesh_tag::{Command, Message, Publication, Tag};
use tabmesh_world::perfect::{Perfect, Place, Weather};

/// A member that lies: it repeats what it hears in its own way, names nobodies, swallows what it should pass on and says that it came.
struct Liar {
    now: Instant,
    wake: Instant,
    members: Vec<NodeId>,
    turn: u8,
    attachment: Attachment,
    honest: Tag,
}

impl Liar {
    fn new(attachment: Attachment) -> Self {
        let honest = Tag::new(attachment);
        Self { now: Instant(0), wake: Instant(0), members: Vec::new(), turn: 0, attachment, honest }
    }

    fn lies(&mut self) -> Vec<Vec<u8>> {
        self.turn = self.turn.wrapping_add(1);
        let near: Vec<NodeId> = self
            .members
            .iter()
            .take(16)
            .map(|id| {
                let mut bytes = id.0;
                bytes[31] ^= self.turn;
                NodeId(bytes)
            })
            .collect();
        let (victim, signature) = (PublicKey([self.turn; 64]), Signature([self.turn; 64]));
        let forged = |key, sent_ms| {
            let it = Publication { key, run: 1, number: 1, sent_ms, signature: &signature, bytes: b"forged" };
            Message::Publication(it).emit()
        };
        vec![
            Message::Members(&near).emit(),
            forged(&victim, u64::MAX),
            forged(&self.attachment.key, 0),
            Message::Have(&[[self.turn; 12]; 80]).emit(),
            Message::Prune.emit(),
            vec![self.turn; usize::from(self.turn)],
        ]
    }
}

/// An honest member or a liar.
enum Any {
    Honest(Box<Tag>),
    Liar(Box<Liar>, Vec<Vec<u8>>),
}

impl Module for Any {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        match self {
            Self::Honest(tag) => tag.handle(now, input),
            Self::Liar(liar, outputs) => {
                liar.now = now;
                let tell = |to: &[NodeId], bytes: &[u8]| Output::Wish(Wish::Tell { to, bytes }).emit();
                match input {
                    Input::Told(Told::View { ids, .. }) => liar.members = ids.to_vec(),
                    Input::Told(Told::Said { from, bytes, .. }) => match Message::read(bytes) {
                        Some(Message::Routed(it)) => {
                            let word = Message::Ended { request: it.request, status: Status::Ok };
                            return outputs.push(tell(&[*from], &word.emit()));
                        }
                        Some(Message::Publication(it)) if it.bytes != b"forged" => {
                            let it = Publication { bytes: b"forged", ..it };
                            outputs.push(tell(&liar.members, &Message::Publication(it).emit()));
                        }
                        _ => {}
                    },
                    _ => {}
                }
                // It takes part in the list like anybody.
                liar.honest.handle(now, input);
                if now >= liar.wake && !liar.members.is_empty() {
                    liar.wake = Instant(now.0 + SECOND / 4);
                    let lies = liar.lies();
                    outputs.extend(lies.iter().map(|lie| tell(&liar.members, lie)));
                }
            }
        }
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        match self {
            Self::Honest(tag) => tag.poll(room),
            Self::Liar(liar, outputs) => outputs.pop().or_else(|| liar.honest.poll(room)),
        }
    }

    fn wanted_at(&self) -> Instant {
        match self {
            Self::Honest(tag) => tag.wanted_at(),
            Self::Liar(liar, _) => liar.honest.wanted_at().min(liar.wake.max(Instant(liar.now.0 + 1))),
        }
    }
}

#[test]
fn among_liars_honest_members_hear_each_other_once_and_nothing_forged() {
    for seed in 1..=2 {
        let mut world: Perfect<Any> = Perfect::new(seed, Weather::FAIR);
        let mut honest: Vec<Place> = Vec::new();
        for turn in 0..16 {
            if turn % 4 == 0 {
                world.attach(tag(), |it| Any::Liar(Box::new(Liar::new(it)), Vec::new()));
            } else {
                honest.push(world.attach(tag(), |it| Any::Honest(Box::new(Tag::new(it)))));
            }
        }
        world.run_for(20 * SECOND);
        for (turn, place) in honest.iter().enumerate() {
            world.command(*place, &Command::Publish { op: 1, bytes: &[turn as u8; 50] }.emit());
            world.run_for(SECOND);
        }
        // Whom it links to, a member reaches, whatever others say.
        let to = world.id(honest[1]);
        world.command(honest[0], &Command::Send { op: 2, to: &to, bytes: b"direct" }.emit());
        world.run_for(60 * SECOND);
        for (number, place) in honest.iter().enumerate() {
            let mut heard = common::Heard::default();
            heard.add_all(&world.events(*place));
            assert_eq!(heard.times(b"forged"), 0);
            for turn in (0..honest.len()).filter(|turn| *turn != number) {
                assert_eq!(heard.times(&[turn as u8; 50]), 1, "seed {seed}: {turn} at {number}");
            }
            let direct = heard.received.iter().filter(|(.., bytes)| bytes == b"direct").count();
            assert_eq!(direct, usize::from(number == 1));
        }
    }
}
