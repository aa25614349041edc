//! Counts the bytes that an engine's own calls take from the heap and give back.
//!
//! The allocator of the whole test binary is wrapped; it counts only while a [`measure`] runs on the same thread,
//! so the world's own memory and other tests never mix in. Counted is what was asked for (the layout's size), not
//! what the system's allocator rounds it to.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static HEAP: Counting = Counting;

thread_local! {
    static MEASURING: Cell<bool> = const { Cell::new(false) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// What one engine holds.
#[derive(Clone, Copy, Default)]
pub(crate) struct Heap {
    /// Bytes held now.
    pub(crate) live: isize,
    /// The most bytes held at rest, after the outputs of an input were drained.
    pub(crate) rest_max: isize,
    /// The most bytes held at any moment, the outputs that were being handed out among them.
    pub(crate) moment_max: isize,
}

/// Runs `call` and adds what it took from the heap, less what it gave back, to `heap`.
pub(crate) fn measure<T>(heap: &mut Heap, call: impl FnOnce() -> T) -> T {
    LIVE.set(heap.live);
    PEAK.set(heap.moment_max);
    MEASURING.set(true);
    // A panic in `call` ends the test and its thread, so the flag needs no guard.
    let result = call();
    MEASURING.set(false);
    heap.live = LIVE.get();
    heap.moment_max = PEAK.get();
    result
}

fn count(difference: isize) {
    // The thread's variables are gone while it ends; nothing is measured then.
    let _ = MEASURING.try_with(|measuring| {
        if measuring.get() {
            let live = LIVE.get() + difference;
            LIVE.set(live);
            PEAK.set(PEAK.get().max(live));
        }
    });
}

// SAFETY: every call goes to the system's allocator unchanged; the counters are plain cells that allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps GlobalAlloc's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
