//! A module with what shall become of it.

use tabmesh_meter::Reason;

/// What the meter should make of a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// It is accepted and valid; `f0` may run forever.
    Accepted,
    /// It is accepted, and as invalid as it was.
    Invalid,
    /// It is refused for this reason.
    Refused(Reason),
}

/// A module with a name.
pub struct Case {
    /// What it is.
    pub name: String,
    /// Its bytes.
    pub module: Vec<u8>,
    /// What shall become of it.
    pub expected: Expected,
}
