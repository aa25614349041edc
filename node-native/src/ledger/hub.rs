//! The task that hears the module, keeps what it wants kept, and serves the faces.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::SyncSender;

use tabmesh_engine::{NodeId, Status};
use tabmesh_ledger::{Command, Event, Genesis, Hash, Mode, Operation, Record};
use tokio::sync::{mpsc, oneshot};

use super::error::LedgerError;
use super::faucet::Faucet;
use super::history;
use super::mark::Mark;
use super::store::{Store, Write};
use super::view::{AccountView, Head, News, StatusView, VoterView};
use super::waits::{For, Gifts, Told};
use super::writer::Written;
use crate::driver::{Attached, Heard};
use crate::tap::Events;

type Reply<T> = oneshot::Sender<T>;
/// Certificates that say how voters do.
pub(super) const LAST: u32 = 100;

/// Blocks that may still be on their way to the disk, for whoever asks for them meanwhile.
const FRESH_MAX: usize = 8;

/// Waits of faces for operations that a faucet gave; one more is not told of its end.
const WATCHED_MAX: usize = 256;

/// What the faces want.
pub(super) enum Order {
    Account(NodeId, Reply<AccountView>),
    Send { to: NodeId, amount: u64, until: u32, news: Told },
    Request { of: Option<NodeId>, news: Told },
    Status(Reply<StatusView>),
    Voters(Reply<Vec<VoterView>>),
}

pub(super) struct Hub {
    pub(super) own: NodeId,
    pub(super) genesis: Genesis,
    pub(super) ledger: Hash,
    /// Who votes now, by their numbers.
    pub(super) voters: Vec<NodeId>,
    attached: Attached,
    events: Events,
    pub(super) store: Arc<Store>,
    writes: SyncSender<Write>,
    /// The disk has not kept up: nothing that comes is kept any more.
    is_over: bool,
    written: mpsc::UnboundedReceiver<Written>,
    /// Read by other threads, for the module.
    read: (mpsc::UnboundedSender<Vec<u8>>, mpsc::UnboundedReceiver<Vec<u8>>),
    pub(super) votes: bool,
    pub(super) faucet: Option<Faucet>,
    pub(super) is_doubtful: Arc<AtomicBool>,
    /// To be made before anything is signed.
    pub(super) mark: Option<Mark>,
    pub(super) trouble: Option<String>,
    pub(super) head: Head,
    pub(super) height_kept: u32,
    fresh: BTreeMap<u32, Vec<u8>>,
    /// Of the newest blocks: which, and who signed.
    pub(super) signers: VecDeque<(u32, u64)>,
    tickets: u32,
    accounts: HashMap<u32, (NodeId, Reply<AccountView>)>,
    pub(super) transfers: HashMap<u32, For>,
    /// Operations of this node's owner, and gifts, with who waits for them.
    pub(super) watched: HashMap<Hash, (u32, Vec<Told>)>,
    pub(super) own_waiting: Vec<Hash>,
    pub(super) gifts: Gifts,
    /// What the module is told next.
    pub(super) commands: Vec<Vec<u8>>,
}

type Ends = (Attached, Events);
type Kept = (Arc<Store>, SyncSender<Write>, mpsc::UnboundedReceiver<Written>);

impl Hub {
    pub(super) fn new((own, genesis): (NodeId, Genesis), ends: Ends, kept: Kept) -> Self {
        let voters = genesis.voters.iter().map(|voter| NodeId::of_key(&voter.key)).collect();
        let ((attached, events), (store, writes, written)) = (ends, kept);
        let head = Head { height: 0, epoch: 0, view: 0, hash: [0; 32], operations: 0, mode: Mode::Following };
        Self {
            own,
            ledger: genesis.hash(),
            genesis,
            voters,
            attached,
            events,
            store,
            writes,
            is_over: false,
            written,
            read: mpsc::unbounded_channel(),
            votes: false,
            faucet: None,
            is_doubtful: Arc::default(),
            mark: None,
            trouble: None,
            head,
            height_kept: 0,
            fresh: BTreeMap::new(),
            signers: VecDeque::new(),
            tickets: 0,
            accounts: HashMap::new(),
            transfers: HashMap::new(),
            watched: HashMap::new(),
            own_waiting: Vec::new(),
            gifts: Gifts::default(),
            commands: Vec::new(),
        }
    }

    /// Reads the certificates of the last so many blocks.
    pub(super) fn recall(&mut self, last: u32) -> Result<(), LedgerError> {
        let broken = |error: redb::Error| self.store.unusable(&error);
        self.height_kept = self.store.height().map_err(broken)?;
        for height in self.height_kept.saturating_sub(last) + 1..=self.height_kept {
            let block = self.store.block(height).map_err(broken)?;
            if let Some((certificate, _)) = block.as_deref().and_then(history::read) {
                self.signers.push_back((height, certificate.signers));
            }
        }
        Ok(())
    }

