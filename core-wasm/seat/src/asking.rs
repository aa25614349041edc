//! What the modules of one node ask each other. No byte of it goes through the engine.
//!
//! A shell may have others at ports than modules: programs, say. They ask by [`Seats::ask_here`], and are asked by
//! [`Demand::AskHere`].

use alloc::vec::Vec;

use tabmesh_port::limits::{ASKS_MAX, HERE_MAX, MESSAGE_MAX, WITHIN_MS_MAX};
use tabmesh_port::{Duration, Instant, Port, Status, Told};

use crate::demand::Demand;
use crate::here::Question;
use crate::seats::Seats;

impl Seats {
    /// Somebody of the shell's at port `from` asks another port of this node; [`Demand::AnsweredHere`] ends it, once. One with the
    /// number of one that is under way is not asked and has no end of its own.
    pub fn ask_here(
        &mut self,
        now: Instant,
        (from, op): (Port, u32),
        to: Port,
        within_ms: u32,
        bytes: Vec<u8>,
    ) {
        if self.asks_here(from, op) {
            return;
        }
        let refusal = match bytes.len() {
            ..=MESSAGE_MAX if self.here.count(|question| question.from == from) < ASKS_MAX => None,
            ..=MESSAGE_MAX => Some(Status::TooManyRequests),
            _ => Some(Status::BadRequest),
        };
        if let Some(status) = refusal {
            let (port, is_here, bytes) = (from, true, Vec::new());
            return self.demands.push_back(Demand::AnsweredHere { port, op, is_here, status, bytes });
        }
        let ticket = self.next_number();
        self.pass_here(now, ticket, (from, op), to, within_ms.min(WITHIN_MS_MAX), bytes);
    }

    /// Whether somebody of the shell's has this number under way.
    pub fn asks_here(&self, from: Port, op: u32) -> bool {
        self.here.count(|question| (question.from, question.op) == (from, op)) > 0
    }

    /// Whoever of the shell's was asked by [`Demand::AskHere`] answers; `is_here` where nobody is there who could. An answer that
    /// comes too late, or a second one, goes nowhere.
    pub fn answered_here(&mut self, ticket: u32, is_here: bool, status: Status, bytes: Vec<u8>) {
        self.end_here(ticket, None, is_here, status, bytes);
    }

    /// What somebody of the shell's asked is not waited for any more, and has no end.
    pub fn forget_here(&mut self, from: Port, op: u32) {
        _ = self.take_here(|question| (question.from, question.op) == (from, op));
        self.keep_ends(|port, of| (port, of) != (from, op));
    }

    /// Whoever was at a port is gone: what it asked has no end, and what it was asked ends.
    pub fn leave_here(&mut self, port: Port) {
        while self.take_here(|question| question.from == port).is_some() {}
        self.keep_ends(|of, _| of != port);
        while let Some(question) = self.take_here(|question| question.to == port) {
            self.tell_end(question, true, Status::Unavailable, &[]);
        }
    }

    /// A question that was begun goes to whoever is there, or ends; where too many wait there it is the newest of whoever has most of
    /// them that ends, or this one if it is that one's, or has as many.
    pub(crate) fn pass_here(
        &mut self,
        now: Instant,
        ticket: u32,
        (from, op): (Port, u32),
        to: Port,
        within_ms: u32,
        bytes: Vec<u8>,
    ) {
        let until = now + Duration::from_ms(within_ms.into());
        let question = Question { ticket, from, op, to, until };
        if self.here.count(|other| other.to == to) >= HERE_MAX {
            let Some(surplus) = self.here.surplus(to, from) else {
                return self.tell_end(question, true, Status::TooManyRequests, &[]);
            };
            self.end_here(surplus, None, true, Status::TooManyRequests, Vec::new());
        }
        self.here.add(question);
        match self.seat(to) {
            Some(seat) => seat.tell(Told::AskedHere { port: from, ticket, within_ms, bytes: &bytes }),
            None => self.demands.push_back(Demand::AskHere { ticket, from, to, within_ms, bytes }),
        }
    }

    /// A question ends, if it is under way: by the module at `by`, which was asked, or by whoever the shell has there.
    pub(crate) fn end_here(
        &mut self,
        ticket: u32,
        by: Option<Port>,
        is_here: bool,
        status: Status,
        bytes: Vec<u8>,
    ) {
        let is_it = |question: &Question| question.ticket == ticket && by.is_none_or(|by| by == question.to);
        if let Some(question) = self.take_here(is_it) {
            let fits = bytes.len() <= MESSAGE_MAX;
            let (status, bytes) = if fits { (status, &bytes[..]) } else { (Status::BadRequest, &[][..]) };
            self.tell_end(question, is_here, status, bytes);
        }
    }

    /// Questions whose time is up end.
    pub(crate) fn time_out_here(&mut self, now: Instant) {
        while let Some(question) = self.take_here(|question| question.until <= now) {
            self.tell_end(question, true, Status::TimedOut, &[]);
        }
    }

    /// A question is under way no more; who was asked and did not hear it yet does not.
    pub(crate) fn take_here(&mut self, is: impl Fn(&Question) -> bool) -> Option<Question> {
        let question = self.here.take(is)?;
        if let Some(seat) = self.seat(question.to) {
            seat.take_back(question.ticket);
        }
        Some(question)
    }

    /// Of the ends that the shell did not hear yet those of these askers and numbers are to be heard.
    fn keep_ends(&mut self, is: impl Fn(Port, u32) -> bool) {
        self.demands.retain(|demand| match demand {
            Demand::AnsweredHere { port, op, .. } => is(*port, *op),
            _ => true,
        });
    }

    fn tell_end(&mut self, question: Question, is_here: bool, status: Status, bytes: &[u8]) {
        let Question { ticket, from, op, .. } = question;
        let own = self.own;
        let Some(seat) = self.seat(from) else {
            let (port, bytes) = (from, bytes.to_vec());
            return self.demands.push_back(Demand::AnsweredHere { port, op, is_here, status, bytes });
        };
        if seat.end_number(ticket).is_some() {
            let is_proven = !is_here;
            seat.tell(Told::Answered { op, from: &own, is_proven, is_here, status, bytes });
        }
    }
}
