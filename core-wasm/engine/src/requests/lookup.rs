//! Looking up who is closest to a place.
//!
//! Lookups that matter go over three disjoint first hops at once, and their answers are united (S/Kademlia §4.4). What the
//! application looks up is answered for by the closest node itself: an id that others only name, and that is closer than any that
//! answered, may be gone or made up. Then twice as many first hops are tried, and where nothing comes back the lookup is copied on its
//! way.

use super::course::{Course, Late};
use crate::ground::Ground;
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::REPLICAS;
use crate::link::Rtt;
use crate::routing::Nearest;
use crate::status::Status;
use crate::time::Duration;
use crate::wire::frame::{Body, STRAY};
use crate::wire::named;

/// First hops of a lookup that matters; twice as many with each further attempt of one that the application wants.
const DISJOINT: u8 = 3;

/// Further attempts of a lookup that nobody answered may be copied so often on their way.
const COPIES: u8 = 2;

/// Answers may take at least so long; twice as long with each of the first further attempts.
const PATIENCE: Duration = Duration::from_ms(1_200);
const PATIENCE_DOUBLINGS: u8 = 2;

/// How often a lookup goes out before it is given up.
const ATTEMPTS_MAX: u8 = 5;

/// Own lookups begun for which one may be repeated. The application's are repeated in any case.
pub(super) const LOOKUPS_A_RETRY: u8 = 4;

/// What is looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    /// This node's own place.
    Join,
    /// A bucket without links.
    Fill,
    /// A place as it looks through this link.
    Look(LinkId),
    /// What the application wants.
    Find,
    /// Others of a topic.
    Meet,
}

/// A lookup under way.
pub(super) struct Lookup {
    pub(super) aim: Aim,
    /// Answers still to come.
    pub(super) waiting: u8,
    /// The nearest id that somebody further off named, and that did not answer itself; this node's own before that.
    claim: NodeId,
    was_answered: bool,
}

impl Aim {
    /// What an answer to such a lookup taught: remembers who answered over the link `by`, and whom the answer's `bytes` name. To be
    /// heeded once what follows from it was carried on.
    pub(crate) fn heed(self, ground: &mut Ground, from: &NodeId, by: LinkId, bytes: &[u8]) {
        // This node may want links to those that were named, and to whoever answered.
        if self != Self::Find {
            ground.learn(from, None);
            for (id, _) in named::list(bytes).take(REPLICAS) {
                ground.learn(id, Some(by));
            }
        }
        if self != Self::Meet {
            ground.weigh(bytes);
        }
    }
}

impl Lookup {
    pub(super) fn new(ground: &Ground, aim: Aim) -> Self {
        Self { aim, waiting: 0, claim: ground.id, was_answered: false }
    }

    /// Whether somebody named an id that is nearer than all that answered.
    fn is_doubtful(&self, found: &Nearest) -> bool {
        let is_nearer = |id: &NodeId| self.claim.is_nearer(id, &found.target);
        self.aim == Aim::Find && found.ids().first().is_some_and(is_nearer)
    }

    /// Asks over first hops that were not taken yet; a status where there is none.
    pub(super) fn step(&mut self, ground: &mut Ground, course: &mut Course, trips: &Rtt) -> Option<Status> {
        let number = course.set_out(ground.now);
        let branches = match self.aim {
            // Who knows its place only looks whether that is still so.
            Aim::Join if ground.joined => 2,
            Aim::Join => DISJOINT,
            Aim::Find => DISJOINT << (course.attempts - 1),
            _ => 1,
        };
        let before = course.tried.len();
        while course.tried.len() < before + usize::from(branches) && self.ask(ground, course, number, before)
        {
            self.waiting += 1;
        }
        if self.waiting > 0 {
            course.await_answer(ground, trips, PATIENCE, (course.attempts - 1).min(PATIENCE_DOUBLINGS));
            return None;
        }
        // Nobody to ask: alone, this node is the closest one there is.
        let is_known = self.aim == Aim::Find && (ground.joined || self.was_answered);
        Some(if is_known { Status::Ok } else { Status::Unavailable })
    }

    /// Asks over one first hop more than the `before` earlier attempts took; false if there is none.
    fn ask(&mut self, ground: &mut Ground, course: &mut Course, number: u32, before: usize) -> bool {
        let (target, tried) = (&course.found.target, &course.tried);
        let body = if self.aim == Aim::Meet { Body::Meet } else { Body::Find };
        let first = match self.aim {
            Aim::Look(link) if tried.is_empty() && ground.links.ready(link).is_some() => Some(link),
            Aim::Look(_) => return false,
            // From anywhere too: the links may all lie in the same part of a network that fell apart.
            Aim::Join if tried.len() == before => ground.stray(tried),
            _ => None,
        };
        // Who has copies made cannot count the answers, so only where there was none.
        let copies = if self.was_answered || course.attempts <= 1 { 0 } else { COPIES };
        let how = if self.aim == Aim::Join && first.is_some() { STRAY } else { copies };
        let link = match first {
            Some(link) => {
                ground.send_request_by(link, number, target, false, how, &body);
                link
            }
            None => {
                let mut send = |tried| ground.send_request(number, target, false, how, &body, tried);
                // Where nobody answered and all were tried, the ways may have been mended meanwhile.
                let again = tried.get(before..).filter(|_| !self.was_answered);
                match send(tried).or_else(|| send(again?)) {
                    Some(link) => link,
                    None => return false,
                }
            }
        };
        course.tried.push(link);
        true
    }

    /// An answer came; true if it is enough.
    pub(super) fn on_answered(
        &mut self,
        ground: &mut Ground,
        course: &mut Course,
        from: &NodeId,
        bytes: &[u8],
    ) -> bool {
        let (aim, target) = (self.aim, course.found.target);
        let was_answered = core::mem::replace(&mut self.was_answered, true);
        let mut is_news = aim != Aim::Meet && course.found.offer(from);
        for (id, _) in named::list(bytes).take(REPLICAS) {
            // Anybody can name ids that are nearer than any there is.
            if aim != Aim::Find || !id.is_nearer(from, &target) {
                is_news |= course.found.offer(id);
            } else if id.is_nearer(&self.claim, &target) {
                self.claim = *id;
            }
        }
        self.waiting = self.waiting.saturating_sub(1);
        // Two ways that lead to the same node are believed; the third only makes sure of what it knows.
        let agrees = was_answered && !is_news;
        let waits = self.waiting > 0;
        let is_enough = !self.is_doubtful(&course.found) && (!waits || agrees && aim == Aim::Find);
        if !is_enough && !waits {
            course.deadline = ground.now;
            ground.arm(ground.now);
        }
        is_enough
    }

    /// No more answers came in time.
    pub(super) fn on_late(&mut self, course: &Course, retries: &mut u8) -> Late {
        self.waiting = 0;
        let is_enough = self.was_answered && !self.is_doubtful(&course.found);
        if !is_enough && course.attempts < ATTEMPTS_MAX {
            if self.aim == Aim::Find {
                return Late::Again;
            }
            if let Some(left) = retries.checked_sub(LOOKUPS_A_RETRY) {
                *retries = left;
                return Late::Again;
            }
        }
        Late::Ends(if self.was_answered { Status::Ok } else { Status::TimedOut })
    }
}
