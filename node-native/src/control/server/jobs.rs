//! Clients with jobs, and what the node does for the jobs of others.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::Status;
use tabmesh_engine::content::cid::CidError;
use tabmesh_meter::limits::FILE_BYTES_MAX;
use tabmesh_tasks::{GROUP_MAX, PRIORITY_MAX};
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::mpsc;

use super::answer::{Ended, Reader, failed, stopping, until_gone, write_in_time};
use super::job_words::{failure, stalled};
use crate::control::frame::{self, Frame, FrameError};
use crate::control::job::{AcceptedLine, JobLine, News, Order, PlanLine, RecordLine, WishesLine};
use crate::control::offer::{BatchLine, OfferLine, OfferLines, OfferWish, ServedLine};
use crate::control::{Answer, Done};
use crate::identity::{from_hex, hex, hex_of};
use crate::jobs::ask::{self, Ending, JobError, Lateness, Plan, Wishes};
use crate::jobs::batch::Input;
use crate::jobs::offer::OfferView;
use crate::jobs::{Door, DoorError, JobOrders, Jobs, RunningJob};
use crate::settings::{NO_OWNER, Offer, owner_of};
use crate::task::{GAS_MAX, STREAM_BYTES_MAX};

async fn jobs(door: &Door) -> Result<Jobs, Ended> {
    door.jobs().await.map_err(|error: DoorError| failed(Status::Unavailable, error.to_string()))
}

/// Begins or ends to run tasks of others, or tells how that goes.
pub(super) async fn offer(door: &Arc<Door>, wish: OfferWish) -> Result<Done, Ended> {
    let jobs = match wish {
        // Nothing is attached for a node that offers nothing.
        OfferWish::Off {} | OfferWish::Status {} => match door.attached().await {
            Some(jobs) => jobs,
            None => return Ok(Done::Offer(Box::new(nothing()))),
        },
        OfferWish::On { .. } => jobs(door).await?,
    };
    match wish {
        OfferWish::On { cores, owner, least_price } => {
            afford(least_price)?;
            let owner = owner.map(|name| owner_of(&name).ok_or_else(|| failed(Status::BadRequest, NO_OWNER)));
            let owner = owner.transpose()?.or(door.offer().owner);
            let cores = cores.unwrap_or(door.offer().cores);
            if cores == 0 {
                return Err(failed(Status::BadRequest, "give 1 to 255 cores, or `tabmesh offer off`"));
            }
            jobs.offer(Offer { cores, owner, ..door.offer() }).await;
        }
        OfferWish::Off {} => jobs.withdraw().await,
        OfferWish::Status {} => {}
    }
    let view = jobs.offer_view().await.ok_or_else(stopping)?;
    Ok(Done::Offer(Box::new(offer_lines(view))))
}

fn nothing() -> OfferLines {
    OfferLines {
        offer: None,
        announced: false,
        done: Vec::new(),
        gas: 0,
        served: Vec::new(),
        now: Vec::new(),
    }
}

fn offer_lines(view: OfferView) -> OfferLines {
    let offer = view.offer.map(|offer| OfferLine {
        cores: offer.cores,
        owner: offer.owner.map(|owner| hex_of(&owner)),
        gas: offer.gas,
        memory_bytes: u64::from(offer.pages) << 16,
        input_bytes: offer.input_bytes,
        seconds: offer.time.as_secs(),
    });
    let done = view.done.tasks.iter().map(|(status, count)| (status.name().to_owned(), *count));
    let served = view.done.served.iter().map(|served| ServedLine {
        requester: hex(&served.requester),
        tasks: served.tasks,
        gas: served.gas,
    });
    let now = view.now.iter().map(|batch| BatchLine {
        requester: hex(&batch.requester),
        tasks: batch.tasks,
        done: batch.done,
    });
    OfferLines {
        offer,
        announced: view.is_announced,
        done: done.collect(),
        gas: view.done.gas,
        served: served.collect(),
        now: now.collect(),
    }
}

/// The jobs of the node.
pub(super) async fn list(door: &Arc<Door>) -> Result<Done, Ended> {
    let Some(jobs) = door.attached().await else { return Ok(Done::Jobs(Vec::new())) };
    let line = |view: ask::JobView| JobLine {
        job: view.number,
        cid: view.cid.map(|cid| cid.to_string()),
        level: view.level,
        accepted: view.accepted,
        failed: view.failed,
        open: view.open,
        executors: view.executors,
        stalled: stalled(view.stalled, view.is_for_some).map(str::to_owned),
        paused: view.is_paused,
        seconds: view.seconds,
    };
    Ok(Done::Jobs(jobs.list().await.into_iter().map(line).collect()))
}

