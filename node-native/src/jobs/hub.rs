//! The task that hears the module for both halves of the shell.

use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::{NodeId, Status};
use tabmesh_tasks::{CHECKED_FIRST, Command, Event};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};

use super::ask::{self, Asking, JobError, JobView, News, Plan, Wishes};
use super::batch::Input;
use super::fetching::{Piece, Wanted};
use super::offer::{self, OfferView, Offering, addresses};
use super::records::Records;
use crate::driver::{Attached, Handle, Heard};
use crate::settings::Offer;
use crate::tap::Events;

/// Records are written so long after they changed.
const SAVED_AFTER: Duration = Duration::from_secs(1);

/// A neighbourhood that stays the same for so long is taken for settled; after so long it is taken as it is.
const SETTLED: Duration = Duration::from_secs(2);
const SETTLING_MAX: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(200);

type Reply<T> = oneshot::Sender<T>;

/// What the faces of jobs want.
pub(super) enum Order {
    Offer(Offer, Reply<()>),
    Withdraw(Reply<()>),
    OfferView(Reply<OfferView>),
    Begin((Plan, Wishes), mpsc::UnboundedSender<News>, Reply<Result<u32, JobError>>),
    AddModule(u32, Bytes, Reply<Result<usize, JobError>>),
    Add { job: u32, number: u32, module: usize, input: Input, reply: Reply<Result<(), JobError>> },
    Close { job: u32, disputes: u32, reply: Reply<Result<(), JobError>> },
    Cancel(u32, Option<Reply<Result<(), JobError>>>),
    Pause { job: u32, is_paused: bool, reply: Reply<Result<(), JobError>> },
    Jobs(Reply<Vec<JobView>>),
    Records(Reply<Vec<(NodeId, u32)>>),
    Learn(Vec<(NodeId, u32)>, Reply<()>),
    ClearRecords(Reply<()>),
}

pub(super) struct Hub {
    pub(super) handle: Handle,
    pub(super) attached: Attached,
    pub(super) events: Events,
    pub(super) offering: Offering,
    pub(super) offers_done: mpsc::UnboundedReceiver<offer::Work>,
    pub(super) offers_want: mpsc::UnboundedReceiver<Wanted>,
    pub(super) asking: Asking,
    pub(super) asks_done: mpsc::UnboundedReceiver<ask::Work>,
    pub(super) asks_want: mpsc::UnboundedReceiver<Wanted>,
    /// Told once the node is settled in the network, and where that comes out.
    pub(super) settling: mpsc::UnboundedSender<()>,
    pub(super) settled: mpsc::UnboundedReceiver<()>,
    /// Told where requesters come from, from the first offer on, and where that comes out.
    pub(super) addresses: Option<mpsc::UnboundedSender<addresses::Told>>,
    pub(super) addresses_told: mpsc::UnboundedReceiver<addresses::Told>,
    pub(super) records: Records,
    pub(super) saves_at: Option<Instant>,
    /// What the module is told next.
    pub(super) commands: Vec<Vec<u8>>,
}

