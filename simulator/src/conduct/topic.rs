//! A topic: who takes part, what is published, and whom it reached.
//!
//! A pair is a message and another subscriber that had taken part for [`SETTLED_US`] when it was published and still did
//! when it was due. What nodes hear is compared with the list of pairs, not with what engines say of themselves.

use std::collections::{BTreeMap, HashMap};

use tabmesh_engine::{NodeId, OpId, Status};

use super::census::Census;
use crate::dice::Dice;
use crate::event::{NodeNumber, What, Wish};
use crate::ground::Ground;
use crate::model::{SECOND, micros, within};
use crate::results;
use crate::scenario;

/// See the module's documentation.
const SETTLED_US: u64 = scenario::Topic::SETTLED_S * SECOND;
/// A message is looked out for so long: engines pass none on that is older than two minutes.
const KEPT_US: u64 = 150 * SECOND;

/// Places of messages that are remembered.
const LAST_MAX: usize = 4;

/// Newcomers subscribe so soon after they joined.
const SOON_US: u64 = SECOND;

/// One life of one node.
type Who = (NodeNumber, u32);

/// Somebody who takes part, or did not long ago.
#[derive(Clone, Copy)]
struct Member {
    who: Who,
    since: u64,
    /// `u64::MAX` until then.
    until: u64,
}

/// A message, and who heard it when.
struct Message {
    by: Who,
    id: NodeId,
    at: u64,
    /// Whether its engine took it.
    is_out: bool,
    heard: Vec<(Who, u64)>,
}

/// What was asked of an engine.
enum Asked {
    Subscribe(Who),
    Publish(u32),
}

/// See the module's documentation.
pub(crate) struct Topic {
    plan: Option<scenario::Topic>,
    dice: Dice,
    /// By node: the last life of which is known whether it takes part.
    decided: Vec<u32>,
    members: Vec<Member>,
    asked: HashMap<u32, Asked>,
    next: u32,
    open: BTreeMap<u32, Message>,
    /// The places of the messages heard last, as they are asked for, the newest last.
    last: Vec<[u8; 12]>,
    /// The next burst, in order of time, last.
    bursts: Vec<scenario::Burst>,
    /// See the module's documentation.
    due_us: u64,
    /// Nodes whose wall clock is wrong, ascending.
    wrong_clocks: Vec<NodeNumber>,
    pub(crate) results: results::Topic,
}

impl Topic {
    pub(crate) fn new(scenario: &scenario::Scenario, seed: u64, wrong_clocks: Vec<NodeNumber>) -> Self {
        let mut bursts = scenario.bursts.clone();
        bursts.sort_by(|one, other| other.at_s.total_cmp(&one.at_s));
        Self {
            bursts,
            due_us: micros(scenario.topic.map_or(0.0, |topic| topic.due_s)),
            wrong_clocks,
            plan: scenario.topic,
            dice: Dice::new(seed, 4 << 40),
            decided: vec![0; if scenario.topic.is_some() { scenario.nodes as usize } else { 0 }],
            members: Vec::new(),
            asked: HashMap::new(),
            next: 0,
            open: BTreeMap::new(),
            last: Vec::new(),
            results: results::Topic::default(),
        }
    }

    /// Who subscribes and what is published from `from` on; messages come before `until`.
    pub(crate) fn give(
        &mut self,
        census: &Census,
        ground: &Ground,
        (from, until): (u64, u64),
        ops: &mut u32,
    ) -> Vec<(u64, NodeNumber, What)> {
        let Some(plan) = self.plan else { return Vec::new() };
        let mut given = Vec::new();
        if until > micros(plan.from_s) {
            self.gather(census, ground, &plan, from, ops, &mut given);
        }
        if let Some(span) = within((from, until), plan.publish_from_s, plan.publish_until_s) {
            let count = self.dice.arrivals(plan.publish_per_s, span);
            given.extend((0..count).filter_map(|_| self.publish(census, span, ops)));
        }
        while let Some(burst) = self.bursts.pop_if(|burst| micros(burst.at_s) < until) {
            let at = micros(burst.at_s).max(from);
            self.burst(census, &burst, at, ops, &mut given);
        }
        given
    }

    /// Has those subscribe that joined and of which nothing was decided yet.
    fn gather(
        &mut self,
        census: &Census,
        ground: &Ground,
        plan: &scenario::Topic,
        from: u64,
        ops: &mut u32,
        given: &mut Vec<(u64, NodeNumber, What)>,
    ) {
        let begins = micros(plan.from_s);
        let over = micros(plan.over_s);
        for life in census.present().filter(|life| census.is_joined(life.node)) {
            let decided = &mut self.decided[life.node as usize];
            if *decided == life.number || ground.lie(life.node).is_some() {
                continue;
            }
            *decided = life.number;
            let share = if life.born_at < begins { plan.subscribers } else { plan.newcomers };
            if self.dice.chance(share) {
                let spread = if from <= begins { over } else { SOON_US };
                let at = from.max(begins) + self.dice.below(spread + 1);
                *ops += 1;
                self.asked.insert(*ops, Asked::Subscribe((life.node, life.number)));
                given.push((at, life.node, What::order(life.number, OpId(*ops), Wish::Subscribe)));
            }
        }
    }

