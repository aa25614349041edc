//! A module that runs in an engine, whichever it is.

/// A value at the border, floats as their bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// An i32.
    I32(i32),
    /// An i64.
    I64(i64),
    /// The bits of an f32.
    F32(u32),
    /// The bits of an f64.
    F64(u64),
}

/// How a call ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// With these results.
    Done(Vec<Value>),
    /// With a trap of the module's own.
    Trap,
    /// With the engine's stack at its end: a host's failure.
    Overflow,
}

/// A module that runs.
pub trait Guest {
    /// Calls an exported function; none if there is no such one.
    fn call(&mut self, name: &str, arguments: &[Value]) -> Option<End>;
    /// The value of an exported global.
    fn global(&mut self, name: &str) -> Option<Value>;
    /// Sets an exported global, which must be mutable and of this type.
    fn set_global(&mut self, name: &str, value: Value);
    /// The first memory, empty if none is exported.
    fn memory(&mut self) -> Vec<u8>;
    /// The exported functions with how many parameters and results they have, in order.
    fn functions(&mut self) -> Vec<(String, Vec<Value>)>;
}

/// Why there is no guest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unstarted {
    /// The engine found it invalid.
    Invalid(String),
    /// A segment did not fit.
    Trap,
}
