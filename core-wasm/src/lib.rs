//! The browser shell: the border between the engine and the page.
//!
//! A [`Core`] is one node. The page hands in one input and gets all outputs of it by one function, `output`; both carry a
//! kind, numbers and bytes ([`kinds`](tabmesh_engine::io::kinds)). No JavaScript object comes in here: connections, sockets, timers, WebCrypto and
//! IndexedDB live in the package's TypeScript (`pkg/src`), which knows them by the engine's own numbers.
//!
//! # Why not web-sys, js-sys and gloo
//!
//! Bytes. The same border around the same engine, after wasm-opt (raw bytes; the difference is what counts):
//!
//! | connections are held and called | bytes | more |
//! |---|---|---|
//! | by the page, which is told numbers (this crate) | 15,001 | |
//! | by the page, through an object held in here | 15,768 | 767 |
//! | in here by web-sys, as few methods as possible, the page wires the events | 17,722 | 2,721 |
//! | in here by web-sys, the page wires the events | 18,755 | 3,754 |
//! | in here by web-sys, with a closure for each event (WebRTC and WebSocket) | | 15,421 |
//! | any promise through wasm-bindgen-futures | | 10,550 |
//!
//! A web-sys call is a JavaScript function that calls the method: calling it there in the first place costs no Wasm, is as
//! fast, and lets one reader see a connection's whole life in one file. What the first object costs is the table in which
//! Wasm keeps objects. gloo is closures and futures over web-sys.

#![no_std]
#![cfg(target_arch = "wasm32")]

extern crate alloc;

mod border;
mod outputs;

pub use border::{Core, free, input, show, start};

/// A panic is a bug in the engine: the instance stops, and the page hears of it as an error of the call.
#[panic_handler]
fn on_panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
