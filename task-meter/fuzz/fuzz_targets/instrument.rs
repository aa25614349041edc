//! Whatever the bytes are, the meter does not panic, keeps to its bounds, and makes nothing valid that was not.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use tabmesh_meter::{Interface, Scratch, Settings, instrument, output_bytes_max};
use validity::{is_valid, without_custom};

#[path = "../../checks/src/validity.rs"]
mod validity;

thread_local! {
    static SCRATCH: RefCell<Box<Scratch>> = RefCell::new(Box::new(Scratch::new()));
}

fuzz_target!(|bytes: &[u8]| {
    for interface in [Interface::Pure, Interface::Command] {
        let settings = Settings { pages_max: 1_024, interface };
        let mut output = vec![0; output_bytes_max(bytes.len())];
        let length = SCRATCH.with_borrow_mut(|scratch| instrument(bytes, settings, scratch, &mut output));
        match length {
            Ok(length) => {
                let was_valid = is_valid(&without_custom(bytes));
                assert_eq!(was_valid, is_valid(&output[..length]), "validity changed");
            }
            Err(refusal) => assert!(refusal.offset as usize <= bytes.len(), "a refusal behind the end"),
        }
    }
});
