//! What an operating system would give: memory, a way to end, a way to say something.
//!
//! A device would put its own in this place; everything else of the program stays.

use alloc::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::ptr;

/// All the memory there is.
const HEAP: usize = 4 << 20;
/// Blocks are multiples of this, and aligned to it.
const GRAIN: usize = 16;

/// First fit over a list of free blocks, ordered by address and joined with their neighbours when they come back.
struct Heap(UnsafeCell<State>);

#[repr(align(16))]
struct Arena(#[expect(dead_code, reason = "used through its address")] [u8; HEAP]);

struct State {
    free: *mut Block,
    ready: bool,
    used: usize,
    most: usize,
}

/// What stands at the start of a free block.
struct Block {
    size: usize,
    next: *mut Self,
}

static mut ARENA: Arena = Arena([0; HEAP]);

#[global_allocator]
static ALLOCATOR: Heap =
    Heap(UnsafeCell::new(State { free: ptr::null_mut(), ready: false, used: 0, most: 0 }));

// SAFETY: the program has one thread and no signal handlers.
unsafe impl Sync for Heap {}

// SAFETY: `take` yields blocks that are on no list and overlap no other, `put` puts back what `take` gave.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > GRAIN {
            return ptr::null_mut();
        }
        // SAFETY: one thread, and nothing below calls back into the allocator.
        let state = unsafe { &mut *self.0.get() };
        let block = state.take(grains(layout));
        if block.is_null() {
            end(3);
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: one thread; the caller gives back what `alloc` gave with the same layout.
        unsafe { (*self.0.get()).put(block.cast(), grains(layout)) }
    }
}

fn grains(layout: Layout) -> usize {
    layout.size().max(1).next_multiple_of(GRAIN)
}

impl State {
    fn take(&mut self, size: usize) -> *mut u8 {
        if !self.ready {
            self.ready = true;
            // SAFETY: the arena is ours alone and aligned to a grain.
            unsafe { self.put((&raw mut ARENA).cast(), HEAP) };
            self.used = 0;
        }
        let mut link: *mut *mut Block = &mut self.free;
        // SAFETY: `link` is our head or the `next` of a free block; free blocks are valid until taken.
        unsafe {
            while !(*link).is_null() {
                let block = *link;
                if (*block).size >= size {
                    let rest = (*block).size - size;
                    *link = if rest == 0 {
                        (*block).next
                    } else {
                        let tail = block.byte_add(size);
                        tail.write(Block { size: rest, next: (*block).next });
                        tail
                    };
                    self.used += size;
                    self.most = self.most.max(self.used);
                    return block.cast();
                }
                link = &raw mut (*block).next;
            }
        }
        ptr::null_mut()
    }

    /// # Safety
    /// `block` starts `size` bytes of the arena, both in grains, that nothing uses any more.
    unsafe fn put(&mut self, block: *mut Block, size: usize) {
        self.used = self.used.saturating_sub(size);
        let mut before: *mut Block = ptr::null_mut();
        let mut after = self.free;
        // SAFETY: free blocks are valid; the new one is by the caller's word.
        unsafe {
            while !after.is_null() && after < block {
                before = after;
                after = (*after).next;
            }
            block.write(Block { size, next: after });
            join(block);
            if before.is_null() {
                self.free = block;
            } else {
                (*before).next = block;
                join(before);
            }
        }
    }
}

/// Makes one block of this and the next, if they touch.
///
/// # Safety
/// `block` is a free block whose `next` is one or null.
unsafe fn join(block: *mut Block) {
    // SAFETY: by the caller's word.
    unsafe {
        let next = (*block).next;
        if !next.is_null() && block.byte_add((*block).size) == next {
            (*block).size += (*next).size;
            (*block).next = (*next).next;
        }
    }
}

/// Memory in use, in bytes.
#[allow(dead_code, reason = "one of the two programs asks")]
pub(crate) fn used() -> usize {
    // SAFETY: one thread, and no allocation is under way.
    unsafe { (*ALLOCATOR.0.get()).used }
}

/// Memory in use, which is what [`high_water`] starts from again.
#[allow(dead_code, reason = "one of the two programs asks")]
pub(crate) fn start_peak() -> usize {
    // SAFETY: one thread, and no allocation is under way.
    unsafe {
        let state = &mut *ALLOCATOR.0.get();
        state.most = state.used;
        state.used
    }
}

/// The most memory that was ever in use at once, in bytes.
pub(crate) fn high_water() -> usize {
    // SAFETY: one thread, and no allocation is under way.
    unsafe { (*ALLOCATOR.0.get()).most }
}

// Compiled code also calls `memcpy` and its kin, which this brings along.
#[cfg(not(target_os = "none"))]
#[link(name = "c")]
unsafe extern "C" {
    fn _exit(code: i32) -> !;
    fn write(file: i32, bytes: *const u8, len: usize) -> isize;
}

/// Ends the process at once.
#[cfg(not(target_os = "none"))]
pub(crate) fn end(code: i32) -> ! {
    // SAFETY: has no requirements.
    unsafe { _exit(code) }
}

/// On a bare device there is nothing to end.
#[cfg(target_os = "none")]
pub(crate) fn end(_code: i32) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// Says something, if anyone listens.
pub(crate) fn print(text: &str) {
    // SAFETY: the pointer and the length are of one string.
    #[cfg(not(target_os = "none"))]
    unsafe {
        write(1, text.as_ptr(), text.len())
    };
    // A bare device would write to its serial port. The text is kept, so that the size is the same.
    #[cfg(target_os = "none")]
    core::hint::black_box(text);
}

/// Says a number between two texts, without the weight of formatting.
pub(crate) fn print_number(before: &str, mut number: usize, after: &str) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    print(before);
    print(core::str::from_utf8(&digits[start..]).unwrap_or_default());
    print(after);
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    print("panic in ");
    print(info.location().map_or("an unknown place", |place| place.file()));
    print_number(", line ", info.location().map_or(0, |place| place.line() as usize), "\n");
    end(2)
}

/// The compiled `core` and `alloc` were made to unwind and name this and the next; nothing calls them, because a panic ends
/// the process.
#[cfg(not(target_os = "none"))]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// See above.
#[cfg(not(target_os = "none"))]
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    end(2)
}
