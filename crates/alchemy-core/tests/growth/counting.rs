//! An allocator that counts what each thread asks of it, so that growth is told without a clock.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(Counts { calls: 0, bytes: 0, live: 0, peak: 0 }) };
}

/// What a thread has asked for since it began to count.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// How many blocks, those that were made larger included.
    pub(crate) calls: usize,
    /// Their bytes in all.
    pub(crate) bytes: usize,
    /// The bytes that are held now.
    live: isize,
    /// The most bytes that were held at once.
    pub(crate) peak: isize,
}

fn note(asked: usize, given_back: usize) {
    // A thread that ends counts no more.
    let _ = COUNTS.try_with(|counts| {
        let mut now = counts.get();
        if asked > 0 {
            now.calls += 1;
            now.bytes += asked;
            // A block that grows is there twice while it is moved, wherever the system cannot avoid that.
            now.live += asked as isize;
            now.peak = now.peak.max(now.live);
        }
        now.live -= given_back as isize;
        counts.set(now);
    });
}

#[expect(
    unsafe_code,
    reason = "the trait is unsafe; each call is handed on to the system's allocator as it came"
)]
// SAFETY: every method calls the system's with its own arguments, and the counters allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(0, layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size, layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs something on this thread and counts what it asks for.
pub(crate) fn counted<T>(run: impl FnOnce() -> T) -> (T, Counts) {
    COUNTS.set(Counts::default());
    let value = run();
    (value, COUNTS.get())
}
