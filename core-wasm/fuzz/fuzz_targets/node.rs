//! One engine with real state; see `targets::node`.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../engine/tests/fuzz/targets/mod.rs"]
mod targets;

fuzz_target!(|bytes: &[u8]| {
    targets::node::check(bytes);
});
