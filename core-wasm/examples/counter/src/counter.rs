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

/// Rows whose signatures are being checked; more are dropped, and come again.
pub const CHECKS_MAX: usize = 16;

/// Tells that wait for room; more are dropped, and a round tells their rows again.
pub const WAITING_MAX: usize = 64;

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
    checks: Vec<(u32, Row)>,
    checks_begun: u32,
    view: Vec<NodeId>,
    round: usize,
    next_round: Instant,
    outbox: Outbox,
}

impl Counter {
    /// A counter that knows nobody and has added nothing.
    pub fn new(attachment: Attachment) -> Self {
        Self {
            round: attachment.seed.first().copied().unwrap_or_default().into(),
            attachment,
            rows: Rows::default(),
            run: attachment.seed.last_chunk().map_or(0, |end| u32::from_be_bytes(*end)),
            added: 0,
            signing: None,
            checks: Vec::new(),
            checks_begun: SIGN,
            view: Vec::new(),
            next_round: Instant::NEVER,
            outbox: Outbox::default(),
        }
    }

    /// What all have added, as far as this node knows.
    pub fn total(&self) -> u64 {
        self.rows.total_without(&self.attachment.key, self.run).saturating_add(self.added)
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
            let bytes = Row::signed_bytes(&self.attachment, self.run, count);
            self.outbox.put(&Output::Work(Work::Sign { job: SIGN, bytes: &bytes }));
        }
    }

    fn on_done(&mut self, done: Done<'_>) {
        match done {
            Done::Signed { job: SIGN, signature } => {
                let Some(count) = self.signing.take() else { return };
                self.learn(Row { key: self.attachment.key, run: self.run, count, signature: *signature });
                self.sign();
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
        let at = self.checks.iter().position(|(number, _)| *number == job)?;
        Some(self.checks.swap_remove(at).1)
    }

    /// Somebody says what others added. Only signatures decide whether it is so.
    fn on_rows(&mut self, bytes: &[u8]) {
        for row in Row::list(bytes) {
            let is_checked = |(_, other): &(u32, Row)| {
                (other.key, other.run) == (row.key, row.run) && other.count >= row.count
            };
            let is_news = self.rows.takes(&row) && !self.checks.iter().any(is_checked);
            if is_news && self.checks.len() < CHECKS_MAX {
                self.checks_begun = self.checks_begun.wrapping_add(1).max(SIGN + 1);
                let job = self.checks_begun;
                let bytes = Row::signed_bytes(&self.attachment, row.run, row.count);
                let work = Work::Verify { job, key: &row.key, signature: &row.signature, bytes: &bytes };
                self.outbox.put(&Output::Work(work));
                self.checks.push((job, row));
            }
        }
    }

    /// A row whose signature holds: if it is news it goes on.
    fn learn(&mut self, row: Row) {
        if !self.rows.learn(row) {
            return;
        }
        let view = core::mem::take(&mut self.view);
        self.tell(&view, &[row]);
        self.view = view;
        self.emit(Event::Total(self.total()));
    }

    fn on_view(&mut self, now: Instant, ids: &[NodeId]) {
        let fresh: Vec<NodeId> = ids.iter().filter(|id| !self.view.contains(id)).copied().collect();
        self.view = ids.to_vec();
        let rows = self.rows.all().to_vec();
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
            // Jobs and events always find room: what is left in the outbox between two inputs is Tells.
            if self.outbox.len() >= WAITING_MAX {
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
            Input::Told(Told::Said { bytes, .. }) => self.on_rows(bytes),
            Input::Told(Told::View { ids, .. }) => self.on_view(now, ids),
            // Nobody asks a counter anything; an answer would be a way to have it send.
            Input::Told(_) => {}
        }
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.outbox.poll(room)
    }

    fn wanted_at(&self) -> Instant {
        self.next_round
    }
}
