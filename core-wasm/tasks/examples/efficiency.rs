//! How busy executors are kept: the time of useful tasks over the time that requesters hold links to executors.
//!
//! `cargo run --release -p tabmesh-tasks --example efficiency [EXECUTORS [SECONDS [ROWS]]]`: executors of one core, tasks of 50 ms, messages
//! that take 86 ms on average each way, and executors that go after ten minutes on average, at once and unannounced, while others come.

#[path = "../tests/common/mod.rs"]
mod common;

use common::asking::Asking;
use common::running::Conduct;
use common::{MS, Node, SECOND, World};
use tabmesh_tasks::EXECUTORS_MAX;
use tabmesh_world::dice::Dice;
use tabmesh_world::perfect::Weather;

const STAY_S: f64 = 600.0;
const WEATHER: Weather =
    Weather { delay_us_min: 60_000, delay_us_max: 112_000, loss_ppm: 0, twice_ppm: 0, job_us: 300 };

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let executors = arguments.next().unwrap_or(1_000);
    let seconds = arguments.next().unwrap_or(300) as u64;
    let rows = arguments.next().unwrap_or(5);
    println!("{executors} executors, {seconds} s, one requester with {EXECUTORS_MAX} links at most");
    println!("| task | level | accepted | useful of held time | given out a task | run here |");
    println!("|---:|---:|---:|---:|---:|---:|");
    let all = [(50 * MS, 0), (50 * MS, 1), (50 * MS, 2), (500 * MS, 0), (5 * MS, 0)];
    for (task_us, level) in all.into_iter().take(rows) {
        row(executors, seconds, task_us, level);
    }
}

fn row(executors: usize, seconds: u64, task_us: u64, level: u8) {
    let tasks = |asking: &mut Asking| {
        asking.job(level, u32::MAX);
        asking.task_us = task_us;
        asking.fetches_outputs = false;
    };
    let mut world = World::new(1, WEATHER, executors, |_| Conduct::Takes(task_us), tasks);
    world.begin();
    let mut dice = Dice::new(1, 2);
    for _ in 0..seconds {
        world.net.run_for(SECOND);
        for _ in 0..dice.poisson(executors as f64 / STAY_S) {
            let place = world.executors[dice.below(executors as u64) as usize];
            world.net.detach(place);
            world.net.restart(place, |attachment| node(attachment, task_us));
            world.net.command(place, &[2]);
        }
    }
    let asking = world.asking();
    let (accepted, ran_here) = (asking.accepted() as u64, asking.ran_here);
    let issued = u64::from(asking.jobs[0].issued);
    // With checks each task is useful as often as its level asks.
    let ran = if level == 2 { 2 * accepted } else { accepted - u64::from(ran_here).min(accepted) };
    let useful = (ran * task_us) as f64 / world.node().held_us() as f64;
    let copies = issued as f64 / accepted as f64;
    println!("| {} ms | {level} | {accepted} | {useful:.3} | {copies:.2} | {ran_here} |", task_us / MS);
}

fn node(attachment: tabmesh_port::Attachment, task_us: u64) -> Node {
    let mut node = Node::new(attachment);
    node.running.conduct = Conduct::Takes(task_us);
    node
}
