//! Goal: who lies about one step of a task is named by a run of that step alone, in whatever it lies and whether or not its executors
//! have to run steps again for it; nothing is run whole. Method: real peers in this process, linked on loopback, one of which lies.

mod common;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use common::running_job::{Got, PLAN, until_announced};
use common::*;
use tabmesh_native::jobs::ask::{News, Plan};
use tabmesh_native::jobs::batch::Input;
use tabmesh_native::jobs::runner::Runner;
use tabmesh_native::jobs::{Ground, Jobs};
use tabmesh_native::settings::{Offer, Settings};
use tabmesh_native::task::{
    self, Course, EngineKind, Executor, Flag, HostLimits, Seen, State, Taken, Task, Watchdog,
};
use tabmesh_port::NodeId;
use tokio::time::timeout;

/// What an executor makes of a step.
type Says = fn(&mut Taken);

/// Runs tasks, says of steps what it likes, and counts those that it took.
struct Teller {
    executor: Executor,
    says: Says,
    walks: AtomicU32,
    steps: AtomicU64,
}

impl Teller {
    fn new(says: Says) -> Arc<Self> {
        let executor =
            Executor::new(EngineKind::default().build().expect("it works here"), HostLimits::default());
        Arc::new(Self { executor, says, walks: AtomicU32::new(0), steps: AtomicU64::new(0) })
    }
}

impl Runner for Teller {
    fn executor(&self) -> &Executor {
        &self.executor
    }

    fn walk(
        &self,
        task: &Task,
        from: Course,
        time: Duration,
        watchdog: &Watchdog,
        seen: &mut Seen<'_>,
    ) -> task::Outcome {
        self.walks.fetch_add(1, Ordering::Relaxed);
        self.executor.walk(task, from, Some(time), watchdog, &mut |taken| {
            self.steps.fetch_add(1, Ordering::Relaxed);
            let mut said = taken.clone();
            (self.says)(&mut said);
            seen(&said)
        })
    }
}

/// The step about which liars lie.
const AT: u32 = 11;

fn lie(taken: &mut Taken, change: impl FnOnce(&mut Taken)) {
    if taken.number == AT {
        change(taken);
    }
}

/// The job's results, and whom it named.
async fn settle(
    says: Says,
    inputs: &[Vec<u8>],
    piece: u32,
) -> (Vec<Got>, HashSet<NodeId>, NodeId, Arc<Teller>) {
    let peers = network(4).await;
    let mut tellers = Vec::new();
    let mut all = Vec::new();
    for (at, (dir, peer)) in peers.iter().enumerate() {
        let runner = Teller::new(if at == 3 { says } else { |_| {} });
        let network = Settings::at("x").network_tag();
        let ground = Ground { runner: runner.clone(), network, data_dir: dir.path().to_owned() };
        let jobs = Jobs::attach(peer.handle(), ground).await.expect("free");
        if at > 0 {
            jobs.offer(Offer { cores: 1, ..Settings::at("x").offer }).await;
        }
        tellers.push(runner);
        all.push(jobs);
    }
    for jobs in &all[1..] {
        until_announced(jobs).await;
    }
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../task-meter/guests/built/pack.wasm");
    let plan = Plan { level: 2, gas: 100_000_000_000, piece, expected_ms: 20_000, ..PLAN };
    let mut job = all[0].begin(plan).await.expect("room");
    job.orders.add_module(std::fs::read(guest).expect("the guest is there").into()).await.expect("room");
    for (number, input) in inputs.iter().enumerate() {
        let input = Input::new(input.clone().into());
        job.orders.add(number as u32, 0, input).await.expect("room");
    }
    job.orders.close(0).await.expect("there");
    let (mut results, mut named) = (Vec::new(), HashSet::new());
    loop {
        match timeout(PATIENCE, job.news.recv()).await.expect("in time").expect("the node runs") {
            News::Accepted(accepted) => results.push(*accepted),
            News::Failed { number, why } => panic!("{number}: {why:?}"),
            News::Dispute { liar, disputes, .. } => {
                named.insert(liar);
                job.orders.close(disputes).await.expect("there");
            }
            News::Ended { .. } => break,
            News::Progress { .. } | News::Stalled(_) | News::Paused(_) => {}
        }
    }
    let results = results.into_iter().map(common::running_job::got).collect();
    (results, named, peers[3].1.handle().id(), tellers.swap_remove(0))
}

