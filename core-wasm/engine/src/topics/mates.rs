//! Who takes part in a topic, and how subscribers find each other.

use alloc::vec::Vec;

use super::pace::Pace;
use super::{Topics, ask, tell};
use crate::coordinate::Coordinate;
use crate::ground::{Ground, ReplyTo};
use crate::id::{NodeId, TopicId};
use crate::io::LinkId;
use crate::limits::{GUESTS_MAX, MATES, MATES_MAX, MEMBERS_MAX};
use crate::list::List;
use crate::status::Status;
use crate::time::{Duration, Instant};
use crate::wire::Writer;
use crate::wire::frame::Body;
use crate::wire::named;
use crate::wire::topic::{GRAFT, HAVE, PRUNE};

/// Who is asked to be a mate answers within this; who is far and is asked often, within that.
const ANSWER: Duration = Duration::from_ms(4_000);
const SILENT: Duration = Duration::from_ms(25_000);

/// How often the topic's own node is visited: with few mates, and with enough.
const MEET_SOON_MS: u64 = 2_000;
const MEET_MS: u64 = 45_000;

/// The next one is asked so soon after one that was asked takes no part.
const NEXT: Duration = Duration::from_ms(50);

/// Links made for mates beyond the budget.
const LINKS_SPARE: usize = 6;

/// What somebody is to a topic here.
pub(super) enum Role {
    /// May be a subscriber, and was not asked yet.
    Candidate,
    /// Was asked, and did not answer yet.
    Asked { at: Instant },
    /// A subscriber that is not linked.
    Far { heard: Instant },
    /// A linked subscriber.
    Mate(Pace),
}

/// Somebody who takes part in a topic, or may.
pub(super) struct Member {
    pub(super) topic: u32,
    pub(super) peer: NodeId,
    pub(super) role: Role,
}

/// Somebody who came by this node looking for others of a topic, and the link by which that came.
pub(super) struct Guest {
    topic: u32,
    peer: NodeId,
    by: Option<LinkId>,
}

#[cfg(test)]
impl Guest {
    pub(super) fn peer(&self) -> &NodeId {
        &self.peer
    }
}

impl Member {
    pub(super) fn is_mate(&self) -> bool {
        matches!(self.role, Role::Mate(_))
    }

    pub(super) fn is_candidate(&self) -> bool {
        matches!(self.role, Role::Candidate)
    }

    /// By its own word.
    pub(super) fn takes_part(&self) -> bool {
        matches!(self.role, Role::Mate(_) | Role::Far { .. })
    }

    /// A link to whoever takes part is worth while, within what this node can spare.
    pub(super) fn dial(&self, ground: &mut Ground) {
        let has_room = ground.links.len() < ground.link_budget() + LINKS_SPARE && ground.can_dial();
        if matches!(self.role, Role::Far { .. })
            && has_room
            && ground.links.to(&self.peer).is_none()
            && !ground.contacts.is_late(&self.peer, ground.now)
        {
            ground.dial(&self.peer);
        }
    }
}

