//! Goal: tasks of one native peer are run by others, and come to what they come to here. Method: real peers in this process, linked on
//! loopback.

mod common;

use std::collections::BTreeMap;

use bytes::Bytes;
use common::guest::{ECHO, ENDLESS, SUM, module};
use common::*;
use tabmesh_native::identity::verify;
use tabmesh_native::jobs::ask::{Accepted, News, Plan};
use tabmesh_native::jobs::batch::Input;
use tabmesh_native::jobs::{Jobs, RunningJob};
use tabmesh_native::peer::Peer;
use tabmesh_native::settings::{Offer, Settings};
use tabmesh_native::task::Status;
use tabmesh_port::NodeId;
use tabmesh_tasks::{Outcome, Receipt};
use tokio::time::timeout;

const PLAN: Plan = Plan { level: 2, gas: 1_000_000_000, pages: 1_024, seed: [0; 32], time: 0, piece: 0 };

/// A peer with jobs, and so many that offer.
async fn crowd(offering: usize) -> Vec<(tempfile::TempDir, Peer)> {
    let peers = network(offering + 1).await;
    for (_, peer) in &peers[1..] {
        jobs(peer).await.offer(Offer { cores: 1, ..Settings::at("x").offer }).await;
    }
    peers
}

async fn jobs(peer: &Peer) -> Jobs {
    peer.jobs().jobs().await.expect("attached")
}

/// A result that keeps no other from coming.
struct Got {
    outcome: Outcome,
    is_checked: bool,
    executor: NodeId,
    output: Bytes,
    receipt: Vec<u8>,
}

fn got(accepted: Accepted) -> Got {
    let Accepted { outcome, is_checked, executor, output, receipt, .. } = accepted;
    Got { outcome, is_checked, executor, output, receipt }
}

/// Adds inputs as there is room, and waits for the end: the results by number.
async fn run(job: &mut RunningJob, inputs: &[Vec<u8>]) -> BTreeMap<u32, Got> {
    let (mut results, mut disputes, mut next) = (BTreeMap::new(), 0, 0);
    loop {
        while next < inputs.len() && next - results.len() < 500 {
            let input = Input::new(inputs[next].clone().into());
            job.orders.add(next as u32, 0, input).await.expect("room");
            next += 1;
            if next == inputs.len() {
                job.orders.close(disputes).await.expect("there");
            }
        }
        match timeout(PATIENCE, job.news.recv()).await.expect("in time").expect("the node runs") {
            News::Accepted(accepted) => drop(results.insert(accepted.number, got(*accepted))),
            News::Failed { number, why } => panic!("{number}: {why:?}"),
            News::Dispute { disputes: count, .. } => disputes = count,
            News::Ended { is_cancelled } => {
                assert!(!is_cancelled);
                return results;
            }
            News::Progress { .. } | News::Stalled(_) => {}
        }
    }
}

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
