//! One tag with members that lie; see `target`.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tag/tests/fuzz/target.rs"]
mod target;

fuzz_target!(|bytes: &[u8]| target::check(bytes));
