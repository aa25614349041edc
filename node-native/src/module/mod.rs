//! Modules as `.wasm`: read from a file, checked, and driven as a [`tabmesh_port::Module`].
//!
//! They are the operator's own, named by whoever starts the node, who could as well start any other program: unlike tasks of
//! strangers they are compiled in this process and run in the driver. They may have faults all the same, and a fault stops the module
//! and nothing else: what a call may take is bounded, and a module that traps or gives what is no output is never called again.

pub mod bounds;
mod error;
mod fault;
mod loaded;
mod program;
#[cfg(test)]
mod tests;

pub use error::LoadError;
pub use fault::{Fault, Watch};
pub use loaded::Loaded;
pub use program::Program;
