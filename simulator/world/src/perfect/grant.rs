//! What becomes of wishes.

use tabmesh_port::limits::{ASKS_MAX, HELD_MAX, MESSAGE_MAX, RECEIVERS_MAX, TELL_MAX, WITHIN_MS_MAX};
use tabmesh_port::{Input, Module, NodeId, Reason, Status, Told, Wish};

use super::node::{Ask, Asked};
use super::{Perfect, What};

impl<M: Module> Perfect<M> {
    pub(super) fn grant(&mut self, place: usize, wish: &Wish<'_>) {
        match *wish {
            Wish::Tell { to, bytes } => {
                if to.len() <= RECEIVERS_MAX && bytes.len() <= TELL_MAX {
                    to.iter().for_each(|id| self.carry(place, id, bytes));
                }
            }
            Wish::Ask { op, to, within_ms, bytes } => {
                // Two ends under one number would be taken for each other's.
                if self.nodes[place].asks(op) {
                    return;
                }
                if let Err(status) = self.ask(place, op, to, within_ms, bytes) {
                    self.end_here(place, to, op, status);
                }
            }
            Wish::Reply { ticket, status, bytes } => {
                let is_short = bytes.len() <= MESSAGE_MAX;
                let (status, bytes) = if is_short { (status, bytes) } else { (Status::BadRequest, &[][..]) };
                if let Some(asked) = self.nodes[place].redeem(ticket, self.now) {
                    self.answer(place, asked, status, bytes);
                }
            }
            Wish::List { op, place: list, stays, within_ms } => {
                if !self.nodes[place].asks(op) {
                    self.list(place, op, list, stays, within_ms);
                }
            }
            // A node has one module here.
            Wish::AskHere { op, bytes, .. } => {
                if !self.nodes[place].asks(op) {
                    let own = self.nodes[place].id;
                    let is_short = bytes.len() <= MESSAGE_MAX;
                    let status = if is_short { Status::NotImplemented } else { Status::BadRequest };
                    self.end_here(place, &own, op, status);
                }
            }
            Wish::Cancel { op } => {
                if let Some(asked) = self.nodes[place].end_ask(op) {
                    self.time_out(place, asked, op);
                }
            }
            Wish::Hold { ids } => {
                self.nodes[place].hold(ids.get(..HELD_MAX).unwrap_or(ids));
                self.tell_links(place);
            }
        }
    }

    fn carry(&mut self, place: usize, to: &NodeId, bytes: &[u8]) {
        let Some((to, life)) = self.reach(place, to) else { return };
        let told = Told::Said { from: &self.nodes[place].id, is_proven: true, bytes };
        let flat = told.emit();
        if self.weather.repeats(&mut self.dice) {
            self.send(place, to, life, What::Hand(flat.clone()));
        }
        self.send(place, to, life, What::Hand(flat));
    }

    fn ask(
        &mut self,
        place: usize,
        op: u32,
        to: &NodeId,
        within_ms: u32,
        bytes: &[u8],
    ) -> Result<(), Status> {
        if bytes.len() > MESSAGE_MAX {
            return Err(Status::BadRequest);
        }
        if self.nodes[place].asks_len() >= ASKS_MAX {
            return Err(Status::TooManyRequests);
        }
        let (at, to_life) = self.reach(place, to).ok_or(Status::Unavailable)?;
        let within_ms = within_ms.min(WITHIN_MS_MAX);
        let until = self.now + u64::from(within_ms) * 1_000;
        let life = self.nodes[place].life;
        let request = self.nodes[place].begin_ask(op, to);
        self.plan(until, place, life, What::Expire { op, request });
        let asked = Asked { from: place, life, op, request, until };
        self.send(place, at, to_life, What::Question { asked, within_ms, bytes: bytes.to_vec() });
        Ok(())
    }

    pub(super) fn on_question(&mut self, place: usize, asked: Asked, within_ms: u32, bytes: &[u8]) {
        let from = self.nodes[asked.from].id;
        match self.nodes[place].ticket(asked, self.now) {
            Some(ticket) => {
                let told = Told::Asked { from: &from, is_proven: true, ticket, within_ms, bytes };
                self.hand(place, &Input::Told(told));
            }
            None => self.answer(place, asked, Status::TooManyRequests, &[]),
        }
    }

    fn answer(&mut self, place: usize, asked: Asked, status: Status, bytes: &[u8]) {
        let Asked { op, request, .. } = asked;
        let what = What::Answer { from: place, op, request, status, bytes: bytes.to_vec() };
        self.send(place, asked.from, asked.life, what);
    }

    /// A module wants a list: it comes after a way there and back, or is lost.
    fn list(&mut self, place: usize, op: u32, list: &NodeId, stays: bool, within_ms: u32) {
        if self.nodes[place].asks_len() >= ASKS_MAX {
            return self.tell_soon(place, &Told::Listed { op, status: Status::TooManyRequests, ids: &[] });
        }
        let until = self.now + u64::from(within_ms.min(WITHIN_MS_MAX)) * 1_000;
        let life = self.nodes[place].life;
        let request = self.nodes[place].begin_list(op, list);
        self.plan(until, place, life, What::Expire { op, request });
        self.carried += 2;
        if !self.weather.loses(&mut self.dice) && !self.weather.loses(&mut self.dice) {
            let there = self.weather.delay_us(&mut self.dice);
            let back = self.weather.delay_us(&mut self.dice);
            let what = What::List { op, request, list: *list, stays };
            self.plan(self.now + there + back, place, life, what);
        }
    }

    pub(super) fn on_list(&mut self, place: usize, op: u32, request: u64, list: NodeId, stays: bool) {
        if self.nodes[place].end_request(op, request).is_some() {
            let (status, ids) = self.lists.visit(self.now, list, self.nodes[place].id, stays);
            self.tell_soon(place, &Told::Listed { op, status, ids: &ids });
        }
    }

    /// Nobody waits for it any more.
    pub(super) fn time_out(&mut self, place: usize, ask: Ask, op: u32) {
        let status = Status::TimedOut;
        match ask.is_list {
            true => self.tell_soon(place, &Told::Listed { op, status, ids: &[] }),
            false => self.end_here(place, &ask.to, op, status),
        }
    }

    /// An Ask ends by this node's own word.
    fn end_here(&mut self, place: usize, asked: &NodeId, op: u32, status: Status) {
        let told = Told::Answered { op, from: asked, is_proven: false, is_here: true, status, bytes: &[] };
        self.tell_soon(place, &told);
    }

    /// Tells a module of its held nodes whose links came or went.
    pub(super) fn tell_links(&mut self, place: usize) {
        let held: Vec<NodeId> = self.nodes[place].held().collect();
        for id in held {
            let is_linked = id != self.nodes[place].id && self.reach(place, &id).is_some();
            if self.nodes[place].is_link_news(&id, is_linked) {
                let rtt_us = (self.weather.delay_us_min + self.weather.delay_us_max) as u32;
                let told = match is_linked {
                    true => Told::Linked { id: &id, rtt_us, is_relayed: false },
                    false => Told::Unlinked { id: &id, reason: Reason::Unreachable },
                };
                self.tell_soon(place, &told);
            }
        }
    }

    /// Puts something on its way; it may be lost.
    fn send(&mut self, from: usize, to: usize, life: u32, what: What) {
        self.carried += 1;
        let is_across = self.nodes[from].is_cut_off != self.nodes[to].is_cut_off;
        if is_across || self.weather.loses(&mut self.dice) {
            return;
        }
        let at = self.now + self.weather.delay_us(&mut self.dice);
        self.plan(at, to, life, what);
    }
}
