//! One node: its module, its key, and the questions that are open on either side.

use std::collections::BTreeMap;

use tabmesh_port::limits::TICKETS_MAX;
use tabmesh_port::{Attachment, Done, Module, NodeId, Port, Room, Signature, Work};

use crate::crypto::{Crypto, Owner, StandIn};
use crate::dice::Dice;

pub(super) struct Node<M> {
    pub(super) id: NodeId,
    pub(super) module: Option<M>,
    /// Counts the modules that were attached here.
    pub(super) life: u32,
    /// Until then it does nothing.
    pub(super) frozen_until: u64,
    /// On the far side of a cut.
    pub(super) is_cut_off: bool,
    pub(super) events: Vec<Vec<u8>>,
    /// For when it is to be woken.
    pub(super) woken_at: Option<u64>,
    /// How often in a row it wanted to be woken at a time that was past.
    pub(super) past_wakes: u32,
    owner: Owner,
    pub(super) attachment: Attachment,
    view: Vec<NodeId>,
    views: u32,
    /// Questions that its module asked, by its own number.
    asks: BTreeMap<u32, Ask>,
    requests: u64,
    /// Questions that its module was asked, by ticket.
    asked: BTreeMap<u32, Asked>,
    tickets: u32,
    /// Whom it holds links to, and whether it was told that they are there.
    held: BTreeMap<NodeId, Option<bool>>,
}

/// A question under way.
#[derive(Clone, Copy)]
pub(super) struct Ask {
    pub(super) to: NodeId,
    pub(super) is_list: bool,
    /// The world's own number: modules use theirs again.
    request: u64,
}

/// Who waits for an answer.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) from: usize,
    pub(super) life: u32,
    pub(super) op: u32,
    pub(super) request: u64,
    /// And until when.
    pub(super) until: u64,
}

impl<M: Module> Node<M> {
    pub(super) fn new(seed: u64, place: usize, port: Port, make: impl FnOnce(Attachment) -> M) -> Self {
        let owner = Owner { seed, node: place as u32, life: 0, tries: 0 };
        let key = StandIn::public(owner);
        let seed = Dice::new(seed, place as u64).bytes();
        let attachment = Attachment { key, network: *b"perfect!", port, seed };
        Self {
            id: NodeId::of_key(&key),
            module: Some(make(attachment)),
            life: 0,
            frozen_until: 0,
            is_cut_off: false,
            events: Vec::new(),
            woken_at: None,
            past_wakes: 0,
            owner,
            attachment,
            view: Vec::new(),
            views: 0,
            asks: BTreeMap::new(),
            requests: 0,
            asked: BTreeMap::new(),
            tickets: 0,
            held: BTreeMap::new(),
        }
    }

    pub(super) fn leave(&mut self) {
        self.module = None;
        self.life += 1;
        self.woken_at = None;
        self.frozen_until = 0;
        self.asks.clear();
        self.asked.clear();
        self.held.clear();
    }

    /// When it goes on, if it is frozen.
    pub(super) fn thaws_after(&self, now: u64) -> Option<u64> {
        (self.frozen_until > now).then_some(self.frozen_until)
    }

    /// A module comes in the place of the one before, of which it remembers nothing; the node's key is the same.
    pub(super) fn come_back(&mut self, make: impl FnOnce(Attachment) -> M) {
        self.leave();
        self.views = 0;
        self.attachment.seed =
            Dice::new(u64::from(self.life), self.owner.seed ^ u64::from(self.owner.node)).bytes();
        self.module = Some(make(self.attachment));
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> Signature {
        StandIn::sign(self.owner, bytes)
    }

    pub(super) fn poll(&mut self) -> Option<Vec<u8>> {
        self.module.as_mut()?.poll(Room::ALL)
    }

    /// Does a job at once; the answer is in flat form.
    pub(super) fn work(&self, work: &Work<'_>) -> Vec<u8> {
        match *work {
            Work::Sign { job, bytes } => {
                let covered = Attachment::covered(&self.attachment.network, self.attachment.port, bytes);
                Done::Signed { job, signature: &self.sign(&covered) }.emit()
            }
            Work::Verify { job, key, signature, bytes } => {
                Done::Verified { job, holds: StandIn::verify(key, signature, bytes) }.emit()
            }
        }
    }

    /// The view that it was told last; of a module that heard none, nobody.
    pub(super) fn view(&self) -> Option<&[NodeId]> {
        (self.views > 0).then_some(&self.view)
    }

    /// The number of the view and the view, if it is the first or another one than before.
    pub(super) fn see(&mut self, ids: Vec<NodeId>) -> Option<(u32, Vec<NodeId>)> {
        if self.views > 0 && ids == self.view {
            return None;
        }
        self.views += 1;
        self.view.clone_from(&ids);
        Some((self.views, ids))
    }

    pub(super) fn asks(&self, op: u32) -> bool {
        self.asks.contains_key(&op)
    }

    pub(super) fn asks_len(&self) -> usize {
        self.asks.len()
    }

    /// An Ask begins; the world's number for it.
    pub(super) fn begin_ask(&mut self, op: u32, to: &NodeId) -> u64 {
        self.begin(op, to, false)
    }

    /// A List begins.
    pub(super) fn begin_list(&mut self, op: u32, place: &NodeId) -> u64 {
        self.begin(op, place, true)
    }

    fn begin(&mut self, op: u32, to: &NodeId, is_list: bool) -> u64 {
        self.requests += 1;
        self.asks.insert(op, Ask { to: *to, is_list, request: self.requests });
        self.requests
    }

    /// An Ask ends; who was asked.
    pub(super) fn end_ask(&mut self, op: u32) -> Option<Ask> {
        self.asks.remove(&op)
    }

    /// The same, unless the module's number is another Ask's by now.
    pub(super) fn end_request(&mut self, op: u32, request: u64) -> Option<Ask> {
        let is_it = self.asks.get(&op).is_some_and(|ask| ask.request == request);
        if is_it { self.end_ask(op) } else { None }
    }

    /// A ticket for a question that came; `None` while too many wait.
    pub(super) fn ticket(&mut self, asked: Asked, now: u64) -> Option<u32> {
        self.asked.retain(|_, asked| asked.until > now);
        if self.asked.len() >= TICKETS_MAX {
            return None;
        }
        self.tickets += 1;
        self.asked.insert(self.tickets, asked);
        Some(self.tickets)
    }

    /// Who waits for the answer with this ticket, if anybody still does.
    pub(super) fn redeem(&mut self, ticket: u32, now: u64) -> Option<Asked> {
        self.asked.remove(&ticket).filter(|asked| asked.until > now)
    }

    pub(super) fn hold(&mut self, ids: &[NodeId]) {
        self.held = ids.iter().map(|id| (*id, self.held.get(id).copied().flatten())).collect();
    }

    pub(super) fn holds(&self, id: &NodeId) -> bool {
        self.held.contains_key(id)
    }

    pub(super) fn held(&self) -> impl Iterator<Item = NodeId> {
        self.held.keys().copied()
    }

    /// Whether its module is to be told so.
    pub(super) fn is_link_news(&mut self, id: &NodeId, is_linked: bool) -> bool {
        self.held.get_mut(id).is_some_and(|told| told.replace(is_linked) != Some(is_linked))
    }
}