    /// Who can publish. A node that is cut off itself reaches nobody, whatever the topic does.
    fn able(&self, census: &Census, at: u64) -> Vec<Who> {
        let can = |member: &&Member| {
            member.until == u64::MAX && member.since + SETTLED_US <= at && census.is_joined(member.who.0)
        };
        self.members.iter().filter(can).map(|member| member.who).collect()
    }

    /// Has some publish at once; each tells what it says and when.
    fn burst(
        &mut self,
        census: &Census,
        burst: &scenario::Burst,
        at: u64,
        ops: &mut u32,
        given: &mut Vec<(u64, NodeNumber, What)>,
    ) {
        let mut able = self.able(census, at);
        for _ in 0..burst.publishers.min(able.len() as u32) {
            let (node, life) = able.swap_remove(self.dice.below(able.len() as u64) as usize);
            let (first, count) = (self.next, burst.messages);
            self.next += count;
            *ops += 1;
            given.push((at, node, What::order(life, OpId(*ops), Wish::Burst { first, count })));
        }
    }

    /// An application begins to publish one message of a burst.
    pub(crate) fn says(&mut self, by: Who, id: NodeId, number: u32, at: u64) {
        self.open.insert(number, Message { by, id, at, is_out: false, heard: Vec::new() });
    }

    /// The engine took it, or the application gave it up.
    pub(crate) fn said(&mut self, number: u32, status: Status) {
        let is_out = status == Status::Ok;
        self.results.refused += u64::from(!is_out);
        if let Some(message) = self.open.get_mut(&number) {
            message.is_out = is_out;
        }
    }

    fn publish(
        &mut self,
        census: &Census,
        (first, last): (u64, u64),
        ops: &mut u32,
    ) -> Option<(u64, NodeNumber, What)> {
        let able = self.able(census, first);
        let by = *able.get(self.dice.below(able.len() as u64) as usize)?;
        let id = census.life(by.0)?.id;
        let at = first + self.dice.below(last - first);
        let number = self.next;
        self.next += 1;
        *ops += 1;
        self.asked.insert(*ops, Asked::Publish(number));
        self.open.insert(number, Message { by, id, at, is_out: false, heard: Vec::new() });
        Some((at, by.0, What::order(by.1, OpId(*ops), Wish::Publish(number))))
    }

    /// True if the operation is one of the topic's.
    pub(crate) fn done(&mut self, op: OpId, status: Status, at: u64) -> bool {
        let Some(asked) = self.asked.remove(&op.0) else { return false };
        match asked {
            _ if status != Status::Ok => self.results.refused += 1,
            Asked::Subscribe(who) => {
                self.results.subscriptions += 1;
                self.members.push(Member { who, since: at, until: u64::MAX });
            }
            Asked::Publish(number) => {
                if let Some(message) = self.open.get_mut(&number) {
                    message.is_out = true;
                }
            }
        }
        true
    }

    /// An application heard the message of this number, as `from`'s.
    pub(crate) fn heard(&mut self, who: Who, number: Option<u32>, from: NodeId, at: u64) {
        match number.filter(|number| *number < self.next) {
            None => self.results.false_ones += 1,
            Some(number) => match self.open.get_mut(&number) {
                Some(message) if message.id == from => message.heard.push((who, at)),
                Some(_) => self.results.false_ones += 1,
                None => self.results.false_ones += 1,
            },
        }
    }

    /// Remembers the name of a message that somebody heard.
    pub(crate) fn remember(&mut self, place: [u8; 12]) {
        if !self.last.contains(&place) {
            if self.last.len() >= LAST_MAX {
                self.last.remove(0);
            }
            self.last.push(place);
        }
    }

    /// The places of the messages heard last.
    pub(crate) fn heard_last(&self) -> &[[u8; 12]] {
        &self.last
    }

    /// A subscriber left; what was asked of it will not end.
    pub(crate) fn left(&mut self, who: Who, at: u64) {
        let open = &self.open;
        self.asked.retain(|_, asked| match asked {
            Asked::Subscribe(other) => *other != who,
            Asked::Publish(number) => open.get(number).is_some_and(|message| message.by != who),
        });
        for member in self.members.iter_mut().filter(|member| member.who == who) {
            member.until = at;
        }
    }

    /// Compares what was heard with what should have been, for messages that nobody passes on any more; at the end for all
    /// that are due.
    pub(crate) fn judge(&mut self, now: u64, is_end: bool) {
        let wait = if is_end { self.due_us } else { KEPT_US };
        while let Some(first) = self.open.first_entry().filter(|first| first.get().at + wait <= now) {
            let message = first.remove();
            if message.is_out {
                self.judge_one(&message);
            }
        }
        self.members.retain(|member| member.until.saturating_add(KEPT_US + SECOND) > now);
    }

