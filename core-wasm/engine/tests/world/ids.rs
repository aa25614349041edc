//! The numbers of what a world has.

/// A host's number, in the order they were added.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct HostId(pub(crate) usize);

impl HostId {
    /// As `tabmesh-world` knows it.
    pub(crate) fn number(self) -> u32 {
        self.0 as u32
    }
}

/// One end of one link, for as long as the world lasts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct EndId(pub(crate) u32);

/// One connection to the server, for as long as the world lasts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct SessionId(pub(crate) u32);
