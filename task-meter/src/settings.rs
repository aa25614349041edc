//! What a task allows its module.

/// What a module may import.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interface {
    /// Nothing: T0.
    Pure,
    /// The functions of WASI preview 1, which [`crate::import_names`] lists: T1.
    Command,
}

/// What a task allows its module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Pages of 64 KiB that the memory may have in the end: at most 65,536, or what comes out is not valid. The default of a
    /// task is 1,024.
    pub pages_max: u32,
    /// What the module may import.
    pub interface: Interface,
}