pub(super) async fn cancel(door: &Arc<Door>, job: u32) -> Result<Done, Ended> {
    let Some(jobs) = door.attached().await else { return Err(refused(JobError::NoJob)) };
    jobs.cancel(job).await.map_err(refused)?;
    Ok(Done::CancelJob {})
}

pub(super) async fn pause(door: &Arc<Door>, job: u32, is_paused: bool) -> Result<Done, Ended> {
    let Some(jobs) = door.attached().await else { return Err(refused(JobError::NoJob)) };
    jobs.pause(job, is_paused).await.map_err(refused)?;
    Ok(Done::PauseJob {})
}

/// What is known of executors; all of it forgotten, where that is wanted.
pub(super) async fn records(door: &Arc<Door>, is_cleared: bool) -> Result<Done, Ended> {
    let jobs = jobs(door).await?;
    let records = jobs.records().await;
    if is_cleared {
        jobs.clear_records().await;
    }
    let line = |(executor, confirmed)| RecordLine { executor: hex(&executor), confirmed };
    Ok(Done::Records(records.into_iter().map(line).collect()))
}

/// Takes what a checkpoint says of executors.
pub(super) async fn learn(door: &Arc<Door>, records: &[RecordLine]) -> Result<Done, Ended> {
    let record = |line: &RecordLine| Some((from_hex(&line.executor)?, line.confirmed));
    let records = records.iter().map(record).collect::<Option<_>>();
    let records =
        records.ok_or_else(|| failed(Status::BadRequest, "a record is of an executor, by its id"))?;
    jobs(door).await?.learn(records).await;
    Ok(Done::Learn {})
}

/// A job, until it is over or its client leaves.
pub(super) async fn run(
    door: &Arc<Door>,
    plan: PlanLine,
    requester: String,
    reader: &mut Reader,
    writer: &mut OwnedWriteHalf,
) -> Result<Done, Ended> {
    let (wishes, plan) = (wishes(&plan.wishes)?, checked(&plan)?);
    let is_for_some = !wishes.only.is_empty();
    let jobs = jobs(door).await?;
    let job = until_gone(reader, jobs.begin_with(plan, wishes)).await?.map_err(refused)?;
    let RunningJob { orders, mut news } = job;
    frame::write_header(writer, &Answer::Begun { job: orders.number(), requester }).await?;
    tokio::select! {
        ended = tell(&mut news, is_for_some, writer) => ended,
        Err(error) = obey(reader, &orders) => Err(error),
    }
}

fn checked(plan: &PlanLine) -> Result<Plan, Ended> {
    let seed = from_hex(&plan.seed).map(|id| id.0);
    let is_good = plan.level <= 4
        && plan.gas <= GAS_MAX
        && (1..=tabmesh_meter::limits::PAGES_MAX).contains(&plan.pages)
        && plan.piece as usize <= STREAM_BYTES_MAX;
    let PlanLine { level, gas, pages, time, piece, expected_ms, .. } = *plan;
    match seed {
        Some(seed) if is_good => Ok(Plan { level, gas, pages, seed, time, piece, expected_ms }),
        _ => Err(failed(Status::BadRequest, "a job has a level of 0 to 4 and the bounds of a task")),
    }
}

fn wishes(line: &WishesLine) -> Result<Wishes, Ended> {
    let cid = line.job.as_deref().map(str::parse).transpose();
    let cid = cid.map_err(|error: CidError| failed(Status::BadRequest, error.to_string()))?;
    let only: Option<Vec<_>> = line.only.iter().map(|id| from_hex(id)).collect();
    let only = only.filter(|ids| ids.len() <= GROUP_MAX);
    let only =
        only.ok_or_else(|| failed(Status::BadRequest, "a job is for at most 64 executors, by their ids"))?;
    if line.priority > PRIORITY_MAX {
        return Err(failed(Status::BadRequest, "a priority is 0 to 3"));
    }
    afford(line.budget)?;
    let deadline = line.deadline_ms.map(Duration::from_millis);
    Ok(Wishes { cid, only, priority: line.priority, own_cores: line.own_cores, deadline })
}

/// What tasks cost. This is where the ledger comes in: until then nothing is paid, and whoever wants to pay or to be paid is told.
fn afford(price: u64) -> Result<(), Ended> {
    match price {
        0 => Ok(()),
        _ => {
            Err(failed(Status::NotImplemented, "nothing is paid for tasks yet: leave budget and prices at 0"))
        }
    }
}

