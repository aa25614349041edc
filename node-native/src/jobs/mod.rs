//! Jobs: tasks of this node that others run, and tasks of others that this node runs (`docs/JOBS.md`).
//!
//! The module that coordinates them is `tabmesh-tasks`, attached at its port. One task, the [`hub`], hears it for both halves of the shell:
//! [`offer`] runs what others ask for, [`ask`] keeps what this node's jobs need until they are decided. What is long or slow (running,
//! fetching, hashing) is done beside the hub, which never waits for anything but the module.

pub mod ask;
pub mod batch;
pub mod checkpoint;
mod door;
mod fetching;
pub mod graph;
mod hub;
pub mod manifest;
pub mod offer;
mod records;
pub mod root;
pub mod runner;
pub mod steps;
pub mod terms;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use tabmesh_engine::NodeId;
use tabmesh_port::Port;
use tabmesh_tasks::Tasks;
use tokio::sync::{mpsc, oneshot};

use crate::driver::{AttachError, Handle};
use crate::settings::Offer;
use crate::tap;
use ask::{Asking, JobError, JobView, News, Plan, Wishes};
use batch::Input;
pub use door::{Door, DoorError};
use hub::{Hub, Order};
use offer::{OfferView, Offering};
use records::Records;
use runner::Runner;

/// Events that wait for the hub before questions of other nodes are put off.
const EVENTS_MAX: usize = 4_096;

/// What the jobs of a node stand on.
pub struct Ground {
    /// What runs tasks.
    pub runner: Arc<dyn Runner>,
    /// The network, as [`Settings::network_tag`](crate::settings::Settings::network_tag) names it.
    pub network: [u8; 8],
    /// Where the records of executors are kept.
    pub data_dir: PathBuf,
}

/// The jobs of one node, and what it does for those of others. Clones are the same; once the last is dropped, everything of it ends.
#[derive(Clone)]
pub struct Jobs {
    orders: mpsc::UnboundedSender<Order>,
}

impl Jobs {
    /// Attaches the module to a node. Nothing is offered yet.
    ///
    /// # Errors
    ///
    /// See [`AttachError`].
    pub async fn attach(handle: &Handle, ground: Ground) -> Result<Self, AttachError> {
        let Ground { runner, network, data_dir } = ground;
        let (teller, events) = tap::channel(EVENTS_MAX);
        let make = |attachment| teller.tap(Tasks::new(attachment));
        let attached = handle.attach_module(Port::TASKS, 1, make).await?;
        let (orders, taken) = mpsc::unbounded_channel();
        let (settling, settled) = mpsc::unbounded_channel();
        let (offering, offers_done, offers_want) = Offering::new(runner.clone());
        let (asking, asks_done, asks_want) = Asking::new(handle.id(), network, runner);
        let (addresses, addresses_told) = mpsc::unbounded_channel();
        let hub = Hub {
            handle: handle.clone(),
            attached,
            events,
            offering,
            offers_done,
            offers_want,
            asking,
            asks_done,
            asks_want,
            settling,
            settled,
            addresses: Some(addresses),
            addresses_told,
            records: Records::open(&data_dir),
            saves_at: None,
            commands: Vec::new(),
        };
        tokio::spawn(hub.run(taken));
        Ok(Self { orders })
    }

    /// Whether it is gone: its node stops.
    pub fn is_over(&self) -> bool {
        self.orders.is_closed()
    }

    /// Runs tasks of others from now on, once the node is part of the network, and gives each so much.
    pub async fn offer(&self, offer: Offer) {
        self.ask(|reply| Order::Offer(offer, reply)).await;
    }

    /// Runs no more of them; what runs is stopped.
    pub async fn withdraw(&self) {
        self.ask(Order::Withdraw).await;
    }

    /// What is offered, and what is done; `None` if the node stops.
    pub async fn offer_view(&self) -> Option<OfferView> {
        self.ask(Order::OfferView).await
    }

    /// Begins a job of this node.
    ///
    /// # Errors
    ///
    /// [`JobError::Full`], [`JobError::Stopping`].
    pub async fn begin(&self, plan: Plan) -> Result<RunningJob, JobError> {
        self.begin_with(plan, Wishes::default()).await
    }

