//! Tasks of which many make a job: each input is a part of the work.

/// Makes a function from an input to an output a pure task.
#[macro_export]
macro_rules! task {
    ($work:path) => {
        /// Memory for `length` bytes that the host writes before it calls [`run`].
        #[unsafe(no_mangle)]
        pub extern "C" fn alloc(length: usize) -> *mut u8 {
            Vec::leak(vec![0; length]).as_mut_ptr()
        }

        /// The task: at `place` lie 32 bytes of seed and the input. The answer is the output's place and length.
        ///
        /// # Safety
        /// `place` and `length` are what the host was given and wrote.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn run(place: *const u8, length: usize) -> u64 {
            // SAFETY: see above.
            let bytes = unsafe { core::slice::from_raw_parts(place, length) };
            let output: &[u8] = $work(&bytes[32..]).leak();
            (output.as_ptr() as u64) << 32 | output.len() as u64
        }
    };
}

/// The whole numbers of a text; what is none is left out.
pub fn numbers(input: &[u8]) -> impl Iterator<Item = u64> {
    core::str::from_utf8(input).unwrap_or("").split_whitespace().filter_map(|word| word.parse().ok())
}
