//! How fast a node may publish: as fast as its mates take in what it says.
//!
//! Every node hears every message, so what a mate can check is what nearly all can. Each tells a mate that publishes up to which
//! number there is room, and shares what it can check at once among those that publish. A mate that makes no room for seconds counts no
//! more: it asks for what it missed.

use super::mates::{Member, Role};
use super::{Topics, tell};
use crate::ground::Ground;
use crate::id::{NodeId, TopicId};
use crate::limits::{TOPIC_JOBS_MAX, UNMET_MAX};
use crate::wire::topic::{Head, ROOM};
use crate::wire::{Reader, Writer};

/// How many messages may go to a new mate before it says more.
const FIRST: u32 = 4;

/// The least share of a publisher.
const SHARE_MIN: u32 = 2;

/// A mate may hold up a publisher for so many beats.
const BEATS_BEHIND_MAX: u8 = 8;

/// What goes to a mate and comes from it.
pub(super) struct Pace {
    /// Own messages up to this number may go.
    room: u32,
    /// For so many beats no more could go.
    behind: u8,
    /// The mate's own messages: their run, the last that it handed here, and up to which it was told that there is room.
    run: u32,
    came: u32,
    told: u32,
}

impl Pace {
    pub(super) fn new(number: u32) -> Self {
        Self { room: number.saturating_add(FIRST), behind: 0, run: 0, came: 0, told: 0 }
    }
}

impl Topics {
    /// Whether the next message of this node's, so long, may go: every mate that keeps up has room for it. Without mates a few a beat.
    pub(super) fn may_publish(&self, ground: &Ground, topic: &TopicId, length: usize) -> bool {
        let Some(known) = self.list.iter().find(|known| known.id == *topic) else { return false };
        let (mut is_alone, mut may) = (true, true);
        for member in self.members.iter().filter(|member| member.topic == topic.short()) {
            if let Role::Mate(pace) = &member.role
                && pace.behind < BEATS_BEHIND_MAX
            {
                is_alone = false;
                let link = ground.links.to(&member.peer);
                may &=
                    known.number < pace.room && link.is_some_and(|link| ground.has_room(link, length, false));
            }
        }
        may && (!is_alone || known.number - known.number_at_beat < UNMET_MAX)
    }

    /// Counts for how long mates hold up what this node says.
    pub(super) fn note_laggards(&mut self, topic: u32) {
        let number = self.topic(topic).map_or(0, |topic| topic.number);
        for member in self.members.iter_mut().filter(|member| member.topic == topic) {
            if let Role::Mate(pace) = &mut member.role {
                pace.behind = if number < pace.room { 0 } else { pace.behind.saturating_add(1) };
            }
        }
    }

    /// A mate has room for more.
    pub(super) fn on_room(&mut self, from: &NodeId, topic: u32, bytes: &[u8]) {
        let mut reader = Reader::new(bytes);
        let (run, room) = (reader.u32(), reader.u32());
        let Some(known) = self.topic(topic).filter(|known| known.run == run) else { return };
        // More than this a mate that errs would lose.
        let most = known.number.saturating_add(TOPIC_JOBS_MAX as u32);
        if let Some(Member { role: Role::Mate(pace), .. }) = self.member(topic, from) {
            pace.room = pace.room.max(room.min(most));
            pace.behind = 0;
        }
    }

    /// A mate handed a message of its own here.
    pub(super) fn note_own(&mut self, from: &NodeId, head: &Head<'_>) {
        if let Some(Member { role: Role::Mate(pace), .. }) = self.member(head.topic.short(), from) {
            if pace.run != head.run {
                (pace.run, pace.came, pace.told) = (head.run, 0, 0);
            }
            pace.came = pace.came.max(head.number);
        }
    }

    /// Tells mates that publish how much room there is, once it is worth a frame, or `always`; not while much is being checked.
    pub(super) fn make_way(&mut self, ground: &mut Ground, always: bool) {
        if self.pending.count(|_| true) > TOPIC_JOBS_MAX / 2 {
            return;
        }
        let publishers = self.streams.lively(ground.now).max(1) as u32;
        let share = (TOPIC_JOBS_MAX as u32 / publishers).max(SHARE_MIN);
        let Self { members, list, .. } = self;
        for Member { topic, peer, role } in members {
            let Role::Mate(pace) = role else { continue };
            let room = pace.came.saturating_add(share);
            let is_due = always && room > pace.told || room >= pace.told.saturating_add(share / 2);
            if let Some(known) = list.iter().find(|known| known.id.short() == *topic)
                && pace.came > 0
                && is_due
            {
                pace.told = room;
                let mut writer = Writer::default();
                writer.u32(pace.run).u32(room);
                tell(ground, peer, ROOM, &known.id, &writer.finish());
            }
        }
    }
}
