//! Rounds of the vote on a block (Simplex, ePrint 2023/463, for one block at a time): a leader proposes, Q notarise, Q finalise. A round in which that does not come
//! in time is given up; when Q have given it up the next one begins. A block that was notarised is proposed again.

use tabmesh_port::{Reader, Status, Writer};

use crate::block::Block;
use crate::hash::Hash;
use crate::key::Key;
use crate::limits::{AGAIN_MS, CUT, IDLE_MS, LEADER_WAITS_MS, OPEN, ROUND_LASTS, view_of};

use super::ballot::{Notarised, Proposed};
use super::machine::Member;
use super::pending::{Asked, For};
use super::safety::{Content, Lock};
use super::statement::{Certificate, Says, Statement};
use super::wire::{self, Draft};
use crate::rule::Rule;

/// Of what is not about one operation.
const NOWHERE: (Key, u32) = (Key([0; 32]), 0);

impl Member {
    /// Time has passed.
    pub(crate) fn go_on(&mut self) {
        let Some((epoch, part)) = self.clock() else { return };
        if self.seat.is_none() || epoch > self.ledger.head().epoch.saturating_add(1) {
            self.follow(epoch, part);
        }
        let Some(seat) = self.seat else { return };
        if epoch > self.ledger.head().epoch {
            if part >= CUT && !self.ballot.has_cut {
                self.ballot.has_cut = true;
                self.tell_have();
            }
            if part >= OPEN || self.ballot.beyond(1) >= self.weak() {
                self.open();
            }
        }
        let again = if self.ballot.is_open { AGAIN_MS } else { IDLE_MS };
        if self.ballot.is_open {
            self.time_round(seat);
            self.advance(seat);
            self.lead(seat);
            self.fetch_notarised();
            self.press();
        }
        if self.ground.is_past(self.ballot.told, again) {
            self.tell_standing();
            self.tell_proposal(seat);
        }
    }

    /// So many that one of them is honest, if fewer than a third lie.
    pub(crate) fn weak(&self) -> usize {
        (self.voters.len() + 1).saturating_sub(self.voters.quorum())
    }

    /// How many signatures make a block notarised, final or an operation settled.
    pub(crate) fn quorum(&self) -> usize {
        if self.safety.has(Rule::Quorum) { self.voters.quorum() } else { self.voters.quorum() - 1 }
    }

    fn open(&mut self) {
        if !self.ballot.is_open {
            self.ballot.is_open = true;
            self.ballot.entered = self.ground.now;
            self.tell_have();
        }
    }

    fn time_round(&mut self, seat: u8) {
        // Later rounds last longer, up to four times: so one is long enough for any delay up to that.
        let lasts = self.epoch_ms * ROUND_LASTS / 1_000 * (4 + u64::from(self.ballot.round.min(12))) / 4;
        let is_over = self.ground.is_past(self.ballot.entered, lasts);
        let weak = self.weak();
        let others = self.ballot.beyond(self.ballot.round.saturating_add(1)) >= weak;
        let Some(row) = self.ballot.rows.get_mut(usize::from(seat)) else { return };
        if (is_over || others) && !row.gave_up {
            row.gave_up = true;
            self.tell_standing();
        }
    }

    /// Enters the latest round below which Q have given up all.
    fn advance(&mut self, seat: u8) {
        let quorum = self.quorum();
        let mut next = self.ballot.round;
        for row in &self.ballot.rows {
            let round = row.round.saturating_add(row.gave_up.into());
            if round > next && self.ballot.beyond(round) >= quorum {
                next = round;
            }
        }
        if next == self.ballot.round {
            return;
        }
        self.ballot.round = next;
        (self.ballot.entered, self.ballot.has_proposed) = (self.ground.now, false);
        if let Some(row) = self.ballot.rows.get_mut(usize::from(seat)) {
            (row.round, row.gave_up) = (next, false);
        }
        self.tell_standing();
        self.tell_have();
    }

    fn leader(&self, round: u32) -> u8 {
        let order = &self.ballot.order;
        order.get(round as usize % order.len().max(1)).copied().unwrap_or(0)
    }

    fn lead(&mut self, seat: u8) {
        let round = self.ballot.round;
        if self.ballot.has_proposed || self.leader(round) != seat {
            return;
        }
        let own = self.ballot.notarised_round();
        let is_behind = self.ballot.rows.iter().any(|row| row.notarised > own);
        if is_behind && !self.ground.is_past(self.ballot.entered, LEADER_WAITS_MS) {
            return;
        }
        let notarised = self.ballot.notarised.as_ref().map(|notarised| notarised.draft.clone());
        let Some(draft) = notarised.or_else(|| self.compose()) else { return };
        self.ballot.has_proposed = true;
        self.ballot.proposed =
            Some(Proposed { round, draft, leader: seat, is_checked: false, is_refused: false });
        self.tell_proposal(seat);
        self.press();
    }

