//! Why a file is no module.

use std::io;

use thiserror::Error;

use super::bounds::FILE_MAX;

/// Why a file is no module that can be run. Every message says what to do.
#[derive(Debug, Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("it cannot be read: {0}; check the path given by --module")]
    Io(#[from] io::Error),
    /// It is too large.
    #[error("it has more than {mib} MiB; build it in release mode, without debug information", mib = FILE_MAX >> 20)]
    TooLarge,
    /// It is no Wasm, or none that this host runs.
    #[error("it is no WebAssembly module ({0}); {BUILD}")]
    NoWasm(String),
    /// It imports something.
    #[error("it imports {0:?}, and a module imports nothing; {BUILD}")]
    Imports(String),
    /// An export is missing, or is something else.
    #[error("it exports no {0}; {BUILD}")]
    Lacks(&'static str),
    /// It begins with too much memory.
    #[error("it begins with more than 64 MiB of memory, the most that a module may have; give it less")]
    Memory,
    /// No code can be made here.
    #[error("wasmtime does not work on this host: {0}")]
    Host(String),
}

const BUILD: &str =
    "build it with `tabmesh_module::export!` for wasm32-unknown-unknown, as docs/MODULES.md tells";
