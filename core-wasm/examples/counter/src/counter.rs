//! The state machine.

use alloc::vec::Vec;

use tabmesh_port::{
    Attachment, Done, Duration, Input, Instant, Module, NodeId, Outbox, Output, Port, Room, Status, Told,
    Wish, Work,
};

use crate::face::{Command, Event};
use crate::row::Row;
use crate::rows::Rows;

/// Where counters of this version are attached.
pub fn port() -> Port {
    Port::named("tabmesh counter v1")
}

/// Between two tells of rows that may have been lost.
pub const ROUND_MS: u64 = 10_000;

/// Between two tells of news: who counts up without end makes nobody tell more than the last of it.
pub const NEWS_MS: u64 = 200;

/// Rows whose signatures are being checked; more are dropped, and come again.
pub const CHECKS_MAX: usize = 32;

/// Of these, rows that one peer brought, and so many that come by hearsay: who floods leaves room for others.
pub const CHECKS_A_PEER: usize = Row::A_TELL;

/// Outputs that wait; where so many do nothing is told: what is lost comes again.
pub const OUTBOX_MAX: usize = 64;

/// The job that signs the own row; checks have the numbers after it.
const SIGN: u32 = 0;

/// The counter of one node.
pub struct Counter {
    attachment: Attachment,
    rows: Rows,
    /// Names this run among those of the same key.
    run: u32,
    /// What was added in it.
    added: u64,
    /// What the signature under way covers.
    signing: Option<u64>,
    checks: Vec<Check>,
    checks_begun: u32,
    view: Vec<NodeId>,
    round: usize,
    next_round: Instant,
    next_news: Instant,
    outbox: Outbox,
}

/// A row whose signature is being checked.
struct Check {
    job: u32,
    row: Row,
    /// Who brought it; `None` if that is hearsay.
    by: Option<NodeId>,
}

impl Counter {
    /// A counter that knows nobody and has added nothing.
    pub fn new(attachment: Attachment) -> Self {
        let run = attachment.seed.last_chunk().map_or(0, |end| u32::from_be_bytes(*end));
        Self {
            round: attachment.seed.first().copied().unwrap_or_default().into(),
            attachment,
            rows: Rows::new(attachment.key, run),
            run,
            added: 0,
            signing: None,
            checks: Vec::new(),
            checks_begun: SIGN,
            view: Vec::new(),
            next_round: Instant::NEVER,
            next_news: Instant(0),
            outbox: Outbox::default(),
        }
    }

    /// What all have added, as far as this node knows.
    pub fn total(&self) -> u64 {
        self.rows.total_of_others().saturating_add(self.added)
    }

    fn on_command(&mut self, bytes: &[u8]) {
        match Command::read(bytes) {
            Some(Command::Add(amount)) if self.added.checked_add(amount).is_some() => {
                self.added += amount;
                self.sign();
                self.emit(Event::Total(self.total()));
            }
            Some(Command::Total) => self.emit(Event::Total(self.total())),
            _ => self.emit(Event::Refused(Status::BadRequest)),
        }
    }

    /// Signs the own row, unless a signature is under way: then once it is done.
    fn sign(&mut self) {
        let count = self.added;
        if self.signing.is_none() && count > self.rows.count_of(&self.attachment.key, self.run) {
            self.signing = Some(count);
            let bytes = Row::signed_bytes(self.run, count);
            self.outbox.put(&Output::Work(Work::Sign { job: SIGN, bytes: &bytes }));
        }
    }

    fn on_done(&mut self, done: Done<'_>) {
        match done {
            Done::Signed { job: SIGN, signature } => {
                let Some(count) = self.signing.take() else { return };
                self.learn(Row { key: self.attachment.key, run: self.run, count, signature: *signature });
                if self.added > count {
                    self.sign();
                }
            }
            Done::Verified { job, holds } => {
                let Some(row) = self.end_check(job) else { return };
                if holds {
                    self.learn(row);
                }
            }
            // The next round tries it again.
            Done::Failed { job: SIGN } => self.signing = None,
            Done::Failed { job } => _ = self.end_check(job),
            Done::Signed { .. } => {}
        }
    }

