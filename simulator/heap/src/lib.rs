//! Counts the bytes that each thread holds.
//!
//! Whatever program uses this crate has its allocator wrapped: for each thread it keeps one number of what was taken less what was
//! given back, and the most that this was since [`mark`]. Whoever reads the [`balance`] before and after a call knows what the call
//! kept; other threads never mix in. Counted is what was asked for (the layout's size), not what the allocator rounds it to.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static HEAP: Counting = Counting;

struct Counts {
    balance: Cell<i64>,
    peak: Cell<i64>,
}

thread_local! {
    static COUNTS: Counts = const { Counts { balance: Cell::new(0), peak: Cell::new(0) } };
}

/// Bytes that this thread has taken from the heap, less those it gave back; below zero where it freed what others took.
pub fn balance() -> i64 {
    COUNTS.with(|counts| counts.balance.get())
}

/// From here on [`peak`] counts anew.
pub fn mark() {
    COUNTS.with(|counts| counts.peak.set(counts.balance.get()));
}

/// The highest [`balance`] of this thread since the last [`mark`].
pub fn peak() -> i64 {
    COUNTS.with(|counts| counts.peak.get())
}

fn count(difference: i64) {
    // The thread's variables are gone while it ends; nothing is measured then.
    let _ = COUNTS.try_with(|counts| {
        let balance = counts.balance.get() + difference;
        counts.balance.set(balance);
        if balance > counts.peak.get() {
            counts.peak.set(balance);
        }
    });
}

// SAFETY: every call goes to the system's allocator unchanged; the counters are plain cells that allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller keeps GlobalAlloc's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_balance_follows_what_is_held() {
        let before = balance();
        let held = vec![0_u8; 1_000];
        assert_eq!(balance() - before, 1_000);
        drop(held);
        assert_eq!(balance(), before);
    }

    #[test]
    fn the_peak_is_the_most_since_the_mark() {
        drop(vec![0_u8; 9_000]);
        mark();
        let before = balance();
        assert_eq!(peak(), before);
        let held = vec![0_u8; 1_000];
        drop(vec![0_u8; 500]);
        assert_eq!(peak() - before, 1_500);
        drop(held);
        assert_eq!(peak() - before, 1_500);
    }
}
