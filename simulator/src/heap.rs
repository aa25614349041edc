//! Counts the bytes that engines hold.
//!
//! The allocator of the whole program is wrapped: it keeps one counter a thread of what was taken less what was given
//! back. A shell reads the counter before and after it drives an engine; the difference, less what left the engine in
//! outputs, is what the engine's state grew by. Counted is what was asked for, not what the allocator rounds it to.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static HEAP: Counting = Counting;

thread_local! {
    static BALANCE: Cell<i64> = const { Cell::new(0) };
}

/// Bytes that this thread has taken from the heap, less those it gave back; below zero where it freed what others took.
pub(crate) fn balance() -> i64 {
    BALANCE.get()
}

fn count(difference: i64) {
    // The thread's variables are gone while it ends; nothing is measured then.
    let _ = BALANCE.try_with(|balance| balance.set(balance.get() + difference));
}

// SAFETY: every call goes to the system's allocator unchanged; the counter is a plain cell that allocates nothing.
#[allow(unsafe_code, reason = "an allocator cannot be written without")]
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

/// Resident memory of this process now, in bytes; `None` where the system does not tell.
pub(crate) fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// Memory that this process may still take, in bytes: what is free on the machine, or less where a control group bounds
/// it; `None` where the system does not tell.
pub(crate) fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let machine = line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()? * 1024;
    let number = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let group = number("/sys/fs/cgroup/memory.max")
        .map(|most| most.saturating_sub(number("/sys/fs/cgroup/memory.current").unwrap_or(0)));
    Some(group.map_or(machine, |group| group.min(machine)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_balance_follows_what_is_held() {
        let before = super::balance();
        let held = vec![0_u8; 1_000];
        assert_eq!(super::balance() - before, 1_000);
        drop(held);
        assert_eq!(super::balance(), before);
    }
}