fn inputs(count: u32, bytes: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| number.to_be_bytes().repeat(bytes / 4)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn i19_who_lies_about_one_step_is_named_and_nothing_is_run_whole() {
    let lies: [(&str, Says); 6] = [
        ("state", |taken| lie(taken, |it| it.state = State::new(vec![9; 40]).expect("short"))),
        ("gas", |taken| lie(taken, |it| it.gas += 1)),
        ("flag", |taken| lie(taken, |it| it.flag = Flag::Continue)),
        ("position", |taken| lie(taken, |it| it.position += 1)),
        ("emitted bytes", |taken| lie(taken, |it| it.emitted.push(1))),
        ("the first step", |taken| {
            if taken.number == 0 {
                taken.gas += 1;
            }
        }),
    ];
    for (what, says) in lies {
        let inputs = inputs(12, 2_000);
        let (results, named, liar, teller) = settle(says, &inputs, 50).await;
        assert_eq!(results.len(), inputs.len(), "{what}");
        assert_eq!(named, HashSet::from([liar]), "{what}");
        let walks = u64::from(teller.walks.load(Ordering::Relaxed));
        // An output that does not follow from the last step is seen without a run.
        assert_eq!(walks == 0, what == "emitted bytes", "{what}: a step was run");
        assert_eq!(teller.steps.load(Ordering::Relaxed), walks, "{what}: one each time, never the whole");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i15_of_many_steps_those_that_are_wanted_are_run_again() {
    let says = |taken: &mut Taken| {
        if taken.number == 4_321 {
            taken.gas += 1;
        }
    };
    let inputs = inputs(6, 9_000);
    let (results, named, liar, teller) = settle(says, &inputs, 1).await;
    assert_eq!(results.len(), inputs.len());
    assert_eq!(named, HashSet::from([liar]));
    assert_eq!(teller.steps.load(Ordering::Relaxed), u64::from(teller.walks.load(Ordering::Relaxed)));
}

#[test]
fn a_task_goes_on_from_the_middle_as_from_its_beginning() {
    let executor =
        Executor::new(EngineKind::default().build().expect("it works here"), HostLimits::default());
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../task-meter/guests/built/pack.wasm");
    let task = Task::new(std::fs::read(guest).expect("the guest is there"));
    let task =
        task.with_input(b"a stream of which some is the same, the same, the same".to_vec()).expect("short");
    let task = task.in_pieces(7).expect("a piece");
    let walk = |from: Course, most: usize| {
        let mut all = Vec::new();
        let outcome = executor.walk(&task, from, None, &Watchdog::default(), &mut |taken| {
            all.push(taken.clone());
            if all.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        (all, outcome)
    };
    let (all, outcome) = walk(Course::default(), usize::MAX);
    assert_eq!(outcome, executor.run(&task, None));
    assert_eq!(all.len() as u64, outcome.steps);
    // The pieces, the end of the input, and nothing behind it.
    assert_eq!(
        all.last().map(|last| (last.position, last.flag)),
        Some((task.input().len() as u32 + 1, Flag::Done))
    );
    let mut output_bytes = 0;
    for (at, before) in all.iter().enumerate().take(all.len() - 1) {
        output_bytes += before.emitted.len();
        let &Taken { number, flag, gas, position, .. } = before;
        let from =
            Course { number: number + 1, flag, state: before.state.clone(), gas, position, output_bytes };
        let (one, _) = walk(from, 1);
        assert_eq!(one, all[at + 1..at + 2]);
    }
    // What no step leaves is no reason to panic.
    let nonsense = Course { position: u32::MAX, gas: u64::MAX, number: u32::MAX, ..Course::default() };
    assert_eq!(walk(nonsense, 1).0.len(), 1);
}