    fn tell_proposal(&mut self, seat: u8) {
        let round = self.ballot.round;
        let proposed = self.ballot.proposed.as_ref();
        let Some(proposed) = proposed.filter(|other| other.round == round && other.leader == seat) else {
            return;
        };
        let mut writer = Writer::default();
        writer.u8(wire::PROPOSAL).u32(round);
        proposed.draft.emit(&mut writer);
        let others = self.others();
        self.ground.tell(&others, &writer.finish());
    }

    pub(crate) fn on_proposal(&mut self, voter: u8, round: u32, draft: Draft) {
        let height = self.height();
        let header = &draft.header;
        let is_next = header.height == height && header.view == view_of(height);
        let is_newer = self.ballot.proposed.as_ref().is_none_or(|proposed| proposed.round < round);
        let Some(seat) = self.seat else { return };
        if !is_next || !is_newer || round < self.ballot.round || voter == seat || self.leader(round) != voter
        {
            return;
        }
        if self.is_timely(header.epoch) {
            self.open();
        }
        self.ballot.proposed =
            Some(Proposed { round, draft, leader: voter, is_checked: false, is_refused: false });
        self.press();
    }

    /// Whether a block may be of this epoch, by this node's clock.
    fn is_timely(&self, epoch: u32) -> bool {
        let head = self.ledger.head().epoch;
        self.clock().is_some_and(|(now, _)| epoch > head && epoch.abs_diff(now) <= 1)
    }

    /// Signs whatever may be signed now, and ends the vote if it is decided.
    pub(crate) fn press(&mut self) {
        if let Some(seat) = self.seat {
            self.vote(seat);
            self.finalise(seat);
        }
        self.end();
    }

    /// Whether a statement of this kind and round is on its way, or was made.
    fn has_signed(&self, seat: u8, says: Says, round: u32) -> bool {
        let row = self.ballot.rows.get(usize::from(seat)).copied().unwrap_or_default();
        let cast = if says == Says::Notarise { row.vote } else { row.finalisation };
        cast.is_some_and(|cast| cast.round >= round) || self.is_promised(says, self.height(), round)
    }

    fn vote(&mut self, seat: u8) {
        let round = self.ballot.round;
        let Some(proposed) = self.ballot.proposed.as_ref() else { return };
        let Proposed { draft, is_checked, is_refused, .. } = proposed;
        if proposed.round != round || *is_refused || self.has_signed(seat, Says::Notarise, round) {
            return;
        }
        let (hash, epoch, leader, is_checked) =
            (draft.hash, draft.header.epoch, proposed.leader, *is_checked);
        let Some(block) = self.resolve(&hash, leader) else { return };
        let is_silencing = self.silences(&block.header);
        let notarised = self.ballot.notarised.as_ref().filter(|notarised| notarised.draft.hash == hash);
        let shown = notarised.map(|notarised| notarised.certificate.statement.round);
        if !is_checked {
            let is_good = (shown.is_some() || self.is_timely(epoch)) && self.ledger.check(&block).is_ok();
            if let Some(proposed) = self.ballot.proposed.as_mut() {
                (proposed.is_checked, proposed.is_refused) = (is_good, !is_good);
            }
            if !is_good {
                return;
            }
        }
        let mut contents: alloc::vec::Vec<Content> = alloc::vec::Vec::new();
        for operation in &block.operations {
            contents.push(((operation.payer(), operation.sequence), operation.id()));
        }
        let overdue = self.overdue();
        let pool = &self.pool;
        let is_certified = |id: &Hash| pool.get(id).is_some_and(|pooled| pooled.is_certified);
        let is_due = |lock: &Lock| !overdue.contains(&lock.operation);
        if shown.is_none() && is_silencing {
            return;
        }
        if self.safety.may_notarise((round, hash), &contents, shown, is_certified, is_due) {
            self.cast(Says::Notarise, round, hash, alloc::vec::Vec::new());
        }
    }

    fn finalise(&mut self, seat: u8) {
        let Some(notarised) = self.ballot.notarised.as_ref() else { return };
        let Statement { round, subject, .. } = notarised.certificate.statement;
        let may = self.safety.may_finalise(round, &subject);
        if !may || self.has_signed(seat, Says::Finalise, round) {
            return;
        }
        let certificate = notarised.certificate.clone();
        let Some(block) = self.resolve(&subject, seat) else { return };
        let mut writer = Writer::default();
        certificate.emit(&mut writer);
        writer.bytes(&block.emit());
        self.cast(Says::Finalise, round, subject, writer.finish());
    }

