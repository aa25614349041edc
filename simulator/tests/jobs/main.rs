//! Jobs over the very engine and a virtual network: what is asked for comes, right and once, and passes by nobody else.

mod world;

use tabmesh_port::{NodeId, Port};
use world::{Conduct, Crowd, Fate, Jobs, MS, OfNode, task_id};

/// Machines behind routers, on links that lose something.
const NETWORK: &str = "[network]\nnat = true\nloss = 0.01";

fn crowd(requesters: u32, executors: u32, bystanders: u32) -> Crowd {
    Crowd { requesters, executors, bystanders }
}

/// Every fifth is broken, each in its own way.
fn some_err(node: u32) -> Conduct {
    if node.is_multiple_of(5) { Conduct::Errs(node as u8) } else { Conduct::Honest }
}

/// As before, and two lie alike.
fn some_lie(node: u32) -> Conduct {
    if node <= 2 { Conduct::Lies } else { some_err(node) }
}

/// All was accepted, and is right.
fn expect_all(jobs: &Jobs) {
    let node = jobs.node();
    for job in &node.asking.jobs {
        assert_eq!(job.ended, Some(false), "{} of {} are accepted", job.accepted.len(), job.tasks);
        assert_eq!((job.accepted.len(), &job.failed[..]), (job.tasks as usize, &[][..]));
    }
    assert_eq!((node.asking.wrong(), &node.asking.refused[..]), (0, &[][..]));
    assert_eq!(jobs.overlay.broken(), None);
}

#[test]
fn what_forty_executors_are_asked_for_comes_while_they_come_and_go_and_some_err() {
    let tasks = |asking: &mut world::Asking| {
        asking.job(2, 1_500);
        asking.job(3, 300);
        asking.side_by_side = 2;
    };
    for (seed, conduct) in [(1, some_err as OfNode), (2, some_lie)] {
        let tasks = |asking: &mut world::Asking| {
            // Two that lie alike have no margin of three.
            if seed == 1 { tasks(asking) } else { asking.job(3, 1_000) }
        };
        let mut jobs = Jobs::new(seed, crowd(1, 40, 19), NETWORK, conduct, tasks);
        let took = jobs.run_to_end(900, Fate::goes(0.01));
        expect_all(&jobs);
        let node = jobs.node();
        println!(
            "seed {seed}: {took} s, {} went, {} outputs fetched, {} run here, {} disputes",
            jobs.went,
            node.asking.fetched,
            node.asking.ran_here,
            node.asking.disputes.len()
        );
        assert!(jobs.went >= 5 && node.asking.fetched > 0, "{} went", jobs.went);
        assert!(node.asking.records.len() >= 15, "{:?}", node.asking.records.values());
    }
}

#[test]
fn i25_no_hop_sees_a_tasks_bytes() {
    // In the second one questions meet links that end, or are doubted.
    [3, 9].into_iter().for_each(passes_nothing_on);
}

fn passes_nothing_on(seed: u64) {
    let mut jobs =
        Jobs::new(seed, crowd(1, 30, 49), NETWORK, |_| Conduct::Honest, |asking| asking.job(0, 2_000));
    jobs.overlay.watch(Port::TASKS);
    jobs.node().asking.task_us = 20 * MS;
    jobs.run_to_end(600, Fate::goes(0.02));
    expect_all(&jobs);
    // Ids of tasks are what these batches consist of, and inputs and outputs are made of them.
    let tasks: Vec<[u8; 32]> = (0..2_000).map(|number| task_id(1, number).0).collect();
    let firsts: std::collections::BTreeSet<[u8; 8]> =
        tasks.iter().map(|task| *task.first_chunk().expect("32 bytes")).collect();
    let passed = jobs.overlay.passed();
    let longest = passed.iter().map(|(_, frame)| frame.len()).max().unwrap_or(0);
    println!(
        "{} executors went; {} frames passed by others, of {longest} bytes at most",
        jobs.went,
        passed.len()
    );
    for (node, frame) in &passed {
        let is_of_a_task = frame.windows(8).any(|eight| firsts.contains(eight));
        assert!(
            !is_of_a_task,
            "node {node} passed on {} bytes: {:?}",
            frame.len(),
            &frame[..frame.len().min(160)]
        );
    }
    let ids: Vec<NodeId> = jobs.ids();
    assert!(ids.len() > 20 && jobs.went >= 10);
}