    /// Waits until the module says where it is: behind all blocks of the store, or the store is damaged. Then it is given what was on its way.
    pub(super) async fn start(&mut self, last: u32) -> Result<(), LedgerError> {
        let mut is_told = false;
        while !is_told {
            let Some(bytes) = self.events.next().await else {
                return Err(LedgerError::Face(crate::driver::FaceError::Stopping));
            };
            is_told = matches!(Event::read(&bytes), Some(Event::Head { .. }));
            self.hear(&bytes);
        }
        if self.head.height != last {
            let why = format!("block {} does not follow from those before it", self.head.height + 1);
            return Err(self.store.damaged(why).into());
        }
        for bytes in self.store.own().map_err(|error| self.store.unusable(&error))? {
            if let Ok(operation) = Operation::read(&bytes) {
                self.own_waiting.push(operation.id());
                self.commands.push(Command::Submit(&bytes).emit());
            }
        }
        tracing::info!(
            block = last,
            ledger = %crate::identity::hex_of(&self.ledger[..8]),
            votes = self.votes,
            "the ledger is there"
        );
        Ok(())
    }

    /// Until nobody has a face any more, or the module is gone.
    pub(super) async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        while !self.is_over {
            self.say().await;
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => break,
                },
                Some(bytes) = self.events.next() => self.hear(&bytes),
                Some(written) = self.written.recv() => self.on_written(written),
                Some(command) = self.read.1.recv() => self.commands.push(command),
                Heard::Ended(_) = self.attached.events.next() => break,
            }
        }
        self.attached.detach().await;
    }

    async fn say(&mut self) {
        for command in std::mem::take(&mut self.commands) {
            // A module that is gone ends everything, which is heard.
            let _ = self.attached.command(command).await;
        }
    }

    fn on_written(&mut self, written: Written) {
        match written {
            Written::Kept(number) => {
                if let Some(mark) = self.mark.take()
                    && let Err(error) = mark.make()
                {
                    let message = format!("{} cannot be made: {error}", mark.0.display());
                    tracing::error!(message, "this node does not vote; make room, and start it again");
                    self.trouble = Some(message);
                    self.mark = Some(mark);
                    return;
                }
                self.commands.push(Command::Kept { number }.emit());
            }
            Written::Trouble(message) => {
                if self.trouble.is_none() {
                    tracing::error!(
                        message,
                        "the ledger's store cannot be written: nothing is signed until it can"
                    );
                }
                self.trouble = Some(message);
            }
            Written::Mended => {
                tracing::info!("the ledger's store can be written again");
                self.trouble = None;
            }
        }
    }

    pub(super) fn ticket(&mut self) -> u32 {
        self.tickets = self.tickets.wrapping_add(1);
        self.tickets
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Account(id, reply) => {
                let ticket = self.ticket();
                self.accounts.insert(ticket, (id, reply));
                self.commands.push(Command::Account { ticket, id }.emit());
            }
            Order::Send { to, amount, until, news } => {
                let ticket = self.ticket();
                self.transfers.insert(ticket, For::Owner(news));
                self.commands.push(Command::Transfer { ticket, to, amount, until }.emit());
            }
            Order::Request { of, news } => self.ask_faucets(of, news),
            Order::Status(reply) => drop(reply.send(self.status())),
            Order::Voters(reply) => drop(reply.send(self.voter_views())),
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        let Some(event) = Event::read(bytes) else { return };
        match event {
            Event::Keep { number, record } => {
                // A journal begins, be it of a voter that lost its own.
                self.votes |= record.first() == Some(&0);
                self.write(Write::Record { number, bytes: record.to_vec() });
            }
            Event::Final { height, bytes } => self.on_final(height, bytes),
            Event::Voters { height, ids } => self.on_voters(height, ids),
            Event::Fetch { ticket, height } => self.fetch(ticket, height),
            Event::Look { ticket, operation } => {
                self.read(ticket, move |store| store.acknowledgement(&operation));
            }
            Event::Certified { operation } => self.tell(&operation, News::Certified),
            Event::Settled { operation } => self.tell(&operation, News::Settled),
            Event::Included { operation, height } => self.end(&operation, News::Included { height }),
            Event::Dropped { operation, code } => self.end(&operation, News::Dropped(code)),
            Event::Refused { operation, code } => self.tell(&operation, News::Refused(code)),
            Event::Account { ticket, promised, sequence, record, .. } => {
                self.on_account(ticket, promised, sequence, record);
            }
            Event::Made { ticket, operation } => self.on_made(ticket, operation),
            Event::Unmade { ticket, code } => self.on_unmade(ticket, code),
            Event::Head { height, epoch, view, hash, operations, mode } => {
                self.head = Head { height, epoch, view, hash, operations, mode };
            }
            Event::Requested { ticket, id } => self.on_requested(ticket, id),
            Event::Dripped { ticket, status, bytes } => self.on_dripped(ticket, status, bytes),
        }
    }

    fn write(&mut self, write: Write) {
        if !self.is_over && self.writes.try_send(write).is_err() {
            self.is_over = true;
            tracing::error!(
                "the ledger ends at this node: too much waits for its store; make room on the disk, and start the node again"
            );
        }
    }

    fn on_final(&mut self, height: u32, bytes: &[u8]) {
        self.write(Write::Block { height, bytes: bytes.to_vec() });
        self.height_kept = height;
        self.fresh.insert(height, bytes.to_vec());
        while self.fresh.len() > FRESH_MAX {
            self.fresh.pop_first();
        }
        let Some((certificate, block)) = history::read(bytes) else { return };
        self.signers.push_back((height, certificate.signers));
        while self.signers.len() > LAST as usize {
            self.signers.pop_front();
        }
        // Gifts are no operations of this node, of which the module tells.
        for operation in &block.operations {
            let id = operation.id();
            if !self.own_waiting.contains(&id) {
                let is_done = !history::is_conflict(&block, operation);
                let rival = News::Dropped(tabmesh_ledger::Refusal::Rival.code());
                self.end(&id, if is_done { News::Included { height } } else { rival });
            }
        }
        let due = block.header.epoch.saturating_add(1);
        let is_over = |(id, (until, _)): (&Hash, &(u32, Vec<Told>))| (*until < due).then_some(*id);
        let mut over: Vec<Hash> = self.watched.iter().filter_map(is_over).collect();
        over.retain(|id| !self.own_waiting.contains(id));
        for id in over {
            self.end(&id, News::Dropped(tabmesh_ledger::Refusal::Expired.code()));
        }
    }

    fn fetch(&mut self, ticket: u32, height: u32) {
        match self.fresh.get(&height) {
            Some(bytes) => self.commands.push(Command::Give { ticket, bytes }.emit()),
            None => self.read(ticket, move |store| store.block(height)),
        }
    }

    /// Reads beside this task, which waits for no disk.
    fn read(
        &self,
        ticket: u32,
        find: impl FnOnce(&Store) -> Result<Option<Vec<u8>>, redb::Error> + Send + 'static,
    ) {
        let (store, found) = (self.store.clone(), self.read.0.clone());
        tokio::task::spawn_blocking(move || {
            let bytes = find(&store).unwrap_or_else(|error| {
                tracing::error!(%error, "the ledger's store could not be read");
                None
            });
            let _ = found.send(Command::Give { ticket, bytes: &bytes.unwrap_or_default() }.emit());
        });
    }

    fn on_account(&mut self, ticket: u32, promised: u64, sequence: u32, record: &[u8]) {
        let Some((id, reply)) = self.accounts.remove(&ticket) else { return };
        let account = match Record::read(record) {
            Some(Record::Account(account)) => Some(account),
            _ => None,
        };
        let _ = reply.send(AccountView { id, account, promised, sequence, head: self.head });
    }

    fn on_made(&mut self, ticket: u32, bytes: &[u8]) {
        let Some(wanted) = self.transfers.remove(&ticket) else { return };
        let Ok(operation) = Operation::read(bytes) else { return };
        let id = operation.id();
        self.write(Write::Own(operation));
        self.own_waiting.push(id);
        match wanted {
            For::Owner(news) => {
                let _ = news.send(News::Made(Box::new(operation)));
                self.watched.insert(id, (operation.until, vec![news]));
            }
            For::Gift(question, _) => {
                self.commands.push(Command::Drip { ticket: question, status: Status::Ok, bytes }.emit());
            }
        }
    }

    fn on_unmade(&mut self, ticket: u32, code: u8) {
        match self.transfers.remove(&ticket) {
            Some(For::Owner(news)) => drop(news.send(News::Unmade(code))),
            Some(For::Gift(question, id)) => {
                self.faucet.as_mut().into_iter().for_each(|faucet| faucet.take_back(&id));
                let is_full = code == tabmesh_ledger::Refusal::Later.code();
                let status = if is_full { Status::TooManyRequests } else { Status::Unavailable };
                self.commands.push(Command::Drip { ticket: question, status, bytes: &[] }.emit());
            }
            None => {}
        }
    }

    fn tell(&self, id: &Hash, news: News) {
        for told in self.watched.get(id).into_iter().flat_map(|(_, all)| all) {
            let _ = told.send(news.clone());
        }
    }

    fn end(&mut self, id: &Hash, news: News) {
        if let Some(at) = self.own_waiting.iter().position(|other| other == id) {
            self.own_waiting.swap_remove(at);
            self.write(Write::Arrived(*id));
        }
        for told in self.watched.remove(id).into_iter().flat_map(|(_, all)| all) {
            let _ = told.send(news.clone());
        }
    }

    /// Tells somebody what becomes of an operation of another one.
    pub(super) fn watch(&mut self, operation: &Operation, news: Told) {
        if self.watched.len() >= WATCHED_MAX {
            // A voter may give what never comes: who does not wait any more makes room.
            let own = &self.own_waiting;
            self.watched.retain(|id, (_, all)| own.contains(id) || all.iter().any(|told| !told.is_closed()));
        }
        if self.watched.len() < WATCHED_MAX {
            let (_, all) = self.watched.entry(operation.id()).or_insert((operation.until, Vec::new()));
            all.push(news);
        }
    }
}
