//! The fuzz targets of `core-wasm/fuzz` on bytes by chance, so that they stay sound between two runs of the fuzzer.
//!
//! Goal: nothing that the targets say of the engine fails, and runs get far enough to be worth something. Method: bytes of a seed that a
//! failure prints. What the fuzzer found has tests of its own, among the attacks.

mod targets;

#[path = "../world/seeds.rs"]
mod seeds;

use tabmesh_world::dice::Dice;

/// Names the bytes that a panic came of.
struct Blame<'a>(&'a [u8]);

impl Drop for Blame<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let bytes: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
            println!("the bytes, for `xxd -r -p`: {bytes}");
        }
    }
}

#[test]
fn x9_bytes_by_chance_go_through_every_parser() {
    seeds::each(1, |seed| {
        let mut dice = Dice::new(seed, 0);
        for _ in 0..20_000 {
            let length = dice.below(400) as usize;
            let bytes = dice.vec(length);
            let _blame = Blame(&bytes);
            targets::wire::check(&bytes);
        }
    });
}

#[test]
fn x9_a_node_bears_whatever_bytes_by_chance_choose() {
    let mut depth = targets::node::check(&[]);
    seeds::each(1, |seed| {
        let mut dice = Dice::new(seed, 0);
        for _ in 0..1_000 {
            let length = dice.below(1_000) as usize;
            let bytes = dice.vec(length);
            let _blame = Blame(&bytes);
            depth.iter_mut().zip(targets::node::check(&bytes)).for_each(|(sum, more)| *sum += more);
        }
    });
    assert_eq!(targets::node::unreached(&depth), [""; 0], "{depth:?}");
}
