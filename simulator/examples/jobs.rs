//! How busy executors are kept over the very engine, and whether each task is accepted once.
//!
//! ```text
//! cargo run --release -p tabmesh-simulator --example jobs -- [EXECUTORS [SECONDS [ROWS [REQUESTERS]]]]
//! ```
//!
//! Executors of one core each, on machines behind routers, and half as many bystanders. With one requester executors go after ten
//! minutes on average, and others come. With more the median is ten minutes, and a tenth of the executors is frozen at any time, for a
//! minute on average. After so many seconds no tasks are added, and the jobs end. The module alone on a perfect port: the examples
//! `efficiency` and `crowd` of `tabmesh-tasks`.

#[path = "../tests/jobs/world.rs"]
mod world;

use std::time::Instant;

use world::{Asking, Conduct, Crowd, Fate, Jobs, MS, OfNode, SECOND};

const ONE: Fate = Fate { goes: 1.0 / 600.0, frozen: 0.0 };
const SEVERAL: Fate = Fate { goes: std::f64::consts::LN_2 / 600.0, frozen: 0.1 };

/// Time for what was out when the last tasks were added.
const END_S: u64 = 600;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let mut next = |otherwise: u32| arguments.next().unwrap_or(otherwise);
    let (executors, seconds, rows, requesters) = (next(100), next(300), next(4), next(1));
    let crowd = Crowd { requesters, executors, bystanders: executors / 2 };
    println!("{requesters} requesters, {executors} executors, {seconds} s");
    println!(
        "| task | level | accepted | useful of held time | of executors held and awake | of all awake | frozen | given out a task | run here | lost |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    let all: [(u64, u8, OfNode); 4] = [
        (50, 0, |_| Conduct::Takes(50 * MS)),
        (50, 1, |_| Conduct::Takes(50 * MS)),
        (50, 2, |_| Conduct::Takes(50 * MS)),
        (500, 0, |_| Conduct::Takes(500 * MS)),
    ];
    for (task_ms, level, conduct) in all.into_iter().take(rows as usize) {
        row((crowd, seconds.into()), task_ms * MS, level, conduct);
    }
}

fn row((crowd, seconds): (Crowd, u64), task_us: u64, level: u8, conduct: OfNode) {
    let began = Instant::now();
    let tasks = |asking: &mut Asking| {
        asking.job(level, u32::MAX);
        asking.task_us = task_us;
        asking.fetches_outputs = false;
    };
    let network = "[network]\nnat = true\nloss = 0.005";
    let fate = if crowd.requesters == 1 { ONE } else { SEVERAL };
    let mut jobs = Jobs::new(1, crowd, network, conduct, tasks);
    jobs.run_to_end(seconds, fate);
    let sum = |of: fn(&Asking) -> u64| jobs.nodes().map(|node| of(&node.asking)).sum::<u64>();
    let (accepted, ran_here) = (sum(|asking| asking.accepted() as u64), sum(|asking| asking.ran_here.into()));
    let held_us: u64 = jobs.nodes().map(|node| node.held_us()).sum();
    // With checks each task is useful as often as its level asks.
    let ran = if level == 2 { 2 * accepted } else { accepted - ran_here.min(accepted) };
    let useful = (ran * task_us) as f64;
    let of = |seconds: u64| useful / (seconds * SECOND) as f64;
    let (of_links, of_held, of_awake) = (useful / held_us as f64, of(jobs.held_s), of(jobs.awake_s));
    let frozen = 1.0 - jobs.awake_s as f64 / jobs.there_s as f64;
    let copies = sum(|asking| asking.jobs[0].issued.into()) as f64 / accepted as f64;
    let (went, froze) = (jobs.went, jobs.froze);
    let lost = lost_in_the_end(&mut jobs, seconds, fate);
    println!(
        "| {} ms | {level} | {accepted} | {of_links:.3} | {of_held:.3} | {of_awake:.3} | {frozen:.3} | {copies:.2} | {ran_here} | {lost} |",
        task_us / MS
    );
    eprintln!("{went} went, {froze} froze; {:?}", began.elapsed());
}

/// No more tasks are added: how many of all that were do not come. Of what is decided twice the shell panics.
fn lost_in_the_end(jobs: &mut Jobs, seconds: u64, fate: Fate) -> u64 {
    jobs.finish();
    jobs.run_to_end(seconds + END_S, fate);
    let lost = |asking: &Asking| u64::from(asking.jobs[0].tasks) - asking.accepted() as u64;
    jobs.nodes().map(|node| lost(&node.asking)).sum()
}