    /// Begins a job that is dealt with so.
    ///
    /// # Errors
    ///
    /// As [`Jobs::begin`].
    pub async fn begin_with(&self, plan: Plan, wishes: Wishes) -> Result<RunningJob, JobError> {
        let plan = (plan, wishes);
        let (told, news) = mpsc::unbounded_channel();
        let begun = self.ask(|reply| Order::Begin(plan, told, reply)).await;
        let number = begun.unwrap_or(Err(JobError::Stopping))?;
        Ok(RunningJob { orders: JobOrders { number, jobs: self.clone() }, news })
    }

    /// The jobs of this node.
    pub async fn list(&self) -> Vec<JobView> {
        self.ask(Order::Jobs).await.unwrap_or_default()
    }

    /// Ends a job; whoever follows it hears of that.
    ///
    /// # Errors
    ///
    /// [`JobError::NoJob`], [`JobError::Stopping`].
    pub async fn cancel(&self, job: u32) -> Result<(), JobError> {
        self.ask(|reply| Order::Cancel(job, Some(reply))).await.unwrap_or(Err(JobError::Stopping))
    }

    /// Gives nothing of a job out for a while, or does again; what is out goes on.
    ///
    /// # Errors
    ///
    /// [`JobError::NoJob`], [`JobError::Stopping`].
    pub async fn pause(&self, job: u32, is_paused: bool) -> Result<(), JobError> {
        let done = self.ask(|reply| Order::Pause { job, is_paused, reply }).await;
        done.unwrap_or(Err(JobError::Stopping))
    }

    /// How often each executor was checked and right, in a row.
    pub async fn records(&self) -> Vec<(NodeId, u32)> {
        self.ask(Order::Records).await.unwrap_or_default()
    }

    /// Takes what somebody else says of executors of whom nothing is known: it spares them the first checks, and no more.
    pub async fn learn(&self, records: Vec<(NodeId, u32)>) {
        self.ask(|reply| Order::Learn(records, reply)).await;
    }

    /// Has all of them begin anew.
    pub async fn clear_records(&self) {
        self.ask(Order::ClearRecords).await;
    }

    async fn ask<T>(&self, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.orders.send(order(reply)).ok()?;
        answer.await.ok()
    }
}

/// A job of this node.
pub struct RunningJob {
    /// What it is told. Dropping it cancels the job.
    pub orders: JobOrders,
    /// What it tells; the end, too, if the node stops.
    pub news: mpsc::UnboundedReceiver<News>,
}

/// What tells a job.
pub struct JobOrders {
    number: u32,
    jobs: Jobs,
}

impl JobOrders {
    /// The job's number.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Gives it one module more, of at most [`MODULES_A_JOB`](ask::MODULES_A_JOB): its index.
    ///
    /// # Errors
    ///
    /// [`JobError`].
    pub async fn add_module(&self, module: Bytes) -> Result<usize, JobError> {
        let added = self.jobs.ask(|reply| Order::AddModule(self.number, module, reply)).await;
        added.unwrap_or(Err(JobError::Stopping))
    }

    /// Adds a task: a number that is not open, the index of its module, its input. At most
    /// [`OPEN_A_JOB`](ask::OPEN_A_JOB) with [`INPUT_BYTES_A_JOB`](ask::INPUT_BYTES_A_JOB) may be open.
    ///
    /// # Errors
    ///
    /// [`JobError`].
    pub async fn add(&self, number: u32, module: usize, input: Input) -> Result<(), JobError> {
        let job = self.number;
        let added = self.jobs.ask(|reply| Order::Add { job, number, module, input, reply }).await;
        added.unwrap_or(Err(JobError::Stopping))
    }

    /// Says that there is no more, knowing of so many disputes. The job ends when all is decided.
    ///
    /// # Errors
    ///
    /// [`JobError`].
    pub async fn close(&self, disputes: u32) -> Result<(), JobError> {
        let job = self.number;
        let closed = self.jobs.ask(|reply| Order::Close { job, disputes, reply }).await;
        closed.unwrap_or(Err(JobError::Stopping))
    }
}

impl Drop for JobOrders {
    fn drop(&mut self) {
        let _ = self.jobs.orders.send(Order::Cancel(self.number, None));
    }
}
