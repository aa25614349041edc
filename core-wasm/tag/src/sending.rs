//! Messages to one member: passed on to whoever linked is nearest to the target, until nobody is nearer.
//!
//! Everybody on the way remembers a message for longer than it is repeated, so that it is delivered at most once and its end finds the
//! way back. One for the member closest to a key never takes a second way, on which somebody else might take it for its own.

use alloc::vec::Vec;
use core::num::NonZeroU64;

use tabmesh_port::{Duration, Instant, NodeId, Status};

use crate::face::Event;
use crate::ground::Ground;
use crate::limits::{HOPS_MAX, PASSED_MS, REPEAT_MS, SEND_MAX, SEND_MS, SENDS_MAX};
use crate::members::Members;
use crate::passed::{Passed, Row};
use crate::wire::{Message, Routed};

/// A message for one member alone takes so many ways, if one after another says that it leads nowhere.
const WAYS_MAX: u32 = 3;

/// An own message under way.
struct Send {
    op: u32,
    request: u64,
    is_exact: bool,
    target: NodeId,
    bytes: Vec<u8>,
    until: Instant,
    repeat_at: Instant,
    repeats: u32,
    /// To whom it was passed last.
    next: NodeId,
}

/// What is to become of a message here.
enum Way {
    /// It is for this node.
    Here,
    To(NodeId),
    Nowhere,
}

#[derive(Default)]
pub(crate) struct Sending {
    sends: Vec<Send>,
    passed: Passed,
}

impl Sending {
    /// Whether an own message with this number is under way.
    pub(crate) fn is_under_way(&self, op: u32) -> bool {
        self.sends.iter().any(|send| send.op == op)
    }

    /// The face wants to tell one member, or the one closest to `target`.
    pub(crate) fn send(
        &mut self,
        ground: &mut Ground,
        members: &Members,
        op: u32,
        (target, is_exact): (&NodeId, bool),
        bytes: &[u8],
    ) {
        let status = match way(ground, members, target, is_exact) {
            _ if bytes.len() > SEND_MAX => Status::BadRequest,
            Way::Here => {
                let from = ground.own;
                ground.emit(&Event::Received { from: &from, is_proven: true, bytes });
                Status::Ok
            }
            Way::Nowhere => Status::Unavailable,
            Way::To(_) if self.sends.len() >= SENDS_MAX => Status::TooManyRequests,
            Way::To(next) => {
                let (until, repeat_at) = (ground.after(SEND_MS), ground.after(REPEAT_MS));
                let (request, bytes, target) = (ground.number(), bytes.to_vec(), *target);
                let send = Send { op, request, is_exact, target, bytes, until, repeat_at, repeats: 0, next };
                send.pass(ground);
                return self.sends.push(send);
            }
        };
        ground.emit(&Event::Ended { op, status });
    }

    /// A member brings a message.
    pub(crate) fn on_routed(
        &mut self,
        ground: &mut Ground,
        members: &mut Members,
        from: &NodeId,
        it: &Routed<'_>,
    ) {
        if *it.origin == ground.own {
            return;
        }
        let Routed { is_exact, target, request, .. } = *it;
        let way = way(ground, members, target, is_exact);
        let until = ground.after(PASSED_MS);
        let row = match self.passed.find(it.origin.head(), request) {
            Some(row) => {
                (row.from, row.until) = (from.head(), until);
                let is_lost = |next: NonZeroU64| members.by_head(next.get()).is_none();
                if row.status.is_none() && row.next.is_some_and(is_lost) {
                    // The link to whom it went is lost.
                    match way {
                        Way::To(next) if is_exact => row.next = NonZeroU64::new(next.head()),
                        _ => row.status = Some(Status::Unavailable),
                    }
                }
                Some(row)
            }
            None => {
                let (next, status) = match &way {
                    Way::Here => (None, Some(Status::Ok)),
                    Way::To(next) if it.hops > 0 => (NonZeroU64::new(next.head()), None),
                    _ => (None, Some(Status::Unavailable)),
                };
                let (origin, from_head) = (it.origin.head(), from.head());
                let row =
                    Row { origin, request, by: from_head, from: from_head, next, until, status, passes: 0 };
                let row = self.passed.add(ground.now, row);
                if matches!(way, Way::Here) && row.is_some() {
                    let is_proven = it.origin == from;
                    ground.emit(&Event::Received { from: it.origin, is_proven, bytes: it.bytes });
                }
                row
            }
        };
        let ended = row.as_ref().map_or(Some(Status::TooManyRequests), |row| row.status);
        let next = row.and_then(Row::pass).and_then(|next| members.by_head(next));
        match (ended, next) {
            (Some(status), _) => ground.tell(&[*from], &Message::Ended { request, status }),
            (None, Some(next)) if members.takes(ground.now, &next) => {
                let hops = it.hops.min(HOPS_MAX).saturating_sub(1);
                ground.tell(&[next], &Message::Routed(Routed { hops, ..*it }));
            }
            _ => {}
        }
    }

