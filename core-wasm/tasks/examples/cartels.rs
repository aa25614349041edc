//! How many wrong answers a cartel gets accepted, by the level of checks, beside how many it should: the table of docs/JOBS.md.
//!
//! `cargo run --release -p tabmesh-tasks --example cartels [TASKS]`: ten thousand tasks each, or as many as are said.

#[path = "../tests/common/mod.rs"]
mod common;

use common::cartel::Cartel;

fn main() {
    let jobs = std::env::args().nth(1).map_or(10_000, |jobs| jobs.parse().expect("a number of tasks"));
    println!("| liars | level | wrong accepted | expected | 99 of 100 runs | within | given out a task |");
    println!("|---:|---:|---:|---:|---:|---|---:|");
    for liars in [1, 10, 30] {
        for level in 0..=4 {
            println!("{}", Cartel { liars, level, jobs }.run());
        }
    }
}