    fn cast(&mut self, says: Says, round: u32, subject: Hash, shown: alloc::vec::Vec<u8>) {
        let height = self.height();
        let statement = Statement { says, view: view_of(height), height, round, subject };
        self.promise(statement, NOWHERE, shown, For::Ballot);
    }

    /// The block with this hash, if all its operations are here; if not, whoever proposed it or voted for it is asked for them.
    pub(crate) fn resolve(&mut self, hash: &Hash, voter: u8) -> Option<Block> {
        let draft = self.ballot.draft(hash)?;
        let mut operations = alloc::vec::Vec::new();
        let mut writer = Writer::default();
        writer.u8(wire::OPERATIONS).bytes(hash);
        let mut is_whole = true;
        for short in &draft.shorts {
            match self.pool.named(hash, short) {
                Some(pooled) => operations.push(pooled.operation),
                None => {
                    is_whole = false;
                    writer.bytes(short);
                }
            }
        }
        if is_whole {
            return Some(Block { header: draft.header, operations });
        }
        // Any voter for this block has them, should the leader not answer.
        let voted = |row: &super::ballot::Row| row.vote.is_some_and(|cast| cast.block == *hash);
        let among = self.ballot.rows.iter().enumerate().filter(|(_, row)| voted(row));
        let turn = self.turn() % (among.clone().count() + 1);
        let who =
            if turn == 0 { voter } else { among.map(|(at, _)| at as u8).nth(turn - 1).unwrap_or(voter) };
        self.fetch(who, &writer.finish(), Asked::Operations { is_named: true });
        None
    }

    /// Counts up each time when something may be asked for again.
    fn turn(&self) -> usize {
        (self.ground.now.0 / (AGAIN_MS * 1_000)) as usize
    }

    /// Asks a voter for what the vote needs, not too often.
    fn fetch(&mut self, voter: u8, bytes: &[u8], asked: Asked) {
        let Some(id) = self.voters.get(voter).map(|seat| seat.id) else { return };
        if id != self.ground.own && self.ground.is_past(self.ballot.fetched, AGAIN_MS) {
            self.ballot.fetched = self.ground.now;
            self.ask(&id, bytes, asked);
        }
    }

    /// Another voter saw a block notarised in a later round than this one did.
    fn fetch_notarised(&mut self) {
        let own = self.ballot.notarised_round();
        // In turn: one that does not answer is in nobody's way.
        let ahead = self.ballot.rows.iter().enumerate().filter(|(_, row)| row.notarised > own);
        let turn = self.turn() % ahead.clone().count().max(1);
        let Some((voter, _)) = ahead.clone().nth(turn) else { return };
        let mut writer = Writer::default();
        writer.u8(wire::NOTARISED).u32(self.height());
        self.fetch(voter as u8, &writer.finish(), Asked::Notarised);
    }

    pub(crate) fn on_asked_notarised(&mut self, ticket: u32, rest: &[u8]) -> Result<(), Status> {
        let mut reader = Reader::new(rest);
        let height = reader.u32();
        reader.finish().ok_or(Status::BadRequest)?;
        let notarised = self.ballot.notarised.as_ref().filter(|_| height == self.height());
        let notarised = notarised.ok_or(Status::NotFound)?;
        let mut writer = Writer::default();
        notarised.certificate.emit(&mut writer);
        notarised.draft.emit(&mut writer);
        self.ground.reply(ticket, Status::Ok, &writer.finish());
        Ok(())
    }

    pub(crate) fn on_notarised(&mut self, bytes: &[u8]) {
        let mut reader = Reader::new(bytes);
        let (Some(certificate), Some(draft)) = (Certificate::read(&mut reader), Draft::read(reader)) else {
            return;
        };
        let height = self.height();
        let Statement { says, view, height: of, round, subject } = certificate.statement;
        let is_it =
            says == Says::Notarise && of == height && view == view_of(height) && subject == draft.hash;
        if !is_it || round < self.ballot.notarised_round() {
            return;
        }
        if let Some(claims) = certificate.claims(self.ledger.id(), &self.voters, self.quorum()) {
            self.prove(&claims, certificate, super::pending::Then::Notarised { draft });
        }
    }

    /// A block was notarised; the certificate was checked.
    pub(crate) fn take_notarised(&mut self, draft: Draft, certificate: Certificate) {
        let Statement { height, round, .. } = certificate.statement;
        if height != self.height() || round < self.ballot.notarised_round() {
            return;
        }
        if let Some(row) = self.seat.and_then(|seat| self.ballot.rows.get_mut(usize::from(seat))) {
            row.notarised = round.saturating_add(1);
        }
        self.ballot.notarised = Some(Notarised { draft, certificate });
        self.press();
    }
}