impl Hub {
    /// Until nobody has a face any more, or the module is gone.
    pub(super) async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        for (executor, confirmed) in self.records.all() {
            self.commands.push(Command::Know { executor, confirmed }.emit());
        }
        loop {
            self.say().await;
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => break,
                },
                Some(bytes) = self.events.next() => self.hear(&bytes),
                Some(work) = self.offers_done.recv() => {
                    if let Some((end, gas)) = self.offering.take(work, &mut self.commands) {
                        self.handle.metrics().task(end.status().name(), gas);
                    }
                }
                Some(wanted) = self.offers_want.recv() => self.offering.fetch(wanted, &mut self.commands),
                Some(work) = self.asks_done.recv() => self.asking.take(work, &mut self.commands),
                Some(wanted) = self.asks_want.recv() => self.asking.fetch(wanted, &mut self.commands),
                Some(addresses::Told { address, ids }) = self.addresses_told.recv() => {
                    self.commands.push(Command::Address { address, ids: &ids }.emit());
                }
                Some(()) = self.settled.recv() => self.offering.announce(&mut self.commands),
                Heard::Ended(_) = self.attached.events.next() => break,
                () = at_last(self.asking.late_at()) => self.asking.end_late(Instant::now(), &mut self.commands),
                () = sleep_until(self.saves_at.unwrap_or_else(Instant::now)), if self.saves_at.is_some() => {
                    self.saves_at = None;
                    self.records.save();
                }
            }
        }
        self.offering.stop_all();
        self.asking.stop_all();
        if self.records.is_changed() {
            self.records.save();
        }
        self.attached.detach().await;
    }

    async fn say(&mut self) {
        for command in std::mem::take(&mut self.commands) {
            // A module that is gone ends everything, which is heard.
            let _ = self.attached.command(command).await;
        }
    }

    fn obey(&mut self, order: Order) {
        let Self { offering, asking, commands, .. } = self;
        match order {
            Order::Offer(offer, reply) => {
                offering.offer(offer);
                if let Some(told) = self.addresses.take() {
                    tokio::spawn(addresses::tell(self.handle.clone(), told));
                }
                tokio::spawn(tell_settled(self.handle.clone(), self.settling.clone()));
                let _ = reply.send(());
            }
            Order::Withdraw(reply) => {
                offering.withdraw(commands);
                let _ = reply.send(());
            }
            Order::OfferView(reply) => drop(reply.send(offering.view())),
            Order::Begin(plan, news, reply) => drop(reply.send(asking.begin(plan, news, commands))),
            Order::AddModule(job, module, reply) => drop(reply.send(asking.add_module(job, module))),
            Order::Add { job, number, module, input, reply } => {
                let _ = reply.send(asking.add(job, (number, module, input), commands));
            }
            Order::Close { job, disputes, reply } => {
                let _ = reply.send(asking.close(job, disputes, commands));
            }
            Order::Cancel(job, reply) => {
                let done = asking.cancel(job, commands);
                let _ = reply.map(|reply| reply.send(done));
            }
            Order::Pause { job, is_paused, reply } => {
                let _ = reply.send(asking.pause(job, is_paused, commands));
            }
            Order::Jobs(reply) => drop(reply.send(asking.views())),
            Order::Records(reply) => {
                drop(reply.send(self.records.all().map(|(id, confirmed)| (*id, confirmed)).collect()));
            }
            Order::Learn(records, reply) => {
                for (executor, confirmed) in records {
                    let confirmed = confirmed.min(CHECKED_FIRST);
                    if self.records.learn(executor, confirmed) {
                        commands.push(Command::Know { executor: &executor, confirmed }.emit());
                    }
                }
                self.records.save();
                let _ = reply.send(());
            }
            Order::ClearRecords(reply) => {
                for executor in self.records.clear() {
                    commands.push(Command::Know { executor: &executor, confirmed: 0 }.emit());
                }
                self.records.save();
                let _ = reply.send(());
            }
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        let Some(event) = Event::read(bytes) else { return };
        match event {
            Event::Record { executor, confirmed } => {
                self.records.set(*executor, confirmed);
                if self.records.is_changed() && self.saves_at.is_none() {
                    self.saves_at = Some(Instant::now() + SAVED_AFTER);
                }
            }
            Event::Fetched { fetch, status, bytes } => self.asking.on_piece(fetch, piece(status, bytes)),
            Event::FetchedInput { fetch, status, bytes } => {
                self.offering.on_piece(fetch, piece(status, bytes))
            }
            Event::Refused { command: FETCH | FETCH_LEFT, of, status } => {
                self.asking.on_piece(of, Err(status))
            }
            Event::Refused { command: FETCH_INPUT, of, status } => self.offering.on_piece(of, Err(status)),
            Event::Run { .. }
            | Event::Stop(_)
            | Event::Want { .. }
            | Event::WantSteps { .. }
            | Event::Forget(_) => {
                self.offering.hear(&event, &mut self.commands);
            }
            event => self.asking.hear(&event, &mut self.commands),
        }
    }
}

/// At that time; never without one.
async fn at_last(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Tells once the node is part of the network and its neighbourhood stays as it is for a while: whoever goes on a list before that stands on one
/// that others do not find, until it comes again.
async fn tell_settled(handle: Handle, settled: mpsc::UnboundedSender<()>) {
    let (mut before, mut since, mut joined) = (Vec::new(), Instant::now(), None);
    while let Some(view) = handle.look().await {
        let now = Instant::now();
        if view.is_joined {
            let joined = *joined.get_or_insert(now);
            if view.neighbourhood != before {
                (before, since) = (view.neighbourhood, now);
            }
            if now - since >= SETTLED || now - joined >= SETTLING_MAX {
                let _ = settled.send(());
                return;
            }
        }
        sleep(LOOK).await;
    }
}

/// The first bytes of the commands that fetch.
const FETCH: u8 = 11;
const FETCH_LEFT: u8 = 18;
const FETCH_INPUT: u8 = 37;

fn piece(status: Status, bytes: &[u8]) -> Piece {
    if status == Status::Ok { Ok(Bytes::copy_from_slice(bytes)) } else { Err(status) }
}

#[cfg(test)]
mod tests {
    //! A fetch that the module refuses is told to whoever waits for it.

    use tabmesh_engine::NodeId;

    use super::*;

    #[test]
    fn commands_that_fetch_begin_with_their_numbers() {
        let (executor, nonce) = (&NodeId([1; 32]), &[2; 16]);
        let fetch = Command::Fetch { fetch: 0, executor, nonce, index: 0, offset: 0 };
        let left = Command::FetchLeft { fetch: 0, executor, nonce, index: 0, number: 0, offset: 0 };
        let input = Command::FetchInput { fetch: 0, assignment: 0, index: 0, offset: 0 };
        assert_eq!([fetch, left, input].map(|command| command.emit()[0]), [FETCH, FETCH_LEFT, FETCH_INPUT]);
    }
}
