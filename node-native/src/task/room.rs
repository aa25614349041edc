//! How much address space this process may have.

/// Below so many bytes of address space a memory cannot keep 4 GiB free behind it.
const WIDE_BYTES: u64 = 32 << 30;

/// Whether a memory can keep the 4 GiB free behind it that spare tests of its bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Room {
    /// It can.
    Wide,
    /// It cannot: the process has a limit.
    Narrow,
}

impl Room {
    /// That of this process.
    #[must_use]
    pub fn here() -> Self {
        if limit().is_some_and(|bytes| bytes < WIDE_BYTES) { Self::Narrow } else { Self::Wide }
    }
}

/// The limit of this process's address space in bytes, such as `ulimit -v` sets it.
#[must_use]
pub fn limit() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::As).current;
    #[cfg(not(unix))]
    None
}
