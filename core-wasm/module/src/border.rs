//! The functions by which a shell drives a module.

use alloc::vec;
use alloc::vec::Vec;
use core::cell::UnsafeCell;

use tabmesh_port::{Attachment, Input, Instant, Module, Room};

/// One module, and the bytes that cross the border.
pub struct Border<M>(UnsafeCell<State<M>>);

struct State<M> {
    module: Option<M>,
    input: Vec<u8>,
    output: Vec<u8>,
}

// SAFETY: the `.wasm` has one thread.
unsafe impl<M> Sync for Border<M> {}

impl<M: Module> Border<M> {
    /// Without a module yet.
    #[allow(clippy::new_without_default, reason = "a static needs it to be const")]
    pub const fn new() -> Self {
        Self(UnsafeCell::new(State { module: None, input: Vec::new(), output: Vec::new() }))
    }

    #[allow(clippy::mut_from_ref, reason = "one thread, and no function of this border calls another one")]
    fn state(&self) -> &mut State<M> {
        // SAFETY: the module has one thread, it imports nothing that could call back, and each function asks once.
        unsafe { &mut *self.0.get() }
    }

    /// Where to put so many bytes for the next call. What the last [`Border::poll`] gave stays where it is.
    pub fn room(&self, length: usize) -> *mut u8 {
        let state = self.state();
        state.input = vec![0; length];
        state.input.as_mut_ptr()
    }

    /// Makes the module of the [`Attachment`] that was put in: [`Attachment::emit`]. 1, or 0 if it is none.
    pub fn start(&self, make: fn(Attachment) -> M) -> bool {
        let state = self.state();
        let module = Attachment::read(&state.input).ok().map(make);
        // What a second start replaces stays where it is: to take it apart would be a kilobyte of code that no shell runs.
        core::mem::forget(core::mem::replace(&mut state.module, module));
        state.module.is_some()
    }

    /// Hands it the [`Input`] that was put in, at this time in microseconds. 1, or 0 if the bytes are none or nothing was started.
    pub fn handle(&self, now: u64) -> bool {
        let State { module, input, .. } = self.state();
        match (module, Input::read(input)) {
            (Some(module), Ok(input)) => {
                module.handle(Instant(now), input);
                true
            }
            _ => false,
        }
    }

    /// The place of the next output above its length, 32 bits each; 0 if there is none. `room` has a bit for each kind of wish that
    /// would be taken: [`Room`].
    pub fn poll(&self, room: u64) -> u64 {
        let State { module, output, .. } = self.state();
        let next = module.as_mut().and_then(|module| module.poll(Room::of(room)));
        next.map_or(0, |flat| {
            *output = flat;
            (output.as_ptr() as u64) << 32 | output.len() as u64
        })
    }

    /// When [`Input::Time`] is wanted, in microseconds; the largest number for never.
    pub fn wanted_at(&self) -> u64 {
        self.state().module.as_ref().map_or(Instant::NEVER, Module::wanted_at).0
    }
}
