//! What a module needs to be a `.wasm` of its own: an allocator, and functions for its shell.
//!
//! ```ignore
//! #![no_std]
//! #![cfg(target_arch = "wasm32")]
//!
//! tabmesh_module::export!(tabmesh_counter::Counter, tabmesh_counter::Counter::new);
//! ```
//!
//! The `.wasm` imports nothing. It exports its `memory` and what `Border` does, by the same names.

#![no_std]
#![cfg(target_arch = "wasm32")]

extern crate alloc;

mod border;
mod heap;

pub use border::Border;
pub use heap::forget_all;

/// Exports a module: its type, and what makes one of an [`Attachment`](tabmesh_port::Attachment).
#[macro_export]
macro_rules! export {
    ($Module:ty, $make:path) => {
        static BORDER: $crate::Border<$Module> = $crate::Border::new();

        /// A panic is a bug in the module: the instance stops, and its shell hears of it as an error of the call.
        #[panic_handler]
        fn on_panic(_: &core::panic::PanicInfo<'_>) -> ! {
            core::arch::wasm32::unreachable()
        }

        /// See `Border::room`.
        #[unsafe(no_mangle)]
        extern "C" fn room(length: usize) -> *mut u8 {
            BORDER.room(length)
        }

        /// See `Border::start`.
        #[unsafe(no_mangle)]
        extern "C" fn start() -> u32 {
            BORDER.start($make).into()
        }

        /// See `Border::handle`.
        #[unsafe(no_mangle)]
        extern "C" fn handle(now: u64) -> u32 {
            BORDER.handle(now).into()
        }

        /// See `Border::poll`.
        #[unsafe(no_mangle)]
        extern "C" fn poll(room: u64) -> u64 {
            BORDER.poll(room)
        }

        /// See `Border::wanted_at`.
        #[unsafe(no_mangle)]
        extern "C" fn wanted_at() -> u64 {
            BORDER.wanted_at()
        }
    };
}