    fn end_check(&mut self, job: u32) -> Option<Row> {
        let at = self.checks.iter().position(|check| check.job == job)?;
        Some(self.checks.swap_remove(at).row)
    }

    /// Somebody says what others added. Only signatures decide whether it is so.
    fn on_rows(&mut self, by: Option<NodeId>, bytes: &[u8]) {
        for row in Row::list(bytes) {
            // A forged row keeps no other of its key from being checked.
            let is_checked = self.checks.iter().any(|check| check.row == row);
            if !is_checked && self.rows.takes(&row) && self.has_place(by) {
                self.check(by, row);
            }
        }
    }

    fn has_place(&self, by: Option<NodeId>) -> bool {
        let share = self.checks.iter().filter(|check| check.by == by).count();
        self.checks.len() < CHECKS_MAX && share < CHECKS_A_PEER
    }

    fn check(&mut self, by: Option<NodeId>, row: Row) {
        self.checks_begun = self.checks_begun.wrapping_add(1).max(SIGN + 1);
        let job = self.checks_begun;
        let Attachment { network, port, .. } = &self.attachment;
        let bytes = Attachment::covered(network, *port, &Row::signed_bytes(row.run, row.count));
        let work = Work::Verify { job, key: &row.key, signature: &row.signature, bytes: &bytes };
        self.outbox.put(&Output::Work(work));
        self.checks.push(Check { job, row, by });
    }

    /// A row whose signature holds: if it is news it goes on.
    fn learn(&mut self, row: Row) {
        if self.rows.learn(row) {
            self.emit(Event::Total(self.total()));
        }
    }

    /// Tells everybody in view what is news, unless that was done just now.
    fn spread(&mut self, now: Instant) {
        if now < self.next_news || !self.rows.has_news() {
            return;
        }
        self.next_news = now + Duration::from_ms(NEWS_MS);
        let (news, view) = (self.rows.take_news(), core::mem::take(&mut self.view));
        self.tell(&view, &news);
        self.view = view;
    }

    fn on_view(&mut self, now: Instant, ids: &[NodeId]) {
        let fresh: Vec<NodeId> = ids.iter().filter(|id| !self.view.contains(id)).copied().collect();
        self.view = ids.to_vec();
        let rows = self.rows.all();
        self.tell(&fresh, &rows);
        if self.next_round == Instant::NEVER {
            self.next_round = now + Duration::from_ms(ROUND_MS);
        }
    }

    /// Tells one peer some rows, in turn.
    fn on_time(&mut self, now: Instant) {
        if now < self.next_round {
            return;
        }
        self.next_round = now + Duration::from_ms(ROUND_MS);
        self.round = self.round.wrapping_add(1);
        if let Some(peer) = self.view.get(self.round % self.view.len().max(1)).copied() {
            let some = self.rows.some(self.round / self.view.len().max(1));
            self.tell(&[peer], &some);
        }
        self.sign();
    }

    fn tell(&mut self, to: &[NodeId], rows: &[Row]) {
        if to.is_empty() {
            return;
        }
        for rows in rows.chunks(Row::A_TELL) {
            if self.outbox.len() >= OUTBOX_MAX {
                return;
            }
            self.outbox.put(&Output::Wish(Wish::Tell { to, bytes: &Row::emit_all(rows) }));
        }
    }

    fn emit(&mut self, event: Event) {
        self.outbox.put(&Output::Event(&event.emit()));
    }
}

impl Module for Counter {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Time => self.on_time(now),
            Input::Command(bytes) => self.on_command(bytes),
            Input::Done(done) => self.on_done(done),
            Input::Told(Told::Said { from, is_proven, bytes }) => {
                self.on_rows(is_proven.then_some(*from), bytes);
            }
            Input::Told(Told::View { ids, .. }) => self.on_view(now, ids),
            // Nobody asks a counter anything; an answer would be a way to have it send.
            Input::Told(_) => {}
        }
        self.spread(now);
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.outbox.poll(room)
    }

    fn wanted_at(&self) -> Instant {
        if self.rows.has_news() { self.next_round.min(self.next_news) } else { self.next_round }
    }
}
