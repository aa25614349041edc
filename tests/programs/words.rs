//! An ordinary Rust program as a task: counts the words of its input, the most frequent first. `--target wasm32-wasip1`.

use std::collections::HashMap;
use std::io::Read;

fn main() {
    let mut text = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut text) {
        eprintln!("the input is no text: {error}");
        std::process::exit(2);
    }
    // Its order depends on random bytes, here on the task's seed: the sort makes the output independent of them.
    let mut counts = HashMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word.to_lowercase()).or_insert(0_u32) += 1;
    }
    let mut words: Vec<_> = counts.into_iter().collect();
    words.sort_by(|(one, ones), (other, others)| others.cmp(ones).then_with(|| one.cmp(other)));
    eprintln!("{} different words", words.len());
    for (word, count) in words {
        println!("{count} {word}");
    }
    if std::env::args().count() != 1 {
        panic!("a task has one argument, its name");
    }
}
