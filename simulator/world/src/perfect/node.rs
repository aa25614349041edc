//! One node: its module, its key, and the questions that are open on either side.

use std::collections::BTreeMap;

use tabmesh_port::{Attachment, Done, Module, NodeId, Port, Room, Work};

use crate::crypto::{Crypto, Owner, StandIn};
use crate::dice::Dice;

pub(super) struct Node<M> {
    pub(super) id: NodeId,
    pub(super) module: Option<M>,
    /// Counts the modules that were attached here.
    pub(super) life: u32,
    /// On the far side of a cut.
    pub(super) side: bool,
    pub(super) events: Vec<Vec<u8>>,
    /// For when it is to be woken.
    pub(super) woken_at: Option<u64>,
    owner: Owner,
    view: Vec<NodeId>,
    views: u32,
    /// Questions that its module asked: who, and until when.
    asks: BTreeMap<u32, (usize, u64)>,
    /// Questions that its module was asked, by ticket.
    asked: BTreeMap<u32, Asked>,
    tickets: u32,
}

/// Who waits for an answer.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) from: usize,
    pub(super) life: u32,
    pub(super) op: u32,
}

impl<M: Module> Node<M> {
    pub(super) fn new(seed: u64, place: usize, port: Port, make: impl FnOnce(Attachment) -> M) -> Self {
        let owner = Owner { seed, node: place as u32, life: 0, tries: 0 };
        let key = StandIn::public(owner);
        let seed = Dice::new(seed, place as u64).bytes();
        Self {
            id: NodeId::of_key(&key),
            module: Some(make(Attachment { key, network: *b"perfect!", port, seed })),
            life: 0,
            side: false,
            events: Vec::new(),
            woken_at: None,
            owner,
            view: Vec::new(),
            views: 0,
            asks: BTreeMap::new(),
            asked: BTreeMap::new(),
            tickets: 0,
        }
    }

    pub(super) fn leave(&mut self) {
        self.module = None;
        self.life += 1;
        self.woken_at = None;
        self.asks.clear();
        self.asked.clear();
    }

    pub(super) fn poll(&mut self) -> Option<Vec<u8>> {
        self.module.as_mut()?.poll(Room::ALL)
    }

    /// Does a job at once; the answer is in flat form.
    pub(super) fn work(&self, work: &Work<'_>) -> Vec<u8> {
        match *work {
            Work::Sign { job, bytes } => {
                Done::Signed { job, signature: &StandIn::sign(self.owner, bytes) }.emit()
            }
            Work::Verify { job, key, signature, bytes } => {
                Done::Verified { job, holds: StandIn::verify(key, signature, bytes) }.emit()
            }
        }
    }

    /// The number of the view and the view, if it is another one than before.
    pub(super) fn see(&mut self, ids: Vec<NodeId>) -> Option<(u32, Vec<NodeId>)> {
        if ids == self.view {
            return None;
        }
        self.views += 1;
        self.view.clone_from(&ids);
        Some((self.views, ids))
    }

    pub(super) fn begin_ask(&mut self, op: u32, to: usize, until: u64) {
        self.asks.insert(op, (to, until));
    }

    /// An Ask ends; who was asked.
    pub(super) fn end_ask(&mut self, op: u32) -> Option<usize> {
        self.asks.remove(&op).map(|(to, _)| to)
    }

    pub(super) fn is_expired(&self, op: u32, now: u64) -> bool {
        self.asks.get(&op).is_some_and(|(_, until)| *until <= now)
    }

    /// A ticket for a question that came.
    pub(super) fn remember(&mut self, asked: Asked) -> u32 {
        self.tickets += 1;
        self.asked.insert(self.tickets, asked);
        self.tickets
    }

    pub(super) fn forget(&mut self, ticket: u32) -> Option<Asked> {
        self.asked.remove(&ticket)
    }
}
