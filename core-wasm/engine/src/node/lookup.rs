//! Looking up who is closest to a place.
//!
//! Lookups that matter go over three disjoint first hops at once, and their answers are united (S/Kademlia §4.4). What the
//! application looks up is answered for by the closest node itself: an id that others only name, and that is closer than any that
//! answered, may be gone or made up. Then twice as many first hops are tried, and where nothing comes back the lookup forks on its
//! way.

use super::Node;
use super::requests::{Goal, Request};
use crate::id::NodeId;
use crate::limits::REPLICAS;
use crate::status::Status;
use crate::time::Duration;
use crate::wire::frame::{Body, STRAY};
use crate::wire::named;

/// First hops of a lookup that matters; twice as many with each further attempt of one that the application wants.
const DISJOINT: u8 = 3;

/// With each further attempt a lookup that nobody answered forks at so many more hops.
const FORKS_MORE: u8 = 2;

/// How long the first answer may take; twice as long with each further attempt.
const PATIENCE: Duration = Duration::from_ms(1_200);

impl Request {
    /// Whether somebody named an id that is nearer than all that answered.
    pub(super) fn is_doubtful(&self) -> bool {
        let (nearest, target) = (self.found.ids().first(), &self.found.target);
        self.claim.is_some_and(|claim| nearest.is_none_or(|id| claim.is_nearer(id, target)))
    }
}

impl Node {
    /// Sends a lookup over first hops that were not taken yet.
    pub(super) fn step_find(&mut self, number: u32) {
        let is_known = self.ground.joined;
        let Some(request) = self.request(number) else { return };
        let (target, goal) = (request.found.target, request.goal);
        request.attempts += 1;
        let branches = match goal {
            // Who knows its place only looks whether that is still so.
            Goal::Join if is_known => 2,
            Goal::Join => DISJOINT,
            Goal::Find => DISJOINT << (request.attempts - 1),
            _ => 1,
        };
        let body = if goal == Goal::Meet { Body::Meet } else { Body::Find };
        // Who forks cannot count the answers, so only where there was none.
        let forks = if request.was_answered { 0 } else { (request.attempts - 1) * FORKS_MORE };
        let patience = Duration(PATIENCE.0 << (request.attempts - 1));
        let mut tried = core::mem::take(&mut request.tried);
        let mut sent = 0;
        while sent < branches {
            let first = match goal {
                Goal::Look(link) => {
                    self.ground.links.ready(link).map(|link| link.id).filter(|_| tried.is_empty())
                }
                // From anywhere too: the links may all lie in the same part of a network that fell apart.
                Goal::Join if sent == 0 => self.ground.stray(&tried),
                _ => None,
            };
            let how = if goal == Goal::Join && first.is_some() { STRAY } else { forks };
            let link = match first {
                Some(link) => {
                    self.ground.send_request_by(link, number, &target, false, how, &body);
                    Some(link)
                }
                None if matches!(goal, Goal::Look(_)) => None,
                None => self.ground.send_request(number, &target, false, how, &body, &tried),
            };
            let Some(link) = link else { break };
            tried.push(link);
            sent += 1;
        }
        let Some(request) = self.request(number) else { return };
        request.tried = tried;
        request.waiting += sent;
        if request.waiting > 0 {
            return self.wait_until(number, self.ground.now + patience);
        }
        // Nobody to ask: alone, this node is the closest one there is.
        let was_answered = request.was_answered;
        let is_known = goal == Goal::Find && (self.ground.joined || was_answered);
        self.end_request(number, if is_known { Status::Ok } else { Status::Unavailable }, 0);
    }

    pub(super) fn on_find_answered(&mut self, number: u32, from: &NodeId, bytes: &[u8]) {
        let now = self.ground.now;
        let Some(request) = self.request(number) else { return };
        let (goal, target) = (request.goal, request.found.target);
        let was_answered = core::mem::replace(&mut request.was_answered, true);
        let was_empty = request.found.ids().is_empty();
        let mut is_news = goal != Goal::Meet && request.found.offer(from);
        for (id, _) in named::list(bytes).take(REPLICAS) {
            // Anybody can name ids that are nearer than any there is.
            if goal != Goal::Find || !id.is_nearer(from, &target) {
                is_news |= request.found.offer(id);
            } else if request.claim.is_none_or(|claim| id.is_nearer(&claim, &target)) {
                request.claim = Some(*id);
            }
        }
        request.waiting = request.waiting.saturating_sub(1);
        // Two ways that lead to the same node are believed; the third only makes sure of what it knows.
        let agrees = was_answered && !was_empty && !is_news;
        let (waits, is_doubtful) = (request.waiting > 0, request.is_doubtful());
        let ids = request.found.ids().to_vec();
        if !is_doubtful && (!waits || agrees && goal == Goal::Find) {
            self.end_request(number, Status::Ok, 0);
        } else if !waits {
            request.deadline = now;
            self.ground.arm(now);
        }
        if goal != Goal::Find {
            for id in &ids {
                self.ground.learn(id);
            }
        }
        if goal != Goal::Meet {
            self.ground.weigh(bytes);
        }
    }
}
