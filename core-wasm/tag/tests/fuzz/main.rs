//! The fuzz target `tag` of `core-wasm/fuzz` on bytes by chance, so that it stays sound between two runs of the fuzzer.

mod target;

use tabmesh_world::dice::Dice;

#[test]
fn a_tag_bears_whatever_bytes_by_chance_choose() {
    for seed in 0..400 {
        let mut dice = Dice::new(seed, 0);
        let length = dice.below(4_000) as usize;
        let bytes = dice.vec(length);
        println!("seed {seed}");
        target::check(&bytes);
    }
}
