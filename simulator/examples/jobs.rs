//! How busy executors are kept over the very engine: the time of useful tasks over the time that the requester holds links to executors.
//!
//! ```text
//! cargo run --release -p tabmesh-simulator --example jobs -- [EXECUTORS [SECONDS [ROWS]]]
//! ```
//!
//! Executors of one core each, on machines behind routers, and half as many bystanders; executors go after ten minutes on average, and
//! others come. The module alone on a perfect port: the example `efficiency` of `tabmesh-tasks`.

#[path = "../tests/jobs/world.rs"]
mod world;

use world::{Asking, Conduct, Jobs, MS, OfNode};

const STAY_S: f64 = 600.0;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let executors = arguments.next().unwrap_or(100);
    let seconds = arguments.next().unwrap_or(300);
    let rows = arguments.next().unwrap_or(4);
    println!("{executors} executors, {seconds} s");
    println!("| task | level | accepted | useful of held time | given out a task | run here |");
    println!("|---:|---:|---:|---:|---:|---:|");
    let all: [(u64, u8, OfNode); 4] = [
        (50, 0, |_| Conduct::Takes(50 * MS)),
        (50, 1, |_| Conduct::Takes(50 * MS)),
        (50, 2, |_| Conduct::Takes(50 * MS)),
        (500, 0, |_| Conduct::Takes(500 * MS)),
    ];
    for (task_ms, level, conduct) in all.into_iter().take(rows as usize) {
        row((executors, seconds.into()), task_ms * MS, level, conduct);
    }
}

fn row((executors, seconds): (u32, u64), task_us: u64, level: u8, conduct: OfNode) {
    let tasks = |asking: &mut Asking| {
        asking.job(level, u32::MAX);
        asking.task_us = task_us;
        asking.fetches_outputs = false;
    };
    let network = "[network]\nnat = true\nloss = 0.005";
    let mut jobs = Jobs::new(1, (executors * 3 / 2, executors), network, conduct, tasks);
    jobs.run_to_end(seconds, 1.0 / STAY_S);
    let node = jobs.node();
    let (accepted, ran_here) = (node.asking.accepted() as u64, u64::from(node.asking.ran_here));
    // With checks each task is useful as often as its level asks.
    let ran = if level == 2 { 2 * accepted } else { accepted - ran_here.min(accepted) };
    let useful = (ran * task_us) as f64 / node.held_us() as f64;
    let copies = f64::from(node.asking.jobs[0].issued) / accepted as f64;
    println!("| {} ms | {level} | {accepted} | {useful:.3} | {copies:.2} | {ran_here} |", task_us / MS);
}