    /// A member says how a message ended that was passed to it.
    pub(crate) fn on_ended(
        &mut self,
        ground: &mut Ground,
        members: &Members,
        from: &NodeId,
        request: u64,
        status: Status,
    ) {
        let status = match status {
            Status::Ok | Status::TooManyRequests => status,
            _ => Status::Unavailable,
        };
        if let Some(to) = self.passed.end(from.head(), request, status).and_then(|to| members.by_head(to)) {
            return ground.tell(&[to], &Message::Ended { request, status });
        }
        let Some(at) = self.sends.iter().position(|send| send.request == request && send.next == *from)
        else {
            return;
        };
        if let Some(send) = self.sends.get_mut(at)
            && status != Status::Ok
            && send.is_exact
            && send.repeats + 1 < WAYS_MAX
        {
            send.repeat_at = ground.now;
            return;
        }
        self.end(ground, at, status);
    }

    fn end(&mut self, ground: &mut Ground, at: usize, status: Status) {
        let send = self.sends.swap_remove(at);
        ground.emit(&Event::Ended { op: send.op, status });
    }

    /// What heard nothing is repeated, or ends.
    pub(crate) fn go_on(&mut self, ground: &mut Ground, members: &Members) {
        let mut at = 0;
        while let Some(send) = self.sends.get_mut(at) {
            let status = send.go_on(ground, members);
            match status {
                Some(status) => self.end(ground, at, status),
                None => at += 1,
            }
        }
    }

    /// When [`Sending::go_on`] has something to do.
    pub(crate) fn wanted_at(&self) -> Instant {
        self.sends.iter().map(|send| send.until.min(send.repeat_at)).min().unwrap_or(Instant::NEVER)
    }
}

impl Send {
    fn pass(&self, ground: &mut Ground) {
        let Self { is_exact, request, target, bytes, .. } = self;
        let origin = ground.own;
        let it =
            Routed { is_exact: *is_exact, hops: HOPS_MAX, origin: &origin, request: *request, target, bytes };
        ground.tell(&[self.next], &Message::Routed(it));
    }

    /// How it ended, if it did.
    fn go_on(&mut self, ground: &mut Ground, members: &Members) -> Option<Status> {
        if ground.now >= self.until {
            return Some(Status::TimedOut);
        }
        if ground.now < self.repeat_at {
            return None;
        }
        self.repeats += 1;
        self.repeat_at = ground.now + Duration::from_ms(REPEAT_MS << self.repeats.min(4));
        if self.is_exact {
            let others = (0..self.repeats + 1).rev().filter(|_| !members.is_linked(&self.target));
            let other = others.chain([0]).find_map(|rank| members.toward(&self.target, rank));
            match other {
                Some(next) => self.next = next,
                None => return Some(Status::Unavailable),
            }
        } else if !members.is_linked(&self.next) {
            return Some(Status::Unavailable);
        }
        self.pass(ground);
        None
    }
}

/// Where a message for `target` goes.
fn way(ground: &Ground, members: &Members, target: &NodeId, is_exact: bool) -> Way {
    match members.toward(target, 0) {
        Some(next) => Way::To(next),
        None if !is_exact || *target == ground.own => Way::Here,
        None => Way::Nowhere,
    }
}