impl Topics {
    pub(super) fn member(&mut self, topic: u32, peer: &NodeId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.topic == topic && member.peer == *peer)
    }

    /// Whether a link to `peer` is kept for a topic.
    pub(crate) fn needs(&self, peer: &NodeId) -> bool {
        self.members.iter().any(|member| member.peer == *peer && member.is_mate())
    }

    /// How many members of a topic `is` is true of.
    pub(super) fn count(&self, topic: u32, is: fn(&Member) -> bool) -> usize {
        self.members.iter().filter(|member| member.topic == topic && is(member)).count()
    }

    pub(super) fn has_few(&self, topic: u32) -> bool {
        self.count(topic, Member::takes_part) < MATES / 2
    }

    /// Takes in a candidate, for whom the oldest one makes room.
    #[inline(never)]
    pub(super) fn offer(&mut self, ground: &Ground, topic: u32, peer: &NodeId) {
        if *peer != ground.id && self.member(topic, peer).is_none() && self.make_room(topic) {
            self.members.push(Member { topic, peer: *peer, role: Role::Candidate });
        }
    }

    /// Room for one more member; false if none of them is a candidate.
    fn make_room(&mut self, topic: u32) -> bool {
        let is_full = self.count(topic, |_| true) >= MEMBERS_MAX;
        let is_candidate = |member: &Member| member.topic == topic && member.is_candidate();
        let oldest = self.members.iter().position(is_candidate).filter(|_| is_full);
        if let Some(place) = oldest {
            self.members.remove(place);
        }
        oldest.is_some() || !is_full
    }

    #[inline(never)]
    pub(super) fn forget(&mut self, topic: u32, peer: &NodeId) {
        self.members.keep(|member| member.topic != topic || member.peer != *peer);
    }

    /// Gives up who is gone. Where it is time to look for others, candidates come from the links and the guests here,
    /// and the answer is the topic whose own node shall be asked for more.
    pub(crate) fn gather(&mut self, ground: &mut Ground, place: usize) -> Option<TopicId> {
        let now = ground.now;
        let topic = self.list.get(place)?;
        let (id, short, is_due) = (topic.id, topic.id.short(), now >= topic.meet_at);
        let lasts = |member: &Member| match member.role {
            Role::Asked { at } => now.since(at) < ANSWER,
            Role::Far { heard } => now.since(heard) < SILENT,
            Role::Candidate | Role::Mate(_) => true,
        };
        self.members.keep(|member| member.topic != short || lasts(member));
        for member in &mut self.members {
            if matches!(member.role, Role::Far { .. }) && ground.links.to(&member.peer).is_some() {
                member.role = Role::Candidate;
            }
        }
        is_due.then(|| self.seek(ground, place, id))
    }

    fn seek(&mut self, ground: &mut Ground, place: usize, id: TopicId) -> TopicId {
        let short = id.short();
        let meet_at = ground.about(if self.has_few(short) { MEET_SOON_MS } else { MEET_MS });
        if let Some(known) = self.list.get_mut(place) {
            known.meet_at = meet_at;
        }
        // Others of the links each time: most may take no part.
        let first = ground.rng.below(ground.links.len() as u64) as usize;
        for link in ground.links.peers().skip(first).take(MEMBERS_MAX) {
            self.offer(ground, short, &link.peer);
        }
        let mut guest = 0;
        while let Some(known) = self.guests.get(guest) {
            guest += 1;
            if known.topic == short {
                let peer = known.peer;
                self.offer(ground, short, &peer);
            }
        }
        id
    }

    /// Asks candidates, the ones with the fastest links first, while there are few members: many at once where nearly none takes part.
    /// Not again while there are enough: in the long run mates that are all close by make the way round the world longer.
    pub(super) fn ask_more(&mut self, ground: &mut Ground, id: &TopicId) {
        let short = id.short();
        let most = if self.has_few(short) { MATES_MAX } else { MATES };
        let streams = self.streams.recent(short);
        for _ in self.count(short, |member| !member.is_candidate())..most {
            let mut best: Option<(u32, usize)> = None;
            for (place, member) in self.members.iter().enumerate() {
                if member.topic == short && member.is_candidate() {
                    let rtt_us = rtt_us(ground, &member.peer);
                    if best.is_none_or(|(least, _)| rtt_us < least) {
                        best = Some((rtt_us, place));
                    }
                }
            }
            let Some(member) = best.and_then(|(_, place)| self.members.get_mut(place)) else { return };
            member.role = Role::Asked { at: ground.now };
            ask(ground, self.question, &member.peer, GRAFT, id, &streams);
        }
    }

    /// Of more than are needed the slowest goes: fewer copies, and the quicker ways stay.
    pub(super) fn part_with_slowest(&mut self, ground: &mut Ground, id: &TopicId) {
        let topic = id.short();
        let mut slowest: Option<(u32, &NodeId)> = None;
        for member in self.members.iter().filter(|member| member.topic == topic && member.takes_part()) {
            slowest = slowest.max(Some((rtt_us(ground, &member.peer), &member.peer)));
        }
        if let Some((_, peer)) = slowest {
            let peer = *peer;
            self.part_with(ground, id, &peer);
        }
    }

    pub(super) fn part_with(&mut self, ground: &mut Ground, id: &TopicId, peer: &NodeId) {
        self.forget(id.short(), peer);
        if ground.links.to(peer).is_some() {
            tell(ground, peer, PRUNE, id, &[]);
        }
    }

    /// A linked peer wants to be a mate.
    pub(super) fn on_graft(&mut self, ground: &mut Ground, from: &NodeId, id: &TopicId, streams: &[u8]) {
        let topic = id.short();
        self.forget(topic, from);
        if self.count(topic, Member::is_mate) >= MATES_MAX || !self.make_room(topic) {
            let mut others = Vec::new();
            for member in self.members.iter().filter(|member| member.topic == topic && member.takes_part()) {
                others.extend_from_slice(&member.peer.0);
            }
            return tell(ground, from, PRUNE, id, &others);
        }
        self.members.push(Member { topic, peer: *from, role: Role::Candidate });
        self.become_mate(topic, from);
        tell(ground, from, HAVE, id, &self.streams.recent(topic));
        self.on_have(ground, from, id, streams);
    }

    /// A linked peer tells what it has: who was asked is a mate from now on.
    pub(super) fn accept(&mut self, ground: &mut Ground, id: &TopicId, from: &NodeId) {
        let topic = id.short();
        if self.member(topic, from).is_some_and(|member| matches!(member.role, Role::Asked { .. })) {
            self.become_mate(topic, from);
            // What came since it was asked.
            let streams = self.streams.recent(topic);
            if !streams.is_empty() {
                tell(ground, from, HAVE, id, &streams);
            }
        }
    }

    fn become_mate(&mut self, topic: u32, peer: &NodeId) {
        let number = self.topic(topic).map_or(0, |topic| topic.number);
        if let Some(member) = self.member(topic, peer) {
            member.role = Role::Mate(Pace::new(number));
        }
    }

    /// A subscriber that is not linked answered.
    pub(super) fn hear_far(&mut self, ground: &Ground, topic: u32, from: &NodeId) {
        let (now, is_linked) = (ground.now, ground.links.to(from).is_some());
        let Some(member) = self.member(topic, from) else { return };
        if matches!(member.role, Role::Asked { .. } | Role::Far { .. }) && !is_linked {
            member.role = Role::Far { heard: now };
        }
    }

    /// A linked peer is no mate, or not any more, and names others.
    pub(super) fn on_prune(&mut self, ground: &mut Ground, from: &NodeId, id: &TopicId, others: &[u8]) {
        let topic = id.short();
        self.forget(topic, from);
        for other in NodeId::list(others).iter().take(MATES) {
            self.offer(ground, topic, other);
        }
        if self.has_few(topic) {
            self.beat_within(ground, NEXT);
        }
    }

    /// Somebody looks for others of a topic whose closest node this is: the last ones that came by. At the bound the link that brought
    /// most of them makes room.
    pub(crate) fn on_meet(&mut self, ground: &mut Ground, reply: &ReplyTo, id: &NodeId) {
        let (topic, by) = (TopicId(id.0).short(), reply.link());
        let guests = &mut self.guests;
        guests.keep(|guest| guest.topic != topic || guest.peer != reply.origin);
        let mut others = Writer::default();
        for guest in guests.iter().rev().filter(|guest| guest.topic == topic).take(MATES) {
            named::emit(&mut others, &guest.peer, &Coordinate::default());
        }
        if guests.len() >= GUESTS_MAX {
            let count = |guest: &Guest| guests.iter().filter(|other| other.by == guest.by).count();
            let most = guests.iter().map(count).max().unwrap_or(0);
            let oldest = guests.iter().position(|guest| count(guest) == most).unwrap_or(0);
            guests.remove(oldest);
        }
        guests.push(Guest { topic, peer: reply.origin, by });
        ground.reply(reply, &Body::Nodes { status: Status::Ok, nodes: &others.finish() });
    }

    /// The topic's own node answered.
    pub(crate) fn on_met(&mut self, ground: &mut Ground, id: &NodeId, ids: &[NodeId]) {
        let topic = TopicId(id.0).short();
        if self.has(topic) {
            for peer in ids {
                self.offer(ground, topic, peer);
            }
            self.beat_within(ground, Duration(0));
        }
    }

    /// A link is gone: whoever was at its other end is to be reached another way.
    pub(crate) fn on_mate_lost(&mut self, peer: &NodeId) {
        for member in self.members.iter_mut().filter(|member| member.peer == *peer) {
            member.role = Role::Candidate;
        }
    }

    /// A link is there: its peer may be a member, or the first of them.
    pub(crate) fn on_linked(&mut self, ground: &mut Ground, peer: &NodeId) {
        for place in 0..self.list.len() {
            let Some(topic) = self.list.get(place).map(|topic| topic.id.short()) else { return };
            if self.has_few(topic) || self.member(topic, peer).is_some() {
                self.offer(ground, topic, peer);
                self.beat_within(ground, NEXT);
            }
        }
    }
}

/// The round trip to a subscriber; the longest there is to one that is not linked.
fn rtt_us(ground: &Ground, peer: &NodeId) -> u32 {
    ground.links.to(peer).map_or(u32::MAX, |link| link.rtt.smoothed_us())
}