/// Does what the client wants, as it comes; ends with an error alone.
async fn obey(reader: &mut Reader, orders: &JobOrders) -> Result<(), Ended> {
    loop {
        let order = match frame::read_header::<Order>(reader).await? {
            Some(order) => order,
            None => return Err(FrameError::Io(io::ErrorKind::UnexpectedEof.into()).into()),
        };
        let done = match order {
            Order::Module {} => {
                let module = data(reader, FILE_BYTES_MAX, "a module has at most 64 MiB").await?;
                orders.add_module(module).await.map(drop)
            }
            Order::Add { number, module } => {
                let input = data(reader, STREAM_BYTES_MAX, "an input has at most 16 MiB").await?;
                orders.add(number, module.into(), Input::new(input)).await
            }
            Order::Close { disputes } => orders.close(disputes).await,
        };
        match done {
            Ok(()) => {}
            // The end of it is about to be told.
            Err(JobError::NoJob | JobError::Stopping) => return std::future::pending().await,
            Err(error) => return Err(refused(error)),
        }
    }
}

async fn data(reader: &mut Reader, most: usize, too_long: &'static str) -> Result<Bytes, Ended> {
    let mut whole = Vec::new();
    loop {
        match frame::read(reader).await? {
            Some(Frame::Data(bytes)) if whole.len() + bytes.len() <= most => whole.extend_from_slice(&bytes),
            Some(Frame::Data(_)) => return Err(failed(Status::BadRequest, too_long)),
            Some(Frame::End) => return Ok(whole.into()),
            Some(Frame::Header(_)) => return Err(FrameError::OutOfTurn.into()),
            None => return Err(FrameError::Io(io::ErrorKind::UnexpectedEof.into()).into()),
        }
    }
}

/// Tells the client what comes of its job.
async fn tell(
    news: &mut mpsc::UnboundedReceiver<ask::News>,
    is_for_some: bool,
    writer: &mut OwnedWriteHalf,
) -> Result<Done, Ended> {
    loop {
        let line = match news.recv().await.ok_or_else(stopping)? {
            ask::News::Ended(ending) => {
                let (late, why) = match ending {
                    Ending::Late(Lateness::Stalled(why)) => (true, stalled(why, is_for_some)),
                    Ending::Late(Lateness::Paused) => (true, Some("it is paused")),
                    Ending::Done | Ending::Cancelled => (false, None),
                };
                return Ok(Done::Job {
                    cancelled: ending == Ending::Cancelled,
                    late,
                    why: why.map(str::to_owned),
                });
            }
            ask::News::Accepted(accepted) => {
                write_in_time(write_accepted(writer, *accepted)).await?;
                continue;
            }
            ask::News::Failed { number, why } => News::Failed { number, why: failure(why).to_owned() },
            ask::News::Progress { done, executors } => News::Progress { done, executors },
            ask::News::Stalled(why) => News::Stalled { why: stalled(why, is_for_some).map(str::to_owned) },
            ask::News::Paused(paused) => News::Paused { paused },
            ask::News::Dispute { number, liar, disputes } => {
                News::Dispute { number, liar: hex(&liar), disputes }
            }
        };
        write_in_time(frame::write_header(writer, &Answer::Job(line))).await?;
    }
}

async fn write_accepted(writer: &mut OwnedWriteHalf, accepted: ask::Accepted) -> Result<(), FrameError> {
    let line = AcceptedLine {
        number: accepted.number,
        task: hex_of(&accepted.task.0),
        checked: accepted.is_checked,
        votes: accepted.votes,
        executor: hex(&accepted.executor),
        status: accepted.outcome.status,
        gas: accepted.outcome.gas,
        steps: accepted.outcome.has_steps().then(|| hex_of(&accepted.outcome.steps)),
        receipt_bytes: accepted.receipt.len() as u32,
    };
    frame::write_header(writer, &Answer::Job(News::Accepted(line))).await?;
    frame::write_data(writer, &accepted.receipt).await?;
    frame::write_whole(writer, &accepted.output).await
}

fn refused(error: JobError) -> Ended {
    let status = match error {
        JobError::Full => Status::TooManyRequests,
        JobError::NoJob => Status::NotFound,
        JobError::OutOfBounds => Status::BadRequest,
        JobError::Stopping => Status::Unavailable,
    };
    failed(status, error.to_string())
}
