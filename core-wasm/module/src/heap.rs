//! The allocator: one list of free pieces, in the order of their addresses.
//!
//! The first piece that is large enough is taken, from its start: what is free gathers at the end of the memory, where the
//! next page joins it. What is given back joins the free pieces on both sides, so the list stays short. It begins right behind
//! the stack and the constants, where a fresh page has some 44 KiB left; allocators that ask for a page of their own would take
//! a second one at once.
//!
//! When the last node is gone, the list begins anew. So nodes need not take themselves apart piece by piece, which is more
//! than a kilobyte of code.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::UnsafeCell;
use core::ptr::null_mut;

/// A page of Wasm memory.
const PAGE: usize = 65_536;

/// A free piece; its first eight bytes say so. Every piece is a multiple of eight bytes long.
#[repr(C, align(8))]
struct Piece {
    next: *mut Piece,
    size: usize,
}

struct Heap {
    first: UnsafeCell<*mut Piece>,
    /// Behind the last byte that was taken in; 0 before the first.
    end: UnsafeCell<usize>,
}

// SAFETY: the module has one thread.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap { first: UnsafeCell::new(null_mut()), end: UnsafeCell::new(0) };

unsafe extern "C" {
    /// Placed by the linker behind stack and constants; only its address means something.
    static __heap_base: u8;
}

/// Takes back all that was ever given out.
///
/// # Safety
///
/// Nobody holds any of it any more.
pub unsafe fn forget_all() {
    // SAFETY: the module has one thread.
    unsafe {
        *HEAP.first.get() = null_mut();
        *HEAP.end.get() = 0;
    }
}

fn whole_pieces(size: usize) -> usize {
    (size + 7) & !7
}

// SAFETY: pieces never overlap, and what was given out is in none of them until it comes back.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = whole_pieces(layout.size());
        // Nothing in the module is aligned more strictly; refusing is better than being wrong.
        if layout.align() > 8 {
            return null_mut();
        }
        loop {
            let mut slot = self.first.get();
            // SAFETY: every pointer in the list is a free piece or null.
            unsafe {
                while let Some(piece) = (*slot).as_mut() {
                    if piece.size >= size {
                        let (start, next, rest) = (*slot, piece.next, piece.size - size);
                        *slot = next;
                        if rest > 0 {
                            *slot = start.byte_add(size);
                            (*slot).write(Piece { next, size: rest });
                        }
                        return start.cast();
                    }
                    slot = &raw mut piece.next;
                }
                if !self.grow() {
                    return null_mut();
                }
            }
        }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller gives back what `alloc` gave out.
        unsafe { self.give(start as usize, whole_pieces(layout.size())) }
    }
}

impl Heap {
    /// Takes in all pages there are behind the constants, or one page more; `false` if the browser has none.
    unsafe fn grow(&self) -> bool {
        // SAFETY: the memory behind `end` belongs to nobody else.
        unsafe {
            let end = self.end.get();
            if *end == 0 {
                *end = whole_pieces(&raw const __heap_base as usize);
            } else if memory_grow(0, 1) == usize::MAX {
                return false;
            }
            let start = *end;
            *end = memory_size(0) * PAGE;
            self.give(start, *end - start);
            true
        }
    }

    /// Puts `size` bytes at `start` into the list, joined with their neighbours.
    #[inline(never)]
    unsafe fn give(&self, start: usize, size: usize) {
        if size == 0 {
            return;
        }
        // SAFETY: the bytes are ours, a multiple of eight, and in no piece.
        unsafe {
            let mut slot = self.first.get();
            let mut before: *mut Piece = null_mut();
            while !(*slot).is_null() && (*slot as usize) < start {
                before = *slot;
                slot = &raw mut (*before).next;
            }
            let mut piece = start as *mut Piece;
            piece.write(Piece { next: *slot, size });
            *slot = piece;
            if !before.is_null() && before as usize + (*before).size == start {
                (*before).size += size;
                (*before).next = (*piece).next;
                piece = before;
            }
            let next = (*piece).next;
            if !next.is_null() && piece as usize + (*piece).size == next as usize {
                (*piece).size += (*next).size;
                (*piece).next = (*next).next;
            }
        }
    }
}
