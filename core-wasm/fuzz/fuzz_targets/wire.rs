//! Every parser of the wire; see `targets::wire`.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../engine/tests/fuzz/targets/mod.rs"]
mod targets;

fuzz_target!(|bytes: &[u8]| targets::wire::check(bytes));