    fn judge_one(&mut self, message: &Message) {
        let (due_us, results) = (self.due_us, &mut self.results);
        let wrong = |node: NodeNumber| self.wrong_clocks.binary_search(&node).is_ok();
        let mut firsts: BTreeMap<Who, u64> = BTreeMap::new();
        for (who, at) in &message.heard {
            let first = firsts.entry(*who).or_insert(u64::MAX);
            results.twice += u64::from(*first != u64::MAX);
            *first = (*first).min(*at);
        }
        results.messages += 1;
        let (at, due) = (message.at, message.at + due_us);
        for member in self.members.iter().filter(|member| member.who != message.by) {
            results.reach += u64::from(member.since <= at && member.until > at);
            if member.since + SETTLED_US > at || member.until <= due {
                continue;
            }
            results.pairs += 1;
            let is_wrong = wrong(member.who.0) || wrong(message.by.0);
            let is_in_time = firsts.get(&member.who).is_some_and(|first| *first <= due);
            results.wrong_pairs += u64::from(is_wrong);
            results.wrong_lost += u64::from(is_wrong && !is_in_time);
            match firsts.get(&member.who) {
                Some(first) if *first <= due => {
                    results.delivered += 1;
                    results.times.add(first - at);
                }
                Some(_) => results.late += 1,
                None => results.never += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: NodeId = NodeId([9; 32]);

    /// Message 0, published by node 0 at 100 s, with these subscribers.
    fn published(members: &[(NodeNumber, u64, u64)]) -> Topic {
        let scenario = scenario::Scenario::parse("about = \"\"\nnodes = 9\nseconds = 300.0").expect("good");
        let mut topic = Topic::new(&scenario, 1, vec![1]);
        topic.due_us = 20 * SECOND;
        for (node, since_s, until_s) in members {
            let until = until_s.saturating_mul(SECOND);
            topic.members.push(Member { who: (*node, 1), since: since_s * SECOND, until });
        }
        let message = Message { by: (0, 1), id: ID, at: 100 * SECOND, is_out: false, heard: Vec::new() };
        topic.open.insert(0, message);
        topic.asked.insert(1, Asked::Publish(0));
        topic.next = 1;
        topic
    }

    #[test]
    fn only_who_took_part_long_enough_before_and_after_counts() {
        let ever = u64::MAX;
        let mut topic = published(&[
            (0, 10, ever),
            (1, 10, ever),
            (2, 86, ever),
            (3, 10, 119),
            (4, 10, 99),
            (5, 85, 121),
        ]);
        assert!(topic.done(OpId(1), Status::Ok, 100 * SECOND));
        assert!(!topic.done(OpId(1), Status::Ok, 100 * SECOND));
        topic.judge(119 * SECOND, true);
        assert_eq!(topic.results.messages, 0, "it is not due yet");
        topic.judge(120 * SECOND, true);
        let results::Topic { messages, reach, pairs, never, .. } = topic.results;
        assert_eq!((messages, reach, pairs, never), (1, 4, 2, 2), "1 and 5 should have heard it");
    }

    #[test]
    fn what_is_heard_late_twice_or_under_another_name_is_told_apart() {
        let ever = u64::MAX;
        let mut topic = published(&[(0, 10, ever), (1, 10, ever), (2, 10, ever), (3, 10, ever)]);
        topic.done(OpId(1), Status::Ok, 100 * SECOND);
        topic.heard((1, 1), Some(0), ID, 100 * SECOND + 300_000);
        topic.heard((1, 1), Some(0), ID, 101 * SECOND);
        topic.heard((2, 1), Some(0), ID, 121 * SECOND);
        topic.heard((3, 1), Some(0), NodeId([1; 32]), 101 * SECOND);
        topic.heard((3, 1), Some(1), ID, 101 * SECOND);
        topic.heard((3, 1), None, ID, 101 * SECOND);
        topic.judge(300 * SECOND, false);
        let results::Topic { pairs, delivered, late, never, twice, false_ones, ref times, .. } =
            topic.results;
        assert_eq!((pairs, delivered, late, never), (3, 1, 1, 1));
        assert_eq!((twice, false_ones, times.len(), times.quantile(1.0)), (1, 3, 1, 300_000));
        topic.heard((1, 1), Some(0), ID, 301 * SECOND);
        assert_eq!(topic.results.false_ones, 4, "long after it was judged");
    }

    #[test]
    fn a_message_whose_engine_refused_it_or_left_is_none() {
        let mut topic = published(&[(0, 10, u64::MAX), (1, 10, u64::MAX)]);
        topic.done(OpId(1), Status::TooManyRequests, 100 * SECOND);
        topic.judge(300 * SECOND, false);
        assert_eq!((topic.results.messages, topic.results.refused), (0, 1));
        let mut topic = published(&[(0, 10, u64::MAX), (1, 10, u64::MAX)]);
        topic.left((0, 1), 100 * SECOND);
        assert!(!topic.done(OpId(1), Status::Ok, 100 * SECOND), "it went with its node");
        topic.judge(300 * SECOND, false);
        assert_eq!(topic.results.pairs, 0);
    }
}
