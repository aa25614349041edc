//! How many wrong answers a cartel gets accepted, by the level of checks: ten thousand tasks each.
//!
//! `cargo run --release -p tabmesh-tasks --example cartels`

#[path = "../tests/common/mod.rs"]
mod common;

use common::cartel::Cartel;

fn main() {
    println!("| liars | level | wrong accepted | expected | by the table | given out a task |");
    println!("|---:|---:|---:|---:|---:|---:|");
    for liars in [4, 12] {
        for level in 2..=4 {
            println!("{}", Cartel { liars, level, jobs: 10_000 }.run());
        }
    }
}
