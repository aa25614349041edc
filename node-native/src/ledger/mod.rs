//! The ledger at a node (`docs/LEDGER.md`): the module of its voters, attached at its port, with a store that outlasts a power cut.
//!
//! One task, the [`hub`], hears the module. One thread writes ([`writer`]): the module is told that a record is kept once it is on disk, and
//! signs only then. At the start the module is told all that the [`store`] has; a store that cannot be relied on is an error, never a new beginning.

mod asking;
mod error;
pub(crate) mod faucet;
mod history;
mod hub;
mod look;
mod mark;
mod store;
#[cfg(test)]
mod tests;
pub(crate) mod text;
pub(crate) mod view;
mod waits;
mod watched;
mod writer;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tabmesh_engine::NodeId;
use tabmesh_ledger::{Command, Entry, Genesis, Member};
use tabmesh_port::Port;
use tokio::sync::{mpsc, oneshot};

use crate::driver::{Attached, Handle};
use crate::settings::LedgerSettings;
use crate::tap;
pub use error::LedgerError;
use faucet::Faucet;
pub use faucet::{EVERY_EPOCHS, FaucetError, GIFTS_MAX};
pub use history::HISTORY_MAX;
use hub::{Hub, LAST, Order};
use mark::{Mark, begins};
use store::Store;
pub use store::StoreError;
pub use text::GenesisError;
pub use view::{AccountView, Head, News, NoGift, Past, StatusView, VoterView};

/// Events that wait for the hub before questions of other nodes are put off.
const EVENTS_MAX: usize = 4_096;

/// How far a long start is, is told so often.
const TOLD_EVERY: Duration = Duration::from_secs(2);

/// What the ledger of a node stands on.
pub struct Ground {
    /// What the settings say.
    pub settings: LedgerSettings,
    /// The network's name, and what it is on the wire.
    pub network: (String, [u8; 8]),
    /// Where its store is.
    pub data_dir: PathBuf,
}

/// The ledger of one node. Clones are the same; once the last is dropped, it ends.
#[derive(Clone)]
pub struct Ledger {
    orders: mpsc::UnboundedSender<Order>,
    store: Arc<Store>,
}

impl Ledger {
    /// Attaches the module, tells it all that is in the store, and starts it.
    ///
    /// # Errors
    ///
    /// [`LedgerError`].
    pub async fn attach(handle: &Handle, ground: Ground) -> Result<Self, LedgerError> {
        let Ground { settings, network: (name, network), data_dir } = ground;
        let genesis = text::read_genesis(&settings.genesis)?;
        if genesis.network != network {
            return Err(LedgerError::Network { path: settings.genesis, network: name });
        }
        let own = handle.id();
        let faucet = settings.faucet.map(|amount| Faucet::new(amount, &genesis, &own)).transpose()?;
        let ledger = genesis.hash();
        let path = data_dir.join("ledger.redb");
        // Opening may repair what a crash left, which takes as long as the store is large.
        let opened = tokio::task::spawn_blocking(move || Store::open(&path, &ledger)).await;
        let store = Arc::new(opened.map_err(|error| LedgerError::Host(io::Error::other(error)))??);
        let is_voter = is_voter(&genesis, &own);
        let mark = Mark::of(&data_dir, &ledger);
        let begins = begins(&mark, &store, settings.begins && is_voter)?;
        let (teller, events) = tap::channel(EVENTS_MAX);
        let (watch, is_doubtful) = watched::watch();
        let made = genesis.clone();
        let make = move |attachment| watch.over(teller.tap(Member::new(&attachment, &made)));
        let attached = handle.attach_module(Port::LEDGER, 1, make).await?;
        let votes = replay(&attached, &store, begins).await?;
        let (told, written) = mpsc::unbounded_channel();
        let writes = writer::start(store.clone(), told).map_err(LedgerError::Host)?;
        let (orders, taken) = mpsc::unbounded_channel();
        let mut hub = Hub::new((own, genesis), (attached, events), (store.clone(), writes, written));
        (hub.votes, hub.faucet, hub.is_doubtful) = (votes || begins, faucet, is_doubtful);
        hub.mark = begins.then_some(mark);
        hub.recall(LAST)?;
        // What was on its way is submitted again before anything else is made: two would have one number.
        let last = store.height().map_err(|error| store.unusable(&error))?;
        hub.start(last).await?;
        tokio::spawn(hub.run(taken));
        Ok(Self { orders, store })
    }

    /// What an account has; `None` if the node stops.
    pub async fn account(&self, id: NodeId) -> Option<AccountView> {
        self.ask(|reply| Order::Account(id, reply)).await
    }

    /// How this node is; `None` if it stops.
    pub async fn status(&self) -> Option<StatusView> {
        self.ask(Order::Status).await
    }

    /// How the voters do.
    pub async fn voters(&self) -> Vec<VoterView> {
        self.ask(Order::Voters).await.unwrap_or_default()
    }

    /// Sends grains; what becomes of it is told until it is in a block, or its wait is over. `until` is the last epoch in which it may be done,
    /// 0 for what is usual.
    pub fn send(&self, to: NodeId, amount: u64, until: u32) -> mpsc::UnboundedReceiver<News> {
        let (told, news) = mpsc::unbounded_channel();
        let _ = self.orders.send(Order::Send { to, amount, until, news: told });
        news
    }

    /// Asks a voter, or all in turn, for test credits; what becomes of it is told.
    pub fn request(&self, of: Option<NodeId>) -> mpsc::UnboundedReceiver<News> {
        let (told, news) = mpsc::unbounded_channel();
        let _ = self.orders.send(Order::Request { of, news: told });
        news
    }

    /// Operations in final blocks that an id made or that gave it something, from a height on, at most [`HISTORY_MAX`] and those of one block more; and the height
    /// from which on there may be more.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`].
    pub async fn history(&self, id: NodeId, since: u32) -> Result<(Vec<Past>, u32), StoreError> {
        let store = self.store.clone();
        let read = tokio::task::spawn_blocking(move || {
            history::of(&store, &id, since).map_err(|error| store.unusable(&error))
        });
        read.await.unwrap_or_else(|_| Ok((Vec::new(), since)))
    }

    async fn ask<T>(&self, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.orders.send(order(reply)).ok()?;
        answer.await.ok()
    }
}

/// Tells the module all that is in the store, and starts it; whether its journal is whole from some view on.
async fn replay(attached: &Attached, store: &Store, begins: bool) -> Result<bool, LedgerError> {
    let broken = |error: redb::Error| store.unusable(&error);
    let last = store.height().map_err(broken)?;
    let journal = store.journal()?;
    let mut told = Instant::now();
    for height in 1..=last {
        let missing = || store.damaged(format!("block {height} of {last} is missing"));
        let block = store.block(height).map_err(broken)?.ok_or_else(missing)?;
        attached.command(Command::Replay(&block).emit()).await?;
        if told.elapsed() >= TOLD_EVERY {
            told = Instant::now();
            tracing::info!(block = height, of = last, "the ledger's blocks are read");
        }
    }
    for record in &journal {
        attached.command(Command::Journal(record).emit()).await?;
    }
    attached.command(Command::Start { is_new: begins }.emit()).await?;
    Ok(journal.iter().any(|record| matches!(Entry::read(record), Some(Entry::Opened { .. }))))
}

/// Whether a genesis names this node as a voter.
fn is_voter(genesis: &Genesis, id: &NodeId) -> bool {
    genesis.voters.iter().any(|voter| NodeId::of_key(&voter.key) == *id)
}
