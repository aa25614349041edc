//! Peers of this process with jobs, and one job from its inputs to its results.

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use tabmesh_native::jobs::ask::{Accepted, Ending, News, Plan};
use tabmesh_native::jobs::batch::Input;
use tabmesh_native::jobs::{Jobs, RunningJob};
use tabmesh_native::peer::Peer;
use tabmesh_native::settings::{Offer, Settings};
use tabmesh_port::NodeId;
use tabmesh_tasks::Outcome;
use tempfile::TempDir;
use tokio::time::{Duration, sleep, timeout};

use super::{PATIENCE, network};

pub const PLAN: Plan =
    Plan { level: 2, gas: 1_000_000_000, pages: 1_024, seed: [0; 32], time: 0, piece: 0, expected_ms: 0 };

/// A peer that asks, and so many that offer and are known to.
pub async fn crowd(offering: usize) -> Vec<(TempDir, Peer)> {
    let peers = network(offering + 1).await;
    for (_, peer) in &peers[1..] {
        jobs(peer).await.offer(Offer { cores: 1, ..Settings::at("x").offer }).await;
    }
    for (_, peer) in &peers[1..] {
        until_announced(&jobs(peer).await).await;
    }
    peers
}

pub async fn jobs(peer: &Peer) -> Jobs {
    peer.jobs().jobs().await.expect("attached")
}

/// An offer is told once the neighbourhood has settled.
pub async fn until_announced(jobs: &Jobs) {
    let waiting = async {
        while !jobs.offer_view().await.expect("the node runs").is_announced {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("in time");
}

/// A result that keeps no other from coming.
pub struct Got {
    pub outcome: Outcome,
    pub is_checked: bool,
    pub executor: NodeId,
    pub output: Bytes,
    pub receipt: Vec<u8>,
}

/// The same without what keeps others.
pub fn got(accepted: Accepted) -> Got {
    let Accepted { outcome, is_checked, executor, output, receipt, .. } = accepted;
    Got { outcome, is_checked, executor, output, receipt }
}

/// Adds inputs as there is room, adds again what a liar alone has said, and waits for the end: the results by number.
pub async fn run(job: &mut RunningJob, inputs: &[Vec<u8>]) -> BTreeMap<u32, Got> {
    let (mut results, mut disputes, mut closed) = (BTreeMap::<u32, Got>::new(), 0, None);
    let (mut open, mut waiting) = (HashSet::new(), (0..inputs.len() as u32).rev().collect::<Vec<_>>());
    loop {
        while open.len() < 500
            && let Some(number) = waiting.pop()
        {
            let input = Input::new(inputs[number as usize].clone().into());
            job.orders.add(number, 0, input).await.expect("room");
            open.insert(number);
        }
        if waiting.is_empty() && closed != Some(disputes) {
            closed = Some(disputes);
            job.orders.close(disputes).await.expect("there");
        }
        match timeout(PATIENCE, job.news.recv()).await.expect("in time").expect("the node runs") {
            News::Accepted(accepted) => {
                open.remove(&accepted.number);
                results.insert(accepted.number, got(*accepted));
            }
            News::Failed { number, why } => panic!("{number}: {why:?}"),
            News::Dispute { disputes: count, liar, .. } => {
                disputes = count;
                let doubted = results.extract_if(.., |_, got| !got.is_checked && got.executor == liar);
                waiting.extend(doubted.map(|(number, _)| number));
            }
            News::Ended(ending) => {
                assert!(ending == Ending::Done && results.len() == inputs.len());
                return results;
            }
            News::Progress { .. } | News::Stalled(_) | News::Paused(_) => {}
        }
    }
}
