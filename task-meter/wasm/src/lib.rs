//! The metering profile D1 as a Wasm module, for the Worker that executes tasks: `memory` and two functions.
//!
//! `alloc(length)` says where to put a module of that many bytes, 0 if there is no memory for it and its output, and makes what
//! earlier calls gave invalid. `instrument(length, pages, interface)` meters it (`interface` 0: no imports, 1: those of a
//! command) and answers with the place of the output above its length, 32 bits each; or, below zero, with
//! `−1 − (code · 2⁵³ + offset · 2²⁶ + found)`, where a number beyond 26 bits is 2²⁶ − 1.

#![no_std]
#![cfg(target_arch = "wasm32")]

use core::arch::wasm32::{memory_grow, memory_size, unreachable};

use tabmesh_meter::{Interface, Refusal, Scratch, Settings, instrument as meter, limits, output_bytes_max};

/// A panic is a bug in the meter: the instance stops, and the Worker hears of it as an error of the call.
#[panic_handler]
fn on_panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unreachable()
}

const PAGE: usize = 65_536;

static mut SCRATCH: Scratch = Scratch::new();

unsafe extern "C" {
    /// Placed by the linker behind stack and statics; only its address means something.
    static mut __heap_base: u8;
}

fn start() -> usize {
    &raw const __heap_base as usize
}

/// See the head of this file.
#[unsafe(no_mangle)]
pub extern "C" fn alloc(length: usize) -> usize {
    if length > limits::FILE_BYTES_MAX {
        return 0;
    }
    let end = start() + length + output_bytes_max(length);
    let pages = (end / PAGE + 1).saturating_sub(memory_size(0));
    if memory_grow(0, pages) == usize::MAX { 0 } else { start() }
}

/// See the head of this file.
#[unsafe(no_mangle)]
pub extern "C" fn instrument(length: usize, pages_max: u32, interface: u32) -> i64 {
    let interface = if interface == 1 { Interface::Command } else { Interface::Pure };
    let output = start() + length;
    let Some(room) = (memory_size(0) * PAGE).checked_sub(output) else { return -1 };
    let scratch = &raw mut SCRATCH;
    // SAFETY: the module has one thread, and nothing else uses the memory behind the statics.
    let done = unsafe {
        let module = core::slice::from_raw_parts(start() as *const u8, length);
        let output = core::slice::from_raw_parts_mut(output as *mut u8, room);
        meter(module, Settings { pages_max, interface }, &mut *scratch, output)
    };
    match done {
        Ok(length) => (output as i64) << 32 | length as i64,
        Err(Refusal { code, offset, found }) => {
            -1 - (i64::from(code) << 53 | i64::from(offset) << 26 | i64::from(found.min((1 << 26) - 1)))
        }
    }
}
