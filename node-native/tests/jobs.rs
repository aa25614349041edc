//! Goal: tasks of one native peer are run by others, and come to what they come to here. Method: real peers in this process, linked on
//! loopback.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use common::guest::{ECHO, ENDLESS, SUM, module};
use common::running_job::{PLAN, crowd, jobs, run, until_announced};
use common::*;
use tabmesh_native::identity::verify;
use tabmesh_native::jobs::ask::{News, Plan};
use tabmesh_native::jobs::batch::Input;
use tabmesh_native::jobs::runner::Runner;
use tabmesh_native::jobs::{Ground, Jobs};
use tabmesh_native::settings::{Offer, Settings};
use tabmesh_native::task::{self, EngineKind, Executor, HostLimits, Status, Task, Watchdog};
use tabmesh_tasks::Receipt;
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_run_by_others_and_every_receipt_holds() {
    let peers = crowd(3).await;
    let mut job = jobs(&peers[0].1).await.begin(PLAN).await.expect("room");
    let terms = PLAN.terms(&module(SUM));
    job.orders.add_module(module(SUM).into()).await.expect("room");
    let inputs: Vec<Vec<u8>> = (0..200_u32).map(|number| number.to_be_bytes().repeat(50)).collect();
    let results = run(&mut job, &inputs).await;
    assert_eq!(results.len(), inputs.len());
    for (number, input) in inputs.iter().enumerate() {
        let accepted = &results[&(number as u32)];
        let sum: u64 = input.iter().map(|byte| u64::from(*byte)).sum();
        assert_eq!(accepted.output, &sum.to_le_bytes()[..]);
        assert_eq!((accepted.outcome.status, accepted.is_checked), (Status::Ok.number(), true));
        let receipt = Receipt::read(&accepted.receipt).expect("a receipt");
        assert_eq!(receipt.task, Input::new(input.clone().into()).id(&terms));
        assert_eq!((receipt.outcome, receipt.executor()), (accepted.outcome, accepted.executor));
        assert_eq!(receipt.requester, id(&peers[0].1));
        let claim = receipt.check().expect("a path");
        assert!(verify(&claim.key, &claim.signature, &claim.bytes));
    }
    let done: u64 = {
        let mut done = 0;
        for (_, peer) in &peers[1..] {
            done += jobs(peer).await.offer_view().await.expect("there").done.tasks[&Status::Ok];
        }
        done
    };
    assert!(done >= 400, "each was run twice: {done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_inputs_and_outputs_are_fetched() {
    let peers = crowd(2).await;
    let mut job = jobs(&peers[0].1).await.begin(PLAN).await.expect("room");
    job.orders.add_module(module(ECHO).into()).await.expect("room");
    let inputs: Vec<Vec<u8>> = [0, 1, 1_024, 1_025, 16_384, 16_385, 100_000, 3_000_000]
        .map(|length| (0..length).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect())
        .into();
    let results = run(&mut job, &inputs).await;
    for (number, input) in inputs.iter().enumerate() {
        assert!(results[&(number as u32)].output == *input, "{}", input.len());
        assert!(!results[&(number as u32)].receipt.is_empty(), "others ran it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withdrawn_stops_and_a_job_without_anybody_is_run_here() {
    let peers = crowd(1).await;
    let plan = Plan { level: 0, gas: 50_000_000_000, ..PLAN };
    let mut job = jobs(&peers[0].1).await.begin(plan).await.expect("room");
    job.orders.add_module(module(ENDLESS).into()).await.expect("room");
    job.orders.add(0, 0, Input::new(Bytes::new())).await.expect("room");
    let executor = jobs(&peers[1].1).await;
    let running = async {
        while executor.offer_view().await.expect("there").now.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, running).await.expect("it is run");
    executor.withdraw().await;
    let view = executor.offer_view().await.expect("there");
    assert!(view.now.is_empty() && view.offer.is_none());
    drop(job.orders);
    let ended =
        async { while job.news.recv().await.is_some_and(|news| !matches!(news, News::Ended { .. })) {} };
    timeout(PATIENCE, ended).await.expect("it ends");
    assert!(jobs(&peers[0].1).await.list().await.is_empty());
}

fn offer() -> Offer {
    Offer { cores: 1, ..Settings::at("x").offer }
}

/// Right so often, and then never again.
struct Turncoat {
    executor: Executor,
    runs: AtomicU32,
}

const RIGHT: u32 = 15;

impl Runner for Turncoat {
    fn executor(&self) -> &Executor {
        &self.executor
    }

    fn run(&self, task: &Task, time: Duration, watchdog: &Watchdog) -> task::Outcome {
        let mut outcome = self.executor.run_watched(task, Some(time), watchdog);
        if self.runs.fetch_add(1, Ordering::Relaxed) >= RIGHT {
            // There is none where the run was stopped.
            outcome.output.first_mut().into_iter().for_each(|byte| *byte ^= 1);
        }
        outcome
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_liar_alone_has_said_is_done_again_whether_its_output_came_or_not() {
    for length in [8, 3_000] {
        let peers = network(4).await;
        // Two are left to check each other.
        for (_, peer) in &peers[1..3] {
            jobs(peer).await.offer(offer()).await;
        }
        let engine = EngineKind::default().build().expect("it works here");
        let executor = Executor::new(engine, HostLimits::default());
        let runner = Arc::new(Turncoat { executor, runs: AtomicU32::new(0) });
        let network = Settings::at("x").network_tag();
        let ground = Ground { runner: runner.clone(), network, data_dir: peers[3].0.path().to_owned() };
        let liar = Jobs::attach(peers[3].1.handle(), ground).await.expect("free");
        liar.offer(offer()).await;
        until_announced(&liar).await;
        for (_, peer) in &peers[1..3] {
            until_announced(&jobs(peer).await).await;
        }

        let mut job = jobs(&peers[0].1).await.begin(Plan { level: 1, ..PLAN }).await.expect("room");
        job.orders.add_module(module(ECHO).into()).await.expect("room");
        let inputs: Vec<Vec<u8>> =
            (0..400_u32).map(|number| number.to_be_bytes().repeat(length / 4)).collect();
        let results = run(&mut job, &inputs).await;
        assert!(runner.runs.load(Ordering::Relaxed) > RIGHT, "it had its chance");
        for (number, input) in inputs.iter().enumerate() {
            assert!(results[&(number as u32)].output == *input, "{number}");
        }
    }
}
